"""A customer and a handler side by side in two windows: waiting, talking, going away, coming back, giving back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from actions.service import accounts
from bot import upkeep
from bot.settings import Settings
from tests.bot.serving import PASSWORD, Live, Process, live
from tests.conftest import data_dir_like
from tests.journeys.walking import DESKTOP, PHONE, Chat, Installation, Person

QUESTION = "投诉一般多久能处理完"
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in China
Come = Callable[..., Person]


class Desk:
    """A server in this process whose clock the test turns; time goes on between the turns."""

    def __init__(self, server: Live) -> None:
        self.server = server
        self.turned = timedelta()
        server.runtime.clock = self.now

    def now(self) -> datetime:
        """Return the turned time."""
        return datetime.now(UTC) + self.turned

    def set(self, at: datetime) -> None:
        """Turn the clock to a time."""
        self.turned = at - datetime.now(UTC)

    def later(self, **by: float) -> None:
        """Turn the clock forward and let the timer do what has fallen due."""
        self.turned += timedelta(**by)
        upkeep.watch_handovers(self.server.runtime)


@pytest.fixture(scope="module")
def server(browser: Browser, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An installation of its own, started only where there is a browser."""
    assert browser.is_connected()
    folder = tmp_path_factory.mktemp("handover")
    with live(Settings(data_dir=data_dir_like(prepared, folder / "data"))) as running:
        with running.runtime.db.begin() as s:
            accounts.add_user(
                s, name="lin", password=PASSWORD, roles=["handler"], display_name="林晓", now=MORNING
            )
        yield running


@pytest.fixture
def desk(server: Live) -> Desk:
    """The installation at ten on a Monday."""
    made = Desk(server.mine())
    made.set(MORNING)
    return made


@pytest.fixture
def come(browser: Browser, server: Live) -> Iterator[Come]:
    """Bring somebody with a window of their own; at the end nobody's page may have complained."""
    people: list[Person] = []
    at = Installation(cast(Process, server), {"lin": PASSWORD})

    def arrive(*, phone: bool = False) -> Person:
        width, height = PHONE if phone else DESKTOP
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )  # fmt: skip
        people.append(Person(at, context.new_page(), context))
        return people[-1]

    yield arrive
    complaints = [complaint for person in people for complaint in person.complaints]
    for person in people:
        person.context.close()
    assert complaints == []


def at_the_desk(handler: Person) -> Page:
    """Sign in and open the customer who waits."""
    handler.go("/desk?queue=waiting")
    handler.sign_in("lin")
    handler.page.locator("a.item").first.click()
    expect(handler.page.locator("#turns")).to_be_visible()
    return handler.page


def bots(chat: Chat) -> int:
    """Return how often the bot has spoken."""
    return chat.page.locator("#log .msg--bot").count()


def test_side_by_side(desk: Desk, come: Come) -> None:
    customer, handler = come(phone=True), come()
    chat = Chat(customer).open()
    chat.say(QUESTION)
    chat.tap("转人工")
    standing, pane = customer.page.locator("#standing"), at_the_desk(handler)
    expect(standing).to_have_text("等候人工中，您排在第 1 位")
    customer.snap("h1-waiting")
    expect(pane.locator("#live-here")).to_have_text("客户在线")

    # taken: the open question comes with the manual's words, for the handler alone
    pane.get_by_role("button", name="接入对话").click()
    expect(standing).to_have_text("客服林晓正在为您服务")
    expect(pane.get_by_role("note", name="手册建议，客户看不到")).to_have_count(1)
    handler.snap("h2-taken")

    # both type, the bot is silent
    said = bots(chat)
    customer.page.locator("#text").press_sequentially("那我的")
    expect(pane.locator("#live-typing")).to_have_text("客户正在输入…")
    chat.type("投诉处理的时限是多久")
    expect(pane.locator("#turns")).to_contain_text("投诉处理的时限是多久")
    expect(pane.locator("#live-typing")).to_have_text("")
    expect(customer.page.locator(".msg__mark")).to_have_text("已读")
    reply = pane.get_by_label("回复客户")
    reply.press_sequentially("您好")
    expect(customer.page.locator("#typing-person")).to_be_visible()
    customer.snap("h3-typing")

    # a passage is quoted, sent, read
    expect(pane.get_by_role("note", name="手册建议，客户看不到")).to_have_count(2)
    pane.get_by_role("button", name="引用").last.click()
    expect(reply).to_have_value(re.compile(r"^您好\n.+（《运营手册》\d"))
    handler.snap("h4-quoted")
    reply.press("Enter")
    expect(customer.page.locator(".msg--handler").last).to_contain_text("《运营手册》")
    expect(customer.page.locator("#typing-person")).to_be_hidden()
    expect(pane.locator(".live__mark")).to_have_text("客户已读")
    expect(reply).to_have_value("")
    assert bots(chat) == said
    handler.snap("h5-read")

    # the handler's window closes while the customer waits
    chat.type("还有一个问题")
    expect(pane.locator("#turns")).to_contain_text("还有一个问题")
    pane.close()
    desk.later(minutes=2)
    chat.hears("接待您的同事似乎暂时离开了")
    expect(standing).to_have_text("等候人工中，您排在第 1 位")
    chat.say(QUESTION)
    expect(chat.last.locator(".cite").first).to_be_visible()
    customer.snap("h6-put-back")

    # back again: told, taken again, given back, rated
    again = come()
    pane = at_the_desk(again)
    expect(pane.get_by_text("您离开超过 90 秒")).to_be_visible()
    again.snap("h7-told-on-return")
    pane.get_by_role("button", name="重新接入").click()
    chat.hears("客服林晓回来了")
    pane.get_by_label("回复客户").fill("抱歉，刚才断线了。")
    pane.get_by_role("button", name="发送", exact=True).click()
    expect(customer.page.locator(".msg--handler").last).to_contain_text("刚才断线了")
    pane.get_by_role("button", name="结束人工服务").click()
    expect(customer.page.locator("#log")).to_contain_text("人工服务已结束，接下来由问津继续为您服务")
    expect(standing).to_have_text("")
    card = customer.page.locator('.card[aria-label="满意度评价"]')
    card.get_by_role("radio", name="5 分，非常满意").first.check()
    card.get_by_role("button", name="提交评价").click()
    expect(card).to_contain_text("您的评价已记下：5 分")
    customer.snap("h8-rated")
    again.snap("h9-ended")
    chat.say(QUESTION)
    expect(chat.last.locator(".cite").first).to_be_visible()
    seen = customer.page.locator("#log .msg[data-seq]").evaluate_all(
        "nodes => nodes.map(n => +n.dataset.seq)"
    )
    assert seen == list(range(1, len(seen) + 1))


