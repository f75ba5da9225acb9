"""The bank: reading YAML, checking against the manual, versions in the database."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.store.engine import Database
from actions.store.tables.training import QuizQuestion, QuizQuestionVersion
from actions.training import bank
from actions.training.questions import TRUE, Content, Question, QuestionType, Status
from knowledge.document import Audience, Document, Paragraph, Section
from knowledge.errors import WenjinError
from tests.actions.training_bank import MANUAL, NOW, SENTENCE, question, questions, restemmed

GOOD = """
questions:
  - id: q-3-5-01
    type: single
    stem: 投诉几日内办结？
    options: {A: 10日, B: 15日, C: 30日, D: 60}
    answer: [B]
    explanation: 手册规定 15 日。
    section: "3.5"
    sentence: 投诉应当在15日内办结。
    difficulty: easy
    topic: 投诉时限
    roles: [客服]
    status: approved
    author: 张三
  - {id: q-3-5-02, type: true_false, stem: 可以不答复。, answer: false, explanation: 要答复。, section: "3.5",
     sentence: 投诉应当在15日内办结。, status: draft}
  - {id: q-3-5-03, type: numeric, stem: 多少小时？, answer: 0, tolerance: 0.5, explanation: 零。,
     section: "3.5", sentence: 投诉应当在15日内办结。, status: approved}
  - {id: q-3-5-04, type: fill, stem: 几日？, answer: [15日, 十五日], explanation: 十五。, section: "3.5",
     sentence: 投诉应当在15日内办结。, status: retired}
