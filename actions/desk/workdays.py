"""Working time in China: weekends, public holidays and make-up days, and the hours of a desk."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)
_FIRST = date(2010, 1, 1)  # working time is counted from here
_BEFORE = [0]


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Tell whether people work on a day.

    Source: the State Council's yearly notices, as package chinese-calendar holds them; a year that it does
    not know yet has its weekends only (see `known`).
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def known(day: date) -> bool:
    """Tell whether the holidays of a day's year have been published and are known here."""
    try:
        chinese_calendar.is_workday(day)
    except NotImplementedError:
        return False
    return True


def is_working(at: datetime, opens: time, closes: time) -> bool:
    """Tell whether a desk with these hours is at work at a time."""
    local = at.astimezone(SHANGHAI)
    return is_workday(local.date()) and opens <= local.time() < closes


def next_opening(at: datetime, opens: time, closes: time) -> datetime:
    """Return when a desk is at work next: `at` itself while it is."""
    local = at.astimezone(SHANGHAI)
    day = local.date()
    if is_workday(day) and local.time() < closes:
        return max(local, _at(day, opens)).astimezone(at.tzinfo)
    day += _DAY
    while not is_workday(day):
        day += _DAY
    return _at(day, opens).astimezone(at.tzinfo)


def add_working(at: datetime, amount: timedelta, opens: time, closes: time) -> datetime:
    """Return the time at which `amount` of working time has passed since `at`."""
    now, left = next_opening(at, opens, closes), amount
    while True:
        end = _at(now.astimezone(SHANGHAI).date(), closes)
        if now + left <= end:
            return (now + left).astimezone(at.tzinfo)
        left -= end - now
        now = next_opening(end, opens, closes)


def working_between(start: datetime, end: datetime, opens: time, closes: time) -> timedelta:
    """Return how much working time lies between two times; zero where the end comes first."""
    return max(_worked(end, opens, closes) - _worked(start, opens, closes), timedelta())


def _worked(at: datetime, opens: time, closes: time) -> timedelta:
    """Return the working time from the first day on to a time; none before."""
    local = at.astimezone(SHANGHAI)
    day, length = local.date(), _at(_FIRST, closes) - _at(_FIRST, opens)
    today = timedelta()
    if is_workday(day):
        since = local.replace(tzinfo=None) - datetime.combine(day, opens)
        today = min(max(since, timedelta()), length)
    return _workdays_before(day) * length + today


def _workdays_before(day: date) -> int:
    """Return how many working days lie between the first day and a day; each is looked up once."""
    number = max((day - _FIRST).days, 0)
    while len(_BEFORE) <= number:
        _BEFORE.append(_BEFORE[-1] + is_workday(_FIRST + (len(_BEFORE) - 1) * _DAY))
    return _BEFORE[number]


def add_workdays(day: date, count: int) -> date:
    """Return the `count`-th working day after a day; the day itself for 0."""
    while count > 0:
        day += _DAY
        count -= is_workday(day)
    return day


def end_of_day(at: datetime, days: int) -> datetime:
    """Return the last second of the day in China that is `days` calendar days after that of a time.

    The day itself does not count, and a period ends with its last day (Civil Code, articles 201 to 203).
    """
    return _at(at.astimezone(SHANGHAI).date() + days * _DAY, time(23, 59, 59)).astimezone(at.tzinfo)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SHANGHAI)
