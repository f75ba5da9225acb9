"""Questions to and from files: what is written is read back, what is wrong is named with its row."""

from __future__ import annotations

import io
import string
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from actions.training import bank
from actions.training.exchange import aiken, gift, lines, table
from actions.training.exchange.reading import dry_run
from actions.training.exchange.rows import Row
from actions.training.grading import LETTERS
from actions.training.questions import Content, Difficulty, Question, QuestionType, Status
from bot.settings import PROJECT
from knowledge.errors import WenjinError

SHARED = PROJECT.parent / "shared" / "data" / "cflue" / "knowledge.jsonl"
words = st.text(
    alphabet="客户投诉还款利率十五日内答复=~#{}:\\%：＝｛｝'\"<>&,;+-@A1 " + string.ascii_letters,
    min_size=1,
    max_size=30,
).map(lambda text: "题" + " ".join(text.split()))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Return any question that a person could have written."""
    kind = draw(st.sampled_from(QuestionType))
    options: tuple[tuple[str, str], ...] = ()
    answer: tuple[str, ...]
    if kind.has_options:
        texts = draw(st.lists(words, min_size=3, max_size=6, unique_by=lambda t: bankable(t)))
        options = tuple(zip(LETTERS, texts, strict=False))
        count = 1 if kind is QuestionType.SINGLE else draw(st.integers(2, len(texts)))
        answer = tuple(sorted(draw(st.permutations(LETTERS[: len(texts)]))[:count]))
    elif kind is QuestionType.TRUE_FALSE:
        answer = (draw(st.sampled_from(("true", "false"))),)
    elif kind is QuestionType.NUMERIC:
        answer = (str(draw(st.integers(-1000, 100_000))),)
    else:
        answer = tuple(draw(st.lists(words.map(lambda w: w.replace("|", "")), min_size=1, max_size=3)))
    content = Content(
        kind, draw(words), options, answer, Decimal(0), draw(st.one_of(st.just(""), words)), "", ""
    )
    return Question(
        "q-" + draw(st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)), content,
        Difficulty.MEDIUM, draw(st.sampled_from(("", "投诉", "营销"))), (), Status.DRAFT, "",
    )  # fmt: skip


def bankable(text: str) -> str:
    """Return what tells two options apart."""
    from actions.training.numerals import comparable

    return comparable(text)


def only(rows: list[Row]) -> Question:
    """Return the one question that was read."""
    assert [row.problem for row in rows] == [""]
    question = rows[0].question
    assert question is not None
    return question


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(questions())
def test_gift_reads_back_what_it_wrote(question: Question) -> None:
    read = only(list(gift.read("".join(gift.write([question])))))
    assert read.content == question.content and read.id == question.id
    assert read.topic == (question.topic or "未分类")


@quick
@given(questions())
def test_lines_read_back_what_they_wrote(question: Question) -> None:
    read = only(list(lines.read("".join(lines.write([question])))))
    assert (read.id, read.content) == (question.id, question.content)


@quick
@given(questions())
def test_csv_reads_back_what_it_wrote(question: Question) -> None:
    read = only(list(table.read_csv("".join(table.write_csv([question])).encode())))
    assert read == question


def test_the_whole_bank_goes_through_a_workbook(tmp_path: Path) -> None:
    own = bank.load(PROJECT / "training_data" / "quiz")
    path = tmp_path / "bank.xlsx"
    assert table.write_xlsx(own, path) == len(own)
    rows = list(table.read_xlsx(path.read_bytes()))
    assert [row.problem for row in rows] == [""] * len(own)
    read = [row.question for row in rows if row.question]
    assert [(q.id, q.content) for q in read] == [(q.id, q.content) for q in own]
    assert dry_run("bank.xlsx", path.read_bytes(), own).taken == ()


GIFT = """// 注释
$CATEGORY: $course$/投诉处理

::q-1::投诉的一般时限是多少天？{
~7天#太短
=15天#《办法》规定
~30天
}

