"""The desk and the chat side by side: a complaint from its first word to its review, by mouse, key and thumb."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.conftest import Arrive
from tests.journeys.walking import Chat, Installation, Person

MATTER = "上周三买东西扣了我两次钱，打了三次电话都没有人处理"
SOON = 15_000  # what another window did is seen by itself
LEVELS = {"severity": "2", "complexity": "1", "impact": "1", "urgency": "2"}


class Desk:
    """The desk in somebody's browser; it never loads a page anew once it is open."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self, name: str, path: str = "/desk") -> Desk:
        """Sign in and mark the page, so that a reload would be noticed."""
        self.person.go(path)
        self.person.sign_in(name)
        expect(self.page.locator("[data-desk]")).to_be_visible()
        self.page.wait_for_load_state()
        self.page.evaluate("window.samePage = true")
        return self

    def is_same_page(self) -> bool:
        """Tell whether the page was never loaded anew."""
        return bool(self.page.evaluate("window.samePage === true"))

    def show(self, number: str) -> None:
        """Open a ticket from the list."""
        self.page.locator(".item", has_text=number).click()
        expect(self.page.get_by_role("heading", name=number)).to_be_visible()

    def form(self, step: str) -> Locator:
        """Return the form of a step."""
        return self.page.locator(f'[data-form="{step}"]')

    def told(self, text: str) -> None:
        """Wait until the desk says what was done."""
        expect(self.page.locator(".case").get_by_role("status").filter(has_text=text)).to_be_visible()

    def assess(self) -> None:
        """Confirm the classification as it was proposed, and the four levels."""
        form = self.form("assess")
        for name in ("business", "channel", "cause"):
            field = form.locator(f'[name="{name}"]')
            if not field.input_value():
                field.select_option(index=1)
        for name, level in LEVELS.items():
            form.locator(f'label:has([name="{name}"][value="{level}"])').click()
        form.get_by_role("button", name="确认").click()
        self.told("分类和轻重已确认")

    def decide(self, remedy: str) -> None:
        """Fill in the decision and send it."""
        form = self.form("decide")
        for name, text in (
            ("finding", "第二笔是重复扣款"),
            ("basis", "用户服务协议 4.3"),
            ("remedy", remedy),
        ):
            form.locator(f'[name="{name}"]').fill(text)
        form.get_by_role("button", name="发送决定").click()
        self.told("处理决定已告知客户")


def test_a_complaint_is_taken_answered_reviewed_and_closed_in_two_windows(
    arrive: Arrive, installation: Installation
) -> None:
    customer, handler = arrive(phone=True), arrive()
    chat, desk = Chat(customer).open(), Desk(handler)
    number = chat.complain(MATTER)
    desk.open("lin", "/desk?queue=new")
    expect(desk.page.locator(".item", has_text=number)).to_contain_text("还有 15 天")
    handler.snap("b1-list")
    desk.show(number)
    desk.page.get_by_role("button", name="受理这张工单").click()
    desk.told("已受理")
    chat.hears("已由林晓受理")

    handler.presses("e")
    expect(desk.form("assess")).to_be_visible()
    expect(desk.form("assess")).to_contain_text("把握")
    handler.snap("b2-assess")
    desk.assess()
    desk.page.get_by_role("link", name="请客户补充").click()
    desk.form("ask").locator("textarea").fill("请发第二笔扣款的时间和金额。")
    handler.presses("Control+Enter")
    desk.told("已请客户补充")
    chat.hears("请发第二笔扣款的时间和金额")
    chat.say("补充一下，第二笔是上周三 20:15 扣的，128 元")
    expect(desk.page.locator(".ticket__steps")).to_contain_text("20:15 扣的，128 元", timeout=SOON)
    expect(desk.page.locator(".ticket__head")).to_contain_text("处理中")
    handler.snap("b3-answered-by-itself")

    handler.presses("e")
    desk.decide("128 元已原路退回")
    handler.snap("b4-decided")
    chat.hears("128 元已原路退回")
    customer.snap("b5-decision-arrived")
    chat.say("我对处理决定不服，申请核查，钱还是没有到账")
    expect(desk.page.locator(".ticket__notes")).to_contain_text("对您所作决定的核查", timeout=SOON)
    assert desk.is_same_page()

    second = Desk(arrive()).open("zhou", "/desk?queue=new")
    second.show(number)
    expect(second.page.locator(".ticket__side")).to_contain_text("第 2 轮")
    second.person.presses("a", "Enter")
    second.told("已受理")
    second.person.presses("e")
    second.decide("核查属实，今天加急退回")
    chat.hears("今天加急退回")
    second.page.get_by_role("button", name="办结工单").click()
    second.told("已办结")
    second.person.snap("b6-closed")
    assert second.is_same_page()
    _rate(customer)
    kept = installation.rows(
        "SELECT r.score, r.dimensions FROM ratings r JOIN rating_offers o ON o.id = r.offer_id "
        "JOIN tickets t ON t.id = o.subject_id WHERE t.number = ?",
        number,
    )
    assert kept[0][0] == 4
    assert all(part in str(kept[0][1]) for part in ('"response_speed": 5', '"after_sales": 3'))
    states = installation.rows("SELECT state, cycle FROM tickets WHERE number = ?", number)
    assert states == [("closed", 2)]
    second.page.reload()
    expect(second.page.locator(".ticket__side")).to_contain_text("4 分：退得快")
    assert installation.process.wenjin("audit", "verify")


