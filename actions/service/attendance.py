"""When people are there to take a conversation over, in words that customers understand."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import chinese_calendar
from sqlalchemy.orm import Session

from actions.desk.rules import rules_of
from actions.desk.workdays import SHANGHAI, is_working, next_opening

_WEEKDAYS = "一二三四五六日"
_WEEK = 7


def is_open(s: Session, now: datetime) -> bool:
    """Tell whether handlers are at work: between the desk's hours of a working day."""
    rules = rules_of(s)
    return is_working(now, rules.opens, rules.closes)


def opening_words(s: Session, now: datetime) -> str:
    """Return when handlers are at work next: "明天 9:00", "周一 9:00", "节后 10月8日（周四）9:00".

    While they are at work that is now: "今天" and the present time.
    """
    rules = rules_of(s)
    opens = next_opening(now, rules.opens, rules.closes).astimezone(SHANGHAI)
    today = now.astimezone(SHANGHAI).date()
    return f"{_day_words(today, opens.date())} {opens.hour}:{opens:%M}"


def hours_words(s: Session) -> str:
    """Return the desk's hours: "工作日 9:00–18:00"."""
    opens, closes = rules_of(s).opens, rules_of(s).closes
    return f"工作日 {opens.hour}:{opens:%M}–{closes.hour}:{closes:%M}"


def _day_words(today: date, day: date) -> str:
    ahead = (day - today).days
    if ahead < 2:
        return ("今天", "明天")[ahead]
    weekday = f"周{_WEEKDAYS[day.weekday()]}"
    if any(_is_holiday(today + timedelta(days=n)) for n in range(ahead)):
        return f"节后 {day.month}月{day.day}日（{weekday}）"
    return weekday if ahead < _WEEK else f"{day.month}月{day.day}日（{weekday}）"


def _is_holiday(day: date) -> bool:
    """Tell whether a day is off for a public holiday, not as one of a usual weekend."""
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return False
    return bool(off and name)
