"""A ticket's events: numbered, hash-chained, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.chain import link_hash, problems
from actions.store.tables.desk import Ticket, TicketEvent


def append(
    s: Session, ticket: Ticket, *, type: str, actor: str, actor_kind: str, data: dict[str, Any], now: datetime
) -> TicketEvent:
    """Append an event and raise the ticket's version to its number. The ticket is locked or new."""
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
    return event


def timeline(s: Session, ticket_id: str) -> list[TicketEvent]:
    """Return a ticket's events, oldest first."""
    return list(
        s.scalars(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.seq))
    )


def verify(s: Session, ticket: Ticket) -> list[str]:
    """Return what is wrong with a ticket's events: changed, removed or re-ordered; [] when whole."""
    rows = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq)
    return problems(s.scalars(rows.execution_options(populate_existing=True)), last_seq=ticket.version)
