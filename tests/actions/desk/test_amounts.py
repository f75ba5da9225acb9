"""Tests of sums of money and numbers in what people write."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.desk.amounts import PATTERN, chinese, numbers, value, words


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("扣了3,000元", "3000"),
        ("提了1.2万", "12000"),
        ("三千二百块", "3200"),
        ("尾款六万八", "68000"),
        ("退我38块5", "38.5"),
        ("一千零五十元", "1050"),
        ("¥99.9", "99.9"),
        ("1万2到现在没到", "12000"),
        ("一百块钱", "100"),
        ("十万", "100000"),
        ("扣了五百", "500"),
        ("两万五千三", "25300"),
    ],
)
def test_a_sum_is_read(text: str, yuan: str) -> None:
    [match] = PATTERN.finditer(text)
    assert value(match[0]) == Decimal(yuan)


@pytest.mark.parametrize("text", ["几百块", "100多块", "200美元"])
def test_about_so_much_and_other_money_have_no_value(text: str) -> None:
    [match] = PATTERN.finditer(text)
    assert value(match[0]) is None


@pytest.mark.parametrize(
    "text", ["一万个人", "两千条短信", "3万人", "万一", "等了五百天", "三千多次", "2117号坐席"]
)
def test_what_is_counted_is_no_money(text: str) -> None:
    assert PATTERN.search(text) is None


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert numbers("提现8000没到") == numbers("那八千块还是没见着") == {Decimal(8000)}
    assert numbers("第3次了") == frozenset()


def test_sums_are_shown_as_people_read_them() -> None:
    assert (words(Decimal("3000.00")), words(Decimal("38.5"))) == ("3,000 元", "38.5 元")


@given(st.integers(0, 99_999_999))
def test_a_number_in_chinese_characters_is_itself(number: int) -> None:
    assert chinese(_spoken(number)) == number


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    for match in PATTERN.finditer(text):
        value(match[0])
    numbers(text)


def _spoken(number: int) -> str:
    """Write a number in Chinese characters in full."""
    high, low = divmod(number, 10_000)
    if high:
        gap = "零" if 0 < low < 1000 else ""
        return f"{_below_myriad(high)}万{gap}{_below_myriad(low) if low else ''}"
    return _below_myriad(low)


def _below_myriad(number: int) -> str:
    if number == 0:
        return "零"
    said, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            said += ("零" if gap and said else "") + "零一二三四五六七八九"[digit] + name
            gap = False
        else:
            gap = True
    return said
