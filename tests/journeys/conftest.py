"""A real server as a process of its own and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.bot.serving import Process
from tests.conftest import data_dir_like
from tests.journeys.walking import DESKTOP, PATIENCE, PHONE, Installation, Person, clear_shots

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
USERS = {
    "lin": ("handler", "林晓"),
    "zhou": ("handler", "周航"),
    "sun": ("supervisor", "孙悦"),
    "wen": ("knowledge", "温故"),
    "zhao": ("staff", "赵敏"),
    "nurse": ("staff", ""),
}
Arrive = Callable[..., Person]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that walks in a browser."""
    for item in items:
        if "journeys" in item.path.parts:
            item.add_marker(pytest.mark.browser)


def chromium() -> str:
    """Return where Chromium is; without one fail in CI, skip elsewhere."""
    found = "/usr/bin/chromium" if Path("/usr/bin/chromium").is_file() else shutil.which("chromium")
    if found:
        return found
    reason = "Chromium is not installed: the journeys were not walked (apt-get install chromium)."
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium; ends with the journeys, for it keeps an event loop running."""
    where = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=where, args=list(FLAGS), headless=True)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def installation(
    browser: Browser, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """`wenjin run` on a fresh data folder, with staff; started only where there is a browser."""
    assert browser.is_connected()
    clear_shots()
    folder = tmp_path_factory.mktemp("journeys")
    process = Process(data_dir_like(prepared, folder / "data"), folder / "run.log")
    process.start()
    try:
        passwords = {
            name: process.add_user(name, role, display_name=shown) for name, (role, shown) in USERS.items()
        }
        yield Installation(process, {"admin": process.admin_password, **passwords})
    finally:
        process.kill()


@pytest.fixture
def arrive(browser: Browser, installation: Installation) -> Iterator[Arrive]:
    """Bring somebody with a browser of their own; at the end nobody's page may have complained."""
    people: list[Person] = []

    def come(*, phone: bool = False, allow: tuple[str, ...] = ()) -> Person:
        width, height = PHONE if phone else DESKTOP
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        person = Person(installation, context.new_page(), context, allowed=set(allow))
        people.append(person)
        return person

    yield come
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.context.close()
    assert complaints == []
