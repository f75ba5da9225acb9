"""Staff: a paper by keyboard on a phone, a quiz in the chat; the dashboard; who may enter where."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Locator, expect

from actions.training import bank
from actions.training.questions import TRUE, Content, QuestionType
from bot.settings import Settings
from tests.journeys.conftest import Arrive
from tests.journeys.walking import Chat, Installation, Person

QUESTION = "投诉一般多久能处理完"


def test_staff_take_a_paper_with_the_keyboard_on_a_phone(arrive: Arrive, installation: Installation) -> None:
    person = arrive(phone=True)
    page = person.page
    person.go("/training")
    person.tab_to(page.get_by_label("账号"))
    page.keyboard.type("zhao")
    person.tab_to(page.get_by_label("密码"))
    page.keyboard.type(installation.passwords["zhao"])
    person.presses("Enter")
    begin = page.get_by_role("button", name="开始一份练习卷")
    expect(begin).to_be_visible()
    person.snap("c1-training")
    person.tab_to(begin)
    person.presses("Enter")

    asked: set[str] = set()
    for index in range(1, 11):
        expect(page.get_by_text(f"第 {index} 题，共 10 题")).to_be_visible()
        content = _content(page.locator("legend").inner_text())
        asked.add(content.stem)
        if index <= 3:
            person.snap(f"c2-question-{index}")
        _answer_by_keys(person, content, rightly=index != 1)
        feedback = page.get_by_role("region", name="解析")
        expect(feedback).to_contain_text("回答不对" if index == 1 else "回答正确")
        expect(feedback).to_contain_text(content.explanation)
        expect(feedback.locator("figure mark")).to_have_text(content.sentence)
        if index == 1:
            person.snap("c3-explanation")
            _open_the_source(person, content)
        onward = page.get_by_role("link", name="下一题" if index < 10 else "查看成绩")
        person.tab_to(onward)
        person.presses("Enter")

    assert len(asked) == 10
    expect(page.get_by_role("heading", name="成绩", exact=True)).to_be_visible()
    expect(page.locator("main")).to_contain_text("合格")
    expect(page.locator("details.review")).to_have_count(10)
    expect(page.locator("details.review[open]")).to_have_count(1)
    person.snap("c4-result")
    kept = installation.rows(
        "SELECT a.state, a.passed, a.score < a.max_score FROM quiz_attempts a JOIN users u ON u.id = a.user_id WHERE u.name = 'zhao'"
    )
    assert kept == [("finished", 1, 1)]
    person.go("/training")
    expect(page.get_by_role("row").filter(has_text="合格")).to_have_count(1)
    person.snap("c5-kept")


def test_a_quiz_in_the_chat_is_left_and_taken_up_again(arrive: Arrive) -> None:
    person = arrive()
    person.go("/login?next=/")
    person.sign_in("nurse")
    chat, page = Chat(person).open(), person.page
    chat.tap("开始测验")
    card = page.locator(".card.quiz").last
    expect(card).to_contain_text("第 1 题，共 10 题")
    person.snap("c6-quiz-in-chat")
    content = _content(card.locator("legend").inner_text())
    _answer_in_chat(chat, content)
    expect(page.locator('.card[aria-label="回答正确"]')).to_have_count(1)
    expect(page.locator(".card.quiz").last).to_contain_text("第 2 题，共 10 题")
    chat.say(QUESTION)  # a question in between is answered, then the quiz goes on
    expect(page.locator("#log .msg .cite").last).to_be_visible()
    expect(page.locator(".card.quiz").last).to_contain_text("第 2 题，共 10 题")
    chat.say("退出测验")
    expect(chat.last).to_contain_text("进度已保留")
    page.reload()
    expect(chat.last).to_contain_text("进度已保留")
    chat.say("开始测验")
    expect(page.locator(".card.quiz").last).to_contain_text("第 2 题，共 10 题")
    person.snap("c7-resumed")
    person.go("/training")
    expect(page.get_by_role("link", name="继续第 2 题")).to_be_visible()
    person.snap("c8-open-paper")


def test_a_customer_who_asks_for_a_quiz_is_politely_refused(
    arrive: Arrive, installation: Installation
) -> None:
    before = installation.count("SELECT count(*) FROM quiz_attempts")
    chat = Chat(arrive(phone=True)).open()
    chat.say("开始测验")
    expect(chat.last).to_contain_text("需要员工登录后才能做")
    expect(chat.page.locator(".card.quiz")).to_have_count(0)
    chat.person.snap("c9-refused")
    assert installation.count("SELECT count(*) FROM quiz_attempts") == before


def test_the_dashboard_shows_what_the_database_holds(arrive: Arrive, installation: Installation) -> None:
    chat = Chat(arrive()).open()
    chat.say(QUESTION, "怎么开电子发票")
    person = arrive()
    person.go("/dashboard")
    person.sign_in("lin")
    page = person.page
    expect(page.get_by_role("heading", name="看板")).to_be_visible()
    person.snap("d1-dashboard")
    said = (
        "FROM turns JOIN conversations ON conversations.id = turns.conversation_id WHERE actor = 'customer'"
    )
    turns = installation.count(f"SELECT count(*) {said} AND audience = 'customer'")
    expect(_figure(person, "客户消息")).to_contain_text(f"{turns:,}")
    counts = {
        "评价率": "SELECT count(*) FROM rating_offers WHERE subject IN ('conversation', 'ticket')",
        "新登记投诉": "SELECT count(*) FROM tickets WHERE merged_into IS NULL",
        "待处理投诉": "SELECT count(*) FROM tickets WHERE stopped_at IS NULL AND merged_into IS NULL",
    }
    offers, created, waiting = (installation.count(query) for query in counts.values())
    expect(_figure(person, "评价率")).to_contain_text(f"/ {offers} 份邀请")
    for name, count in (("新登记投诉", created), ("待处理投诉", waiting)):
        expect(_figure(person, name).locator(".figure__value")).to_have_text(str(count))
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_role("link", name="今天").click()
    expect(_figure(person, "客户消息")).to_contain_text(f"{turns:,}")
    person.snap("d2-today")
    _figure(person, "无答案率").get_by_role("link").click()
    row = page.locator("tbody tr", has_text="怎么开电子发票").first
    expect(row).to_contain_text("计入")
    person.snap("d3-rows")
    row.get_by_role("link", name="看对话").click()
    expect(page.get_by_text("怎么开电子发票").first).to_be_visible()
    page.goto(page.url.split("/dashboard")[0] + "/dashboard/times")
    expect(page.get_by_role("heading", name="响应时间")).to_be_visible()
    person.snap("d4-times")


def test_prometheus_reads_the_same(installation: Installation) -> None:
    text = httpx.get(f"{installation.process.base}/metrics").raise_for_status().text
    families = set(re.findall(r"^# TYPE (wenjin_\w+) ", text, re.MULTILINE))
    assert families >= {
        "wenjin_turns_total", "wenjin_turn_seconds", "wenjin_http_requests_total", "wenjin_tickets", "wenjin_manual_info",
        "wenjin_handovers_open", "wenjin_errors_total",
    }  # fmt: skip
    closed = installation.count("SELECT count(*) FROM tickets WHERE state = 'closed'")
    assert f'wenjin_tickets{{state="closed"}} {float(closed)}' in text
    assert not re.search(r"^wenjin_errors_total\{.*\} [^0]", text, re.MULTILINE)


def test_nobody_enters_where_they_have_no_business(arrive: Arrive) -> None:
    customer = arrive()
    Chat(customer).open()
    for path in ("/desk", "/training", "/dashboard", "/desk/tickets/TS260101-00001"):
        customer.go(path)
        expect(customer.page).to_have_url(re.compile(r"/login\?next=%2F"))
    customer.snap("d3-sign-in")

    staff = arrive(allow=("403",))
    staff.go("/desk")
    staff.sign_in("zhao")
    expect(staff.page.get_by_role("heading", name="没有权限")).to_be_visible()
    staff.snap("d4-no-right")
    staff.go("/dashboard")
    expect(staff.page.get_by_role("heading", name="没有权限")).to_be_visible()
    staff.page.get_by_role("link", name="回到首页").click()
    expect(staff.page.get_by_role("heading", name="赵敏，您好")).to_be_visible()
    expect(staff.page.get_by_role("link", name="投诉处理")).to_have_count(0)
    staff.snap("d5-home")
    staff.page.get_by_role("button", name="退出").click()
    expect(staff.page.get_by_role("heading", name="员工登录")).to_be_visible()
    staff.go("/training")
    expect(staff.page).to_have_url(re.compile(r"/login"))


def test_a_wrong_password_says_so_and_keeps_the_name(arrive: Arrive) -> None:
    person = arrive(allow=("401",))
    person.go("/login")
    person.page.get_by_label("账号").fill("lin")
    person.page.get_by_label("密码").fill("not the password")
    person.presses("Enter")
    expect(person.page.get_by_role("alert")).to_contain_text("账号或密码不对")
    expect(person.page.get_by_label("账号")).to_have_value("lin")
    expect(person.page.get_by_label("密码")).to_be_focused()
    person.snap("d6-wrong-password")


def _content(stem: str) -> Content:
    """Return the question of the bank that has this stem."""
    wanted = re.sub(r"\s+", "", stem)
    questions = bank.load(Settings().quiz_dir)
    return next(q.content for q in questions if re.sub(r"\s+", "", q.content.stem) == wanted)


def _right(shown: Locator, content: Content) -> tuple[list[str], list[str]]:
    """Return the keys of the right options and all keys, as they are shown: a paper shuffles options."""
    read = "nodes => nodes.map(n => [n.querySelector('.option__key').textContent, n.lastElementChild.textContent])"
    options = [(str(key), str(text)) for key, text in shown.evaluate_all(read)]
    if content.type is QuestionType.TRUE_FALSE:
        right = {"对" if content.answer == (TRUE,) else "错"}
        return [key for key, _ in options if key in right], [key for key, _ in options]
    right = {text for key, text in content.options if key in content.answer}
    return [key for key, text in options if text in right], [key for key, _ in options]


def _answer_by_keys(person: Person, content: Content, *, rightly: bool) -> None:
    """Answer the question that is shown, with the keyboard alone."""
    page = person.page
    if content.type in (QuestionType.FILL, QuestionType.NUMERIC):
        expect(page.locator("input[name=given]")).to_be_focused()
        page.keyboard.type(
            content.answer[0] if rightly else "不知道" if content.type is QuestionType.FILL else "-1"
        )
        person.presses("Enter")
        return
    right, keys = _right(page.locator(".option"), content)
    picked = right if rightly else [key for key in keys if key not in right][:1] or keys[:1]
    for key in picked:
        person.presses(str(keys.index(key) + 1))
        expect(page.locator(f".option input[value={key}]")).to_be_checked()
    person.presses("Enter")


def _open_the_source(person: Person, content: Content) -> None:
    page = person.page
    person.tab_to(page.locator("[data-open]"))
    person.presses("Enter")
    sheet = page.get_by_role("dialog")
    expect(sheet.locator("mark").first).to_be_visible()
    assert content.section in page.locator("#sheet-title").inner_text()
    person.snap("c3-source")
    person.presses("Escape")
    expect(sheet).to_be_hidden()


def _answer_in_chat(chat: Chat, content: Content) -> None:
    cards = chat.page.locator(".card.quiz")
    card, before = cards.last, cards.count()
    if content.type in (QuestionType.FILL, QuestionType.NUMERIC):
        chat.type(content.answer[0])
    else:
        options = card.locator(".option")
        right, keys = _right(options, content)
        for key in right:
            options.nth(keys.index(key)).click()
        if content.type is QuestionType.MULTIPLE:
            card.get_by_role("button", name="提交").click()
    expect(cards.nth(before)).to_be_visible()


def _figure(person: Person, title: str) -> Locator:
    return person.page.locator(f'.figure[aria-label="{title}"]')