def test_two_handlers_at_one_ticket_lose_nothing(arrive: Arrive) -> None:
    number = Chat(arrive()).open().complain("理财赎回一直不到账")
    first, second = (
        Desk(arrive(allow=("409",))).open("lin", "/desk?queue=new"),
        Desk(arrive()).open("zhou", "/desk?queue=new"),
    )
    first.show(number)
    second.show(number)
    first.person.presses("n")
    first.form("note").locator("textarea").fill("写了很久的备注")
    second.page.get_by_role("button", name="受理这张工单").click()
    second.told("已受理")
    first.form("note").get_by_role("button", name="保存备注").click()
    expect(first.page.get_by_role("alert")).to_contain_text("刚被别人更新")
    expect(first.form("note").locator("textarea")).to_have_value("写了很久的备注")
    first.person.snap("b7-stale")
    first.form("note").get_by_role("button", name="保存备注").click()
    first.told("备注已保存")
    expect(second.page.locator(".ticket__steps")).to_contain_text("写了很久的备注", timeout=SOON)


def test_a_supervisor_assigns_and_moves_several(arrive: Arrive) -> None:
    numbers = [Chat(arrive()).open().complain(matter) for matter in ("还款日被改了", "会员自动续费没有提醒")]
    lead = Desk(arrive()).open("sun", "/desk?queue=new")
    for number in numbers:
        lead.page.get_by_label(f"选择 {number}").check()
    expect(lead.page.locator(".bulk")).to_contain_text("已选 2 张")
    lead.person.snap("b8-chosen")
    lead.page.get_by_label("分派给").select_option(label=_option(lead.page, "周航"))
    lead.page.get_by_role("button", name="分派", exact=True).click()
    expect(lead.page.locator(".case h1")).to_contain_text("办成 2 张")
    lead.person.snap("b9-results")
    for number in numbers:
        lead.page.get_by_label(f"选择 {number}").check()
    with lead.page.expect_download() as download:
        lead.page.get_by_role("button", name="导出").click()
    assert download.value.suggested_filename == "tickets.csv"
    assert lead.is_same_page()


