"""Whole days of service, summed once, so that a year is read in some hundred rows; all that is exact.

A day whose exchanges or visits have changed is noted in the same transaction (`changed_days`) and is counted
from its rows until it has been summed anew: a figure is the same at every moment, and sums cannot drift.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, delete, func, insert, select, union
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.figures.scope import Scope
from actions.figures.visits import visit_served
from actions.store import locks
from actions.store.engine import Database
from actions.store.sql import china_day, china_hour, how_many
from actions.store.tables.figures import ChangedDay, Exchange, ServiceDay, Visit
from knowledge.document import Audience

_ONE = timedelta(days=1)
_BATCH = 30  # days summed in one transaction
_HOURS = 32  # a packed number is milliseconds times this, plus the hour
Packed = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Messages by outcome, and for each timed reply its milliseconds with the hour, packed."""

    outcomes: Mapping[str, int]
    times: Packed


class Ended(NamedTuple):
    """Visits that ended; `served` are those not left open that served themselves."""

    visits: int
    served: int
    left_open: int
    handed_over: int


NONE_SAID, NONE_ENDED = Said({}, np.zeros(0, np.int64)), Ended(0, 0, 0, 0)


def sum_up(db: Database) -> int:
    """Sum the days that have changed; return how many that were."""
    done = 0
    while True:
        with db.begin() as s:
            found = sum_changed(s)
        done += found
        if found < _BATCH:
            return done


def sum_changed(s: Session) -> int:
    """Sum the first of the days that have changed anew; return how many.

    One process sums at a time, and rows are read after the notes are gone: whatever is committed meanwhile
    is either among the rows or has a note that stays.
    """
    locks.alone(s, locks.Task.DAYS)
    day = ChangedDay.day
    days = list(s.scalars(select(day).distinct().order_by(day).limit(_BATCH)))
    if not days:
        return 0
    s.execute(delete(ChangedDay).where(day.in_(days)))
    s.execute(delete(ServiceDay).where(ServiceDay.day.in_(days)))
    rows = [row for one in days for audience in Audience for row in _summed(s, one, audience)]
    if rows:
        s.execute(insert(ServiceDay), rows)
    return len(days)


def note(s: Session, days: Iterable[str]) -> None:
    """Note that days have changed."""
    if rows := [{"day": day} for day in sorted(set(days))]:
        s.execute(insert(ChangedDay), rows)


def note_all(s: Session) -> None:
    """Note all days that there are."""
    asked, ended = select(china_day(Exchange.asked_at)), select(china_day(Visit.ended_at))
    note(s, s.scalars(union(asked, ended, select(ServiceDay.day))))


def counted(s: Session, exchanges: ColumnElement[bool], visits: ColumnElement[bool]) -> set[tuple[Any, ...]]:
    """Return what some rows add to the sums of days, each beginning with its day; to be compared."""
    day = china_day(Exchange.asked_at)
    said = (day, Exchange.audience, Exchange.channel, Exchange.outcome, Exchange.reply_ms)
    by = (*said, china_hour(Exchange.asked_at))
    last = (china_day(Visit.ended_at), Visit.audience, Visit.channel, Visit.left_open, Visit.handed_over)
    ways = (*last, visit_served())
    found = {tuple(row) for row in s.execute(select(*by, func.count()).where(exchanges).group_by(*by))}
    return found | {
        tuple(row) for row in s.execute(select(*ways, func.count()).where(visits).group_by(*ways))
    }


def parts(
    s: Session, scope: Scope, *, known: datetime | None = None
) -> tuple[list[ColumnElement[bool]], list[Scope]]:
    """Return the conditions of the summed days within a scope, and what is left to be counted from rows.

    With `known`, only days that were over by then are taken from their sums.
    """
    first, last = (
        _day_from(scope.since),
        _day_of(min(scope.until, known or scope.until)),
    )  # `last` is not whole
    changed = _changed(s, first, last)
    edges = [scope.since, *_edges(changed, first, last), scope.until]
    rest = [replace(scope, since=a, until=b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    day = ServiceDay.day
    days = [ServiceDay.audience == scope.audience, day >= first.isoformat(), day < last.isoformat()]
    if scope.channel:
        days.append(ServiceDay.channel == scope.channel)
    return [*days, day.not_in(sorted(changed))], rest


def said(s: Session, scope: Scope) -> Mapping[str, Said]:
    """Count what was said in a scope by channel, from its rows."""
    hour = china_hour(Exchange.asked_at)
    by = (Exchange.channel, Exchange.outcome, hour, Exchange.reply_ms)
    counted = select(*by, func.count()).where(*scope.said(Exchange, Exchange.asked_at)).group_by(*by)
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    times: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for channel, outcome, at, ms, count in s.execute(counted).tuples():
        outcomes[channel][outcome] += count
        if ms is not None:
            times[channel].append((ms * _HOURS + at, count))
    return {channel: Said(found, _repeated(times[channel])) for channel, found in outcomes.items()}


def ended(s: Session, scope: Scope) -> Mapping[str, Ended]:
    """Count the visits that ended in a scope by channel, from their rows."""
    counted = select(
        Visit.channel, func.count(), how_many(and_(Visit.left_open.is_(False), visit_served())),
        how_many(Visit.left_open.is_(True)), how_many(Visit.handed_over.is_(True)),
    )  # fmt: skip
    found = s.execute(counted.where(*scope.said(Visit, Visit.ended_at)).group_by(Visit.channel))
    return {channel: Ended(*(int(count) for count in counts)) for channel, *counts in found}


def packed(times: bytes) -> Packed:
    """Return the times of a summed day."""
    return np.frombuffer(times, "<i8")


def milliseconds(times: Packed) -> NDArray[np.int64]:
    """Return the milliseconds of packed times."""
    return times // _HOURS


def hours(times: Packed) -> NDArray[np.int64]:
    """Return the hours of the day in China of packed times."""
    return times % _HOURS


def _summed(s: Session, day: str, audience: Audience) -> Iterator[dict[str, Any]]:
    """Yield a day's rows, one a channel."""
    since = _midnight(date.fromisoformat(day))
    scope = Scope(since, since + _ONE, since, audience=audience)
    messages, visits = said(s, scope), ended(s, scope)
    for channel in sorted({*messages, *visits}):
        one, left = messages.get(channel, NONE_SAID), visits.get(channel, NONE_ENDED)
        yield {
            "audience": str(audience), "day": day, "channel": channel, "outcomes": dict(one.outcomes),
            "times": one.times.astype("<i8").tobytes(), **left._asdict(),
        }  # fmt: skip


def _repeated(times: list[tuple[int, int]]) -> Packed:
    values, counts = np.array(sorted(times), np.int64).reshape(-1, 2).T
    return np.repeat(values, counts)


def _changed(s: Session, first: date, last: date) -> set[str]:
    day = ChangedDay.day
    return set(s.scalars(select(day).distinct().where(day >= first.isoformat(), day < last.isoformat())))


def _edges(changed: set[str], first: date, last: date) -> Iterator[datetime]:
    """Yield in turn where a run of whole, unchanged days begins and where it ends."""
    inside = False
    for number in range((last - first).days + 1):
        day = first + number * _ONE
        if inside != (day < last and day.isoformat() not in changed):
            inside = not inside
            yield _midnight(day)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def _day_of(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _day_from(at: datetime) -> date:
    """Return the first day that is whole from a time on."""
    day = _day_of(at)
    return day if _midnight(day) == at else day + _ONE
