"""Reading what people type, and marking it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.training import grading
from actions.training.numerals import comparable, number, to_digits
from actions.training.questions import FALSE, TRUE, Content, QuestionType
from knowledge.errors import WenjinError
from tests.actions.training_bank import question

SINGLE = question("q-1").content
MULTIPLE = question("q-2", QuestionType.MULTIPLE, answer=("A", "C")).content
TRUTH = question("q-3", QuestionType.TRUE_FALSE, answer=(TRUE,)).content
FILL = question("q-4", QuestionType.FILL, answer=("30日", "一个月")).content
NUMERIC = question("q-5", QuestionType.NUMERIC, answer=("24",), tolerance="0.5").content
ALL = (SINGLE, MULTIPLE, TRUTH, FILL, NUMERIC)
KEYS = ("A", "B", "C", "D")


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "a",
        "Ａ",
        " a ",
        "选A",
        "选 A",
        "我选择A",
        "答案是A。",
        "(A)",
        "A.",
        "A项",
        "应该是A吧",
        "甲",
        "AA",
    ],
)
def test_single_choice(text: str) -> None:
    assert grading.read(SINGLE, text) == ("A",)


@pytest.mark.parametrize(
    "text", ["AC", "a c", "ca", "A、C", "A,C", "Ａ，Ｃ", "A和C", "选A以及C", "A/C", "A+C", "A；C", "选A、C项"]
)
def test_multiple_choice(text: str) -> None:
    assert grading.read(MULTIPLE, text) == ("A", "C")


def test_pieces_from_a_page() -> None:
    assert grading.read(MULTIPLE, ["C", "A"]) == ("A", "C")
    assert grading.read(SINGLE, ["B"]) == ("B",)
    assert grading.read(TRUTH, ["对"]) == (TRUE,)


@pytest.mark.parametrize(
    "text", ["对", "√", "✔️", "T", "true", "正确", "是", "是的", "对的", "没错", "我认为是对的", "Ｔ"]
)
def test_true(text: str) -> None:
    assert grading.read(TRUTH, text) == (TRUE,)


@pytest.mark.parametrize(
    "text",
    ["错", "×", "❌", "F", "x", "false", "错误", "否", "不是", "不对", "不正确", "错了", "这句话是错的"],
)
def test_false(text: str) -> None:
    assert grading.read(TRUTH, text) == (FALSE,)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (SINGLE, "E"),
        (SINGLE, "AB"),
        (SINGLE, "不选A"),
        (SINGLE, "A还是B"),
        (SINGLE, "1"),
        (MULTIPLE, "AE"),
        (MULTIPLE, "除了A"),
        (MULTIPLE, "A-C"),
        (TRUTH, "对错"),
        (TRUTH, "是否"),
        (TRUTH, "不错"),
        (TRUTH, "A"),
        (FILL, "。。。"),
        (FILL, "😀"),
        (NUMERIC, "很快"),
        (NUMERIC, "24到48小时"),
        (NUMERIC, "1.2.3"),
        *((content, text) for content in ALL for text in ("", "   ", "\x00", "<>", "字" * 201)),
    ],
)
def test_unreadable_says_how_to_answer(content: Content, text: str) -> None:
    with pytest.raises(WenjinError) as raised:
        grading.read(content, text)
    assert (raised.value.code, raised.value.status) == ("unreadable_answer", 422)
    assert grading.HOW_TO_ANSWER[content.type] in raised.value.message


@pytest.mark.parametrize("content", ALL)
@pytest.mark.parametrize("given_", [[], ["", ""]])
def test_empty_pieces_are_unreadable(content: Content, given_: list[str]) -> None:
    with pytest.raises(WenjinError, match="没有读懂"):
        grading.read(content, given_)


@given(st.sampled_from(ALL), st.text(max_size=300))
def test_any_text_is_read_or_refused(content: Content, text: str) -> None:
    try:
        answer = grading.read(content, text)
    except WenjinError as error:
        assert error.code == "unreadable_answer"
        return
    assert grading.same(content, answer, answer)
    assert grading.points(content, answer, 10) in (0, 10)
    assert all("\x00" not in piece for piece in answer)


@given(st.permutations(KEYS), st.sets(st.sampled_from(KEYS), min_size=1))
def test_letters_map_back_through_the_order_shown(order: list[str], chosen: set[str]) -> None:
    typed = "".join(grading.LETTERS[order.index(key)] for key in chosen)
    answer = grading.read(MULTIPLE, typed, order)
    assert set(answer) == chosen
    assert grading.is_correct(MULTIPLE, answer) == (chosen == {"A", "C"})
    assert set(grading.displayed(MULTIPLE, answer, order)) == set(typed)


@given(st.permutations(KEYS))
def test_displayed_key_is_marked_right(order: list[str]) -> None:
    for content in (SINGLE, MULTIPLE):
        shown = grading.displayed(content, content.answer, order)
        assert grading.is_correct(content, grading.read(content, list(shown), order))


@given(
    st.lists(st.sampled_from("ABCD"), min_size=1, max_size=4, unique=True),
    st.sampled_from(["", " ", "、", ",", "，", "和", " 、 ", "/", "以及"]),
    st.sampled_from(["", "选", "我选", "答案是", "选项"]),
    st.booleans(),
)
def test_ways_of_writing_letters(letters: list[str], between: str, before: str, wide: bool) -> None:
    typed = between.join(letters)
    typed = typed.translate({ord(c): ord(c) + 0xFEE0 for c in "ABCD"}) if wide else typed
    assert grading.read(MULTIPLE, before + typed) == tuple(sorted(letters))


def test_option_text_counts_as_its_letter() -> None:
    content = question("q-1", options=("10日", "15日", "CRM")).content
    assert grading.read(content, "十五日") == ("B",)
    assert grading.read(content, "crm") == ("C",)
    assert grading.read(content, "十五日", ("B", "A", "C")) == ("B",)


@pytest.mark.parametrize(
    "text", ["30日", "三十日", "３０日", " 30 日 。", "“三十日”", "答案是30日", "1个月", "一個月"]
)
def test_fill_in_right(text: str) -> None:
    assert grading.is_correct(FILL, grading.read(FILL, text))


@pytest.mark.parametrize("text", ["3日", "30", "三十一日", "3、0日", "30日内"])
def test_fill_in_wrong(text: str) -> None:
    assert not grading.is_correct(FILL, grading.read(FILL, text))


@pytest.mark.parametrize("text", ["24", "24小时", "二十四小时", "24.5", "23.5 小时", "约24h", "２４", "+24"])
def test_numeric_right(text: str) -> None:
    assert grading.is_correct(NUMERIC, grading.read(NUMERIC, text))


@pytest.mark.parametrize("text", ["24.51", "23.49", "-24", "−24", "2400", "两百四十"])
def test_numeric_wrong(text: str) -> None:
    assert not grading.is_correct(NUMERIC, grading.read(NUMERIC, text))


def test_numeric_unit_asked_for_in_the_stem() -> None:
    in_yuan = question("q-1", QuestionType.NUMERIC, answer=("1000000",), stem="多少元？").content
    in_ten_thousands = question("q-1", QuestionType.NUMERIC, answer=("100",), stem="多少万元？").content
    for text in ("100万元", "一百万元", "100万"):
        assert grading.is_correct(in_yuan, grading.read(in_yuan, text))
        assert grading.is_correct(in_ten_thousands, grading.read(in_ten_thousands, text))
    assert not grading.is_correct(in_yuan, grading.read(in_yuan, "100"))


@given(st.decimals(-1000, 1000, places=2), st.decimals(0, 10, places=2), st.decimals(-20, 20, places=2))
def test_tolerance_is_inclusive(key: Decimal, tolerance: Decimal, off: Decimal) -> None:
    content = question("q-1", QuestionType.NUMERIC, answer=(str(key),), tolerance=str(tolerance)).content
    answer = grading.read(content, f"{key + off}小时")
    assert grading.is_correct(content, answer) == (abs(off) <= tolerance)


def test_marks_are_all_or_nothing() -> None:
    assert grading.points(MULTIPLE, ("A", "C"), 10) == 10
    assert grading.points(MULTIPLE, ("A",), 10) == 0
    assert grading.points(MULTIPLE, ("A", "B", "C"), 10) == 0


def test_same_answer_in_other_words() -> None:
    assert grading.same(FILL, ("三十日",), ("30 日",))
    assert grading.same(NUMERIC, ("24",), ("24.0",))
    assert not grading.same(TRUTH, (TRUE,), (FALSE,))


def _chinese(value: int) -> str:
    """Write a number below 10^12 the way it is read out."""
    if value == 0:
        return "零"
    said, gap = "", False
    for unit, scale in (("亿", 10**8), ("万", 10**4), ("", 1)):
        part, value = divmod(value, scale)
        if not part:
            gap = bool(said)
            continue
        said += ("零" if said and (gap or part < 1000) else "") + _below_ten_thousand(part) + unit
        gap = False
    return said


def _below_ten_thousand(value: int) -> str:
    said, gap = "", False
    for unit, scale in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, value = divmod(value, scale)
        if not digit:
            gap = bool(said)
            continue
        said += ("零" if gap else "") + "零一二三四五六七八九"[digit] + unit
        gap = False
    return said


@given(st.one_of(st.integers(0, 10**4), st.integers(0, 10**12 - 1)))
def test_numerals_read_as_spoken(value: int) -> None:
    assert number(_chinese(value)) == str(value)
    assert comparable(f"{_chinese(value)}日") == f"{value}日"


@given(st.integers(0, 10**9))
def test_numerals_digit_by_digit_and_with_commas(value: int) -> None:
    assert number("".join("〇一二三四五六七八九"[int(d)] for d in str(value))) == str(value)
    assert comparable(f"{value:,}元") == f"{value}元"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("十五", "15"),
        ("一百五", "150"),
        ("一百零五", "105"),
        ("两百", "200"),
        ("1.5万", "15000"),
        ("一万五", "15000"),
        ("二〇二三年", "2023年"),
        ("百分之八十", "80%"),
        ("百分之百", "100%"),
        ("万一", "万一"),
        ("千万", "千万"),
        ("一万亿", "1000000000000"),
    ],
)
def test_numerals_in_use(text: str, plain: str) -> None:
    assert to_digits(text) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("及时、准确", "及时准确"),
        ("《个人信息保护法》", "个人信息保护法"),
        ("7×24小时", "7*24 小时"),
        ("80%至90%", "80%～90%"),
        ("ＣＲＭ系統", "crm系统"),
        ("第三十二条", "第32条"),
    ],
)
def test_comparable_evens_out(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1、2", "12"), ("1.5", "15"), ("-5", "5"), ("30日", "30天"), ("甲", "乙")]
)
def test_comparable_keeps_apart(one: str, other: str) -> None:
    assert comparable(one) != comparable(other)


@given(st.text(alphabet="及时准确公司客户投诉", min_size=1, max_size=12), st.data())
def test_spaces_and_punctuation_do_not_matter(text: str, data: st.DataObject) -> None:
    noise = st.sampled_from(["", " ", "　", "，", "。", "、", "“", "\u200b"])
    noisy = "".join(char + data.draw(noise) for char in text)
    assert comparable(noisy) == comparable(text)
