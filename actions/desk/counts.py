"""How many tickets each of the desk's lists has: by what waits, by what one has, and by state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from actions.desk.life import OPEN_STATES, PENDING
from actions.desk.registry import count_by_state, unread
from actions.store.sql import how_many
from actions.store.tables.desk import Ticket, TicketState


@dataclass(frozen=True, slots=True)
class Counts:
    """Tickets by state, those that wait for a decision by complaint queue, and what needs somebody's eye.

    `mine` and `unread` are the open tickets of one handler, `overdue` and `soon` of everybody's pending ones.
    """

    states: dict[TicketState, int]
    queues: dict[str, int]
    mine: int
    unread: int
    overdue: int
    soon: int
    asked_time: int

    @property
    def pending(self) -> int:
        """Return how many wait for a decision."""
        return sum(self.states[state] for state in PENDING)


def counts(s: Session, user_id: str, now: datetime, soon: datetime) -> Counts:
    """Count the lists of a handler; `soon` is until when a due date is near."""
    runs = Ticket.paused_at.is_(None)
    figures = (
        and_(runs, Ticket.due_at <= now),
        and_(runs, Ticket.due_at > now, Ticket.due_at <= soon),
        Ticket.asked_days.is_not(None),
    )
    pending = select(Ticket.queue, func.count(), *map(how_many, figures)).where(Ticket.stopped_at.is_(None))
    by_queue = {queue: tuple(rest) for queue, *rest in s.execute(pending.group_by(Ticket.queue))}
    _, overdue, near, asked = (sum(column) for column in zip(*by_queue.values(), (0, 0, 0, 0), strict=True))
    open_own = (Ticket.handler_id == user_id, Ticket.state.in_(OPEN_STATES))
    mine, unseen = s.execute(select(func.count(), how_many(unread())).where(*open_own)).one()
    sizes = {str(queue): int(rest[0]) for queue, rest in by_queue.items()}
    return Counts(count_by_state(s), sizes, mine, unseen, overdue, near, asked)


def loads(s: Session) -> dict[str, int]:
    """Return how many pending tickets each handler has, by user id."""
    held = select(Ticket.handler_id, func.count()).where(
        Ticket.stopped_at.is_(None), Ticket.handler_id.is_not(None)
    )
    return {str(handler): count for handler, count in s.execute(held.group_by(Ticket.handler_id))}


def arrived(s: Session, since: datetime) -> int:
    """Return how many tickets were registered after a time and wait to be taken."""
    new = select(func.count()).where(Ticket.created_at > since, Ticket.state == TicketState.RECEIVED)
    return s.scalar(new) or 0