受理后应当做的有 {~%50%登记 ~%50%告知时限 ~%-100%推给同事####缺一不可}

告知时限是必须的{TRUE#对}

一般投诉要在 {#15:0} 日内答复

主管批准后可延长到 {=三十 =30} 日

配对 {=甲 -> 乙 =丙 -> 丁}

谈谈看法 {}

全角的＝和｛不算：真的吗{F}
"""


def test_gift_as_people_write_it() -> None:
    rows = list(gift.read(GIFT))
    read = [row.question.content for row in rows if row.question]
    assert [c.type for c in read] == ["single", "multiple", "true_false", "numeric", "fill", "true_false"]
    assert (read[0].answer, read[0].explanation) == (("B",), "《办法》规定")
    assert read[1].answer == ("A", "B") and read[1].explanation == "缺一不可"
    assert read[3].answer == ("15",) and read[3].stem == "一般投诉要在 ____日内答复"
    assert read[4].answer == ("三十", "30")
    assert read[5].stem == "全角的＝和｛不算：真的吗" and read[5].answer == ("false",)
    assert {row.where: row.problem for row in rows if row.problem} == {
        "第 18 行": "不支持连线题",
        "第 20 行": "问答题没有标准答案，不能导入",
    }
    assert rows[0].question and (rows[0].question.id, rows[0].question.topic) == ("q-1", "投诉处理")


def test_an_arrow_is_text_where_nothing_is_matched() -> None:
    choice = Content(
        QuestionType.SINGLE, "题", (("A", "甲->乙"), ("B", "丙")), ("A",), Decimal(0), "", "", ""
    )
    words_ = Content(QuestionType.FILL, "题", (), ("甲->乙", "丙 -> 丁"), Decimal(0), "", "", "")
    for content in (choice, words_):
        question = Question("q-1", content, Difficulty.MEDIUM, "", (), Status.DRAFT, "")
        assert only(list(gift.read("".join(gift.write([question]))))).content == content


AIKEN = """投诉的一般时限是多少天？
A. 7天
B) 15天
ANSWER: B

受理投诉后，
应当做什么？
A、登记
B、告知时限
C、推给同事
答案：AB
解析：缺一不可

没有答案的题
A. 是
B. 否
"""


def test_aiken_as_people_write_it() -> None:
    rows = list(aiken.read(AIKEN))
    first, second = (row.question.content for row in rows[:2] if row.question)
    assert (first.type, first.answer) == (QuestionType.SINGLE, ("B",))
    assert (second.type, second.answer, second.explanation) == (QuestionType.MULTIPLE, ("A", "B"), "缺一不可")
    assert second.stem == "受理投诉后，\n应当做什么？"
    assert (rows[2].where, rows[2].problem) == ("第 14 行", "没有 ANSWER 一行")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"题干": "", "答案": "A", "选项A": "一", "选项B": "二"}, "题干是空的"),
        ({"题干": "问", "答案": "C", "选项A": "一", "选项B": "二"}, "答案 C 不在选项里（选项到 B）"),
        ({"题干": "问", "答案": "AB", "题型": "单选题", "选项A": "一", "选项B": "二"}, "单选题的答案要恰好一个，写的是“AB”"),
        ({"题干": "问", "答案": "A", "题型": "多选", "选项A": "一", "选项B": "二"}, "多选题的答案至少两个，写的是“A”"),
        ({"题干": "问", "答案": "A", "选项A": "一", "选项B": "一"}, "选项 A 和 B 内容相同"),
        ({"题干": "问", "答案": "也许", "题型": "判断"}, "判断题的答案“也许”看不懂，请写“对”或“错”"),
        ({"题干": "问", "答案": "A", "题型": "连线", "选项A": "一", "选项B": "二"}, "不认识的题型“连线”"),
        ({"题干": "问", "答案": "", "选项A": "一", "选项B": "二"}, "没有答案"),
        ({"题干": "问", "答案": "A", "选项A": "一"}, "选择题至少要有两个选项"),
        ({"题干": "问", "答案": "AA", "题型": "多选", "选项A": "一", "选项B": "二"}, "答案“AA”里有重复的字母"),
        ({"题干": "问", "答案": "三十", "题型": "数字"}, "答案“三十”不是数字"),
        ({"题干": "问", "答案": "A", "难度": "很难", "选项A": "一", "选项B": "二"}, "难度“很难”不认识，请写 易、中 或 难"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_reason(cells: dict[str, str], problem: str) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(list(cells))
    book.active.append(list(cells.values()))
    content = io.BytesIO()
    book.save(content)
    report = dry_run("题.xlsx", content.getvalue())
    assert [(row.where, row.problem) for row in report.refused] == [("第 2 行", problem)]
    assert report.questions == []


def test_numbers_and_truths_that_a_spreadsheet_made_of_text() -> None:
    book = Workbook()
    assert book.active is not None
    for line in (
        ["题目", "题型", "正确答案"],
        ["几天？", "数字题", 15.0],
        ["对吗", "判断题", True],
        ["T 吗", "", "√"],
    ):
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    answers = [q.content.answer for q in dry_run("题.xlsx", content.getvalue()).questions]
    assert answers == [("15",), ("true",), ("true",)]


def test_the_same_question_again_is_repeated_whatever_its_order() -> None:
    known = dry_run("a.txt", AIKEN.encode()).questions
    turned = "投诉的一般时限，是多少天？\nA. 15天\nB. 7天\nANSWER: A\n"
    report = dry_run("b.txt", turned.encode("gb18030"), known)
    assert report.taken == () and len(report.repeated) == 1
    other_key = "投诉的一般时限是多少天？\nA. 15天\nB. 7天\nANSWER: B\n"
    assert len(dry_run("b.txt", other_key.encode(), known).taken) == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.exe", b"MZ", "unknown_format"),
        ("a.xlsx", b"not a workbook", "bad_file"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "bad_file"),
        ("a.txt", b"\xff\xff\xfe\x80\x81", "bad_file"),
        ("a.jsonl", b"\n\n", "empty_file"),
    ],
)
def test_a_file_that_cannot_be_read_says_so(name: str, content: bytes, code: str) -> None:
    with pytest.raises(WenjinError) as refused:
        dry_run(name, content)
    assert refused.value.code == code


def test_lines_that_are_no_questions_are_refused_one_by_one() -> None:
    report = dry_run("a.jsonl", '{"a":1}\n[]\nnein\n{"stem":"问","key":true}\n'.encode())
    assert [row.problem for row in report.refused] == ["字段不全，或不是文字", "应当是一个对象", "不是 JSON"]
    assert [q.content.answer for q in report.questions] == [("true",)]


@pytest.mark.skipif(not SHARED.is_file(), reason="the exam questions are not part of the project")
def test_published_exam_questions_are_taken_or_refused_with_a_reason() -> None:
    content = SHARED.read_bytes()
    report = dry_run("knowledge.jsonl", content)
    count = len(content.decode().splitlines())
    assert len(report.taken) + len(report.refused) + len(report.repeated) == count == 3864
    assert all(row.problem for row in (*report.refused, *report.repeated))
    assert len(report.taken) == 3739


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("questions: [&a {id: x-1}, *a]", "不能用 * 引用"),
        ("questions: {", "第 1 行看不懂"),
        ("题目: []", "没有 questions"),
        ("[" * 3000, "嵌套得太深"),
        ("questions: 3", "应当是列表"),
    ],
)
def test_yaml_that_is_no_bank_says_why(text: str, says: str) -> None:
    with pytest.raises(WenjinError) as refused:
        dry_run("q.yaml", text.encode())
    assert refused.value.code == "bad_file" and says in refused.value.message


def test_yaml_rows_are_checked_as_those_of_any_file() -> None:
    row = (
        "  - {id: own-1, type: single, stem: 几天？, options: {A: 15 天, B: 15 天, C: 30 天}, answer: [D],"
        ' explanation: 见原文, section: "3.5", sentence: 十五天, status: draft}\n'
    )
    mended = row.replace("B: 15 天", "B: 20 天")
    for text, says in ((row, "内容相同"), (mended, "答案 D 不在选项里")):
        (refused,) = dry_run("q.yml", f"questions:\n{text}".encode()).refused
        assert refused.where == "第 1 题" and says in refused.problem
    (taken,) = dry_run("q.yml", f"questions:\n{mended.replace('[D]', '[C]')}".encode()).questions
    assert taken.content.answer == ("C",) and taken.status is Status.DRAFT
