"""The dashboard's figures as people read them, each with its definition, and the bars of the trend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from actions.service.metrics import Figures
from bot.pages.words import ZONE, number_words, span_words

PERIODS = {1: "今天", 7: "近 7 天", 30: "近 30 天"}
SHORTEST_TREND = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: now, in the period before, what it is made of, and what it means."""

    title: str
    value: str
    before: str
    parts: Sequence[str]
    meaning: str


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar, as percentages of the chart's height from the top."""

    name: str
    count: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the trend; `label` is "" where there is no room for one."""

    day: str
    label: str
    turns: int
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days up to now in China's time, and the same span before."""

    since: datetime
    until: datetime
    before_since: datetime
    before_until: datetime
    trend_since: datetime


SERIES = (("answered", "已答复"), ("refused", "手册没有写"), ("handover", "转人工"), ("other", "其他"))


def period(days: int, now: datetime) -> Period:
    """Return the last `days` days, today included, and as long a time before."""
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    since, back = midnight - timedelta(days=days - 1), timedelta(days=days)
    trend = midnight - timedelta(days=max(days, SHORTEST_TREND) - 1)
    return Period(since, now, since - back, now - back, trend)


def share(part: int, whole: int) -> float | None:
    """Return a share in percent, None of nothing."""
    return 100 * part / whole if whole else None


def percent(value: float | None) -> str:
    """Return a share in percent as people read it."""
    return number_words(None if value is None else round(value, 1), "%")


def _seconds(milliseconds: float | None) -> str:
    if milliseconds is not None and milliseconds < 1000:
        return f"{milliseconds:.0f} 毫秒"
    return span_words(None if milliseconds is None else milliseconds / 1000)


def _rate(f: Figures) -> float | None:
    return None if f.response_rate is None else 100 * f.response_rate


_SPECS: tuple[tuple[str, Callable[[Figures], str], Callable[[Figures], list[str]], str], ...] = (
    (
        "客户消息",
        lambda f: number_words(f.turns),
        lambda f: [f"{f.conversations} 段对话"],
        "这段时间收到的客户消息条数；对话数是有客户消息的对话。",
    ),
    (
        "答复率",
        lambda f: percent(share(f.answered, f.answered + f.clarified + f.refused + f.handed_over)),
        lambda f: [
            f"已答复 {f.answered}",
            f"请客户澄清 {f.clarified}",
            f"手册没有写 {f.refused}",
            f"转人工 {f.handed_over}",
        ],
        "问手册的消息里，机器人按手册答复了的比例；寒暄、投诉登记和测验不算提问。",
    ),
    (
        "机器人响应时间",
        lambda f: _seconds(f.bot_latency_median_ms),
        lambda f: [f"90% 在 {_seconds(f.bot_latency_p90_ms)}内"],
        "从收到客户消息到机器人第一条答复存好，取中位数。人工答复另算。",
    ),
    (
        "人工首次响应",
        lambda f: span_words(f.first_human_response_median_s),
        lambda f: [f"转人工 {f.handed_over} 次"],
        "从客户请求转人工到人工第一条消息，取中位数，按自然时间计；还没有回复的不算在内。",
    ),
    (
        "满意度",
        lambda f: percent(f.csat),
        lambda f: [f"评价 {f.ratings} 份", f"邀请 {f.offers} 份", f"评价率 {percent(_rate(f))}"],
        "打 4 分和 5 分的评价占全部评价的比例；评价率是评价数除以邀请数。每个服务周期只邀请一次。",
    ),
    (
        "测验合格率",
        lambda f: percent(share(f.quiz_passed, f.quiz_attempts)),
        lambda f: [f"交卷 {f.quiz_attempts} 份", f"合格 {f.quiz_passed} 份"],
        "这段时间交卷的测验里，得分达到合格线的比例。",
    ),
)


def figures_of(now: Figures, before: Figures) -> list[Figure]:
    """Return the six figures with the period before beside them."""
    return [
        Figure(title, value(now), value(before), parts(now), meaning)
        for title, value, parts, meaning in _SPECS
    ]


def is_empty(f: Figures) -> bool:
    """Tell whether nothing at all happened."""
    return not (
        f.turns or f.offers or f.quiz_attempts or f.tickets_overdue or any(f.tickets_by_state.values())
    )


def bars_of(rows: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Return the trend's bars, stacked from the bottom, the highest as high as the chart."""
    every = max(1, len(rows) // 6)
    counted = [_counts(row) for row in rows]
    highest = max((sum(counts.values()) for counts in counted), default=0) or 1
    return [
        _bar(row, counts, highest, place % every == (len(rows) - 1) % every)
        for place, (row, counts) in enumerate(zip(rows, counted, strict=True))
    ]


def _counts(row: Mapping[str, Any]) -> dict[str, int]:
    known = {key: int(row[key]) for key, _ in SERIES[:-1]}
    return {**known, "other": max(0, int(row["turns"]) - sum(known.values()))}


def _bar(row: Mapping[str, Any], counts: Mapping[str, int], highest: int, labelled: bool) -> Bar:
    day = date.fromisoformat(str(row["date"]))
    parts, top = [], 100.0
    for name, count in counts.items():
        height = 100 * count / highest
        top -= height
        parts.append(Part(name, count, round(top, 2), round(height, 2)))
    label = f"{day.month}/{day.day}" if labelled else ""
    return Bar(f"{day.month}月{day.day}日", label, int(row["turns"]), parts)
