"""The chat page's scripts in a real browser, before a server that fails on command."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from bot.pages.assets import static_dir
from tests.bot.pages.conftest import HTML, Site

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ORIGIN = "http://wenjin.test"
CITATION = {
    "manual": "wenjin",
    "version": "e1",
    "section": "2.2",
    "title": "服务流程",
    "sentence": "首次响应不超过 30 秒。",
    "score": 0.9,
}
SECTION = {
    "number": "2.2",
    "title": "服务流程",
    "chapter_title": "客户服务",
    "paragraphs": [
        {"text": "先受理。首次响应不超过30秒。再回访。", "heading": "2.2.1 响应", "kind": "text", "page": 12},
        {"text": "另一段。", "heading": "2.2.1 响应", "kind": "text", "page": 13},
    ],
}


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LIVE = frozenset({"/api/chat/read", "/api/chat/typing", "/api/chat/waiting"})


def sent_by(route: Route) -> dict[str, Any]:
    """Return the JSON of a request."""
    sent: dict[str, Any] = json.loads(route.request.post_data or "{}")
    return sent


class Stand:
    """What the server would be: keeps messages, answers each key once, fails as often as it is told."""

    def __init__(self, page_html: str, headers: dict[str, str]) -> None:
        self.html, self.headers = page_html, headers
        self.messages: list[dict[str, Any]] = []
        self.by_key: dict[str, list[dict[str, Any]]] = {}
        self.keys: list[str] = []
        self.texts: list[str] = []
        self.ratings: list[dict[str, Any]] = []
        self.lost = 0
        self.silent = False  # nothing is pushed and nothing can be asked for
        self.refusal: dict[str, Any] | None = None
        self.reply: dict[str, Any] = {"kind": "text", "text": "收到。"}
        self.standing: dict[str, Any] = {"mode": "bot", "position": 0, "handler": "", "read_seq": 0}
        self.calls: list[str] = []
        self.file_refusal: dict[str, Any] | None = None

    def add(
        self, actor: str, kind: str, text: str, data: dict[str, Any] | None = None, buttons: Any = ()
    ) -> dict[str, Any]:
        """Store a message."""
        seq = len(self.messages) + 1
        made = {"seq": seq, "id": f"m{seq}", "actor": actor, "kind": kind, "text": text, "data": data or {}}
        made |= {"buttons": list(buttons), "at": "2026-05-20T04:00:00+00:00"}
        self.messages.append(made)
        return made

    def serve(self, route: Route) -> None:
        """Answer one request."""
        path, _, query = route.request.url.removeprefix(ORIGIN).partition("?")
        if path == "/":
            route.fulfill(body=self.html, content_type="text/html", headers=self.headers)
        elif path.startswith("/static/"):
            file = static_dir() / path.removeprefix("/static/")
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0])
        elif path == "/api/chat/messages" and route.request.method == "POST":
            self._said(route)
        elif self.silent and path in {"/api/chat/events", "/api/chat/messages"}:
            route.abort()
        elif path == "/api/chat/events":
            after = int(query.removeprefix("after="))
            lines = [
                f"event: message\nid: {m['seq']}\ndata: {json.dumps(m)}\n\n" for m in self.messages[after:]
            ]
            lines.append(f"event: standing\ndata: {json.dumps(self.standing)}\n\n")
            route.fulfill(body="".join(lines) or ": nothing\n\n", content_type="text/event-stream")
        else:
            self._api(route, path, query)

    def _api(self, route: Route, path: str, query: str) -> None:
        if path.startswith("/api/chat/files") or path in LIVE:
            self._live(route, path)
        elif path == "/api/chat/session":
            route.fulfill(
                json={
                    "conversation_id": "c",
                    "messages": self.messages,
                    "standing": self.standing,
                    "suggestions": ["一", "二", "三", "四"],
                }
            )
        elif path == "/api/chat/messages":
            later = self.messages[int(query.removeprefix("after=")) :]
            route.fulfill(json={"messages": later, "standing": self.standing})
        elif path == "/api/chat/ratings":
            self.ratings.append(sent_by(route))
            route.fulfill(json={"ok": True})
        elif path == "/api/manuals/wenjin/sections/2.2":
            route.fulfill(json=SECTION)
        else:
            route.fulfill(status=404, json={"status": 404, "code": "none", "detail": "没有找到。"})

    def _live(self, route: Route, path: str) -> None:
        self.calls.append(
            f"{route.request.method} {path.removeprefix('/api/chat')} {route.request.post_data or ''}"
        )
        if path == "/api/chat/waiting":
            self.standing = {"mode": "bot", "position": 0, "handler": "", "read_seq": 0}
            route.fulfill(json=self.standing)
        elif path == "/api/chat/files" and self.file_refusal:
            route.fulfill(status=self.file_refusal["status"], json=self.file_refusal)
        elif path == "/api/chat/files":
            file = {"file_id": "f1", "name": "凭证.png", "size": 68, "media_type": "image/png"}
            self.add("customer", "file", "[图片] 凭证.png", {**file, "place": "pending"})
            route.fulfill(status=201, json={**file, "id": "f1"})
        elif path.startswith("/api/chat/files/") and route.request.method == "GET":
            route.fulfill(body=PIXEL, content_type="image/png")
        else:
            route.fulfill(status=204)

    def _said(self, route: Route) -> None:
        sent = sent_by(route)
        self.keys.append(sent["key"])
        if self.lost:
            self.lost -= 1
            route.abort()
        elif self.refusal:
            route.fulfill(status=self.refusal["status"], json=self.refusal)
        else:
            if sent["key"] not in self.by_key:
                self.texts.append(sent["text"])
                own = self.add("customer", "text", sent["text"])
                self.by_key[sent["key"]] = [own, self.add("bot", **self.reply)]
            route.fulfill(json={"messages": self.by_key[sent["key"]]})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium."""
    if not CHROMIUM.is_file():
        pytest.skip(f"Chromium is not at {CHROMIUM}.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)


@pytest.fixture
def stand(site: Site) -> Stand:
    """Return the stand-in, which serves the real page under its real security policy."""
    served = site.visitor().client.get("/", headers=HTML)
    policy = {"Content-Security-Policy": served.headers["content-security-policy"]}
    return Stand(served.text, policy)


@pytest.fixture
def page(browser: Browser, stand: Stand) -> Iterator[Page]:
    """Return a phone's page whose clock the test turns; a script error or blocked resource fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None
    )
    page.clock.install()
    page.route("**/*", stand.serve)
    yield page
    context.close()
    assert problems == []


def say(page: Page, text: str) -> None:
    """Type and press Enter."""
    page.fill("#text", text)
    page.press("#text", "Enter")


def customer(page: Page) -> Any:
    """Return the customer's bubbles."""
    return page.locator(".msg--customer .bubble")


def test_a_suggestion_is_asked_and_the_others_go(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    page.click("text=二")
    expect(page.locator(".msg--bot .bubble")).to_have_text("收到。")
    expect(page.locator("#suggestions")).to_be_hidden()
    assert stand.texts == ["二"]


def test_markup_is_shown_as_text(page: Page, stand: Stand) -> None:
    stand.reply = {
        "kind": "text",
        "text": "<img src=x onerror=alert(1)>",
        "buttons": [{"title": "<b>", "payload": "p"}],
    }
    page.goto(ORIGIN)
    say(page, "<script>alert(2)</script>")
    expect(page.locator(".msg--bot .bubble")).to_have_text("<img src=x onerror=alert(1)>")
    expect(customer(page)).to_have_text("<script>alert(2)</script>")
    expect(page.locator(".buttons button")).to_have_text("<b>")
    assert page.locator(".log img, .log script, .log b").count() == 0


def test_a_lost_message_is_sent_again_under_its_key(page: Page, stand: Stand) -> None:
    stand.lost = 2
    page.goto(ORIGIN)
    say(page, "在吗")
    expect(page.locator("#typing")).to_be_visible()
    for _ in range(2):
        page.clock.run_for(3000)
    expect(page.locator(".msg--bot .bubble")).to_have_text("收到。")
    expect(customer(page)).to_have_count(1)
    expect(page.locator("#typing")).to_be_hidden()
    assert len(stand.keys) == 3 and len(set(stand.keys)) == 1


def test_when_nothing_helps_one_can_try_again_and_nothing_doubles(page: Page, stand: Stand) -> None:
    stand.lost, stand.silent = 3, True
    page.goto(ORIGIN)
    say(page, "在吗")
    for _ in range(2):
        page.clock.run_for(3000)
    again = page.get_by_role("button", name="点此重试")
    expect(again).to_be_visible()
    expect(page.locator(".failed")).to_contain_text("还没有发出，连上后自动发送")
    expect(customer(page)).to_have_text("在吗")
    again.click()
    expect(page.locator(".msg--bot .bubble")).to_have_text("收到。")
    expect(again).to_have_count(0)
    expect(customer(page)).to_have_count(1)
    assert len(set(stand.keys)) == 1 and stand.texts == ["在吗"]


def test_an_answer_does_not_hide_what_was_said_while_the_line_was_down(page: Page, stand: Stand) -> None:
    stand.silent = True
    page.goto(ORIGIN)
    for _ in range(8):
        page.clock.run_for(20_000)  # the pauses have grown
    expect(page.locator("#status")).to_have_text("连接断开，正在重连")
    stand.add("handler", "text", "我来处理。")
    stand.silent = False
    say(page, "在吗")
    expect(page.locator(".msg--bot .bubble")).to_have_text("收到。")
    page.clock.run_for(10)  # the server was reached: it is asked at once, not after the pause
    expect(page.locator(".msg--handler .bubble")).to_have_text("我来处理。")
    expect(page.locator(".msg--handler + .msg--customer + .msg--bot")).to_have_count(1)


def test_what_could_not_be_sent_goes_by_itself_and_in_order_when_the_server_is_back(
    page: Page, stand: Stand
) -> None:
    stand.lost, stand.silent = 3, True
    page.goto(ORIGIN)
    say(page, "第一句")
    say(page, "第二句")
    for _ in range(2):
        page.clock.run_for(3000)
    expect(page.get_by_role("button", name="点此重试")).to_be_visible()
    stand.silent = False
    page.clock.run_for(60000)
    expect(page.locator(".msg--bot .bubble")).to_have_count(2)
    expect(customer(page)).to_have_text(["第一句", "第二句"])
    assert stand.texts == ["第一句", "第二句"] and len(set(stand.keys)) == 2


def test_a_window_that_was_closed_too_early_loses_nothing(page: Page, stand: Stand) -> None:
    stand.lost, stand.silent = 9, True
    page.goto(ORIGIN)
    say(page, "先别走")
    expect(page.locator(".msg--waiting")).to_have_count(1)
    stand.lost, stand.silent = 0, False
    page.reload()
    expect(page.locator(".msg--bot .bubble")).to_have_text("收到。")
    expect(customer(page)).to_have_text("先别走")
    page.reload()
    expect(customer(page)).to_have_text("先别走")
    assert stand.texts == ["先别走"] and len(set(stand.keys)) == 1


def test_what_was_not_sent_long_ago_is_asked_about_first(page: Page, stand: Stand) -> None:
    stand.lost, stand.silent = 9, True
    page.goto(ORIGIN)
    say(page, "昨天的话")
    expect(page.locator(".msg--waiting")).to_have_count(1)
    page.clock.fast_forward("30:00")
    page.goto("about:blank")
    stand.lost, stand.silent = 0, False
    page.goto(ORIGIN)
    expect(page.locator(".failed")).to_contain_text("上次没有发出")
    assert stand.texts == []
    page.get_by_role("button", name="不发了").click()
    expect(customer(page)).to_have_count(0)
    page.reload()
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page.locator(".failed")).to_have_count(0)


def test_a_refused_message_comes_back_to_be_changed(page: Page, stand: Stand) -> None:
    stand.refusal = {"status": 422, "code": "message_too_long", "detail": "消息太长，请分几次发送。"}
    page.goto(ORIGIN)
    say(page, "很长的话")
    expect(page.locator(".failed")).to_contain_text("消息太长，请分几次发送。")
    page.click("text=改一改再发")
    expect(page.locator("#text")).to_have_value("很长的话")
    expect(customer(page)).to_have_count(0)


def test_pushed_messages_come_once_and_in_order(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    say(page, "转人工")
    expect(page.locator(".msg--bot")).to_have_count(1)
    stand.add("system", "handover", "客服李静已接入。", {"handover_id": "h", "state": "taken"})
    stand.add("handler", "text", "您好，我来处理。")
    page.clock.run_for(40000)
    expect(page.locator(".msg--handler .bubble")).to_have_text("您好，我来处理。")
    page.clock.run_for(120000)
    seen = page.locator(".msg").evaluate_all("nodes => nodes.map(n => n.dataset.seq)")
    assert seen == ["1", "2", "3", "4"]


def test_history_returns_after_a_reload(page: Page, stand: Stand) -> None:
    stand.add("customer", "text", "早上问过的")
    stand.add("bot", "text", "早上答过的", buttons=[{"title": "是的", "payload": "/affirm"}])
    stand.add("customer", "text", "/affirm")
    page.goto(ORIGIN)
    expect(customer(page)).to_have_text(["早上问过的", "是的"])
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator(".day")).to_have_text("5月20日")
    expect(page.locator(".buttons button")).to_be_disabled()


def test_enter_does_not_send_while_composing(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    page.fill("#text", "ni hao")
    press = """(field, init) => field.dispatchEvent(
        new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, ...init}))"""
    page.locator("#text").evaluate(press, {"isComposing": True})
    page.locator("#text").evaluate(press, {"keyCode": 229})
    page.press("#text", "Shift+Enter")
    expect(page.locator("#text")).to_have_value("ni hao\n")
    assert stand.keys == []
    page.press("#text", "Enter")
    expect(page.locator(".msg--bot")).to_have_count(1)
    assert stand.texts == ["ni hao"]


def test_the_input_grows_to_five_lines_and_counts(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    heights = []
    for lines in (1, 3, 5, 9):
        page.fill("#text", "\n".join("行" * lines))
        heights.append(page.locator("#text").evaluate("n => n.clientHeight"))
    assert heights[0] < heights[1] < heights[2] == heights[3]
    page.fill("#text", "字" * 2001)
    expect(page.locator("#counter")).to_have_text("2,001 / 2,000 字，请分几次发送")
    expect(page.locator("#send")).to_be_disabled()
    page.press("#text", "Enter")
    assert stand.keys == [] and len(page.input_value("#text")) == 2001


def test_a_source_opens_marked_and_gives_the_focus_back(page: Page, stand: Stand) -> None:
    text = "首次响应不超过 30 秒。\n《运营手册》2.2 服务流程"
    stand.reply = {"kind": "answer", "text": text, "data": {"citations": [CITATION], "followups": ["还有呢"]}}
    page.goto(ORIGIN)
    say(page, "多久响应")
    expect(page.locator(".msg--bot .bubble")).to_have_text("首次响应不超过 30 秒。")
    source = page.get_by_role("button", name="「《运营手册》2.2 服务流程」")
    source.click()
    expect(page.locator("#sheet mark")).to_have_text("首次响应不超过30秒。")
    expect(page.locator("#sheet-body")).to_contain_text("再回访。 第 12 页")
    expect(page.locator("#sheet-body")).not_to_contain_text("第 13 页")
    expect(page.locator("#sheet-path")).to_have_text("《运营手册》 › 第2章 客户服务")
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(source).to_be_focused()
    page.click("text=还有呢")
    expect(customer(page)).to_have_text(["多久响应", "还有呢"])


def test_a_source_that_fails_shows_the_sentence(page: Page, stand: Stand) -> None:
    stand.reply = {
        "kind": "answer",
        "text": "答案。",
        "data": {"citations": [{**CITATION, "section": "9.9"}]},
    }
    page.goto(ORIGIN)
    say(page, "问")
    page.click(".cite")
    expect(page.locator("#sheet-body")).to_contain_text("首次响应不超过 30 秒。")
    expect(page.locator("#sheet-body")).to_contain_text("没有找到")


def test_several_options_are_sent_together(page: Page, stand: Stand) -> None:
    options = [{"key": key, "text": text} for key, text in zip("ABC", "甲乙丙", strict=True)]
    data = {
        "attempt_id": "a",
        "index": 1,
        "total": 10,
        "type": "multiple",
        "stem": "哪些对",
        "options": options,
    }
    stand.reply = {"kind": "quiz_item", "text": "第 1 题", "data": data}
    page.goto(ORIGIN)
    say(page, "开始测验")
    submit = page.get_by_role("button", name="提交", exact=True)
    expect(submit).to_be_disabled()
    page.click(".option >> nth=0")
    page.click(".option >> nth=2")
    stand.reply = {
        "kind": "quiz_feedback",
        "text": "对",
        "data": {"correct": True, "answer": ["A", "C"], "explanation": "因为。"},
    }
    submit.click()
    expect(page.get_by_text("回答正确")).to_be_visible()
    expect(page.locator(".option input").first).to_be_disabled()
    assert stand.texts == ["开始测验", "AC"]


def test_a_rating_needs_a_score_and_keeps_what_is_written(page: Page, stand: Stand) -> None:
    dimensions = [{"key": "experience", "label": "客户体验"}]
    stand.add("system", "rating", "请您打分。", {"offer_id": "o", "dimensions": dimensions})
    page.goto(ORIGIN)
    page.fill(".card textarea", "还不错")
    page.click("text=提交评价")
    expect(page.get_by_text("请先选择 1 到 5 分。")).to_be_visible()
    page.get_by_role("radio", name="5 分，非常满意").first.check()
    page.click("text=分项评价（可选）")
    page.get_by_role("radiogroup", name="客户体验").get_by_role("radio", name="4 分，满意").check()
    page.click("text=提交评价")
    expect(page.get_by_text("您的评价已记下：5 分")).to_be_visible()
    assert stand.ratings == [
        {"offer_id": "o", "score": 5, "dimensions": {"experience": 4}, "comment": "还不错"}
    ]


def test_a_card_with_odd_data_still_shows_its_text(page: Page, stand: Stand) -> None:
    stand.add("bot", "quiz_item", "第 1 题：哪个对？A 甲 B 乙", {"options": 7})
    stand.add("bot", "something_new", "新的一种", {})
    page.goto(ORIGIN)
    expect(page.locator(".msg--bot")).to_have_count(2)
    expect(page.locator(".log")).to_contain_text("哪个对？")
    expect(page.locator(".log")).to_contain_text("新的一种")


def test_who_waits_sees_the_place_and_may_stop(page: Page, stand: Stand) -> None:
    stand.standing = {"mode": "waiting_human", "position": 2, "handler": "", "read_seq": 0}
    page.goto(ORIGIN)
    expect(page.locator("#standing")).to_have_text("等候人工中，您排在第 2 位")
    before = page.locator("#composer").bounding_box()
    page.get_by_role("button", name="取消等候").click()
    expect(page.locator("#standing")).to_have_text("")
    expect(page.get_by_role("button", name="取消等候")).to_be_hidden()
    assert page.locator("#composer").bounding_box() == before  # nothing jumps
    assert "DELETE /waiting " in stand.calls


def test_while_nobody_is_at_work_no_place_is_told(page: Page, stand: Stand) -> None:
    stand.standing = {
        "mode": "waiting_human",
        "position": 1,
        "opens": "周一 9:00",
        "handler": "",
        "read_seq": 0,
    }
    page.goto(ORIGIN)
    expect(page.locator("#standing")).to_have_text("已记下您的请求，周一 9:00 起有同事上班")


def test_a_person_types_and_reads(page: Page, stand: Stand) -> None:
    stand.add("customer", "text", "在吗")
    stand.standing = {"mode": "human", "position": 0, "handler": "李静", "read_seq": 0, "typing": True}
    page.goto(ORIGIN)
    expect(page.locator("#standing")).to_have_text("客服李静正在为您服务")
    expect(page.locator("#typing-person")).to_be_visible()
    expect(page.locator(".msg__mark")).to_have_text("已送达")
    stand.standing = {**stand.standing, "read_seq": 1, "typing": False}
    page.clock.run_for(40000)
    expect(page.locator(".msg__mark")).to_have_text("已读")
    expect(page.locator("#typing-person")).to_be_hidden()
    assert stand.calls.count('POST /read {"seq":1}') == 1


def test_typing_is_told_to_a_person_now_and_then_and_to_nobody_else(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    page.locator("#text").press_sequentially("abc")
    assert not any("typing" in call for call in stand.calls)
    stand.standing = {"mode": "human", "position": 0, "handler": "李静", "read_seq": 0}
    page.clock.run_for(40000)
    expect(page.locator("#standing")).to_have_text("客服李静正在为您服务")
    page.locator("#text").press_sequentially("defg")
    page.clock.run_for(2000)
    page.locator("#text").press_sequentially("hi")
    page.clock.run_for(100)
    assert sum("typing" in call for call in stand.calls) == 2


def choose(page: Page, name: str, media_type: str, content: bytes) -> None:
    """Choose a file."""
    page.set_input_files("#files", {"name": name, "mimeType": media_type, "buffer": content})


def test_a_file_is_shown_where_it_was_sent_and_can_be_taken_back(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    choose(page, "凭证.png", "image/png", PIXEL)
    image = page.get_by_role("img", name="图片 凭证.png")
    expect(image).to_be_visible()
    expect(page.locator(".msg--waiting")).to_have_count(0)
    expect(page.get_by_text("登记投诉时会一起提交")).to_be_visible()
    page.get_by_role("button", name="移除 凭证.png").click()
    expect(page.get_by_text("已移除：凭证.png")).to_be_visible()
    assert "DELETE /files/f1 " in stand.calls


@pytest.mark.parametrize(
    ("name", "media_type", "content", "words"),
    [
        ("a.exe", "application/octet-stream", b"MZ", "只能上传图片（JPG、PNG、GIF、WebP）或 PDF。"),
        ("a.png", "image/png", b"", "文件是空的，请重新选择。"),
        ("a.pdf", "application/pdf", b"x" * 10_000_001, "文件超过 10 MB，请压缩后再传。"),
    ],
    ids=["type", "empty", "large"],
)
def test_what_cannot_be_sent_says_why_before_it_is_sent(
    page: Page, stand: Stand, name: str, media_type: str, content: bytes, words: str
) -> None:
    page.goto(ORIGIN)
    choose(page, name, media_type, content)
    expect(page.locator(".failed")).to_contain_text(words)
    page.get_by_role("button", name="不传了").click()
    expect(page.locator(".failed")).to_have_count(0)
    assert not any("files" in call for call in stand.calls)


def test_a_file_that_failed_is_sent_again_at_a_press(page: Page, stand: Stand) -> None:
    stand.file_refusal = {
        "status": 429,
        "code": "too_many_files",
        "detail": "您传得太快了，请稍等一分钟再传。",
    }
    page.goto(ORIGIN)
    choose(page, "凭证.png", "image/png", PIXEL)
    expect(page.locator(".failed")).to_contain_text("您传得太快了")
    stand.file_refusal = None
    page.get_by_role("button", name="再传一次").click()
    expect(page.get_by_role("img", name="图片 凭证.png")).to_be_visible()
    expect(page.locator(".failed")).to_have_count(0)


def test_a_pasted_image_is_sent(page: Page, stand: Stand) -> None:
    page.goto(ORIGIN)
    page.locator("#text").evaluate(
        """(field, bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "截图.png", { type: "image/png" }));
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(PIXEL),
    )
    expect(page.get_by_role("img")).to_be_visible()
    assert any(call.startswith("POST /files") for call in stand.calls)


def test_a_ticket_leads_to_its_page(page: Page, stand: Stand) -> None:
    data = {"number": "TS260101-00001", "state": "received", "state_label": "已登记", "link": "/t/abc"}
    stand.add("bot", "ticket", "已登记。", data)
    stand.add("bot", "ticket", "已登记。", {**data, "link": "javascript:alert(1)"})
    page.goto(ORIGIN)
    expect(page.get_by_role("link", name="查看进度")).to_have_count(1)
    expect(page.get_by_role("link", name="查看进度")).to_have_attribute("href", "/t/abc")


def test_an_exam_question_is_chosen_then_submitted_and_shows_the_time_left(page: Page, stand: Stand) -> None:
    options = [{"key": key, "text": text} for key, text in zip("ABC", "甲乙丙", strict=True)]
    data = {"index": 3, "total": 10, "type": "single", "stem": "哪个对", "options": options}
    page.clock.set_fixed_time("2026-05-20T04:00:00Z")
    exam = {"index": 3, "total": 10, "answered": 2, "ends_at": "2026-05-20T04:12:05+00:00"}
    data |= {"exam": exam, "given": ["A"], "reply_prefix": "第 3 题："}
    ways = [{"title": title, "payload": title} for title in ("A", "B", "C", "上一题", "交卷")]
    stand.add("bot", "quiz_item", "第 3 题", data, ways)
    page.goto(ORIGIN)
    expect(page.get_by_role("timer", name="剩余时间")).to_have_text("12:05")
    expect(page.get_by_role("progressbar", name="已答 2 / 10")).to_be_visible()
    expect(page.locator(".buttons button")).to_have_text(["上一题", "交卷"])
    submit = page.get_by_role("button", name="提交", exact=True)
    expect(page.get_by_role("radio", name="A 甲")).to_be_checked()
    page.get_by_role("radio", name="B 乙").check()
    page.get_by_role("radio", name="C 丙").check()
    assert stand.texts == []
    submit.click()
    expect(page.get_by_role("radio", name="B 乙")).to_be_disabled()
    assert stand.texts == ["第 3 题：C"]


def test_a_summary_is_shown_item_by_item(page: Page, stand: Stand) -> None:
    text = "已改好。请您核对：\n发生了什么：扣了两次钱\n附件：1 个\n确认后提交。"
    summary = [{"label": "发生了什么", "value": "扣了两次钱"}, {"label": "附件", "value": "1 个"}]
    stand.add("bot", "text", text, {"summary": summary}, [{"title": "确认提交", "payload": "确认提交"}])
    page.goto(ORIGIN)
    card = page.get_by_role("region", name="请您核对")
    expect(card.locator("dd")).to_have_text(["扣了两次钱", "1 个"])
    expect(card.locator("p")).to_have_text(["已改好。请您核对：", "确认后提交。"])
    expect(page.locator(".bubble")).to_have_count(0)


def test_a_long_message_is_cut_until_it_is_opened(page: Page, stand: Stand) -> None:
    stand.add("handler", "text", "很长的一段话。" * 200)
    stand.add("handler", "text", "短的。")
    page.goto(ORIGIN)
    long = page.locator(".msg--handler .bubble").first
    before = long.evaluate("n => n.clientHeight")
    page.get_by_role("button", name="展开全文").click()
    assert long.evaluate("n => n.clientHeight") > before
    page.get_by_role("button", name="收起").click()
    assert long.evaluate("n => n.clientHeight") == before
    expect(page.get_by_role("button", name="展开全文")).to_have_count(1)


def test_who_reads_further_up_stays_there_and_is_told_of_what_is_new(page: Page, stand: Stand) -> None:
    for n in range(30):
        stand.add("bot", "text", f"第 {n} 条")
    page.goto(ORIGIN)
    expect(page.get_by_text("第 29 条")).to_be_in_viewport()
    page.locator("#scroll").evaluate("n => n.scrollTo(0, 0)")
    expect(page.get_by_role("button", name="回到最新消息")).to_be_visible()
    stand.add("handler", "text", "您好，我来处理。")
    page.clock.run_for(40000)
    page.get_by_role("button", name="有新消息").click()
    expect(page.get_by_text("您好，我来处理。")).to_be_in_viewport()
    expect(page.locator("#more")).to_be_hidden()


def test_an_answer_can_be_copied(page: Page, stand: Stand) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stand.add("bot", "text", "首次响应不超过 30 秒。")
    page.goto(ORIGIN)
    page.get_by_role("button", name="复制").click()
    expect(page.locator(".msg__copy [role=status]")).to_have_text("已复制")
    page.evaluate("document.querySelector('wenjin-chat').shadowRoot.querySelector('#text').focus()")
    page.keyboard.press("Control+V")
    expect(page.locator("#text")).to_have_value("首次响应不超过 30 秒。")
