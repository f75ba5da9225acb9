"""The learning loop: a question without an answer becomes an entry, and the next customer gets it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journeys.conftest import Arrive
from tests.journeys.walking import Chat, Installation

QUESTION = "怎么开电子发票"
ANSWER = "在账单页点“开发票”，填好抬头后电子发票会在 24 小时内发到您的邮箱。"


def test_a_refused_question_is_answered_for_the_next_customer(
    arrive: Arrive, installation: Installation
) -> None:
    first, owner = arrive(phone=True), arrive()
    chat, desk = Chat(first).open(), owner.page
    chat.say(QUESTION, "电子发票怎么开呀")
    expect(chat.last).to_contain_text("手册里没有写")
    first.snap("k1-refused")

    owner.go("/knowledge")
    owner.sign_in("wen")
    expect(desk).to_have_url(re.compile(r"/knowledge$"))
    row = desk.locator(".item", has_text="电子发票")
    expect(row).to_contain_text("问过 2 次")
    owner.snap("k2-open-questions")
    row.click()
    expect(desk.get_by_role("region", name="怎么问的")).to_contain_text(QUESTION)
    owner.snap("k3-cluster")

    owner.presses("n")
    expect(desk.get_by_label("问题", exact=True)).to_have_value(re.compile("电子发票"))
    desk.get_by_label("答案", exact=True).fill(ANSWER)
    owner.snap("k4-entry")
    desk.get_by_role("button", name="存为草稿").click()
    expect(desk.get_by_role("status").filter(has_text="已存为草稿")).to_be_visible()
    owner.snap("k5-draft")

    owner.presses("t")
    panel = desk.get_by_role("dialog", name="试问")
    expect(panel.get_by_role("region", name="答复")).to_contain_text(ANSWER)
    expect(panel).to_contain_text("出自常见问答")
    owner.snap("k6-hit-test")
    panel.get_by_label("问题", exact=True).fill("投诉一般多久能处理完")
    panel.get_by_role("button", name="试问").click()
    expect(panel).to_contain_text("出自手册")
    owner.snap("k7-hit-test-manual")
    owner.presses("Escape")
    expect(panel).to_be_hidden()

    desk.get_by_role("button", name="发布", exact=True).click()
    expect(desk.get_by_role("status").filter(has_text="已发布")).to_be_visible()
    owner.snap("k8-published")
    chat.say(QUESTION)
    expect(chat.last).to_contain_text(ANSWER)
    source = chat.last.locator(".cite")
    expect(source).to_have_text(re.compile("常见问答"))
    source.click()
    expect(first.page.locator("#sheet-body")).to_contain_text(ANSWER)
    expect(first.page.locator("#sheet-path")).to_have_text("常见问答 › FAQ-1")
    first.snap("k9-answered")
    owner.go("/knowledge")
    expect(desk.locator(".item", has_text="电子发票")).to_have_count(0)
    steps = installation.rows("SELECT action FROM audit_log WHERE object_type = 'faq' ORDER BY seq")
    assert steps == [("faq.create",), ("faq.publish",)]


def test_a_question_is_attached_to_a_sentence(arrive: Arrive) -> None:
    owner = arrive()
    page = owner.page
    owner.go("/knowledge?view=sections")
    owner.sign_in("wen")
    page.locator(".item", has_text="2.2").first.click()
    expect(page.get_by_role("heading", level=1, name=re.compile("^2.2"))).to_be_visible()
    sentence = page.locator("details.sentence", has_text="实时到账或次日到账")
    sentence.locator("summary").click()
    owner.snap("l1-section")
    sentence.get_by_role("link", name="归入一个问法").click()
    expect(page.get_by_role("radio", checked=True).and_(page.locator('[name="place"]')).first).to_be_visible()
    page.get_by_label("问法（一行一种）").fill("我的钱啥时候能进卡里头呢")
    owner.snap("l2-attach")
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已发布")).to_be_visible()
    owner.snap("l3-attached")

    customer = arrive(phone=True)
    chat = Chat(customer).open()
    chat.say("我的钱啥时候能进卡里头呢")
    expect(chat.last).to_contain_text("实时到账或次日到账")
    expect(chat.last.locator(".cite").first).to_contain_text("2.2")


def test_an_administrator_sees_what_an_import_did(arrive: Arrive) -> None:
    admin = arrive(allow=("403",))
    admin.go("/knowledge?view=manuals")
    admin.sign_in("admin")
    admin.page.locator(".item").first.click()
    expect(admin.page.get_by_role("region", name="导入报告")).to_be_visible()
    admin.snap("m1-manual")
    admin.go("/knowledge/try?question=怎么开电子发票&audience=staff")
    expect(admin.page.get_by_role("region", name="答复")).to_be_visible()
    admin.snap("m2-try-page")
    admin.go("/knowledge?view=faq")
    admin.snap("m3-faqs")
    owner = arrive(allow=("403",))
    owner.go("/knowledge?view=manuals")
    owner.sign_in("wen")
    expect(owner.page.locator("main")).to_contain_text("只有管理员可以看")
