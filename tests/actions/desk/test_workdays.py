"""Working time: holidays and make-up days as published, sums the same as a count minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.desk.workdays import (
    SHANGHAI,
    add_workdays,
    add_working,
    end_of_day,
    is_workday,
    is_working,
    known,
    next_opening,
    working_between,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OPENS, CLOSES = time(9), time(18)
HOURS = st.sampled_from([(time(9), time(18)), (time(8, 30), time(17)), (time(0), time(23, 59))])
MOMENTS = st.integers(0, 1150 * 24 * 60).map(lambda n: datetime(2023, 12, 20, tzinfo=UTC) + n * MINUTE)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-01-01", False),  # New Year
        ("2025-01-26", True),  # a Sunday worked for the spring festival
        ("2025-01-28", False),
        ("2025-02-04", False),
        ("2025-02-08", True),  # a Saturday
        ("2025-05-01", False),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-10-10", True),
        ("2026-03-07", False),  # any Saturday
        ("2026-03-09", True),
    ],
)
def test_holidays_and_make_up_days(day: str, works: bool) -> None:
    assert is_workday(date.fromisoformat(day)) is works
    assert known(date.fromisoformat(day))


def test_a_year_whose_holidays_are_not_published_has_its_weekends() -> None:
    assert not known(date(2031, 10, 1))
    assert is_workday(date(2031, 10, 1))
    assert not is_workday(date(2031, 10, 4))


def slow_add(at: datetime, minutes: int, opens: time, closes: time) -> datetime:
    """Let minutes pass one by one; only those at work count."""
    while minutes:
        minutes -= is_working(at, opens, closes)
        at += MINUTE
    return at


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.integers(1, 2000), HOURS)
@example(datetime(2025, 12, 31, 9, tzinfo=UTC), 600, (OPENS, CLOSES))  # over New Year
@example(datetime(2026, 2, 13, 9, 59, tzinfo=UTC), 1, (OPENS, CLOSES))  # the last minute of a Friday
@example(
    datetime(2026, 2, 14, 9, 59, tzinfo=UTC), 700, (OPENS, CLOSES)
)  # a worked Saturday, then nine days off
def test_adding_and_subtracting_agree_with_every_minute(
    at: datetime, minutes: int, hours: tuple[time, time]
) -> None:
    end = add_working(at, minutes * MINUTE, *hours)
    assert end == slow_add(at, minutes, *hours)
    assert working_between(at, end, *hours) == minutes * MINUTE
    assert working_between(end, at, *hours) == timedelta()
    assert end.tzinfo is at.tzinfo


@settings(max_examples=200, deadline=None)
@given(MOMENTS, HOURS)
def test_the_next_opening_is_the_first_minute_at_work(at: datetime, hours: tuple[time, time]) -> None:
    found = next_opening(at, *hours)
    assert is_working(found, *hours)
    assert working_between(at, found, *hours) == timedelta()
    assert (found == at) is is_working(at, *hours)


def test_the_edges_of_a_day() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
    assert is_working(at, OPENS, CLOSES)
    assert not is_working(at + timedelta(hours=9), OPENS, CLOSES)
    assert add_working(at, timedelta(hours=9), OPENS, CLOSES) == at + timedelta(hours=9)
    assert add_working(at, timedelta(hours=9) + MINUTE, OPENS, CLOSES) == at + DAY + MINUTE
    assert add_working(at, timedelta(), OPENS, CLOSES) == at


@given(st.dates(date(2024, 1, 1), date(2026, 12, 1)), st.integers(0, 40))
def test_working_days_are_counted_one_by_one(day: date, count: int) -> None:
    end = add_workdays(day, count)
    passed = [day + n * DAY for n in range(1, (end - day).days + 1)]
    assert sum(is_workday(one) for one in passed) == count
    assert end == day or is_workday(end)


def test_the_end_of_a_day_is_china_s() -> None:
    assert end_of_day(datetime(2026, 3, 2, 15, 59, tzinfo=UTC), 0) == datetime(
        2026, 3, 2, 15, 59, 59, tzinfo=UTC
    )
    assert end_of_day(datetime(2026, 3, 2, 16, 0, tzinfo=UTC), 0) == datetime(
        2026, 3, 3, 15, 59, 59, tzinfo=UTC
    )
    assert end_of_day(datetime(2024, 2, 28, 1, tzinfo=UTC), 1).astimezone(SHANGHAI).date() == date(
        2024, 2, 29
    )
