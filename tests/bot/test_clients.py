"""Clients that people already have, unmodified: socket.io-client 3 and 4 in Node, rasa-webchat in Chromium."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation
from bot.settings import Settings
from tests.bot.serving import Live, free_port, live
from tests.conftest import data_dir_like

FILES = Path(__file__).parent / "clients"
CHROMIUM = Path("/usr/bin/chromium")
MS = 60_000
NUMBER = re.compile(r"工单号 ([\w-]+)")
SAID = (
    "我要投诉",
    "上周三买东西扣了我两次钱，打了三次电话都没有人处理",
    "支付",
    "退还多扣的钱",
    "13812345678",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the clients from the lock file into a folder of the test's own."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not installed: the clients of others were not tried.")
    folder = tmp_path_factory.mktemp("clients")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"],
        cwd=folder, check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def shop(installed: Path) -> Iterator[str]:
    """Serve the shop's page, on an origin of its own."""
    handler = partial(_Quiet, directory=str(installed))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def open_to_the_shop(prepared: Path, tmp_path_factory: pytest.TempPathFactory, shop: str) -> Iterator[Live]:
    """An installation that the shop's page may use."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("data"))
    with live(Settings(data_dir=folder, widget_origins=shop)) as made:
        yield made


@pytest.fixture
def server(open_to_the_shop: Live) -> Live:
    """The installation, with the services of its own."""
    return open_to_the_shop.mine()


@pytest.mark.parametrize("version", ["3", "4"])
def test_socket_io_client_files_a_complaint_and_comes_back(
    server: Live, installed: Path, version: str
) -> None:
    node = str(shutil.which("node"))
    ran = subprocess.run(
        [node, "talk.cjs", version, server.base], cwd=installed, capture_output=True, timeout=180, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    told = json.loads(ran.stdout)
    assert isinstance(told["session"], str)
    assert told["confirmedAgain"] == told["session"]
    assert [sorted(one) for one in told["first"]] == [["quick_replies", "text"]] * 6
    number = NUMBER.search(told["first"][-1]["text"])
    assert number
    assert number[1] in told["again"][0]["text"]
    assert len(told["again"]) == 1, "something that had arrived came again"
    assert _contact(server, number[1]) == "13812345678"


@pytest.fixture
def page(server: Live, shop: str) -> Iterator[Page]:
    """The shop's page with rasa-webchat, opened."""
    if not CHROMIUM.is_file():
        pytest.skip("Chromium is not installed: rasa-webchat was not tried.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        made = browser.new_page()
        made.set_default_timeout(MS)
        made.goto(f"{shop}/page.html?server={server.base}")
        made.locator(".rw-launcher").click()
        yield made
        browser.close()


def say(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.locator(".rw-new-message").fill(text)
    page.locator(".rw-send").click()


@pytest.mark.browser
def test_rasa_webchat_files_a_complaint(server: Live, page: Page) -> None:
    for count, text in enumerate(SAID, 1):
        say(page, text)
        expect(page.locator(".rw-response")).to_have_count(count, timeout=MS)
    summary = page.locator(".rw-response").last
    expect(summary).to_contain_text("138••••5678")
    page.locator(".rw-reply", has_text="确认提交").click()
    expect(page.locator(".rw-response").last).to_contain_text(NUMBER, timeout=MS)
    number = NUMBER.search(page.locator(".rw-response").last.inner_text())
    assert number
    assert _contact(server, number[1]) == "13812345678"


@pytest.mark.browser
def test_rasa_webchat_shows_sources_and_keeps_its_conversation_when_the_page_is_loaded_again(
    server: Live, page: Page
) -> None:
    say(page, "投诉一般多久能处理完")
    expect(page.locator(".rw-response").last).to_contain_text("来源：《运营手册》", timeout=MS)
    say(page, "转人工")
    expect(page.locator(".rw-response").last).to_contain_text("人工", timeout=MS)
    page.wait_for_timeout(6000)  # what was sent so long ago has arrived, also by the server's careful count
    page.reload()
    expect(page.locator(".rw-response").last).to_contain_text("人工", timeout=MS)
    expect(page.locator(".rw-response")).to_have_count(2, timeout=MS)
    name = server.add_user("handler")
    with server.runtime.db.begin() as s:
        held = next(one for one in handovers.open_handovers(s) if one.conversation_id)
        place = s.get_one(Conversation, held.conversation_id)
        user = find_user(s, name)
        assert user
        handovers.take(s, handover_id=held.id, user=user, now=server.runtime.now())
        handovers.say(s, handover_id=held.id, user=user, text="您好，我来处理。", now=server.runtime.now())
    expect(page.locator(".rw-response").last).to_contain_text("您好，我来处理。", timeout=MS)
    expect(page.locator(".rw-response")).to_have_count(4, timeout=MS)
    assert place.channel == "web"
    with server.runtime.db.begin() as s:
        handovers.end(s, handover_id=held.id, user=user, now=server.runtime.now())


def _contact(server: Live, number: str) -> str:
    with server.runtime.db.reading() as s:
        return s.query(Ticket).filter_by(number=number).one().contact
