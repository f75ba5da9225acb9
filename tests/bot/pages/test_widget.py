"""The chat widget in real Chromium before the real server: on another site, on a phone, offline, by keyboard."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jwt
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright

from tests.bot.pages.test_chat_scripts import ARGS, CHROMIUM, PIXEL
from tests.bot.pages.widget_tools import axe
from tests.bot.serving import Process, free_port
from tests.conftest import data_dir_like

pytestmark = pytest.mark.browser
PATIENCE = 60_000
QUESTION = "投诉一般多久能处理完"
SOMETHING = re.compile(r"\S")
KEY = "a-shared-secret-of-the-host-application"
HTML = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>一家商店</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<script type="module" src="{server}/static/widget/wenjin-chat.js"></script></head>
<body><main><h1>一家商店</h1><p>商品介绍。</p></main><wenjin-chat {attributes}></wenjin-chat></body></html>"""


class Shop:
    """A page of another site that has the widget on it, under a policy that allows next to nothing."""

    def __init__(self) -> None:
        self.server, self.port = "", free_port()
        self.base = f"http://localhost:{self.port}"
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                attributes = unquote(self.path.partition("?")[2]).replace("&", " ")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", shop.policy)
                self.end_headers()
                self.wfile.write(HTML.format(server=shop.server, attributes=attributes).encode())

            def log_message(self, *_: Any) -> None:
                """Print nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def policy(self) -> str:
        """What the documentation tells a host to allow, and nothing else."""
        return (
            f"default-src 'none'; script-src {self.server}; connect-src {self.server}; "
            "style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
        )

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; its waits are for conditions, with room for a loaded machine."""
    if not CHROMIUM.is_file():
        pytest.skip(f"Chromium is not at {CHROMIUM}.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield opened
        opened.close()
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Another site."""
    made = Shop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(
    browser: Browser, shop: Shop, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """`wenjin run`, which allows the shop's pages and knows its key."""
    assert browser.is_connected()
    folder = tmp_path_factory.mktemp("widget")
    process = Process(
        data_dir_like(prepared, folder / "data"), folder / "run.log",
        WENJIN_WIDGET_ORIGINS=shop.base, WENJIN_IDENTITY_KEY=KEY,
    )  # fmt: skip
    process.start()
    shop.server = process.base
    yield process
    process.kill()


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: Process) -> Iterator[Open]:
    """Open pages in a browser of their own; a script error or anything that the policy blocked fails the test."""
    assert server.base
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def heard(text: str) -> None:
        if "Content Security Policy" in text or "Trusted" in text:
            problems.append(text)

    def go(url: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: heard(line.text))
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()
    assert problems == []


def say(page: Page, text: str) -> None:
    """Type and press Enter."""
    page.fill("#text", text)
    page.press("#text", "Enter")


def ask(page: Page, text: str = QUESTION) -> None:
    """Ask and wait for the answer."""
    before = page.locator(".msg--bot").count()
    say(page, text)
    expect(page.locator(".msg--bot").nth(before)).to_be_visible()
    expect(page.locator("#typing")).to_be_hidden()


def texts(page: Page) -> list[str]:
    """Return what the customer said, as the chat shows it."""
    return page.locator(".msg--customer .bubble").all_inner_texts()


