"""Days and spans of days as people name them (上周三, 11月20日, 三天前), counted from the day it is said."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from actions.desk.amounts import chinese

_WEEK = "周|星期|礼拜"
_DAY_OF_WEEK = "一二三四五六"
_N = r"(?P<n>\d{1,3}|[一二两三四五六七八九十半]{1,3})"
_PAST = {"今": 0, "昨": 1, "前": 2, "大前": 3}
_FEASTS = {"双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "618": (6, 18)}
_FEASTS |= {"元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1)}


@dataclass(frozen=True, slots=True)
class Span:
    """From one day to another, both included."""

    first: date
    last: date

    def words(self, today: date) -> str:
        """Return the span as people write it: 11月20日, 11月17日至23日, 10月; its year if not this one."""
        year = "" if self.first.year == today.year else f"{self.first.year}年"
        month = f"{year}{self.first.month}月"
        if self.first == self.last:
            return f"{month}{self.first.day}日"
        if self.first.day == 1 and self.last == _month_end(self.first):
            return month
        until = "" if self.last.month == self.first.month else f"{self.last.month}月"
        return f"{month}{self.first.day}日至{until}{self.last.day}日"


Rule = Callable[["re.Match[str]", date], Span | None]


def _one(day: date | None) -> Span | None:
    return Span(day, day) if day else None


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else chinese(text)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _month(year: int, month: int) -> Span | None:
    first = _made(year, month, 1)
    return Span(first, _month_end(first)) if first else None


def _full(match: re.Match[str], today: date) -> Span | None:
    del today
    return _one(_made(int(match["y"]), int(match["m"]), int(match["d"])))


def _named_month(match: re.Match[str], today: date) -> Span | None:
    """Read 11月20日, 去年11月: without a year, the last one that is not to come."""
    month, day = _number(match["m"]), _number(match["d"] or "")
    if not month or not 1 <= month <= 12:
        return None
    said = match["y"] or ""
    years = {"今年": today.year, "去年": today.year - 1, "前年": today.year - 2}
    year = years.get(said) or (int(said[:4]) if said else today.year)
    if not match["d"]:
        if not said and month > today.month:
            year -= 1
        return _month(year, month)
    found = _made(year, month, day or 0)
    if found and not said and found > today:
        found = _made(year - 1, month, day or 0)
    return _one(found)


def _month_before(match: re.Match[str], today: date) -> Span | None:
    """Read 上个月, 上月5号, 这个月3号."""
    back = len(match["back"]) if match["back"].startswith("上") else 0
    months = today.year * 12 + today.month - 1 - back
    year, month = divmod(months, 12)
    day = _number(match["d"] or "")
    return _one(_made(year, month + 1, day)) if day else _month(year, month + 1)


def _weekday(match: re.Match[str], today: date) -> Span | None:
    """Read 上周三, 周三, 上周末, 上周: a bare day is the last one that is not to come."""
    said, which = match["back"] or "", match["day"] or ""
    monday = today - timedelta(days=today.weekday(), weeks=said.count("上"))
    if not which:
        return Span(monday, monday + timedelta(days=6)) if said else None
    if which == "末":
        saturday = monday + timedelta(days=5)
        if not said and saturday > today:
            saturday -= timedelta(weeks=1)
        return Span(saturday, saturday + timedelta(days=1))
    day = monday + timedelta(days=_DAY_OF_WEEK.find(which) if which in _DAY_OF_WEEK else 6)
    return _one(day - timedelta(weeks=1) if not said and day > today else day)


def _days_back(match: re.Match[str], today: date) -> Span | None:
    return _one(today - timedelta(days=_PAST[match["past"]]))


def _ago(match: re.Match[str], today: date) -> Span | None:
    """Read 三天前, 两周前, 半个月前, 一个月前."""
    said, unit = match["n"], match["unit"]
    if said == "半":
        return _one(today - timedelta(days=15)) if "月" in unit else None
    count = _number(said)
    if not count:
        return None
    if "月" in unit:
        year, month = divmod(today.year * 12 + today.month - 1 - count, 12)
        return _month(year, month + 1)
    days = count * (7 if unit.lstrip("个") in _WEEK.split("|") else 1)
    return _one(today - timedelta(days=days))


def _bare_day(match: re.Match[str], today: date) -> Span | None:
    """Read 15号: the last such day that is not to come."""
    day = int(match["d"])
    month_before = today.replace(day=1) - timedelta(days=1)
    found = _made(today.year, today.month, day)
    if found is None or found > today:
        found = _made(month_before.year, month_before.month, day)
    return _one(found)


def _feast(match: re.Match[str], today: date) -> Span | None:
    month, day = _FEASTS[match["feast"]]
    last = 7 if match["feast"] == "国庆" else day
    year = today.year - (match["y"] == "去年")
    if not match["y"] and date(year, month, day) > today:
        year -= 1
    return Span(date(year, month, day), date(year, month, last))


_YEAR = r"(?P<y>今年|去年|前年|(?<!\d)20\d\d年)?(?:的)?"
_MONTH = r"(?<!\d)(?P<m>\d{1,2}|[一二三四五六七八九]|十[一二]?)月"
_DAY = (
    r"(?P<d>(?:\d{1,2}(?!\d)|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[日号])"
    r"|\d{1,2}(?![\d年月天个]))"
)
_TIME = "(?:早上|上午|中午|下午|晚上|夜里|凌晨)?"

# In this order: what an earlier form has taken, a later one leaves alone.
DATES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (
        re.compile(
            r"(?<!\d)(?P<y>20\d\d)\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)[日号]?"
        ),
        _full,
    ),
    (re.compile(rf"{_YEAR}{_MONTH}(?:份|{_DAY}[日号]?)?"), _named_month),
    (re.compile(r"(?P<back>上上|上|这|本)个?月(?:份)?(?P<d>\d{1,2}(?=[日号]))?[日号]?"), _month_before),
    (re.compile(rf"(?P<back>上+|这|本)个?(?:{_WEEK})(?P<day>[一二三四五六日天末])?"), _weekday),
    (re.compile(rf"{_N}(?P<unit>天|日|个?(?:{_WEEK})|个月)多?(?:以|之)?前"), _ago),
    (re.compile(rf"(?P<past>大前|(?<![到至])今|昨|前)(?:天|日(?!子)|晚|儿(?!个)){_TIME}"), _days_back),
)
# Named alone these may also be about every week or year: 周末到账吗.
LOOSE: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(rf"(?<!下)(?<!下个)(?P<back>)(?:{_WEEK})(?P<day>[一二三四五六日天末])(?![年岁])"), _weekday),
    (
        re.compile(rf"(?P<y>今年|去年)?(?P<feast>{'|'.join(_FEASTS)})(?:当天|那天|期间|假期|长假)?(?!\d)"),
        _feast,
    ),
    (
        re.compile(r"(?<![\d月.])(?P<d>[12]?\d|3[01])[号日](?![线楼店窗柜坐员客院门机工桌房码\d])"),
        _bare_day,
    ),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A day or span of days, the words that named it, and their place."""

    start: int
    end: int
    text: str
    span: Span


def find(text: str, today: date) -> list[Named]:
    """Return the days that a text names, in reading order; days to come (明天) are left out."""
    found: list[Named] = []
    for pattern, rule in (*DATES, *LOOSE):
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            span = rule(match, today)
            if span and span.first <= today:
                found.append(Named(match.start(), match.end(), match[0], span))
    return sorted(found, key=lambda one: one.start)
