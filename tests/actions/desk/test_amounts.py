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
        ("充值了500到现在都没到", "500"),
        ("年费三百", "300"),
        ("凭什么收我30，上次还是免费", "30"),
        ("让我先交888押金", "888"),
        ("卡里少了4600", "4600"),
        ("昨天又扣98", "98"),
        ("还收了罚息12.6", "12.6"),
        ("多花了我60。", "60"),
        ("余额就3毛2", "0.32"),
        ("额度给我降到了500", "500"),
        ("总共1,288", "1288"),
        ("昨天付款扣了两次158", "158"),
    ],
)
def test_a_sum_is_read(text: str, yuan: str) -> None:
    [match] = PATTERN.finditer(text)
    assert value(match[0]) == Decimal(yuan)


def test_the_same_sum_twice() -> None:
    assert [value(match[0]) for match in PATTERN.finditer("一次199一次199")] == [Decimal(199)] * 2


@pytest.mark.parametrize("text", ["几百块", "100多块", "200美元", "港币 600 元", "USD 35"])
def test_about_so_much_and_other_money_have_no_value(text: str) -> None:
    [match] = PATTERN.finditer(text)
    assert value(match[0]) is None


@pytest.mark.parametrize(
    "text",
    [
        *("一万个人", "两千条短信", "3万人", "万一", "等了五百天", "三千多次", "2117号坐席"),
        *("少了18%", "扣了12期", "花了20分钟", "还款10月15日", "转95588再按12", "付款18:30", "退款2026年"),
        *("转账6222021234567894", "买了30盒", "付了10次", "提到10点", "年费10折"),
    ],
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