def test_the_desk_by_keyboard_alone(arrive: Arrive) -> None:
    number = Chat(arrive()).open().complain("提现手续费和说的不一样")
    person = arrive()
    desk, page = Desk(person).open("lin"), person.page
    person.presses("g", "n")
    expect(page.locator(".queues [aria-current]")).to_contain_text("待受理")
    expect(page.locator("#said")).to_contain_text("待受理")
    person.presses("/")
    page.keyboard.type(number)
    person.presses("Enter")
    expect(page.locator(".item")).to_have_count(1)
    person.presses("Escape", "j", "x")
    expect(page.locator(".bulk")).to_contain_text("已选 1 张")
    person.presses("u")
    expect(page.locator(".bulk")).to_be_hidden()
    person.presses("o")
    expect(page.get_by_role("heading", name=number)).to_be_visible()
    expect(page.locator(".item[aria-current]")).to_be_focused()
    person.presses("a", "Enter")
    desk.told("已受理")

    person.presses("r")
    field = desk.form("reply").locator("textarea")
    expect(field).to_be_focused()
    person.presses("Control+/")
    expect(page.locator("#canned-pick [data-filter]")).to_be_focused()
    page.keyboard.type("补充材料")
    person.presses("Enter")
    expect(field).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "{reason}"
    page.keyboard.type("扣费当天的截图")
    person.presses("Control+Enter")
    desk.told("回复已发到客户的聊天里")
    expect(page.locator(".ticket__steps")).to_contain_text("尊敬的客户，您好。为了查清编号")
    expect(page.locator(".ticket__steps")).to_contain_text("扣费当天的截图")

    person.presses("m")
    expect(page.locator(".more__one").first).to_be_focused()
    person.presses("Escape", "?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    person.snap("b10-keys")
    person.presses("Escape", "n")
    expect(desk.form("note").locator("textarea")).to_be_focused()
    page.keyboard.type("写到一半")
    page.reload()  # a draft outlives a reload
    expect(desk.form("note").locator("textarea")).to_have_value("写到一半")


def test_a_handler_answers_on_a_phone(arrive: Arrive) -> None:
    chat = Chat(arrive(phone=True)).open()
    number = chat.complain("贷款结清证明一直不给开")
    person = arrive(phone=True)
    desk, page = Desk(person).open("lin", "/desk?queue=new"), person.page
    person.snap("b11-phone-list")
    desk.show(number)
    expect(page.locator(".list")).to_be_hidden()
    page.get_by_role("button", name="受理这张工单").click()
    desk.told("已受理")
    page.get_by_role("link", name="回复客户").click()
    desk.form("reply").locator("textarea").fill("证明今天寄出。")
    person.snap("b12-phone-reply")
    desk.form("reply").get_by_role("button", name="发送回复").click()
    desk.told("回复已发到客户的聊天里")
    chat.hears("证明今天寄出")
    page.get_by_text("更多", exact=False).first.click()
    person.snap("b13-phone-more")
    page.get_by_role("link", name="返回列表").click()
    expect(page.locator(".list")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=number)).to_be_visible()


def test_the_desk_works_without_scripts(browser: Browser, arrive: Arrive, installation: Installation) -> None:
    number = Chat(arrive()).open().complain("基金分红没有到账")
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{installation.process.base}/login?next=/desk?queue=new")
    page.get_by_label("账号").fill("lin")
    page.get_by_label("密码").fill(installation.passwords["lin"])
    page.get_by_role("button", name="登录", exact=True).click()
    page.locator(".item", has_text=number).click()
    page.get_by_role("button", name="受理这张工单").click()
    page.get_by_role("link", name=re.compile("回复客户")).click()
    page.get_by_role("link", name="常用答复").last.click()
    page.locator("a.reply", has_text="确认受理").click()
    form = page.locator('[data-form="reply"]')
    expect(form.locator("textarea")).to_have_value(re.compile(f"编号 {number}"))
    form.get_by_role("button", name="发送回复").click()
    expect(page.get_by_role("status").filter(has_text="回复已发到客户的聊天里")).to_be_visible()
    context.close()


def _option(page: Page, name: str) -> str:
    """Return the words of the choice that begins with somebody's name."""
    words = page.locator(".bulk [name=to] option", has_text=name).first.text_content()
    assert words
    return words


def _rate(customer: Person) -> None:
    """Fill in the rating that the chat asks for, with two of its dimensions."""
    card = customer.page.locator('.card[aria-label="满意度评价"]')
    _score(customer, "总体评价", 4)
    card.get_by_text("分项评价（可选）").click()
    _score(customer, "响应速度", 5)
    _score(customer, "售后服务", 3)
    card.get_by_label("补充说明（可选）").fill("退得快，就是电话难打。")
    customer.snap("b7-rating")
    card.get_by_role("button", name="提交评价").click()
    expect(card).to_contain_text("您的评价已记下：4 分")


def _score(person: Person, label: str, score: int) -> None:
    """Choose a score; news that comes in between may move it away from under the finger."""
    group = person.page.get_by_role("radiogroup", name=label)
    radio = group.get_by_role("radio").nth(score - 1)
    for _ in range(3):
        if not radio.is_checked():
            group.locator("label").nth(score - 1).click()
    expect(radio).to_be_checked()
