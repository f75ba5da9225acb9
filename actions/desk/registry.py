"""Finding tickets: by id, by number, of one customer, and the desk's lists."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from actions.desk import terms
from actions.desk.life import OPEN_STATES, PENDING
from actions.desk.workdays import SHANGHAI
from actions.store.tables.desk import Priority, Ticket, TicketState
from knowledge.errors import WenjinError, not_found

_NUMBER = re.compile(r"TS(\d{6})-?(\d{5})")
_PART = re.compile(r"(?:TS)?-?\d{5,6}(?:-?\d{0,5})?", re.IGNORECASE)
PAGE = 50
_DONE = tuple(state for state in TicketState if state not in PENDING)
MANY = 1000
Q = TypeVar("Q", bound=Select[Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shows: every field that is set narrows it.

    `states` are states, `handler` a user's id or "" for tickets that nobody has, `text` is looked for in what
    the customer wrote and in the number (or the last four digits of a phone number).
    """

    states: Sequence[TicketState] = ()
    handler: str | None = None
    queue: str = ""
    priority: Priority | None = None
    overdue: bool = False
    soon: datetime | None = None
    unread: bool = False
    asked_time: bool = False
    business: str = ""
    cause: str = ""
    text: str = ""


def get(s: Session, ticket_id: str) -> Ticket:
    """Return a ticket by id; raise 404 `ticket_not_found`."""
    found = s.get(Ticket, ticket_id)
    if found is None:
        raise missing()
    return found


def get_by_number(s: Session, number: str, *, customer_id: str | None = None) -> Ticket:
    """Return a ticket by its number, written as people write it ("ts2601051 2345").

    Raises 404 `ticket_not_found`, also for a ticket of somebody else where `customer_id` is given.
    """
    normal = normal_number(number)
    found = s.scalar(select(Ticket).where(Ticket.number == normal)) if normal else None
    if found is None or customer_id not in (None, found.customer_id):
        raise missing()
    return found


def numbers(s: Session, ticket_ids: Collection[str]) -> dict[str, str]:
    """Return tickets' numbers by id."""
    found = select(Ticket.id, Ticket.number).where(Ticket.id.in_(ticket_ids))
    return {ticket_id: number for ticket_id, number in s.execute(found)}  # noqa: C416


def for_customer(s: Session, customer_id: str) -> list[Ticket]:
    """Return a customer's tickets, the newest first."""
    own = select(Ticket).where(Ticket.customer_id == customer_id)
    return list(s.scalars(own.order_by(Ticket.created_at.desc(), Ticket.number.desc())))


def listed(s: Session, wanted: Wanted, now: datetime, *, limit: int = PAGE, offset: int = 0) -> list[Ticket]:
    """Return tickets for the desk: those that wait, by due date, then those that are over, latest first.

    A page of a search may come out shorter than `limit`: what only seems to have the text is left out.
    """
    hits, states = _narrowed(s, select(Ticket), wanted, now), _states(wanted)
    found, before = [], 0
    if states & set(PENDING):
        waiting = hits.where(Ticket.stopped_at.is_(None), *_among(states, PENDING))
        found = _page(s, waiting.order_by(Ticket.due_at, Ticket.number), limit, offset)
        before = offset + len(found) if found else _number_of(s, waiting)
    if states & set(_DONE) and len(found) < limit:
        over = hits.where(Ticket.stopped_at.is_not(None), *_among(states, _DONE))
        latest_first = over.order_by(Ticket.created_at.desc(), Ticket.number)
        found += _page(s, latest_first, limit - len(found), max(0, offset - before))
    return [ticket for ticket in found if _really_has(s, ticket, wanted.text)]


def count(s: Session, wanted: Wanted, now: datetime) -> int:
    """Return how many tickets a list has in all; hits of a search are counted up to `MANY` + 1."""
    states = _states(wanted)
    hits = _narrowed(s, select(Ticket.id), wanted, now)
    if states <= set(PENDING):
        hits = hits.where(Ticket.stopped_at.is_(None), *_among(states, PENDING))
    else:
        hits = hits.where(*_among(states, tuple(TicketState)))
    return _number_of(s, hits.limit(MANY + 1) if wanted.text.strip() else hits)


def count_by_state(s: Session) -> dict[TicketState, int]:
    """Return how many tickets stand in each state now, zeros included."""
    counts = dict.fromkeys(TicketState, 0)
    for state, number in s.execute(select(Ticket.state, func.count()).group_by(Ticket.state)):
        counts[state] = number
    return counts


