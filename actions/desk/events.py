"""A ticket's events: numbered, hash-chained, never changed; what the clock says after each is kept beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.clock import replay
from actions.store.chain import link_hash, problems
from actions.store.tables.desk import Ticket, TicketEvent


def append(
    s: Session,
    ticket: Ticket,
    *,
    type: str,
    actor: str,
    actor_kind: str,
    data: Mapping[str, Any],
    now: datetime,
) -> TicketEvent:
    """Append an event, raise the ticket's version to its number, and set its clock's columns.

    The ticket is locked or new.
    """
    last = s.scalar(
        select(TicketEvent.hash).where(TicketEvent.ticket_id == ticket.id, TicketEvent.seq == ticket.version)
    )
    event = TicketEvent(
        ticket_id=ticket.id, seq=ticket.version + 1, type=type, actor=actor, actor_kind=actor_kind,
        data={**data, "state": str(ticket.state)}, created_at=now, prev_hash=last or "",
    )  # fmt: skip
    event.hash = link_hash(event.prev_hash, event.content())
    ticket.version = event.seq
    s.add(event)
    s.flush()
    set_clock(ticket, timeline(s, ticket.id))
    return event


def set_clock(ticket: Ticket, events: list[TicketEvent]) -> None:
    """Copy the replayed clock into the columns that lists are searched by."""
    clock = replay(events)
    if clock is None:
        return
    if (clock.cycle, clock.due_at) != (ticket.cycle, ticket.due_at):
        ticket.alert = ""  # another date, other reminders
    ticket.cycle, ticket.due_at, ticket.rule = clock.cycle, clock.due_at, clock.rule
    ticket.first_due_at, ticket.first_response_at = clock.first_due_at, clock.first_response_at
    ticket.paused_at, ticket.decided_at = clock.paused_at, clock.stopped_at


def timeline(s: Session, ticket_id: str) -> list[TicketEvent]:
    """Return a ticket's events, oldest first."""
    return list(
        s.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq))
    )


def verify(s: Session, ticket: Ticket) -> list[str]:
    """Return what is wrong: events changed, removed or re-ordered, a clock or state that is not theirs."""
    rows = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq)
    events = list(s.scalars(rows.execution_options(populate_existing=True)))
    found = problems(events, last_seq=ticket.version)
    clock = replay(events)
    if clock is not None and (clock.due_at, clock.cycle, clock.stopped_at) != (
        ticket.due_at, ticket.cycle, ticket.decided_at
    ):  # fmt: skip
        found.append("时限与经过不符")
    if events and not found and events[-1].data.get("state") != str(ticket.state):
        found.append("状态与经过不符")
    return found
