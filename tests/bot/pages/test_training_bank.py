"""The pages of the bank and of papers, as two training administrators use them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from actions.store.tables.audit import AuditRow
from actions.store.tables.training import QuizPaper
from actions.training import bank
from actions.training.exchange.reading import dry_run
from knowledge.document import Paragraph
from tests.bot.pages.conftest import Site, Visitor

SECTION = "3.5"


@pytest.fixture
def boss(site: Site) -> Visitor:
    """Return a training administrator."""
    return site.signed_in("boss", "training")


@pytest.fixture
def second(site: Site) -> Visitor:
    """Return another one."""
    return site.signed_in("second", "training")


def sentence(site: Site) -> str:
    """Return a paragraph of the manual."""
    section = site.runtime.library.edition.section(SECTION)
    assert section
    first: Paragraph = section.paragraphs[0]
    return first.text


def form(site: Site, **changed: str | list[str]) -> dict[str, str | list[str]]:
    """Return a question as somebody types it."""
    return {
        "type": "single", "difficulty": "easy", "topic": "投诉", "stem": "这句话说的是哪一节？",
        "options": "A. 甲乙\n丙丁\n戊己", "answer": "b", "tolerance": "0", "explanation": "丙丁才对。",
        "section": SECTION, "sentence": sentence(site), "roles": ["客服", "业务"], "note": "新写", **changed,
    }  # fmt: skip


def made(site: Site, boss: Visitor) -> str:
    """Make a question and return its address."""
    response = boss.post("/training/bank/new", form(site))
    assert response.status_code == 303, response.text
    return str(response.headers["location"]).partition("?")[0]


def test_only_training_administrators_enter(site: Site) -> None:
    visitor = site.signed_in("zhao", "staff", "handler", "knowledge")
    for path in ("/training/bank", "/training/bank/new", "/training/bank/import", "/training/papers"):
        assert visitor.get(path).status_code == 403
    assert "/training/bank" not in visitor.get("/training").text


def test_a_question_from_draft_to_approval(site: Site, boss: Visitor, second: Visitor) -> None:
    where = made(site, boss)
    page = boss.get(where).text
    assert "草稿" in page and "自动检查没有发现问题" in page and "丙丁" in page
    assert boss.post(f"{where}/act", {"what": "submit"}).status_code == 303
    assert "需要另一位培训管理员审核" in boss.get(where).text
    seen = re.search(r'name="seen" value="([^"]+)"', second.get(where).text)
    assert seen
    own = boss.post(f"{where}/act", {"what": "approve", "seen": seen[1]})
    assert own.status_code == 403 and "不能审核自己写的题" in own.text
    back = second.post(f"{where}/act", {"what": "send_back", "reason": ""})
    assert back.status_code == 422
    assert second.post(f"{where}/act", {"what": "approve", "seen": seen[1]}).status_code == 303
    assert "已审核" in boss.get(where).text
    assert "这句话说的是哪一节" in boss.get("/training/bank?status=approved&section=3&type=single").text


def test_a_change_shows_what_differs(site: Site, boss: Visitor, second: Visitor) -> None:
    where = made(site, boss)
    boss.post(f"{where}/act", {"what": "submit"})
    seen = re.search(r'name="seen" value="([^"]+)"', second.get(where).text)
    assert seen
    second.post(f"{where}/act", {"what": "approve", "seen": seen[1]})
    edit = second.get(f"{where}/edit").text
    assert "A. 甲乙" not in edit and "甲乙\n丙丁" in edit
    seen = re.search(r'name="seen" value="([^"]+)"', edit)
    assert seen
    changed = form(site, stem="这句话写的是哪一节？", seen=seen[1])
    assert second.post(f"{where}/edit", changed).status_code == 303
    page = second.get(where).text
    assert "与现用版本的差别" in page and "<del>说</del><ins>写</ins>" in page and "上一版" in page
    stale = second.post(f"{where}/edit", changed)
    assert stale.status_code == 409 and "刚被别人改过" in stale.text and "这句话写的是" in stale.text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("answer", "Z", "不在选项里"), ("stem", " ", "题干"), ("options", "一个", "至少要有两个")],
)
def test_what_cannot_be_kept_comes_back(site: Site, boss: Visitor, field: str, value: str, says: str) -> None:
    response = boss.post("/training/bank/new", form(site, **{field: value}))
    assert response.status_code == 422 and says in response.text and "丙丁才对。" in response.text


def test_a_stale_question_is_shown(site: Site, boss: Visitor) -> None:
    where = made(site, boss)
    with site.runtime.db.begin() as s:
        bank.sync(s, [], datetime.now(UTC), manual={SECTION: "别的话"})
    assert "原文已经变了" in boss.get(where).text
    assert "原文已变 1" in boss.get("/training/bank").text
    assert "这句话说的是哪一节" in boss.get("/training/bank?stale=1").text


def test_the_list_is_narrowed_by_job(site: Site, boss: Visitor) -> None:
    where = made(site, boss)
    technical = form(site, stem="这道题只给技术岗位。", options="甲\n乙", answer="A", roles=["技术"])
    boss.post("/training/bank/new", technical)
    page = boss.get("/training/bank?job=技术").text
    assert "这道题只给技术岗位" in page and "这句话说的是哪一节" not in page
    assert boss.get(where).status_code == 200
    assert "没有符合的题" in boss.get("/training/bank?job=业").text, "a job is a whole word"


@pytest.mark.parametrize("kind", ["xlsx", "csv", "gift", "qti", "jsonl"])
def test_what_the_list_shows_is_exported_and_audited(site: Site, boss: Visitor, kind: str) -> None:
    made(site, boss)
    boss.post("/training/bank/new", form(site, stem="这道题只给技术岗位。", roles=["技术"]))
    answer = boss.get(f"/training/bank/export?job=技术&format={kind}")
    assert answer.status_code == 200 and "bank-" in answer.headers["content-disposition"]
    if kind == "qti":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
            found = [name for name in package.namelist() if name.startswith("items/")]
            assert len(found) == 1 and "这道题只给技术岗位" in package.read(found[0]).decode()
    else:
        name = {"xlsx": "a.xlsx", "csv": "a.csv", "gift": "a.gift", "jsonl": "a.jsonl"}[kind]
        assert [one.content.stem for one in dry_run(name, answer.content).questions] == [
            "这道题只给技术岗位。"
        ]
    with site.runtime.db.reading() as s:
        (row,) = s.scalars(select(AuditRow).where(AuditRow.action == "quiz_bank.export"))
        assert row.object_id == kind and row.data == {"job": "技术", "rows": 1}


def test_an_export_needs_the_role_and_a_known_format(site: Site, boss: Visitor) -> None:
    assert boss.get("/training/bank/export?format=doc").status_code == 422
    assert site.signed_in("zhao", "staff", "compliance").get("/training/bank/export").status_code == 403


def test_a_wrong_key_is_mended_with_a_reason(site: Site, boss: Visitor) -> None:
    where = made(site, boss)
    version = re.search(r'<option value="([^"]+@[^"]+)"', boss.get(where).text)
    assert version
    sent: dict[str, str | list[str]] = {"version": version[1], "how": "answer", "answer": "A", "reason": ""}
    assert boss.post(f"{where}/regrade", sent).status_code == 422
    assert boss.post(f"{where}/regrade", {**sent, "reason": "原文说的是甲"}).status_code == 303
    assert "答案改为 A" in boss.get(where).text


LINES: dict[str, str | list[str]] = {
    "line_count": ["1", ""], "line_points": ["20", "10"], "line_chapter": ["3", ""],
    "line_section": ["", ""], "line_topic": ["", ""], "line_type": ["", ""], "line_difficulty": ["", ""],
    "line_job": ["客服", ""],
}  # fmt: skip
PAPER: dict[str, str | list[str]] = {
    "title": "新人考试", "kind": "exam", "disclosure": "after_pass", "pass_percent": "80", "minutes": "20",
    "attempts": "2", "cooldown_hours": "0", "valid_days": "365", "opens_at": "", "version": "1",
    "closes_at": "2099-01-02T18:00", "shuffle_questions": "1", "certificate": "1", **LINES,
}  # fmt: skip


def test_a_paper_says_what_the_bank_cannot_fill(site: Site, boss: Visitor, second: Visitor) -> None:
    created = boss.post("/training/papers/new", PAPER)
    where = str(created.headers["location"]).partition("?")[0]
    opened = boss.post(f"{where}/state", {"to": "open"})
    assert opened.status_code == 409 and "抽题规则第 1 行（第 3 章、客服适用）要 1 题" in opened.text
    question = made(site, boss)
    boss.post(f"{question}/act", {"what": "submit"})
    seen = re.search(r'name="seen" value="([^"]+)"', second.get(question).text)
    assert seen
    second.post(f"{question}/act", {"what": "approve", "seen": seen[1]})
    assert boss.post(f"{where}/state", {"to": "open"}).status_code == 303
    with site.runtime.db.reading() as s:
        paper = s.query(QuizPaper).one()
        assert paper.blueprint == [{"count": 1, "points": 20, "chapter": "3", "job": "客服"}]
        assert paper.closes_at == datetime(2099, 1, 2, 10, tzinfo=UTC)
        assert (paper.shuffle_questions, paper.shuffle_options, paper.certificate) == (True, False, True)
    learner = site.signed_in("zhao", "staff")
    begun = learner.post(f"/training/papers/{where.rsplit('/', 1)[1]}/start")
    assert begun.status_code == 303
    page = boss.get(where).text
    assert "正在作答" in page and "ZHAO" in page
    attempt = str(begun.headers["location"]).rsplit("/", 1)[1]
    more: dict[str, str | list[str]] = {"attempt": attempt, "minutes": "5", "reason": ""}
    assert boss.post(f"{where}/extend", more).status_code == 422
    assert boss.post(f"{where}/extend", {**more, "reason": "网络中断五分钟"}).status_code == 303
    assert "已延时：网络中断五分钟" in boss.get(where).text


def test_a_paper_that_makes_no_sense_comes_back(boss: Visitor) -> None:
    bad = boss.post("/training/papers/new", {**PAPER, "pass_percent": "800"})
    assert bad.status_code == 422 and "合格线" in bad.text and "新人考试" in bad.text
    assert boss.post("/training/papers/new", {**PAPER, "minutes": "x"}).status_code == 422
    assert boss.post("/training/papers/new", {**PAPER, "closes_at": "morgen"}).status_code == 422
    counted = boss.post("/training/papers/new", {**PAPER, "what": "count"})
    assert counted.status_code == 200 and "不够" in counted.text


def test_two_people_do_not_overwrite_a_paper(boss: Visitor, second: Visitor) -> None:
    where = str(boss.post("/training/papers/new", PAPER).headers["location"]).partition("?")[0]
    assert boss.post(where, {**PAPER, "title": "甲改的"}).status_code == 303
    late = second.post(where, {**PAPER, "title": "乙改的"})
    assert late.status_code == 409 and "刚被别人改过" in late.text and "乙改的" in late.text
