"""Complaints in figures: how many came and are open, deadlines met, reopenings, the backlog by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from actions.figures.scope import Scope
from actions.store.sql import how_many
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import TicketCycle

AGES = (
    (3, "3 天内"),
    (7, "4–7 天"),
    (15, "8–15 天"),
    (30, "16–30 天"),
)  # days up to, and what people call it
OLDEST = "超过 30 天"


@dataclass(frozen=True, slots=True)
class Complaints:
    """Complaints of a time.

    `created` were registered in it. `judged` are rounds whose deadline was met or missed in it: met with a
    decision in time, missed when the time limit ended without one (the timer's verdict, which a later
    decision does not change); `in_time` those met. `decided` rounds were decided in it; `reopened`
    are those of them that another round followed, until now.
    """

    created: int
    judged: int
    in_time: int
    decided: int
    reopened: int

    @property
    def met(self) -> float | None:
        """Return the share of deadlines met, 0 to 1."""
        return self.in_time / self.judged if self.judged else None

    @property
    def reopen_rate(self) -> float | None:
        """Return the share of decisions that were not the end, 0 to 1."""
        return self.reopened / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a decision now, by age since registration; `overdue` of it is late."""

    ages: Mapping[str, int]
    overdue: int

    @property
    def tickets(self) -> int:
        """Return all that wait."""
        return sum(self.ages.values())


def complaints(s: Session, scope: Scope) -> Complaints:
    """Count the complaints of a scope."""
    created = select(func.count()).select_from(Ticket)
    created = created.where(*scope.within(Ticket.created_at), *scope.complaints())
    decisions = select(func.count(), how_many(in_time())).where(*decided_in(scope), *scope.rounds())
    decided, met = (int(count) for count in s.execute(decisions).one())
    missed = select(func.count()).select_from(TicketCycle).where(missed_in(scope), *scope.rounds())
    late = s.scalar(missed) or 0
    return Complaints(s.scalar(created) or 0, met + late, met, decided, _reopened(s, scope))


def _reopened(s: Session, scope: Scope) -> int:
    """Count the decisions that another round followed, beginning with such rounds: they are few."""
    later = aliased(TicketCycle)
    before = (TicketCycle.ticket_id == later.ticket_id, TicketCycle.cycle == later.cycle - 1)
    decided = exists().where(*before, *decided_in(scope), *scope.rounds())
    again = later.cycle > literal_column("1")  # written out, so that the index of such rounds can be used
    return s.scalar(select(func.count()).select_from(later).where(again, decided)) or 0


def backlog(s: Session, scope: Scope) -> Backlog:
    """Count what waits for a decision at the scope's `now`."""
    since = ((scope.now - timedelta(days=days), name) for days, name in AGES)
    bucket: ColumnElement[str] = case(*((Ticket.created_at >= at, name) for at, name in since), else_=OLDEST)
    counted = (
        select(bucket, func.count(), how_many(and_(Ticket.paused_at.is_(None), Ticket.due_at < scope.now)))
        .where(Ticket.stopped_at.is_(None), *scope.complaints())
        .group_by(bucket)
    )
    found = {name: (count, late) for name, count, late in s.execute(counted)}
    names = [*(name for _, name in AGES), OLDEST]
    ages = {name: found.get(name, (0, 0))[0] for name in names}
    return Backlog(ages, sum(int(late) for _, late in found.values()))


def decided_in(scope: Scope) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions of rounds decided in a scope."""
    return scope.within(TicketCycle.decided_at)


def in_time() -> ColumnElement[bool]:
    """Return the condition of decided rounds that their deadline was met."""
    return TicketCycle.decided_at <= TicketCycle.due_at


def missed_in(scope: Scope) -> ColumnElement[bool]:
    """Return the condition of rounds whose time limit ended in a scope without a decision.

    One that is paused now has none.
    """
    its = aliased(Ticket)
    paused = exists().where(
        its.paused_at.is_not(None), its.id == TicketCycle.ticket_id, its.cycle == TicketCycle.cycle
    )
    return and_(
        *scope.within(TicketCycle.due_at),
        TicketCycle.due_at < scope.now,
        or_(TicketCycle.stopped_at.is_(None), TicketCycle.stopped_at > TicketCycle.due_at),
        ~paused,
    )
