"""What complaints are about and how they were handled: counts by category, cause, product, channel and week.

Every figure counts tickets of a `Slice`; `rows` returns these tickets themselves, so that an export and the
page can only agree. Merged tickets count once, as the ticket they were merged into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

from actions.desk import categories
from actions.desk.life import PENDING
from actions.desk.triage import QUEUES
from actions.desk.workdays import SHANGHAI
from actions.store.sql import how_many
from actions.store.tables.desk import Ticket, TicketState

SOURCES = {"chat": "聊天", "form": "网页表单", "api": "接口", "desk": "人工登记"}
AXES = {
    "business": "业务",
    "cause": "原因",
    "channel": "渠道",
    "product": "产品或服务",
    "queue": "队列",
    "source": "来源",
}
UNCONFIRMED = "未确认"
BATCH = 500
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Slice:
    """Tickets registered on the days [since, until] in China, narrowed by axis values; "" narrows by nothing.

    `business="-"` (and so for the other axes) are tickets without a value.
    """

    since: date
    until: date
    business: str = ""
    cause: str = ""
    channel: str = ""
    product: str = ""
    queue: str = ""
    source: str = ""

    def before(self) -> Slice:
        """Return as many days just before, narrowed alike."""
        days = self.until - self.since + timedelta(days=1)
        return replace(self, since=self.since - days, until=self.until - days)


@dataclass(frozen=True, slots=True)
class Counted:
    """Tickets by what became of them.

    `decided` were answered by a decision, `in_time` of these on or before their due date; `pending` wait for
    one, `overdue` of these after it; `reopened` had more than one cycle. `days` is the mean of calendar days
    to the decision of the last cycle, None for none decided.
    """

    tickets: int
    decided: int
    in_time: int
    pending: int
    overdue: int
    withdrawn: int
    reopened: int
    days: float | None

    @property
    def met(self) -> float | None:
        """Return the share that met the deadline, 0 to 1, of those decided or overdue."""
        judged = self.decided + self.overdue
        return self.in_time / judged if judged else None


@dataclass(frozen=True, slots=True)
class Group:
    """One value of an axis: its tickets now and in the period before."""

    key: str
    label: str
    counted: Counted
    before: int


@dataclass(frozen=True, slots=True)
class Week:
    """Tickets registered in a week that starts on `start` (a Monday), by value of an axis."""

    start: date
    counts: dict[str, int]

    @property
    def tickets(self) -> int:
        """Return all of the week's tickets."""
        return sum(self.counts.values())


def totals(s: Session, part: Slice, now: datetime) -> Counted:
    """Count the tickets of a slice."""
    return _counted(s.execute(select(*_figures(s, now)).where(*_of(part))).one())


def by_axis(s: Session, part: Slice, axis: str, now: datetime) -> list[Group]:
    """Count a slice by the values of an axis, the most frequent first; raise KeyError for another axis."""
    column = _column(axis)
    query = select(column, *_figures(s, now)).where(*_of(part)).group_by(column)
    earlier = select(column, func.count()).where(*_of(part.before())).group_by(column)
    before: dict[str, int] = {str(key): count for key, count in s.execute(earlier)}
    groups = [
        Group(str(key), label(axis, str(key)), _counted(rest), before.get(str(key), 0))
        for key, *rest in s.execute(query)
    ]
    return sorted(groups, key=lambda g: (-g.counted.tickets, g.key))


def weekly(s: Session, part: Slice, axis: str) -> list[Week]:
    """Count a slice by week and value of an axis, oldest first; weeks without tickets are there too."""
    column, day = _column(axis), _day(s, Ticket.created_at)
    query = select(day, column, func.count()).where(*_of(part)).group_by(day, column)
    weeks = {start: Week(start, {}) for start in _mondays(part)}
    for registered, key, count in s.execute(query):
        counts = weeks[monday(_date(registered))].counts
        counts[str(key)] = counts.get(str(key), 0) + count
    return list(weeks.values())


