"""Customers outside of the chat: the form, the ticket's own page with news that come by themselves."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Arrive
from tests.journeys.walking import Chat, Installation

MATTER = "上周三在商城买东西，订单号 A20260301998，扣了我两次 299 元，打了三次电话都没有人处理"


def test_a_form_on_a_phone_its_page_and_the_chat_that_knows_it(
    arrive: Arrive, installation: Installation
) -> None:
    person = arrive(phone=True, allow=("422",))
    page = person.page
    person.go("/complain")
    person.snap("h1-form")
    page.get_by_label("发生了什么").fill(MATTER)
    page.get_by_label("手机号或邮箱").fill("微信 wx12345")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_text("请填手机号、座机号或邮箱，也可以不填。")).to_be_visible()
    expect(page.get_by_label("发生了什么")).to_have_value(MATTER)
    person.snap("h2-corrected")
    page.get_by_label("手机号或邮箱").fill("13812345678")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.locator("main")).to_contain_text("订单号 A20260301998")
    expect(page.locator("main")).to_contain_text("15 日内答复")
    person.snap("h3-summary")
    page.get_by_role("button", name="确认提交").dblclick()
    expect(page).to_have_url(re.compile(r"/t/[\w-]+\?done=registered"))
    number = page.get_by_role("heading", level=1).inner_text()
    person.snap("h4-ticket")
    assert installation.count("SELECT count(*) FROM tickets WHERE number = ?", number) == 1

    page.go_back()  # to what was read back; sending it again is no second complaint
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(number)

    page.get_by_label("补充的内容").fill("补充：交易时间是晚上八点")
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator("#timeline")).to_contain_text("补充：交易时间是晚上八点")

    chat = Chat(person).open()
    chat.say("我的投诉怎么样了")
    expect(chat.last).to_contain_text(number)
