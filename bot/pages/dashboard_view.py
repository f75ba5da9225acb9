"""The dashboard's figures as people read them: with the time before, the target, what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from actions.desk import analysis
from actions.desk.triage import QUEUES as COMPLAINT_QUEUES
from actions.figures.answers import Day
from actions.figures.overview import FIGURES, Definition, Overview, Unit
from actions.figures.scope import Scope
from actions.figures.spread import Spread
from actions.figures.targets import reached
from actions.figures.waits import Durations
from actions.service.conversations import CHANNELS
from actions.service.handovers import QUEUES
from actions.service.ratings import DIMENSIONS
from bot.pages.words import ZONE, number_words, span_words

PERIODS = {1: "今天", 7: "近 7 天", 30: "近 30 天", 90: "近 90 天"}
DEFAULT_DAYS, MOST_DAYS = 7, 366
CHANNEL_NAMES = {
    "web": "网页", "rest": "REST 接口", "socket": "Socket.IO", "app": "App", "callback": "回调",
}  # fmt: skip
GROUPS = (
    ("服务", ("messages", "self_service", "no_answer", "bot_time", "helpful")),
    ("人工", ("handover", "human_time")),
    ("投诉", ("complaints", "first_response", "resolution", "deadline", "reopen", "backlog")),
    ("满意度", ("csat", "response_rate")),
)
SERIES = (
    ("answered", "已答复"),
    ("clarify", "请客户澄清"),
    ("refused", "手册没有写"),
    ("handover", "转人工"),
    ("ticket", "投诉登记"),
    ("other", "其他"),
)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for: days in China, both included, a channel, a queue; `days` of a period."""

    since: date
    until: date
    channel: str = ""
    queue: str = ""
    days: int = 0

    def scope(self, now: datetime) -> Scope:
        """Return the scope; its last day ends now where that is today."""
        since = datetime.combine(self.since, time(), ZONE)
        until = datetime.combine(self.until + _ONE_DAY, time(), ZONE)
        return Scope(since, min(until, max(now, since)), now, self.channel, self.queue)

    @property
    def length(self) -> timedelta:
        """Return how many days that is."""
        return self.until - self.since + _ONE_DAY

    def query(self, **changed: object) -> str:
        """Return the address's query, some values changed."""
        values: dict[str, object] = {
            "since": "" if self.days else self.since, "until": "" if self.days else self.until,
            "days": self.days or "", "channel": self.channel, "queue": self.queue, **changed,
        }  # fmt: skip
        return urlencode({key: str(value) for key, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure now and before; `change` is "better", "worse" or "", `goal` the target in words."""

    key: str
    title: str
    value: str
    before: str
    change: str
    goal: str
    met: bool | None
    parts: Sequence[str]
    meaning: str
    references: Sequence[tuple[str, str]]


def wanted(query: Mapping[str, str], today: date) -> Wanted:
    """Return what a query asks for; what cannot be is a week up to today."""
    channel = query.get("channel", "")
    queue = query.get("queue", "")
    channel, queue = channel if channel in CHANNELS else "", queue if queue in QUEUES else ""
    since, until = _day(query.get("since", "")), _day(query.get("until", ""))
    if since and until and since <= until <= today and until - since < MOST_DAYS * _ONE_DAY:
        return Wanted(since, until, channel, queue)
    asked = query.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else DEFAULT_DAYS
    return Wanted(today - (days - 1) * _ONE_DAY, today, channel, queue, days)


def figure(key: str, now: Overview, before: Overview, goals: Mapping[str, float]) -> Figure:
    """Return one figure in words; nothing else is counted for it."""
    one = FIGURES[key]
    value, goal = one.value(now), goals.get(key)
    earlier = None if key == "backlog" else one.value(before)
    return Figure(
        key,
        one.title,
        words(one.unit, value),
        "" if key == "backlog" else words(one.unit, earlier),
        _change(one, value, earlier),
        "" if goal is None else f"{'不低于' if one.better > 0 else '不高于'} {words(one.unit, goal)}",
        reached(one, value, goal),
        _PARTS[key](now) if key in _PARTS else (),
        one.meaning,
        [(reference.whose, words(one.unit, reference.value)) for reference in one.references],
    )


def words(unit: Unit, value: float | None) -> str:
    """Return a value as people read it; "—" for none."""
    if unit is Unit.SHARE:
        return percent(value)
    if unit is Unit.MILLISECONDS:
        return milliseconds(value)
    return span_words(value) if unit is Unit.SECONDS else number_words(value)


def percent(share: float | None) -> str:
    """Return a share of 0 to 1 in per cent."""
    return number_words(None if share is None else round(100 * share, 1), "%")


def milliseconds(value: float | None) -> str:
    """Return a time in milliseconds, from a second on in seconds."""
    if value is not None and value < 1000:
        return f"{value:.0f} 毫秒"
    return span_words(None if value is None else value / 1000)


def messages_chart(days: Sequence[Day]) -> dict[str, Any]:
    """Return the chart of messages by day and outcome."""
    known = {key for key, _ in SERIES}
    series = [
        {
            "name": name,
            "key": key,
            "values": [
                sum(
                    n
                    for outcome, n in day.outcomes.items()
                    if outcome == key or (key == "other" and outcome not in known)
                )
                for day in days
            ],
        }
        for key, name in SERIES
    ]
    return {"days": [f"{day.day.month}/{day.day.day}" for day in days], "series": series}


def spread_row(name: str, spread: Durations) -> tuple[str, ...]:
    """Return a row of the table of response times: count, by the clock, in working hours, without waiting."""
    cells = [
        span_words(value)
        for one in (spread.clock, spread.working)
        for value in (one.median, one.p90, one.mean)
    ]
    return (name, str(spread.clock.count), *cells, span_words(spread.net.median))


def bot_row(name: str, spread: Spread) -> tuple[str, ...]:
    """Return a row of the table of the bot's times."""
    return (name, f"{spread.count:,}", *(milliseconds(v) for v in (spread.median, spread.p90, spread.mean)))


def group_name(axis: str, key: str, people: Mapping[str, str]) -> str:
    """Return what a queue, handler, channel or hour is called."""
    if axis == "hour":
        return f"{int(key):02d}:00–{int(key) + 1:02d}:00"
    if axis == "handler":
        return people.get(key, "未分配")
    if axis == "queue":
        return {**COMPLAINT_QUEUES, **QUEUES}.get(key, key)
    return {**analysis.SOURCES, **CHANNEL_NAMES}.get(key, key)


def value_words(one: Definition, value: float) -> str:
    """Return what one row counts as."""
    if one.unit is Unit.SHARE:
        return "计入" if value else "不计入"
    if one.unit is Unit.COUNT:
        return span_words(value) if one.key == "backlog" else ""
    return words(one.unit, value)


def is_empty(o: Overview) -> bool:
    """Tell whether nothing at all happened."""
    return not (o.answers.messages or o.complaints.created or o.satisfaction.offers or o.backlog.tickets)


def cover(
    definition: Definition, asked: Wanted, value: str, operator: str, now: datetime
) -> Iterable[tuple[str, str]]:
    """Return the cover sheet of an export: what it is, of what, made by whom and when."""
    return (
        ("指标", definition.title),
        ("口径", definition.meaning),
        ("数值", value),
        ("时间", f"{asked.since} 至 {asked.until}（北京时间）"),
        ("渠道", CHANNEL_NAMES.get(asked.channel, asked.channel) or "全部"),
        ("队列", QUEUES.get(asked.queue, asked.queue) or "全部"),
        ("导出人", operator),
        ("导出时间", f"{now.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"),
    )


def _change(one: Definition, value: float | None, earlier: float | None) -> str:
    if value is None or earlier is None or value == earlier or not one.better:
        return ""
    return "better" if (value > earlier) == (one.better > 0) else "worse"


def _spread(spread: Spread, say: Any) -> list[str]:
    return [f"90% 在 {say(spread.p90)}内", f"平均 {say(spread.mean)}"] if spread.count else []


def _durations(found: Durations) -> list[str]:
    if not found.clock.count:
        return []
    working = f"按工作时间 {span_words(found.working.median)}"
    return [f"{found.clock.count} 次", *_spread(found.clock, span_words), working]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _rated(o: Overview) -> Sequence[str]:
    rated = o.satisfaction
    interval = rated.interval
    return (
        f"4、5 分 {rated.satisfied} / {rated.ratings} 份",
        f"评价率 {percent(rated.response_rate)}",
        *([f"95% 区间 {percent(interval[0])}–{percent(interval[1])}"] if interval else []),
        *(
            f"{DIMENSIONS[name]} {mean:.1f} 分（{count} 份）"
            for name, (mean, count) in rated.dimensions.items()
        ),
    )


# What figures are made of.
_PARTS: Mapping[str, Callable[[Overview], Sequence[str]]] = {
    "messages": lambda o: (f"来访 {o.visits.visits} 次",),
    "self_service": lambda o: (
        f"{o.visits.served} / {o.visits.judged} 次来访",
        f"中途离开 {o.visits.left_open} 次，不计",
    ),
    "no_answer": lambda o: (f"{o.answers.outcomes.get('refused', 0)} / {o.answers.questions} 次提问",),
    "handover": lambda o: (f"{o.visits.handed_over} / {o.visits.visits} 次来访",),
    "bot_time": lambda o: _spread(o.answers.reply_ms, milliseconds),
    "helpful": lambda o: (f"有用 {o.satisfaction.helpful}", f"没用 {o.satisfaction.unhelpful}"),
    "human_time": lambda o: _durations(o.human),
    "first_response": lambda o: _durations(o.first_response),
    "resolution": lambda o: (*_durations(o.resolution), f"扣除等客户 {span_words(o.resolution.net.median)}"),
    "deadline": lambda o: (f"按时 {o.complaints.in_time} / {o.complaints.judged}",),
    "reopen": lambda o: (f"{o.complaints.reopened} / {o.complaints.decided} 次决定",),
    "backlog": lambda o: [f"{name} {count}" for name, count in o.backlog.ages.items() if count],
    "csat": _rated,
    "response_rate": lambda o: (f"{o.satisfaction.ratings} / {o.satisfaction.offers} 份邀请",),
}
