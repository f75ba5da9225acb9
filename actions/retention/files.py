"""Complaints that are over: what persons wrote and sent is erased; number, dates, states and chain stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, not_, or_, select
from sqlalchemy.orm import Session

from actions.desk.found import PRODUCTS, SERVICE
from actions.desk.holds import families_in_use, untouchable
from actions.desk.steps import locked_all
from actions.retention import talks
from actions.retention.kinds import Due, Kind, When, single
from actions.retention.periods import Periods
from actions.store import audit
from actions.store.erased import BY_PERIOD, ON_REQUEST
from actions.store.tables.desk import Attachment, Notice, Ticket, TicketTerm, TicketText, TicketVector
from actions.store.tables.service import Conversation, Rating, RatingOffer

PERIOD = "tickets"
_NAMES = frozenset({*PRODUCTS, SERVICE})  # words of our own, which say nothing of a person


def erase(s: Session, ticket: Ticket, words: str, now: datetime, *, actor: str = "system") -> None:
    """Erase what a complaint says of persons; `words` stand in its place. The ticket is locked.

    The steps stay as they are chained: their facts, and the digests of what was written.
    """
    hide(s, ticket)
    for table in (TicketText, Attachment, Notice):
        _delete(s, table, table.ticket_id == ticket.id)
    offers = select(RatingOffer.id).where(
        RatingOffer.subject == "ticket", RatingOffer.subject_id == ticket.id
    )
    talks.erase_comments(s, list(s.scalars(select(Rating.id).where(Rating.offer_id.in_(offers)))), now)
    ticket.name = ticket.demand = ticket.contact = ticket.contact_masked = ""
    ticket.product = ticket.product if ticket.product in _NAMES else ""
    ticket.matter, ticket.found, ticket.idempotency_key = words, {}, f"erased:{ticket.id}"
    asked, ticket.erased_at, ticket.forget_at = ticket.forget_at, now, None
    s.flush()
    if asked and ticket.conversation_id is not None:
        conversation = s.get_one(Conversation, ticket.conversation_id)
        conversation.forget_at = conversation.forget_at or asked  # now that nothing needs it, all of it goes
    audit.record(
        s, actor=actor, action="ticket.erase", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number, "version": ticket.version, "asked": words == ON_REQUEST}, now=now,
    )  # fmt: skip


def hide(s: Session, ticket: Ticket) -> None:
    """Take a complaint out of the search and of what others are compared with."""
    _delete(s, TicketTerm, TicketTerm.ticket == ticket.search_key)
    _delete(s, TicketVector, TicketVector.ticket_id == ticket.id)


def ripe(periods: Periods, now: datetime) -> ColumnElement[bool]:
    """Return the condition of tickets whose time is over, but for the family that they belong to."""
    before = periods.before(PERIOD, now)
    wished = and_(Ticket.forget_at.is_not(None), Ticket.closed_at < periods.file_before(now))
    old = wished if before is None else or_(Ticket.closed_at < before, wished)
    return and_(Ticket.erased_at.is_(None), not_(untouchable()), old)


def _find(s: Session, when: When) -> Iterable[Due]:
    """Return the tickets that are due; those that were merged go together with the last of them."""
    return _due(s, when)


def _due(s: Session, when: When, *among: ColumnElement[bool]) -> list[Due]:
    now_ripe = ripe(when.periods, when.now)
    busy = families_in_use(s, Ticket.closed_at.is_(None), not_(now_ripe))
    found = s.execute(select(Ticket.id, Ticket.closed_at).where(now_ripe, *among)).tuples()
    return single((key, at) for key, at in found if at is not None and not busy.get(key))


def _erase(s: Session, keys: Sequence[str], when: When) -> int:
    locked_all(s, *keys)
    due = {one.key for one in _due(s, when, Ticket.id.in_(keys))}
    gone = [ticket for key in keys if key in due and (ticket := s.get_one(Ticket, key))]
    for ticket in gone:
        erase(s, ticket, ON_REQUEST if ticket.forget_at else BY_PERIOD, when.now)
    return len(gone)


def _delete(s: Session, table: Any, condition: ColumnElement[bool]) -> None:
    s.execute(delete(table).where(condition).execution_options(synchronize_session=False))


TICKETS = Kind("tickets", "已办结投诉的个人信息", PERIOD, _find, _erase)
