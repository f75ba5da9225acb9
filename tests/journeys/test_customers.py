"""Customers: ask, complain, wait for the answer, rate; talk to a person; survive a power cut."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.journeys.conftest import Arrive
from tests.journeys.walking import Chat, Installation, Person

QUESTION = "投诉一般多久能处理完"
MATTER = "你们上周三扣了我两次钱，打了三次电话都没人处理，太气人了"


def test_an_angry_customer_asks_complains_and_follows_it_up(
    arrive: Arrive, installation: Installation
) -> None:
    person = arrive()
    chat, page = Chat(person).open(), person.page
    expect(page.get_by_role("heading", name="您好，我是问津")).to_be_visible()
    expect(page.locator(".suggestion")).to_have_count(4)
    person.snap("a1-greeting")

    # asks, and reads the passage in its section
    answer = chat.say(QUESTION)
    cite = answer.locator(".cite").first
    expect(cite).to_contain_text("《运营手册》")
    person.snap("a2-answer")
    cite.click()
    sheet = page.get_by_role("dialog")
    marked = sheet.locator("mark").first
    expect(marked).to_be_visible()
    kept = installation.rows(
        "SELECT data FROM turns WHERE outcome = 'answered' ORDER BY created_at DESC LIMIT 1"
    )
    cited = json.loads(str(kept[0][0]))["citations"][0]
    assert marked.inner_text() == cited["sentence"]
    expect(page.locator("#sheet-title")).to_have_text(f"{cited['section']} {cited['title']}")
    expect(page.locator("#sheet-path")).to_contain_text("章")
    person.snap("a3-passage")
    person.presses("Escape")
    expect(sheet).to_be_hidden()
    expect(page.locator("#text")).to_be_enabled()

    # complains, is interrupted by questions of its own, corrects a number
    chat.say("我要投诉", MATTER)
    chat.say(QUESTION)
    assert "我们接着登记" in chat.last.inner_text()
    chat.say("支付", "你是机器人吗", "把多扣的钱退给我", "13812345678")
    expect(chat.last).to_contain_text("138****5678")
    chat.say("电话写错了，是13987654321")
    expect(chat.last).to_contain_text("139****4321")
    person.snap("a4-summary")
    chat.tap("确认提交")
    card = chat.last.locator(".card")
    expect(card).to_contain_text("已登记")
    expect(card).to_contain_text("《银行业保险业消费投诉处理管理办法》：事实清楚、争议简单，15日内")
    expect(card).to_contain_text("139****4321")
    number = chat.number()
    facts = card.locator("dd").all_inner_texts()
    assert facts[:3] == [MATTER, "支付", "把多扣的钱退给我"]
    person.snap("a5-ticket")

    # follows it up, also after coming back
    chat.say("我的投诉怎么样了")
    expect(chat.last).to_contain_text(number)
    page.reload()
    expect(chat.last).to_contain_text(number)
    person.snap("a6-followed-up")
    assert installation.count("SELECT count(*) FROM tickets WHERE number = ?", number) == 1
    everything = page.locator("#log").inner_text()
    assert "13987654321" not in everything


def test_an_angry_opening_is_not_taken_for_what_happened(arrive: Arrive) -> None:
    chat = Chat(arrive()).open()
    chat.say("什么破平台，我要投诉", MATTER)
    assert "哪个产品或服务" in chat.last.inner_text()
    chat.say("支付", "把多扣的钱退给我", "就在这里回复")
    expect(chat.last).to_contain_text(f"发生了什么：{MATTER}")


def test_a_complaint_on_a_phone_in_the_order_in_which_people_talk(
    arrive: Arrive, installation: Installation
) -> None:
    person = arrive(phone=True)
    chat, page = Chat(person).open(), person.page
    chat.say("你们什么垃圾平台啊 钱扣了两遍！！！", "我要投诉你们")
    chat.say("就是上周三晚上买东西 付了一次没成功又付了一次 结果两次都扣了")
    expect(chat.last).to_contain_text("这些也记下了。这件事涉及哪个产品或服务？")
    chat.say("微信支付那个", "不对 是你们app里面的快捷支付")
    expect(chat.last).to_contain_text("产品或服务已改为：你们app里面的快捷支付")
    chat.say("把多扣的299退给我", "我微信 wx12345")
    expect(chat.last).to_contain_text("目前只能用手机号或邮箱联系您")
    person.snap("g1-no-contact")
    chat.say("13812345678", "你们这个钱安不安全啊")
    expect(chat.last).to_contain_text("我们接着登记")
    chat.say("算了不弄了", "继续")
    expect(chat.last).to_contain_text("请您核对")
    chat.tap("确认提交")
    number = chat.number()
    facts = chat.last.locator("dd").all_inner_texts()
    assert facts[1:3] == ["你们app里面的快捷支付", "把多扣的299退给我"]
    assert facts[0].endswith("结果两次都扣了")
    chat.say("到底什么时候能处理好")
    expect(chat.last).to_contain_text(f"{number}：已登记，等待处理人员受理")
    person.snap("g2-impatient")
    page.set_viewport_size({"width": 390, "height": 480})  # the phone's keyboard opens
    expect(chat.last).to_be_in_viewport()
    page.reload()
    expect(chat.last).to_contain_text(number)
    assert installation.count("SELECT count(*) FROM tickets WHERE number = ?", number) == 1


def test_a_question_that_the_page_offers_is_answered(arrive: Arrive) -> None:
    chat = Chat(arrive()).open()
    chat.say(QUESTION)
    for chip in chat.last.locator(".followups button").all_inner_texts():
        chat.say(QUESTION)
        chat.tap(chip)
        assert chat.last.get_attribute("data-kind") == "answer", chip


def test_a_customer_talks_to_a_person_and_then_to_the_bot_again(arrive: Arrive) -> None:
    customer, handler = arrive(), arrive()
    chat, desk = Chat(customer).open(), handler.page
    chat.tap("转人工")
    expect(chat.last).to_contain_text("等待人工接入")
    chat.say(QUESTION)  # while one waits, the bot goes on
    expect(chat.last.locator(".cite").first).to_be_visible()
    customer.snap("f1-waiting")

    handler.go("/desk?queue=waiting")
    handler.sign_in("lin")
    desk.locator(".item").first.click()
    expect(desk.locator("#turns")).to_contain_text("转人工")
    handler.snap("f2-request")
    desk.get_by_role("button", name="接入对话").click()
    expect(customer.page.locator("#log")).to_contain_text("客服林晓已接入")

    said = chat.replies.count()
    chat.type("您好，我的钱什么时候退")
    expect(desk.locator("#turns")).to_contain_text("我的钱什么时候退")
    field = desk.get_by_placeholder("回复客户")
    field.fill("您好，我查一下，请稍等。")
    field.press("Enter")
    expect(customer.page.locator(".msg--handler").last).to_contain_text("我查一下，请稍等")
    assert chat.replies.count() == said + 1  # the bot said nothing
    customer.snap("f3-person")
    handler.snap("f4-person-desk")
    desk.get_by_placeholder("回复客户").fill("退款今天到账，<b>请</b>留意短信。")
    desk.get_by_role("button", name="发送", exact=True).click()
    expect(customer.page.locator(".msg--handler").last).to_contain_text("<b>请</b>留意短信")

    desk.get_by_role("button", name="结束人工服务").click()
    expect(customer.page.locator("#log")).to_contain_text("人工服务已结束")
    expect(customer.page.locator('.card[aria-label="满意度评价"]')).to_be_visible()
    chat.say(QUESTION)
    expect(chat.last.locator(".cite").first).to_be_visible()
    customer.snap("f5-bot-again")
    handler.snap("f6-ended")


def test_what_a_customer_types_is_never_run(arrive: Arrive) -> None:
    person = arrive()
    chat = Chat(person).open()
    chat.say("<img src=x onerror=\"document.title='run'\">", "**粗体** <b>x</b> javascript:alert(1)")
    expect(person.page.locator("#log img")).to_have_count(0)
    expect(person.page.locator(".msg--customer").first).to_contain_text("<img src=x")
    assert person.page.title() != "run"
    person.page.locator("#text").fill("字" * 2001)
    expect(person.page.locator("#counter")).to_contain_text("请分几次发送")
    expect(person.page.locator("#send")).to_be_disabled()
    person.snap("x1-too-long")


def test_the_server_dies_in_the_middle_of_a_complaint_and_the_customer_goes_on(
    arrive: Arrive, installation: Installation
) -> None:
    person: Person = arrive(
        allow=(
            "ERR_CONNECTION_REFUSED",
            "ERR_INCOMPLETE_CHUNKED_ENCODING",
            "ERR_CONNECTION_RESET",
            "ERR_EMPTY_RESPONSE",
        )
    )
    chat, page = Chat(person).open(), person.page
    chat.say("我要投诉", "上周三买东西扣了我两次钱，没有人处理", "支付")
    installation.process.kill()
    expect(page.locator("#status")).to_have_text("连接断开，正在重连")
    chat.type("退还多扣的钱")
    retry = page.get_by_role("button", name="点此重试")
    expect(retry).to_be_visible()
    person.snap("e1-no-server")
    installation.process.start()
    expect(chat.replies.filter(has_text="怎么联系您")).to_be_visible(timeout=60_000)  # sent by itself
    expect(retry).to_have_count(0)
    expect(page.locator("#status")).to_have_text("", timeout=60_000)
    chat.say("13812345678")
    expect(chat.last).to_contain_text("扣了我两次钱")
    chat.tap("确认提交")
    number = chat.number()
    person.snap("e2-finished")
    rows = installation.rows("SELECT product, contact_masked FROM tickets WHERE number = ?", number)
    assert rows == [("支付", "138****5678")]
    page.reload()
    expect(chat.last).to_contain_text(number)
    texts = page.locator(".msg--customer .bubble").all_inner_texts()
    assert texts.count("退还多扣的钱") == 1