def violations(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA."""
    page.evaluate(axe())
    found = page.evaluate(
        """() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
            .then(({violations}) => violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`))"""
    )
    return [str(one) for one in found]


def test_a_page_of_another_site_holds_a_conversation_under_a_strict_policy(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/")
    page.get_by_role("button", name="打开客服对话").click()
    panel = page.get_by_role("dialog", name="问津")
    expect(panel.locator(".suggestion").first).to_be_visible()
    ask(page)
    page.locator(".cite").first.click()
    expect(page.locator("#sheet mark").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(panel).to_be_visible()  # Escape closed the sheet only
    page.set_input_files("#files", {"name": "凭证.png", "mimeType": "image/png", "buffer": PIXEL})
    expect(page.get_by_role("img", name="图片 凭证.png")).to_be_visible()
    assert page.context.cookies() == []
    page.reload()
    page.get_by_role("button", name="打开客服对话").click()
    expect(page.locator(".msg--customer .bubble").first).to_have_text(QUESTION)
    expect(page.get_by_role("img", name="图片 凭证.png")).to_be_visible()


def test_a_page_that_nobody_chats_on_asks_the_server_for_nothing(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/quiet")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.get_by_role("button", name="打开客服对话")).to_be_visible()
    assert not any("/api/" in url for url in asked)


def test_the_panel_opens_and_closes_by_keys_and_tells_the_page(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/")
    page.evaluate(
        """() => { window.told = [];
            for (const name of ['wenjin-open', 'wenjin-close']) addEventListener(name, () => told.push(name)); }"""
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="打开客服对话")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="打开客服对话")).to_be_focused()
    page.evaluate("document.querySelector('wenjin-chat').show()")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("told") == ["wenjin-open", "wenjin-close", "wenjin-open"]


def test_what_comes_while_the_panel_is_closed_is_counted_until_it_is_seen(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/?open")
    page.evaluate("addEventListener('wenjin-unread', (event) => { window.unread = event.detail.count; })")
    expect(page.locator(".suggestion").first).to_be_visible()
    page.fill("#text", QUESTION)
    page.evaluate(
        """() => { const chat = document.querySelector('wenjin-chat');
            chat.shadowRoot.querySelector('#send').click();
            chat.hide(); }"""
    )
    expect(page.get_by_role("button", name="打开客服对话，1 条未读消息")).to_be_visible()
    assert page.evaluate("unread") == 1
    page.reload()  # what was not read stays unread
    page.evaluate("document.querySelector('wenjin-chat').hide()")
    page.evaluate("document.querySelector('wenjin-chat').show()")
    expect(page.locator(".msg--bot")).to_be_visible()
    expect(page.locator(".badge")).to_be_hidden()


def compose(cdp: CDPSession, text: str) -> None:
    """Show a composition under way, as an input method does."""
    cdp.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )


def test_a_chinese_input_method_sends_only_when_it_is_done(server: Process, visit: Open) -> None:
    page = visit(server.base)
    cdp = page.context.new_cdp_session(page)
    page.focus("#text")
    compose(cdp, "tou'su")
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
    cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(page.locator(".msg--customer")).to_have_count(0)
    cdp.send("Input.insertText", {"text": QUESTION})
    expect(page.locator("#text")).to_have_value(QUESTION)
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#text")).to_have_value(f"{QUESTION}\n")
    expect(page.locator(".msg--customer")).to_have_count(0)
    page.wait_for_timeout(100)  # nobody ends a composition and sends within the same stroke
    page.keyboard.press("Enter")
    expect(page.locator(".msg--customer .bubble")).to_have_text(QUESTION)


def network(page: Page, *, offline: bool = False, latency: int = 0) -> None:
    """Make the browser's network slow, or take it away."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    speed = 20_000 if latency else -1
    conditions = {
        "offline": offline,
        "latency": latency,
        "downloadThroughput": speed,
        "uploadThroughput": speed,
    }
    cdp.send("Network.emulateNetworkConditions", conditions)


def test_on_a_slow_network_the_question_and_the_typing_mark_stand_at_once(
    server: Process, visit: Open
) -> None:
    page = visit(server.base)
    expect(page.locator(".suggestion").first).to_have_text(SOMETHING)
    network(page, latency=1500)
    say(page, QUESTION)
    # asked in one go, before any answer can have come
    seen = page.evaluate(
        """() => { const root = document.querySelector('wenjin-chat').shadowRoot;
            return [root.querySelector('.msg--customer .bubble').textContent, root.querySelector('#typing').hidden]; }"""
    )
    assert seen == [QUESTION, False]
    expect(page.locator(".msg--bot .cite").first).to_be_visible()
    assert texts(page) == [QUESTION]


def test_what_is_said_offline_goes_in_order_and_once_when_the_network_is_back(
    server: Process, visit: Open
) -> None:
    page = visit(server.base)
    expect(page.locator(".suggestion").first).to_have_text(SOMETHING)
    page.context.set_offline(True)
    expect(page.locator("#status")).to_have_text("网络已断开，恢复后自动发送")
    say(page, "你好")
    say(page, QUESTION)
    expect(page.get_by_role("button", name="点此重试")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".msg--bot")).to_have_count(2)
    expect(page.locator("#status")).to_have_text("")
    page.reload()
    expect(page.locator(".msg--bot")).to_have_count(2)
    assert texts(page) == ["你好", QUESTION]


def test_a_server_that_restarts_in_the_middle_of_a_sentence_costs_nothing(
    server: Process, visit: Open
) -> None:
    page = visit(server.base)
    ask(page, "你好")
    cdp = page.context.new_cdp_session(page)
    page.focus("#text")
    page.keyboard.insert_text("投诉一般")
    compose(cdp, "duojiu")
    server.kill()
    expect(page.locator("#status")).to_have_text("连接断开，正在重连")
    page.keyboard.insert_text("多久能处理完")
    expect(page.locator("#text")).to_have_value(QUESTION)
    page.wait_for_timeout(100)  # nobody ends a composition and sends within the same stroke
    page.press("#text", "Enter")
    server.start()
    expect(page.locator(".msg--bot")).to_have_count(2)
    expect(page.locator("#status")).to_have_text("")
    page.reload()
    expect(page.locator(".msg--bot")).to_have_count(2)
    assert texts(page) == ["你好", QUESTION]


def test_on_a_phone_it_fills_the_screen_and_can_be_hit_with_a_thumb(shop: Shop, visit: Open) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = visit(f"{shop.base}/", **phone)
    page.get_by_role("button", name="打开客服对话").tap()
    panel = page.get_by_role("dialog", name="问津")
    expect(page.locator(".suggestion").first).to_have_text(SOMETHING)
    expect(panel).to_have_css("animation-duration", "0.18s")
    page.locator(".shell").evaluate("shell => Promise.all(shell.getAnimations().map(one => one.finished))")
    box = panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    expect(page.locator("#text")).not_to_be_focused()  # the keyboard stays down
    page.locator(".suggestion").first.tap()
    expect(page.locator(".msg--bot").first).to_be_visible()
    for control in page.locator("wenjin-chat button:visible, wenjin-chat textarea:visible").all():
        size = control.bounding_box()
        name = control.get_attribute("aria-label") or control.inner_text()
        if size and control.get_attribute("class") != "mini":
            assert size["height"] >= 44, f"{name}: {size}"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#text").evaluate("n => parseFloat(getComputedStyle(n).fontSize)") >= 16
    page.get_by_role("button", name="关闭对话").tap()
    expect(panel).to_be_hidden()


def test_in_a_web_view_it_fills_the_page(shop: Shop, visit: Open) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = visit(f"{shop.base}/?full&heading=在线客服", **phone)
    expect(page.locator(".head__title")).to_have_text("在线客服")
    expect(page.locator(".suggestion").first).to_have_text(SOMETHING)
    assert page.get_by_role("button", name="打开客服对话").count() == 0
    box = page.locator("wenjin-chat").bounding_box()
    assert box and box["height"] == 844


def test_it_speaks_english_and_shows_the_dark(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/?open&lang=en&theme=dark")
    expect(page.get_by_role("heading", name="Hello, this is Wenjin")).to_be_visible()
    expect(page.locator("#text")).to_have_attribute("placeholder", "Type a question, Enter sends")
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.locator(".msg--bot .card")).to_contain_text("person")
    dark = page.locator(".shell").evaluate("n => getComputedStyle(n).backgroundColor")
    page.evaluate("document.querySelector('wenjin-chat').setAttribute('theme', 'light')")
    assert page.locator(".shell").evaluate("n => getComputedStyle(n).backgroundColor") != dark
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.querySelector('wenjin-chat').setAttribute('theme', 'auto')")
    assert page.locator(".shell").evaluate("n => getComputedStyle(n).backgroundColor") == dark


def test_a_page_sets_its_own_colours(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/")
    page.evaluate(
        "document.querySelector('wenjin-chat').style.setProperty('--wenjin-accent', 'rgb(120, 20, 60)')"
    )
    expect(page.locator(".launcher")).to_have_css("background-color", "rgb(120, 20, 60)")


def signed(subject: str) -> str:
    """Return the host's token of a customer."""
    return jwt.encode(
        {"sub": subject, "exp": datetime.now(UTC) + timedelta(minutes=5)}, KEY, algorithm="HS256"
    )


def test_a_customer_of_the_host_finds_the_conversation_on_another_device(shop: Shop, visit: Open) -> None:
    first = visit(f"{shop.base}/")
    first.evaluate(
        "token => { const chat = document.querySelector('wenjin-chat'); chat.getToken = async () => token; chat.show(); }",
        signed("u-1001"),
    )
    ask(first)
    second = visit(f"{shop.base}/?open&token={signed('u-1001')}")
    expect(second.locator(".msg--customer .bubble")).to_have_text(QUESTION)
    other = visit(f"{shop.base}/?open&token={signed('u-1002')}")
    expect(other.locator(".suggestion").first).to_have_text(SOMETHING)
    expect(other.locator(".msg")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screen_readers_find_nothing_missing(server: Process, visit: Open, scheme: str) -> None:
    page = visit(server.base, color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".suggestion").first).to_have_text(SOMETHING)
    assert violations(page) == []
    ask(page)
    for text in ("我要投诉", "上周三买东西扣了我两次钱，没有人处理", "支付", "退还多扣的钱", "13812345678"):
        ask(page, text)
    assert violations(page) == []
    page.get_by_role("button", name="确认提交").last.click()
    expect(page.locator(".ticketno")).to_be_visible()
    page.set_input_files("#files", {"name": "凭证.png", "mimeType": "image/png", "buffer": PIXEL})
    expect(page.get_by_role("img", name="图片 凭证.png")).to_be_visible()
    assert violations(page) == []
    page.locator(".cite").first.click()
    expect(page.locator("#sheet mark").first).to_be_visible()
    assert violations(page) == []


def test_screen_readers_find_nothing_missing_in_the_panel(shop: Shop, visit: Open) -> None:
    page = visit(f"{shop.base}/", reduced_motion="reduce")
    assert violations(page) == []
    page.get_by_role("button", name="打开客服对话").click()
    ask(page)
    assert violations(page) == []


def test_new_words_are_read_out_and_old_ones_are_not(server: Process, visit: Open) -> None:
    page = visit(server.base)
    log = page.get_by_role("log", name="对话")
    expect(log).to_have_attribute("aria-live", "polite")
    ask(page)
    # the customer's own bubble is settled where it stands: it is added once, so it is read out once
    page.evaluate(
        """() => { const log = document.querySelector('wenjin-chat').shadowRoot.querySelector('#log');
            window.added = [];
            new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) =>
                n.classList.contains('msg') && added.push(n.dataset.actor.split(' ')[0])))).observe(log, {childList: true}); }"""
    )
    ask(page, "你好")
    assert page.evaluate("added") == ["customer", "bot"]


def test_an_answer_is_marked_with_one_press_and_remembered(server: Process, visit: Open) -> None:
    page = visit(server.base)
    ask(page)
    helpful = page.get_by_role("button", name="有用", exact=True)
    expect(helpful).to_have_attribute("aria-pressed", "false")
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="没用", exact=True).click()
    expect(helpful).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_role("button", name="没用", exact=True)).to_have_attribute("aria-pressed", "true")


def test_danger_is_answered_in_a_card_of_its_own_with_numbers_to_dial(server: Process, visit: Open) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = visit(server.base, **phone)
    say(page, "骗子正让我开着屏幕共享转账，怎么办")
    card = page.locator(".card--urgent")
    expect(card).to_contain_text("马上停止转账")
    assert [link.get_attribute("href") for link in card.locator("a").all()] == ["tel:110", "tel:96110"]
    boxes = [link.bounding_box() for link in card.locator("a").all()]
    assert all(box and box["height"] >= 44 for box in boxes)
