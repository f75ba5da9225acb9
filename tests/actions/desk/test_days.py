"""Tests of days and spans of days in what people write, counted from the day it is said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.desk.days import find

WEDNESDAY = date(2025, 11, 26)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("上周三", "11月19日"),
        ("周三", "11月26日"),
        ("周四", "11月20日"),
        ("上上周五", "11月14日"),
        ("上个礼拜天", "11月23日"),
        ("上周末", "11月22日至23日"),
        ("周末", "11月22日至23日"),
        ("上周", "11月17日至23日"),
        ("这周一", "11月24日"),
        ("昨天晚上", "11月25日"),
        ("大前天", "11月23日"),
        ("三天前", "11月23日"),
        ("两个星期前", "11月12日"),
        ("半个月前", "11月11日"),
        ("2个月前", "9月"),
        ("11月20号", "11月20日"),
        ("十一月二十号", "11月20日"),
        ("8月28", "8月28日"),
        ("12月3日", "2024年12月3日"),
        ("去年11月", "2024年11月"),
        ("2025-11-03", "11月3日"),
        ("2024年2月29日", "2024年2月29日"),
        ("上个月", "10月"),
        ("上月15号", "10月15日"),
        ("15号", "11月15日"),
        ("30号", "10月30日"),
        ("双十一", "11月11日"),
        ("去年国庆", "2024年10月1日至7日"),
    ],
)
def test_a_day_is_counted_from_the_day_it_is_said(text: str, words: str) -> None:
    [named] = find(f"我{text}去的", WEDNESDAY)
    assert (named.text, named.span.words(WEDNESDAY)) == (text, words)


@pytest.mark.parametrize(
    "text",
    [
        "明天",
        "下周三",
        "下个星期五",
        "15号楼",
        "2117号坐席",
        "三个月",
        "周周都打",
        "2月30日",
        "13月",
        "过日子",
    ],
)
def test_days_to_come_and_what_only_looks_alike_are_left_out(text: str) -> None:
    assert find(text, WEDNESDAY) == []


def test_several_days_come_in_reading_order() -> None:
    found = find("上周三扣了一次，昨天又扣一次", WEDNESDAY)
    assert [one.text for one in found] == ["上周三", "昨天"]


@given(st.text(max_size=40), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_no_text_breaks_it_and_nothing_lies_ahead(text: str, today: date) -> None:
    assert all(one.span.first <= today for one in find(text, today))


@given(st.dates(date(2004, 1, 1), date(2099, 12, 31)))
def test_a_weekday_is_within_the_last_seven_days(today: date) -> None:
    for name in "一二三四五六日":
        [named] = find(f"周{name}", today)
        assert 0 <= (today - named.span.first).days < 7
