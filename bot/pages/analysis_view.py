"""The analysis as people read it: periods and filters from the address, figures, a chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from actions.desk import analysis, categories
from actions.desk.analysis import AXES, Counted, Group, Slice, Week, monday
from actions.desk.measures import NEXT, STATE_LABELS, Effect
from actions.store.tables.desk import Measure, MeasureState
from bot.pages.words import ZONE, number_words

DEFAULT_AXIS = "cause"
LONGEST = timedelta(days=5 * 366)
SERIES = 5  # values of an axis with a colour of their own in the chart
OTHER = "其他"
LABELS = 8  # weeks with a label below the chart


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with the period before and what it means."""

    title: str
    value: str
    before: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a week's bar, in percent of the chart's height from the top."""

    series: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One week; `label` is "" where there is no room for one."""

    start: date
    label: str
    counts: Sequence[int]
    parts: Sequence[Part]

    @property
    def total(self) -> int:
        """Return all of the week's tickets."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Chart:
    """Weeks as stacked bars; `series` are the names of their parts, the rest last."""

    series: Sequence[str]
    bars: Sequence[Bar]
    highest: int


@dataclass(frozen=True, slots=True)
class Crossed:
    """Business by cause; `heat` is 0 to 4 by the share of the largest cell."""

    causes: Sequence[str]
    lines: Sequence[tuple[str, Sequence[tuple[int, int]]]]


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """One measure with its words and what may become of it."""

    measure: Measure
    cause: str
    business: str
    state: str
    following: Sequence[tuple[str, str]]
    effect: str


def slice_of(query: Mapping[str, str], today: date) -> Slice:
    """Return the slice that an address asks for: the last twelve weeks where it says nothing or nonsense."""
    until = _date(query.get("until"), today)
    since = _date(query.get("since"), monday(until) - timedelta(weeks=11))
    if since > until:
        since, until = until, since
    axes = {axis: query.get(axis, "")[:200] for axis in AXES}
    return Slice(max(since, until - LONGEST), until, **axes)


def axis_of(query: Mapping[str, str]) -> str:
    """Return the axis that the page is sorted by."""
    asked = query.get("axis", DEFAULT_AXIS)
    return asked if asked in AXES else DEFAULT_AXIS


def query(part: Slice, axis: str, **changed: str) -> str:
    """Return the address's query for a slice and axis, with some values changed."""
    values = {**{k: str(v) for k, v in asdict(part).items() if v}, "axis": axis, **changed}
    return urlencode({key: value for key, value in values.items() if value})


