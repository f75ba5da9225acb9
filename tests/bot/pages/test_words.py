"""Times, spans and due dates as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.words import ZONE, day_words, due_words, moment_words, number_words, span_words, wait_words

NOON = datetime(2026, 5, 20, 4, 0, tzinfo=UTC)  # 12:00 in China


@pytest.mark.parametrize(
    ("due", "words", "level"),
    [
        (NOON + timedelta(days=13), "还有 13 天", ""),
        (NOON + timedelta(days=3), "还有 3 天", "warn"),
        (NOON + timedelta(hours=13), "明天到期", "warn"),  # 01:00 in China: another day, though 13 hours off
        (NOON + timedelta(hours=11), "今天到期", "warn"),
        (NOON, "今天已超时", "danger"),
        (NOON - timedelta(hours=13), "已超时 1 天", "danger"),
        (NOON - timedelta(days=2), "已超时 2 天", "danger"),
    ],
)
def test_due_dates_are_counted_in_days_of_china(due: datetime, words: str, level: str) -> None:
    told = due_words(due, NOON)
    assert (told.words, told.level) == (words, level)
    assert told.icon


def test_an_ended_case_has_no_clock() -> None:
    assert due_words(NOON - timedelta(days=9), NOON, ended=True).level == ""


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_late_is_always_said_and_only_when_late(off: timedelta) -> None:
    told = due_words(NOON + off, NOON)
    assert ("超时" in told.words) == (off <= timedelta(0))
    assert "-" not in told.words and " 0 天" not in told.words


def test_moments_name_the_year_only_where_it_differs() -> None:
    assert moment_words(NOON, NOON) == "5月20日 12:00"
    assert moment_words(NOON, NOON + timedelta(days=365)) == "2026年5月20日 12:00"
    assert day_words(datetime(2026, 5, 20, 17, tzinfo=UTC)) == "2026年5月21日"
    assert str(ZONE) == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "—"), (0.34, "0.3 秒"), (45, "45 秒"), (600, "10 分钟"), (9000, "2.5 小时")],
)
def test_spans(seconds: float | None, words: str) -> None:
    assert span_words(seconds) == words


def test_figures_without_value_are_a_dash() -> None:
    assert number_words(None, "%") == "—"
    assert number_words(1234.0) == "1,234"
    assert number_words(55.25, "%") == "55.2%"


@pytest.mark.parametrize(("minutes", "level"), [(0, ""), (3, "warn"), (10, "danger"), (75, "danger")])
def test_waiting_turns_late(minutes: int, level: str) -> None:
    assert wait_words(NOON - timedelta(minutes=minutes), NOON).level == level