def test_a_complaint_is_registered_from_the_chat_with_consent(desk: Desk, come: Come) -> None:
    assert desk.now() >= MORNING
    customer, handler = come(), come()
    chat = Chat(customer).open()
    chat.tap("转人工")
    pane = at_the_desk(handler)
    pane.get_by_role("button", name="接入对话").click()
    chat.type("上周三买东西扣了我两次钱")
    expect(pane.locator("#turns")).to_contain_text("扣了我两次钱")
    pane.get_by_text("登记为投诉").click()
    expect(pane.get_by_label("投诉事项")).to_have_value("上周三买东西扣了我两次钱")
    pane.get_by_label("联系方式").fill("13812345678")
    pane.get_by_label("客户已同意由我替他登记").check()
    handler.snap("h10-register")
    pane.get_by_role("button", name="登记", exact=True).click()
    told = chat.hears("经您同意，客服林晓已替您登记投诉")
    expect(told.get_by_role("link", name="查看进度")).to_be_visible()
    expect(told).to_contain_text("138****5678")
    customer.snap("h11-registered")
    expect(pane.locator(".live__side")).to_contain_text(chat.number())
    pane.get_by_role("button", name="结束人工服务").click()
    expect(customer.page.locator("#log")).to_contain_text("人工服务已结束")


def test_outside_hours_a_message_is_left_and_answered_in_the_morning(desk: Desk, come: Come) -> None:
    desk.set(MORNING + timedelta(hours=10))
    customer = come(phone=True)
    chat = Chat(customer).open()
    chat.tap("转人工")
    expect(chat.last).to_contain_text("明天 9:00 起有同事上班")
    expect(customer.page.locator("#standing")).to_have_text("已记下您的请求，明天 9:00 起有同事上班")
    customer.snap("h12-evening")
    chat.tap("留言")
    chat.say("退款还没到账，请帮我看看")
    expect(chat.last).to_contain_text("留言已记下")
    customer.snap("h13-left")
    chat.say(QUESTION)  # the bot goes on
    expect(chat.last.locator(".cite").first).to_be_visible()

    desk.set(MORNING + timedelta(days=1))
    handler = come()
    handler.go("/desk?queue=waiting")
    handler.sign_in("lin")
    row = handler.page.locator("a.item", has_text="留言：退款还没到账")
    handler.snap("h14-in-the-morning")
    row.click()
    handler.page.get_by_role("button", name="接入对话").click()
    handler.page.get_by_label("回复客户").fill("早上好，退款今天到账。")
    handler.page.get_by_label("回复客户").press("Enter")
    expect(customer.page.locator(".msg--handler").last).to_contain_text("退款今天到账")
    handler.page.get_by_role("button", name="结束人工服务").click()
    expect(customer.page.locator("#log")).to_contain_text("人工服务已结束")