def periods(today: date) -> list[tuple[str, date, date]]:
    """Return the periods that are one click away."""
    return [
        ("近 30 天", today - timedelta(days=29), today),
        ("近 12 周", monday(today) - timedelta(weeks=11), today),
        ("今年", date(today.year, 1, 1), today),
        ("去年", date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    ]


def chips(part: Slice) -> list[tuple[str, str, Slice]]:
    """Return the filters that are set: axis, value, and the slice without it."""
    return [
        (title, analysis.label(axis, "" if value == "-" else value), _without(part, axis))
        for axis, title in AXES.items()
        if (value := getattr(part, axis))
    ]


def _without(part: Slice, axis: str) -> Slice:
    return Slice(part.since, part.until, **{other: getattr(part, other) for other in AXES if other != axis})


_SPECS: tuple[tuple[str, Callable[[Counted], str], str], ...] = (
    ("登记", lambda c: f"{c.tickets} 张", "这段时间登记的工单；并入别的工单的不重复计算。"),
    (
        "按时率",
        lambda c: _percent(c.met),
        "在时限内作出处理决定的，占已作决定和已超时未决定的比例；暂停计时期间不算超时。",
    ),
    (
        "平均用时",
        lambda c: number_words(c.days and round(c.days, 1), " 天"),
        "从登记到最近一次处理决定的日历天数，取平均。",
    ),
    ("待决定", lambda c: f"{c.pending} 张", "这段时间登记、现在还没有处理决定的。"),
    ("已超时", lambda c: f"{c.overdue} 张", "其中时限已过的，暂停计时的不算。"),
    ("重新处理", lambda c: f"{c.reopened} 张", "答复后又因核查或新情况重新处理过的。"),
)


def figures(now: Counted, before: Counted) -> list[Figure]:
    """Return the figures of a slice with the period before beside them."""
    return [Figure(title, value(now), value(before), meaning) for title, value, meaning in _SPECS]


def chart(weeks: Sequence[Week], groups: Sequence[Group]) -> Chart:
    """Return weeks as bars of the most frequent values and the rest."""
    named = [group.key for group in groups[:SERIES]]
    counted = [_counts(week, named) for week in weeks]
    highest = max((sum(counts) for counts in counted), default=0)
    every = max(1, -(-len(weeks) // LABELS))
    bars = [
        Bar(
            week.start,
            f"{week.start.month}/{week.start.day}" if place % every == 0 else "",
            counts,
            _parts(counts, highest),
        )
        for place, (week, counts) in enumerate(zip(weeks, counted, strict=True))
    ]
    names = [group.label for group in groups[:SERIES]]
    return Chart([*names, OTHER] if len(groups) > SERIES else names, bars, highest)


def _counts(week: Week, named: Sequence[str]) -> list[int]:
    known = [week.counts.get(key, 0) for key in named]
    return [*known, week.tickets - sum(known)]


def _parts(counts: Sequence[int], highest: int) -> list[Part]:
    parts, top = [], 100.0
    for place, count in enumerate(counts):
        height = 100 * count / highest if highest else 0.0
        top -= height
        if count:
            parts.append(Part(place, round(top, 2), round(height, 2)))
    return parts


def crossed(counts: Mapping[tuple[str, str], int]) -> Crossed:
    """Return the table of business by cause, the most frequent first."""
    rows = _by_size(
        {business: 0 for business, _ in counts}, lambda row: [n for (b, _), n in counts.items() if b == row]
    )
    columns = _by_size(
        {cause: 0 for _, cause in counts}, lambda c: [n for (_, k), n in counts.items() if k == c]
    )
    most = max(counts.values(), default=0)
    lines = [
        (
            analysis.label("business", row),
            [(n := counts.get((row, column), 0), -(-4 * n // most) if most else 0) for column in columns],
        )
        for row in rows
    ]
    return Crossed([analysis.label("cause", column) for column in columns], lines)


def _by_size(keys: Mapping[str, int], sizes: Callable[[str], list[int]]) -> list[str]:
    return sorted(keys, key=lambda key: (-sum(sizes(key)), key))


def measure_line(one: Measure, effect: Effect | None) -> MeasureLine:
    """Return a measure in words."""
    compared = ""
    if effect is not None:
        compared = f"完成前 {effect.days} 天 {effect.before} 张，完成后 {effect.days} 天 {effect.after} 张"
    return MeasureLine(
        one,
        categories.label("cause", one.cause),
        categories.label("business", one.business) if one.business else "全部业务",
        STATE_LABELS[one.state],
        [(str(state), STATE_LABELS[state]) for state in NEXT[one.state]],
        compared,
    )


def is_late(one: Measure, today: date) -> bool:
    """Tell whether a measure should be done already."""
    return one.state is MeasureState.OPEN and one.due_on < today


def cover(part: Slice, operator: str, now: datetime) -> list[tuple[str, str]]:
    """Return what an export's first sheet says: filters, time, operator."""
    filters = "；".join(f"{title}：{value}" for title, value, _ in chips(part)) or "无"
    at = f"{now.astimezone(ZONE):%Y-%m-%d %H:%M}"
    return [
        ("内容", "投诉工单明细，个人信息已遮盖"),
        ("登记日期", f"{part.since} 至 {part.until}（北京时间）"),
        ("筛选", filters),
        ("导出时间", at),
        ("操作人", operator),
    ]


def _percent(share: float | None) -> str:
    return number_words(None if share is None else round(100 * share, 1), "%")


def _date(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return default