def crossed(s: Session, part: Slice, rows: str, columns: str) -> dict[tuple[str, str], int]:
    """Count a slice by the values of two axes."""
    across, down = _column(rows), _column(columns)
    query = select(across, down, func.count()).where(*_of(part)).group_by(across, down)
    return {(str(one), str(other)): count for one, other, count in s.execute(query)}


def rows(s: Session, part: Slice) -> Iterator[Ticket]:
    """Yield the tickets that a slice counts, the oldest first, a batch at a time."""
    after: tuple[datetime, str] | None = None
    while True:
        query = select(Ticket).where(*_of(part)).order_by(Ticket.created_at, Ticket.id).limit(BATCH)
        if after is not None:
            at, ticket_id = after
            later = and_(Ticket.created_at == at, Ticket.id > ticket_id)
            query = query.where(or_(Ticket.created_at > at, later))
        batch: Sequence[Ticket] = s.scalars(query).all()
        yield from batch
        if len(batch) < BATCH:
            return
        after = (batch[-1].created_at, batch[-1].id)
        s.expunge_all()


def label(axis: str, key: str) -> str:
    """Return what people read for a value of an axis."""
    if not key:
        return UNCONFIRMED if axis in categories.AXES else "未填写"
    if axis in categories.AXES:
        return categories.label(axis, key)
    return {**QUEUES, **SOURCES}.get(key, key) if axis in ("queue", "source") else key


def monday(day: date) -> date:
    """Return the first day of a day's week."""
    return day - timedelta(days=day.weekday())


def _mondays(part: Slice) -> Iterator[date]:
    start = monday(part.since)
    while start <= part.until:
        yield start
        start += WEEK


def _column(axis: str) -> InstrumentedAttribute[str]:
    if axis not in AXES:
        raise KeyError(axis)
    column: InstrumentedAttribute[str] = getattr(Ticket, axis)
    return column


def _of(part: Slice) -> list[ColumnElement[bool]]:
    """Return the conditions of a slice."""
    found: list[ColumnElement[bool]] = [
        Ticket.created_at >= midnight(part.since),
        Ticket.created_at < midnight(part.until + timedelta(days=1)),
        Ticket.merged_into.is_(None),
    ]
    for axis in AXES:
        value = getattr(part, axis)
        if value:
            found.append(_column(axis) == ("" if value == "-" else value))
    return found


def midnight(day: date) -> datetime:
    """Return when a day begins in China."""
    return datetime.combine(day, time(), SHANGHAI)


def _figures(s: Session, now: datetime) -> list[ColumnElement[Any]]:
    """Return the columns of `Counted`."""
    pending = Ticket.state.in_(PENDING)
    decided = and_(
        Ticket.state.in_((TicketState.DECIDED, TicketState.CLOSED)), Ticket.decided_at.is_not(None)
    )
    late = and_(pending, Ticket.due_at < now, Ticket.paused_at.is_(None))
    return [
        func.count(),
        how_many(decided),
        how_many(and_(decided, Ticket.decided_at <= Ticket.due_at)),
        how_many(pending),
        how_many(late),
        how_many(Ticket.state == TicketState.WITHDRAWN),
        how_many(Ticket.cycle > 1),
        func.avg(case((decided, _days_taken(s)))),
    ]


def _counted(row: Sequence[Any]) -> Counted:
    *counts, days = row
    tickets, decided, in_time, pending, overdue, withdrawn, reopened = (int(count) for count in counts)
    mean = None if days is None else float(days)
    return Counted(tickets, decided, in_time, pending, overdue, withdrawn, reopened, mean)


def _days_taken(s: Session) -> ColumnElement[Any]:
    """Return the days from registration to decision as a number."""
    if s.get_bind().dialect.name == "sqlite":
        return func.julianday(Ticket.decided_at) - func.julianday(Ticket.created_at)
    return func.extract("epoch", Ticket.decided_at - Ticket.created_at) / 86400


def _day(s: Session, column: InstrumentedAttribute[datetime]) -> ColumnElement[Any]:
    """Return the day in China of a time; SQLite keeps UTC, and China is eight hours ahead all year."""
    if s.get_bind().dialect.name == "sqlite":
        return func.date(column, "+8 hours")
    return func.date(func.timezone("Asia/Shanghai", column))


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
