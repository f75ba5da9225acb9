"""An exam in a real browser before the real server: keys only, a network that breaks, two devices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from actions.store.tables.accounts import User
from actions.store.tables.training import PaperState
from actions.training import bank, exams, plans
from actions.training.blueprints import Line
from bot.settings import Settings
from tests.actions.training_bank import MANUAL, question
from tests.bot.pages.test_chat_scripts import ARGS, CHROMIUM
from tests.bot.serving import PASSWORD, Live, live

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    if not CHROMIUM.is_file():
        pytest.skip("Chromium is not installed")
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield opened
        opened.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Live]:
    """A server with a bank of five questions, an open exam and a learner."""
    now = datetime.now(UTC)
    with live(Settings.model_validate({"data_dir": tmp_path / "data"}), dialogue=False) as running:
        with running.runtime.db.begin() as s:
            bank.sync(s, [question(f"q-{n}") for n in range(5)], now, manual=MANUAL)
            boss = User(name="boss", password_hash="-", roles=["training"], created_at=now)
            s.add(boss)
            s.flush()
            plan = plans.Plan("季度考试", [Line(5)], minutes=30)
            made = plans.create(s, plan, user=boss, now=now)
            plans.set_state(s, made.id, PaperState.OPEN, user=boss, now=now)
        running.add_user("staff", name="zhao")
        yield running


def device(browser: Browser, server: Live, *, phone: bool = False) -> tuple[BrowserContext, Page]:
    """Return a browser in which the learner is signed in, at the training page."""
    size = (390, 844) if phone else (1280, 800)
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=server.base)
    page = context.new_page()
    page.goto("/login?next=/training")
    page.fill("[name=name]", "zhao")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="培训", exact=True)).to_be_visible()
    return context, page


def begun(page: Page) -> str:
    """Begin the exam with the keyboard and return its address."""
    page.get_by_role("button", name="开始", exact=True).press("Enter")
    page.wait_for_url("**/training/exams/**")
    expect(page.locator("[data-exam]")).to_be_visible()
    expect(page.locator("form[data-item='1'] input[name=given]").first).to_be_focused()
    return page.url.partition("?")[0]


def stored(server: Live, address: str) -> dict[int, tuple[tuple[str, ...], bool]]:
    """Return what the server has of each question."""
    with server.runtime.db.reading() as s:
        user_id = s.query(User.id).filter(User.name == "zhao").scalar()
        found = exams.asked(s, attempt_id=address.rsplit("/", 1)[1], user_id=str(user_id))
    return {one.item.index: (one.kept.given, one.kept.flagged) for one in found}


def test_a_whole_exam_with_the_keyboard(browser: Browser, server: Live) -> None:
    context, page = device(browser, server)
    address = begun(page)
    keys = page.keyboard
    for key in ("2", "Enter", "c", "f", "ArrowRight", "ArrowLeft", "ArrowRight", "1", "Enter", "4", "Enter"):
        keys.press(key)
    expect(page.locator("[data-answered]")).to_have_text("4")
    expect(page.locator("[data-saved]")).to_contain_text("已保存")
    assert stored(server, address) == {
        1: (("B",), False), 2: (("C",), True), 3: (("A",), False), 4: (("D",), False), 5: ((), False)
    }  # fmt: skip
    keys.press("Enter")
    page.wait_for_url("**/hand-in")
    expect(page.locator("main")).to_contain_text("没有作答：第 5 题")
    expect(page.get_by_role("button", name="交卷")).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**/result")
    expect(page.locator(".score-big")).to_be_visible()
    context.close()


def test_answers_outlive_a_broken_network(browser: Browser, server: Live) -> None:
    context, page = device(browser, server, phone=True)
    address = begun(page)
    context.set_offline(True)
    page.locator("form[data-item='1'] label.option").nth(2).click()
    expect(page.locator("[data-news]")).to_contain_text("网络断了")
    page.get_by_role("button", name="下一题").click()
    page.locator("form[data-item='2'] label.option").nth(0).click()
    assert stored(server, address)[1] == ((), False)
    context.set_offline(False)
    expect(page.locator("[data-saved]")).to_contain_text("已保存")
    expect(page.locator("[data-news]")).to_be_hidden()
    kept = stored(server, address)
    assert (kept[1][0], kept[2][0]) == (("C",), ("A",))
    context.close()


def test_a_page_that_is_lost_keeps_what_was_not_sent(browser: Browser, server: Live) -> None:
    context, page = device(browser, server)
    address = begun(page)
    context.set_offline(True)
    page.keyboard.press("3")
    expect(page.locator("[data-news]")).to_contain_text("网络断了")
    page.close(run_before_unload=False)
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    expect(again.locator("[data-saved]")).to_contain_text("已保存")
    assert stored(server, address)[1][0] == ("C",)
    context.close()


def test_the_other_device_is_told(browser: Browser, server: Live) -> None:
    first, desk = device(browser, server)
    address = begun(desk)
    second, phone = device(browser, server, phone=True)
    phone.goto(f"{address}?q=1")
    desk.keyboard.press("1")
    expect(desk.locator("[data-saved]")).to_contain_text("已保存")
    phone.locator("form[data-item='1'] label.option").nth(3).click()
    problem = phone.locator("form[data-item='1'] [data-problem]")
    expect(problem).to_contain_text("另一台设备")
    expect(phone.locator("form[data-item='1'] input[name=given]").nth(0)).to_be_checked()
    assert stored(server, address)[1][0] == ("A",)
    phone.locator("form[data-item='1'] label.option").nth(3).click()
    expect(problem).to_be_hidden()
    expect(phone.locator("[data-saved]")).to_contain_text("已保存")
    assert stored(server, address)[1][0] == ("D",)
    first.close()
    second.close()