def unread() -> ColumnElement[bool]:
    """Return the condition that a customer said something that its handler has not seen."""
    return and_(
        Ticket.customer_at.is_not(None), or_(Ticket.seen_at.is_(None), Ticket.seen_at < Ticket.customer_at)
    )


def new_number(now: datetime, rng: random.Random) -> str:
    """Return "TS", the day in Shanghai as yyMMdd, "-" and five random digits."""
    return f"TS{now.astimezone(SHANGHAI):%y%m%d}-{rng.randrange(100_000):05d}"


def normal_number(text: str) -> str | None:
    """Return the ticket number that `text` holds in its usual form, or None."""
    match = _NUMBER.search(_folded(text))
    return f"TS{match[1]}-{match[2]}" if match else None


def missing() -> WenjinError:
    """Make the 404 that hides tickets of others as well as unknown ones."""
    return not_found("ticket_not_found", "没有找到这张工单，请核对工单号。")


def _page(s: Session, ordered: Select[Ticket], limit: int, offset: int) -> list[Ticket]:
    return list(s.scalars(ordered.limit(limit).offset(offset)))


def _number_of(s: Session, hits: Select[Any]) -> int:
    rows = hits.with_only_columns(Ticket.id).order_by(None).subquery()
    return s.scalar(select(func.count()).select_from(rows)) or 0


def _states(wanted: Wanted) -> set[TicketState]:
    """Return the states in which a list has tickets."""
    states = set(wanted.states or TicketState)
    if wanted.unread:
        states &= set(OPEN_STATES)
    if wanted.overdue or wanted.soon is not None or wanted.asked_time:
        states &= set(PENDING)
    return states


def _among(states: set[TicketState], part: Sequence[TicketState]) -> list[ColumnElement[bool]]:
    """Return the condition on the state within a part of all states; none where the whole part is wanted."""
    return [] if set(part) <= states else [Ticket.state.in_([one for one in part if one in states])]


def _narrowed(s: Session, query: Q, wanted: Wanted, now: datetime) -> Q:
    """Add a condition for each field that is set, but for the states."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.handler is not None:
        conditions.append(
            Ticket.handler_id == wanted.handler if wanted.handler else Ticket.handler_id.is_(None)
        )
    if wanted.queue:
        conditions.append(Ticket.queue == wanted.queue)
    if wanted.priority is not None:
        conditions.append(Ticket.priority == wanted.priority)
    if wanted.overdue or wanted.soon is not None:
        until = now if wanted.overdue else wanted.soon
        conditions += [Ticket.due_at <= until, Ticket.paused_at.is_(None)]
        if wanted.soon is not None:
            conditions.append(Ticket.due_at > now)
    if wanted.unread:
        conditions.append(unread())
    if wanted.asked_time:
        conditions.append(Ticket.asked_days.is_not(None))
    if wanted.business:
        conditions.append(Ticket.business == wanted.business)
    if wanted.cause:
        conditions.append(Ticket.cause == wanted.cause)
    if wanted.text.strip():
        conditions.append(_mentions(s, wanted.text))
    return query.where(*conditions)


def _mentions(s: Session, text: str) -> ColumnElement[bool]:
    """Return the condition that a ticket's number or text has what is looked for."""
    number = normal_number(text)
    if number:
        return Ticket.number == number
    part = _part(text)
    numbered = Ticket.number.in_(_numbers_with(s, part) if part else ())
    said = None if part.startswith("TS") else terms.having(s, text)
    if said is None:
        return numbered
    return or_(numbered, said) if part else said


def _really_has(s: Session, ticket: Ticket, text: str) -> bool:
    """Tell whether a hit is one: hashes of pairs may come from different places of a text."""
    if not text.strip() or normal_number(text):
        return True
    part = _part(text)
    return bool(part and part in ticket.number) or terms.contains(s, ticket, text)


def _part(text: str) -> str:
    """Return text as a part of a number: its day, its last five digits, or its beginning; "" for no part."""
    part = _folded(text.strip())
    return part if _PART.fullmatch(part) else ""


def _numbers_with(s: Session, part: str) -> list[str]:
    """Return the numbers that begin or end so; only the index of numbers is read."""
    begins = part if part.startswith("TS") else f"TS{part}"
    has = or_(Ticket.number.between(begins, begins + "~"), Ticket.number.endswith(f"-{part}"))
    return list(s.scalars(select(Ticket.number).where(has).limit(MANY)))


def _folded(text: str) -> str:
    folded = re.sub(r"[\s‐‑‒–—―_.]", "-", unicodedata.normalize("NFKC", text).upper())
    return re.sub(r"-+", "-", folded).replace("TS-", "TS")