"""


def _load(folder: Path, text: str) -> list[Question]:
    (folder / "chapter-3.yml").write_text(text, encoding="utf-8")
    return bank.load(folder)


def test_reads_all_types(tmp_path: Path) -> None:
    single, truth, numeric, fill = _load(tmp_path, GOOD)
    assert single.content.options == (("A", "10日"), ("B", "15日"), ("C", "30日"), ("D", "60"))
    assert (single.content.answer, single.roles, single.author) == (("B",), ("客服",), "张三")
    assert (truth.content.answer, truth.status) == (("false",), Status.DRAFT)
    assert (numeric.content.answer, numeric.content.tolerance) == (("0",), Decimal("0.5"))
    assert (fill.content.answer, fill.status) == (("15日", "十五日"), Status.RETIRED)


def test_empty_folder_is_empty_bank(tmp_path: Path) -> None:
    assert bank.load(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('section: "3.5"\n', "section: 3.5\n", "带引号"),
        ("type: single", "type: essay", "essay"),
        ("answer: [B]", "answer: B", "answer"),
        ("answer: [B]", "answer: []", "缺少 answer"),
        ("answer: false", "answer: 错", "true 或 false"),
        ("answer: 0,", "answer: 零,", "应当是数字"),
        ("answer: 0,", "answer: true,", "应当是数字"),
        ("answer: 0,", "answer: .nan,", "有限"),
        ("status: approved", "status: ok", "approved"),
        ("stem: 投诉几日内办结？", "stem: 12", "stem"),
        ("id: q-3-5-01", "id: Q 1", "编号"),
        ("options: {A: 10日", "options: {A:", "选项"),
        ("difficulty: easy", "difficulty: trivial", "trivial"),
        ("author: 张三", "writer: 张三", "writer"),
        ("roles: [客服]", "roles: 客服", "roles"),
    ],
)
def test_error_names_file_question_and_what(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(WenjinError) as raised:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert (raised.value.code, raised.value.status) == ("bad_bank", 422)
    assert "chapter-3.yml 第 " in raised.value.message
    assert says in raised.value.message


@pytest.mark.parametrize("text", ["", "[]", "questions: 5", "questions:\n  - [", "topics: []"])
def test_file_that_is_no_bank(tmp_path: Path, text: str) -> None:
    with pytest.raises(WenjinError, match=r"chapter-3\.yml：不是题库文件"):
        _load(tmp_path, text)


def test_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "chapter-1.yml").write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(WenjinError, match="不是题库文件"):
        bank.load(tmp_path)


def test_all_errors_at_once(tmp_path: Path) -> None:
    rows = "".join(f"  - {{id: q-1-1-{n:02d}}}\n" for n in range(12))
    with pytest.raises(WenjinError) as raised:
        _load(tmp_path, f"questions:\n{rows}")
    errors = raised.value.data["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 12
    assert "还有 2 处" in raised.value.message


def _codes(*made: Question) -> set[str]:
    return {problem.code for problem in bank.check(made, MANUAL)}


def test_good_bank_has_no_problems() -> None:
    assert bank.check(questions(), MANUAL) == []
    as_sentences = {number: {SENTENCE, "别的句子。"} for number in MANUAL}
    assert bank.check(questions(), as_sentences) == []


def test_check_finds_what_is_wrong() -> None:
    one = question("q-1")
    assert _codes(one, one) == {"duplicate_id"}
    assert _codes(one, restemmed(question("q-2"), "q-1的题干")) == {"duplicate_stem"}
    assert _codes(question("q-1", section="9.9")) == {"unknown_section"}
    assert _codes(question("q-1", answer=("E",))) == {"key_not_among_options"}
    assert _codes(question("q-1", answer=("A", "B"))) == {"not_one_key"}
    assert _codes(question("q-1", QuestionType.MULTIPLE, answer=("A",))) == {"too_few_keys"}
    assert _codes(question("q-1", options=("甲",), answer=("A",))) == {"bad_options"}
    assert _codes(question("q-1", options=("10 日", "十日"))) == {"same_options"}
    assert _codes(question("q-1", options=("甲", "以上都对"))) == {"catch_all_option"}
    assert _codes(question("q-1", QuestionType.FILL, answer=("30日",), stem="三十日内？")) == {
        "answer_in_stem"
    }
    assert _codes(question("q-1", QuestionType.FILL, answer=("。",))) == {"empty_answer"}
    numeric = question("q-1", QuestionType.NUMERIC, answer=("1",), tolerance="-1")
    assert _codes(numeric) == {"negative_tolerance"}


def test_explanation_must_not_name_letters() -> None:
    one = question("q-1")
    named = replace(one, content=replace(one.content, explanation="选 B，因为手册这样写。"))
    plain = replace(one, content=replace(one.content, explanation="CRM 和 APP 都按手册。"))
    assert _codes(named) == {"letter_in_explanation"}
    assert _codes(plain) == set()


def test_long_key_is_only_a_hint() -> None:
    (problem,) = bank.check([question("q-1", options=("甲", "在十五个自然日之内办结并且答复", "丙"))], MANUAL)
    assert (problem.code, problem.hint) == ("longest_key", True)


def test_stale_question_is_reported_unless_retired() -> None:
    changed = {**MANUAL, "1.1": "投诉应当在10日内办结。"}
    one = question("q-1")
    assert [p.code for p in bank.check([one], changed)] == ["stale"]
    assert bank.check([replace(one, status=Status.RETIRED)], changed) == []


def test_sections_of_document() -> None:
    paragraphs = (Paragraph("甲。乙。"), Paragraph("丙。"))
    document = Document("手册", (Section("1.1", "概述", Audience.CUSTOMER, "第一章", paragraphs),))
    assert bank.sections_of(document) == {"1.1": "甲。乙。\n丙。"}


def test_version_id_follows_content_only() -> None:
    one = question("q-1")
    assert replace(one, topic="别的", status=Status.DRAFT).version_id == one.version_id
    assert restemmed(one, "另一个题干").version_id != one.version_id
    assert one.version_id.startswith("q-1@")
    assert Content.from_json(one.content.to_json()) == one.content


def _head(db: Database, name: str) -> QuizQuestion:
    with db.begin() as s:
        return s.get_one(QuizQuestion, name)


def _versions(db: Database) -> dict[str, str]:
    with db.begin() as s:
        return {row.id: row.content["stem"] for row in s.scalars(select(QuizQuestionVersion))}


def test_sync_adds_versions_and_keeps_old_ones(db: Database) -> None:
    first, second = question("q-1"), restemmed(question("q-1"), "改过的题干")
    with db.begin() as s:
        assert bank.sync(s, [first], NOW).added == ("q-1",)
    with db.begin() as s:
        report = bank.sync(s, [second], NOW)
    assert (report.added, report.changed) == ((), ("q-1",))
    assert _versions(db) == {first.version_id: "q-1的题干？", second.version_id: "改过的题干"}
    assert _head(db, "q-1").version_id == second.version_id
    with db.begin() as s:
        assert bank.sync(s, [first], NOW).changed == ("q-1",)
    assert _head(db, "q-1").version_id == first.version_id
    assert len(_versions(db)) == 2


def test_sync_twice_changes_nothing(db: Database) -> None:
    later = NOW.replace(year=2027)
    with db.begin() as s:
        bank.sync(s, questions(), NOW, manual=MANUAL)
    with db.begin() as s:
        report = bank.sync(s, questions(), later, manual=MANUAL)
    assert report == bank.SyncReport((), (), (), ())
    assert _head(db, "q-1-1-00").updated_at == NOW


def test_sync_marks_stale_and_takes_it_back(db: Database) -> None:
    with db.begin() as s:
        assert bank.sync(s, [question("q-1")], NOW, manual={"1.1": "别的。"}).stale == ("q-1",)
    assert _head(db, "q-1").stale
    with db.begin() as s:
        bank.sync(s, [question("q-1")], NOW, manual=MANUAL)
    assert not _head(db, "q-1").stale


def test_sync_retires_what_left_the_bank(db: Database) -> None:
    with db.begin() as s:
        bank.sync(s, [question("q-1"), question("q-2")], NOW)
    with db.begin() as s:
        assert bank.sync(s, [question("q-2")], NOW).retired == ("q-1",)
    assert _head(db, "q-1").status == Status.RETIRED
    with db.begin() as s:
        bank.sync(s, [question("q-1"), question("q-2")], NOW)
    assert _head(db, "q-1").status == Status.APPROVED


def test_sync_refuses_two_questions_of_one_id(db: Database) -> None:
    with pytest.raises(WenjinError, match="q-1"), db.begin() as s:
        bank.sync(s, [question("q-1"), question("q-1", QuestionType.TRUE_FALSE, answer=(TRUE,))], NOW)


def test_processes_that_start_together_sync_once(db: Database) -> None:
    together = threading.Barrier(3)
    reports: list[bank.SyncReport] = []

    def process() -> None:
        together.wait()
        with db.begin() as s:
            reports.append(bank.sync(s, questions(), NOW, manual=MANUAL))

    threads = [threading.Thread(target=process) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(report.added) for report in reports) == [0, 0, 24]
