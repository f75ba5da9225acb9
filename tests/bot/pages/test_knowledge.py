"""The knowledge page, as its owner uses it, on the real edition and encoder."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.learning.published import Published
from actions.rasa.answering import reply_of
from actions.service import conversations, ratings
from actions.store import audit
from actions.store.tables.service import Conversation
from bot.app import create_app
from bot.settings import Settings
from knowledge.document import Answer, Audience, Outcome
from knowledge.encoder import SentenceEncoder
from knowledge.library import Library, LiveAnswerer
from knowledge.supplement import Supplemented
from tests.bot.pages.conftest import HTML, Site, Visitor

CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF
Form = dict[str, str | list[str]]
QUESTION = "客服电话是多少"
ENTRY = {
    "question": "客服电话多少",
    "variants": "人工客服的号码",
    "answer": "客服电话 400-800-1234，每天 8 点到 22 点。",
    "audience": "customer",
    "valid_from": "",
    "valid_until": "",
}


@pytest.fixture(scope="session")
def live(library: Library, encoder: SentenceEncoder) -> LiveAnswerer:
    """The answerer of our own edition, loaded once."""
    return LiveAnswerer(library, lambda: encoder)


@pytest.fixture
def site(
    tmp_path: Path, prepared: Path, library: Library, encoder: SentenceEncoder, live: LiveAnswerer
) -> Site:
    """A fresh site that answers from our own edition."""
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "encoder": str(prepared / "encoder")})
    app = create_app(settings)
    runtime = app.state.wenjin
    parts = {
        "library": library,
        "answerer": Supplemented(live, lambda: encoder, Published(lambda: runtime.db), runtime.today),
    }
    runtime.__dict__.update(parts)
    return Site(app, runtime)


def ask(site: Site, text: str, *, guest: str = "g", audience: str = "customer", age: int = 0) -> Answer:
    """Ask as the chat does: the question and its answer are stored."""
    now = datetime.now(UTC) - timedelta(days=age)
    answer = site.runtime.answerer.answer(text, audience=Audience(audience))
    with site.runtime.db.begin() as s:
        talk = conversations.open_conversation(
            s, channel="web", external_id=guest, customer_id=guest, audience=audience, now=now
        )
        turn, _ = conversations.receive(s, conversation=talk, text=text, key=None, now=now)
        conversations.add_reply(
            s,
            conversation=talk,
            reply=reply_of(answer),
            reply_to=turn.id,
            actor="bot",
            outcome=str(answer.outcome),
            now=now,
        )
    return answer


def rate(site: Site, score: int, *, guest: str = "g") -> None:
    """Rate the service of a conversation."""
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        talk = s.scalars(select(Conversation).where(Conversation.external_id == guest)).one()
        made = ratings.offer(s, conversation=talk, subject="conversation", subject_id=talk.id, now=now)
        assert made
        ratings.rate(s, offer_id=made.id, conversation_id=talk.id, score=score, now=now)


def only_cluster(visitor: Visitor) -> str:
    """Return the address of the one cluster on the page."""
    found = set(re.findall(r'href="(/knowledge/questions/\w+)"', visitor.get("/knowledge").text))
    assert len(found) == 1
    return str(found.pop())


def owner_id(visitor: Visitor) -> str:
    """Return the owner that the form offers first."""
    found = re.search(r'<option value="(\w{32})" selected', visitor.get("/knowledge/faq/new").text)
    assert found
    return found[1]


def write(visitor: Visitor, **changes: str) -> str:
    """Keep an entry and return its address."""
    response = visitor.post("/knowledge/faq", {**ENTRY, "owner": owner_id(visitor), **changes})
    assert response.status_code == 303, response.text
    return response.headers["location"].partition("?")[0]


def publish(visitor: Visitor, path: str, version: int = 1) -> None:
    """Press the button that publishes."""
    response = visitor.post(f"{path}/publish", {"version": str(version)})
    assert response.headers.get("location") == f"{path}?done=published", response.text


def test_an_empty_page_teaches(site: Site) -> None:
    page = site.signed_in("wen", "knowledge").get("/knowledge").text
    assert "会出现在这里" in page and "试问" in page


@pytest.mark.parametrize("path", ["", "/faq/new", "/attach", "/sections/2.2", "/try?question=x"])
def test_only_the_owner_and_administrators_enter(site: Site, path: str) -> None:
    assert site.visitor().get(f"/knowledge{path}").headers["location"].startswith("/login")
    assert site.signed_in("li", "handler", "staff").get(f"/knowledge{path}").status_code == 403
    assert site.signed_in("wen", "knowledge").get(f"/knowledge{path}").status_code == 200
    assert site.signed_in("root", "admin").get(f"/knowledge{path}").status_code == 200


def test_a_refused_question_becomes_an_entry_that_answers_the_next_customer(site: Site) -> None:
    assert ask(site, QUESTION).outcome is Outcome.REFUSED
    ask(site, "客服电话是多少？", guest="h")
    visitor = site.signed_in("wen", "knowledge")
    cluster = only_cluster(visitor)
    page = visitor.get(cluster).text
    assert "问过 2 次" in page and "手册里最近的章节" in page
    form = visitor.get(f"/knowledge/faq/new?source={cluster.rpartition('/')[2]}").text
    assert 'name="question" value="客服电话是多少' in form
    path = write(visitor)
    assert ask(site, QUESTION, guest="i").outcome is Outcome.REFUSED  # a draft answers nobody
    tried = visitor.get(f"/knowledge/try?question={QUESTION}&audience=customer&faq=1&part=1").text
    assert "400-800-1234" in tried and "出自常见问答" in tried and "<html" not in tried
    publish(visitor, path)
    answer = ask(site, QUESTION, guest="j")
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, ENTRY["answer"])
    cited = answer.citations[0]
    assert (cited.manual, cited.section, cited.version) == ("FAQ", "FAQ-1", "1")
    sheet = site.visitor().client.get("/api/manuals/FAQ/sections/FAQ-1?version=1").json()
    assert (sheet["title"], sheet["paragraphs"][0]["text"]) == (ENTRY["question"], ENTRY["answer"])
    assert cluster not in visitor.get("/knowledge").text
    with site.runtime.db.reading() as s:
        assert audit.verify(s) == []
        steps = [row.action for row in audit.entries(s, object_type="faq", object_id="1")]
    assert steps == ["faq.create", "faq.publish"]


def test_a_customer_never_meets_what_is_for_staff(site: Site) -> None:
    visitor, guest = site.signed_in("wen", "knowledge"), site.visitor()
    path = write(visitor, audience="staff")
    publish(visitor, path)
    assert ask(site, QUESTION, audience="staff", guest="s").text == ENTRY["answer"]
    answer = ask(site, QUESTION)
    assert answer.outcome is Outcome.REFUSED and "400" not in str(answer)
    for place in ("FAQ-1", "FAQ-1?version=1"):
        response = guest.client.get(f"/api/manuals/FAQ/sections/{place}")
        assert response.status_code == 404
        assert response.json() == {**response.json(), "detail": "没有这条问答。"}
        assert visitor.client.get(f"/api/manuals/FAQ/sections/{place}").status_code == 200
    tried = visitor.get(f"/knowledge/try?question={QUESTION}&audience=customer&part=1").text
    assert "400-800" not in tried and "FAQ-1" not in tried


@pytest.mark.parametrize("place", ["FAQ-2", "FAQ-x", "1", "FAQ-99999999999", "FAQ-1?version=9"])
def test_citations_of_what_is_not_there(site: Site, place: str) -> None:
    visitor = site.signed_in("wen", "knowledge")
    publish(visitor, write(visitor))
    response = site.visitor().client.get(f"/api/manuals/FAQ/sections/{place}")
    assert response.status_code == 404 and response.json()["code"] == "unknown_section"


def test_an_entry_answers_only_within_its_dates(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    today = site.runtime.today()
    visitor = site.signed_in("wen", "knowledge")
    dates = {"valid_from": str(today + timedelta(days=1)), "valid_until": str(today + timedelta(days=3))}
    publish(visitor, write(visitor, **dates))
    assert "起生效" in visitor.get("/knowledge?view=faq").text
    seen = []
    for day in range(5):
        shifted: date = today + timedelta(days=day)
        monkeypatch.setattr(site.runtime.answerer, "_today", lambda shifted=shifted: shifted)
        seen.append(site.runtime.answerer.answer(QUESTION, audience=CUSTOMER).outcome)
    refused, answered = Outcome.REFUSED, Outcome.ANSWERED
    assert seen == [refused, answered, answered, answered, refused]


def test_retiring_takes_it_back_at_once_and_old_citations_say_so(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    path = write(visitor)
    publish(visitor, path)
    assert ask(site, QUESTION).outcome is Outcome.ANSWERED
    assert visitor.post(f"{path}/retire", {"version": "1"}).headers["location"] == f"{path}?done=retired"
    assert ask(site, QUESTION).outcome is Outcome.REFUSED
    sheet = site.visitor().client.get("/api/manuals/FAQ/sections/FAQ-1?version=1").json()
    assert "已停用" in sheet["note"]


def test_a_change_is_a_new_version_that_answers_once_published(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    path = write(visitor)
    publish(visitor, path)
    changed: Form = {**ENTRY, "owner": owner_id(visitor), "answer": "客服电话 95123。", "version": "1"}
    assert visitor.post(f"{path}/revise", changed).headers["location"] == f"{path}?done=revised"
    page = visitor.get(path).text
    assert "有未发布的修改" in page and "发布第 2 版" in page and "以前的版本" in page
    assert ask(site, QUESTION).text == ENTRY["answer"]
    publish(visitor, path, 2)
    assert ask(site, QUESTION).text == "客服电话 95123。"


def test_a_stale_page_loses_no_text(site: Site) -> None:
    visitor, other = site.signed_in("wen", "knowledge"), site.signed_in("root", "admin")
    path = write(visitor)
    form = {**ENTRY, "owner": owner_id(visitor), "version": "1"}
    other.post(f"{path}/revise", {**form, "answer": "别人改的"})
    response = visitor.post(f"{path}/revise", {**form, "answer": "写了很久的 <b>"})
    assert response.status_code == 409 and "刚被别人改过" in response.text
    assert "写了很久的 &lt;b&gt;</textarea>" in response.text
    assert visitor.post(f"{path}/publish", {"version": "1"}).status_code == 409


def test_a_question_that_is_answered_already_is_not_published_twice(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    publish(visitor, write(visitor))
    second = write(visitor, question="人工客服的号码？", variants="")
    response = visitor.post(f"{second}/publish", {"version": "1"})
    assert response.status_code == 409 and "已由 FAQ-1 回答" in response.text


@pytest.mark.parametrize(
    "changes",
    [
        {"question": "  "},
        {"answer": ""},
        {"answer": "长" * 2001},
        {"valid_until": "明天"},
        {"valid_from": "2026-05-02", "valid_until": "2026-05-01"},
        {"audience": "everybody"},
        {"owner": "nobody"},
    ],
)
def test_what_cannot_be_kept_comes_back_as_typed(site: Site, changes: dict[str, str]) -> None:
    visitor = site.signed_in("wen", "knowledge")
    sent: Form = {**ENTRY, "owner": owner_id(visitor), **changes}
    response = visitor.post("/knowledge/faq", sent)
    assert response.status_code == 422 and 'role="alert"' in response.text
    assert f">{sent['answer']}</textarea>" in response.text
    assert ENTRY["variants"] in response.text
    assert "FAQ-1" not in visitor.get("/knowledge?view=faq").text


def test_what_is_typed_is_only_text(site: Site) -> None:
    bad = "<script>alert(1)</script>"
    ask(site, f"{bad} 你们会不会唱歌")
    visitor = site.signed_in("wen", "knowledge")
    path = write(visitor, question=bad, answer=bad, variants=bad + "2")
    for page in ("/knowledge", only_cluster(visitor), path, f"/knowledge/try?question={bad}"):
        text = visitor.get(page).text
        assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_forms_of_other_sites_do_nothing(site: Site) -> None:
    ask(site, QUESTION)
    visitor = site.signed_in("wen", "knowledge")
    cluster, path = only_cluster(visitor), write(visitor)
    for place in (
        f"{path}/publish",
        f"{path}/revise",
        "/knowledge/faq",
        "/knowledge/attach",
        f"{cluster}/dismiss",
    ):
        assert visitor.post(place, {**ENTRY, "version": "1"}, token="forged").status_code == 403
    assert ask(site, QUESTION).outcome is Outcome.REFUSED


def test_a_question_is_attached_to_a_sentence_and_then_quotes_it(site: Site) -> None:
    asked = "我的钱啥时候能进卡里头呢"
    visitor = site.signed_in("wen", "knowledge")
    page = visitor.get(f"/knowledge/attach?texts={asked}&section=2.2").text
    values = re.findall(r'name="place" value="(2\.2\|[^"]+)"', page)
    place = next(value for value in values if "实时到账或次日到账" in value)
    sent = {"texts": f"{asked}\n钱进卡要多少天", "audience": "customer", "place": place, "section": "2.2"}
    response = visitor.post("/knowledge/attach", sent)
    assert response.status_code == 303, response.text
    path = response.headers["location"].partition("?")[0]
    assert site.runtime.answerer.nearest(asked, audience=CUSTOMER) is None
    tried = visitor.get(f"/knowledge/try?question={asked}&attached={path.rpartition('/')[2]}&part=1").text
    assert "出自归入的问法" in tried
    assert visitor.post(f"{path}/publish").headers["location"] == f"{path}?done=published"
    answer = ask(site, asked)
    sentence = place.partition("|")[2]
    assert (answer.text, answer.citations[0].section) == (sentence, "2.2")
    assert answer.citations[0].manual == "wenjin"
    assert f"{asked}（归入）" in visitor.get("/knowledge/sections/2.2").text
    assert visitor.post(f"{path}/retire").status_code == 303
    assert site.runtime.answerer.nearest(asked, audience=CUSTOMER) is None


def test_what_is_attached_to_a_staff_section_stays_with_staff(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    manual = site.runtime.library.edition
    closed = next(section for section in manual if section.audience is STAFF)
    page = visitor.get(f"/knowledge/attach?texts=x&section={closed.number}").text
    found = re.search(rf'name="place" value="({re.escape(closed.number)}\|[^"]+)"', page)
    assert found
    sent = {"texts": "紫色大象怎么考核", "audience": "customer", "place": found[1]}
    path = visitor.post("/knowledge/attach", sent).headers["location"].partition("?")[0]
    assert visitor.post(f"{path}/publish").status_code == 303
    assert ask(site, "紫色大象怎么考核", audience="staff", guest="s").citations[0].section == closed.number
    answer = ask(site, "紫色大象怎么考核")
    assert closed.number not in {cited.section for cited in answer.citations}
    assert found[1].partition("|")[2] not in answer.text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"place": ""}, "请选择手册里的一句话"),
        ({"texts": " \n "}, "请填写至少一个问法"),
        ({"place": "2.2|编的一句话"}, "请选择这一节里的一句话"),
        ({"place": "99.9|x"}, "没有这一节"),
    ],
)
def test_what_cannot_be_attached_comes_back(site: Site, changes: dict[str, str], told: str) -> None:
    visitor = site.signed_in("wen", "knowledge")
    sent: Form = {"texts": "钱什么时候到", "audience": "staff", "place": "2.2|x", "section": "2.2", **changes}
    response = visitor.post("/knowledge/attach", sent)
    assert response.status_code == 422 and told in response.text
    assert f">{sent['texts']}</textarea>" in response.text
    assert 'value="staff" checked' in response.text


def test_badly_rated_answers_are_work_and_well_rated_ones_are_not(site: Site) -> None:
    ask(site, "投诉一般多久能处理完", guest="bad")
    rate(site, 1, guest="bad")
    ask(site, "互联网金融都有哪些业务", guest="good")
    rate(site, 5, guest="good")
    visitor = site.signed_in("wen", "knowledge")
    page = visitor.get(only_cluster(visitor)).text
    assert "投诉一般多久能处理完" in page and "评 1 分" in page and "不满意 1 次" in page


def test_old_questions_and_chosen_readings_are_no_work(site: Site) -> None:
    ask(site, QUESTION, age=31)
    choice = Answer(Outcome.CLARIFY, "您想了解的是？", choices=("投诉处理要多久？", "提现要多久？"))
    now = datetime.now(UTC)
    with site.runtime.db.begin() as s:
        for guest, then in (("chose", "提现要多久？"), ("left", "算了")):
            talk = conversations.open_conversation(
                s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=now
            )
            turn, _ = conversations.receive(s, conversation=talk, text=f"要多久{guest}", key=None, now=now)
            conversations.add_reply(
                s, conversation=talk, reply=reply_of(choice), reply_to=turn.id, actor="bot",
                outcome="clarify", now=now,
            )  # fmt: skip
            conversations.receive(s, conversation=talk, text=then, key=None, now=now)
    visitor = site.signed_in("wen", "knowledge")
    assert "要多久left" in visitor.get(only_cluster(visitor)).text


def test_staff_and_customers_are_never_in_one_cluster(site: Site) -> None:
    ask(site, QUESTION)
    ask(site, QUESTION, audience="staff", guest="s")
    page = site.signed_in("wen", "knowledge").get("/knowledge").text
    assert len(set(re.findall(r"/knowledge/questions/\w+", page))) == 2


def test_a_dismissed_cluster_does_not_come_back(site: Site) -> None:
    ask(site, QUESTION)
    visitor = site.signed_in("wen", "knowledge")
    cluster = only_cluster(visitor)
    response = visitor.post(f"{cluster}/dismiss", {"reason": "长" * 501})
    assert response.status_code == 422 and "长" * 501 in response.text
    assert visitor.post(f"{cluster}/dismiss", {"reason": "无关"}).status_code == 303
    ask(site, QUESTION, guest="again")
    assert "/knowledge/questions/" not in visitor.get("/knowledge").text
    assert visitor.get(cluster).status_code == 404
    with site.runtime.db.reading() as s:
        assert audit.verify(s) == []


def test_customers_numbers_are_masked(site: Site) -> None:
    ask(site, "我的手机号13812345678能不能换成微信登录")
    visitor = site.signed_in("wen", "knowledge")
    page = visitor.get(only_cluster(visitor)).text
    assert "138****5678" in page and "13812345678" not in page


def test_the_hit_test_shows_every_signal(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    page = visitor.get("/knowledge/try?question=投诉一般多久能处理完&audience=customer").text
    for words in ("已答复", "出自手册", "手册得分", "限度", "命中的词", "最近的问法", "会引用", "3.5"):
        assert words in page, words
    assert "没有收到问题内容" in visitor.get("/knowledge/try?question=%E2%80%8B&part=1").text
    page = visitor.get("/knowledge/try?question=多少钱&context=投诉处理&audience=x&part=1").text
    assert "请选择谁可以看到" in page


def test_sections_show_their_questions(site: Site) -> None:
    visitor = site.signed_in("wen", "knowledge")
    page = visitor.get("/knowledge?view=sections").text
    assert page.count("/knowledge/sections/") == len(site.runtime.library.edition.sections)
    page = visitor.get("/knowledge/sections/3.5").text
    assert "投诉" in page and "归入一个问法" in page
    assert visitor.get("/knowledge/sections/99.9").status_code == 404


def test_imports_are_for_administrators(site: Site) -> None:
    owner, admin = site.signed_in("wen", "knowledge"), site.signed_in("root", "admin")
    assert "导入与版本" not in owner.get("/knowledge").text
    for path in ("/knowledge?view=manuals", "/knowledge/manuals/wenjin"):
        assert owner.get(path).status_code == 403
        assert admin.get(path).status_code == 200
    page = admin.get("/knowledge/manuals/wenjin").text
    assert "没有需要说明的修复或缺失" in page or "只有标题没有内容" in page
    assert "没有可以比较的内容" in page
    assert admin.get("/knowledge/manuals/nothing").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/knowledge/faq/99", "/knowledge/attached/x", "/knowledge/questions/x", "/knowledge/faq/new?source=x"],
)
def test_what_does_not_exist_says_so(site: Site, path: str) -> None:
    response = site.signed_in("wen", "knowledge").client.get(path, headers=HTML)
    assert response.status_code == 404 and "没有找到" in response.text
