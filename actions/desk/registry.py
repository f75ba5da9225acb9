"""Registering complaint tickets once, and finding them again."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.desk import life
from actions.desk.cards import SHANGHAI
from actions.desk.events import append
from actions.service import conversations
from actions.service.messages import check_field
from actions.store import audit
from actions.store.masking import mask_contact
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import WenjinError, bad_input, conflict, not_found

MAX_PRODUCT = MAX_CONTACT = 200
MAX_KEY = 128
_NUMBER = re.compile(r"TS(\d{6})-?(\d{5})")
_NUMBER_TRIES = 20


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What a customer says when complaining."""

    matter: str
    product: str = ""
    demand: str = ""
    contact: str = ""

    def checked(self) -> TicketDraft:
        """Return the draft cleaned; raise 422 `empty_field` without a matter, 422 `field_too_long`."""
        return TicketDraft(
            check_field(self.matter, name="投诉事项", required=True),
            check_field(self.product, name="涉及的产品或服务", limit=MAX_PRODUCT),
            check_field(self.demand, name="诉求"),
            check_field(self.contact, name="联系方式", limit=MAX_CONTACT),
        )


def create(
    s: Session,
    *,
    draft: TicketDraft,
    customer_id: str,
    conversation_id: str | None,
    key: str,
    now: datetime,
    rng: random.Random,
) -> Ticket:
    """Register a complaint, due in 15 calendar days; the same `key` returns the same ticket.

    Raises:
        WenjinError: 422 `empty_field`, `field_too_long`, `bad_key`; 409 `key_taken` for a key that another
            customer used.
    """
    said = draft.checked()
    if not 0 < len(key) <= MAX_KEY:
        raise bad_input("bad_key", f"提交标识需为 1 到 {MAX_KEY} 个字符，请重新开始登记。")
    if conversation_id is not None:
        conversations.lock(s, conversation_id)
    ticket = _by_key(s, key, customer_id)
    if ticket:
        return ticket
    for _ in range(_NUMBER_TRIES):
        ticket = _draft_row(said, customer_id, conversation_id, key, now, new_number(now, rng))
        if _inserted(s, ticket):
            append(s, ticket, type="created", actor=customer_id, actor_kind="customer", data={}, now=now)
            _record_created(s, ticket, now)
            return ticket
        if stored := _by_key(s, key, customer_id):  # another request with this key was first
            return stored
    raise conflict("no_number", "今天的工单号暂时分配不出，请稍后再试。")


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


def for_customer(s: Session, customer_id: str) -> list[Ticket]:
    """Return a customer's tickets, the newest first."""
    own = select(Ticket).where(Ticket.customer_id == customer_id)
    return list(s.scalars(own.order_by(Ticket.created_at.desc(), Ticket.number.desc())))


def queue(
    s: Session,
    *,
    state: TicketState | str | None = None,
    mine: str | None = None,
    text: str | None = None,
    limit: int = 500,
) -> list[Ticket]:
    """Return tickets for the desk: those that wait by due date, then those that are over, the latest first.

    `mine` is a handler's user id; `text` is looked for in number, matter, product, demand and contact.
    """
    wanted = select(Ticket)
    if state is not None:
        wanted = wanted.where(Ticket.state == TicketState(state))
    if mine is not None:
        wanted = wanted.where(Ticket.handler_id == mine)
    over = case((Ticket.state.in_(life.OPEN_STATES), 0), else_=1)
    ordered = wanted.order_by(over, case((over == 0, Ticket.due_at)), Ticket.created_at.desc(), Ticket.number)
    if not text or not text.strip():
        return list(s.scalars(ordered.limit(limit)))
    found = (ticket for ticket in s.scalars(ordered) if _mentions(ticket, text))
    return [ticket for ticket, _ in zip(found, range(limit), strict=False)]


def count_by_state(s: Session) -> dict[TicketState, int]:
    """Return how many tickets stand in each state now, zeros included."""
    counts = dict.fromkeys(TicketState, 0)
    for state, count in s.execute(select(Ticket.state, func.count()).group_by(Ticket.state)):
        counts[state] = count
    return counts


def new_number(now: datetime, rng: random.Random) -> str:
    """Return "TS", the day in Shanghai as yyMMdd, "-" and five random digits."""
    return f"TS{now.astimezone(SHANGHAI):%y%m%d}-{rng.randrange(100_000):05d}"


def normal_number(text: str) -> str | None:
    """Return the ticket number that `text` holds in its usual form, or None."""
    folded = re.sub(r"[\s‐‑‒–—―_.]", "-", unicodedata.normalize("NFKC", text).upper())
    match = _NUMBER.search(re.sub(r"-+", "-", folded).replace("TS-", "TS"))
    return f"TS{match[1]}-{match[2]}" if match else None


def missing() -> WenjinError:
    """Make the 404 that hides tickets of others as well as unknown ones."""
    return not_found("ticket_not_found", "没有找到这张工单，请核对工单号。")


def _draft_row(
    said: TicketDraft, customer_id: str, conversation_id: str | None, key: str, now: datetime, number: str
) -> Ticket:
    return Ticket(
        number=number, customer_id=customer_id, conversation_id=conversation_id, idempotency_key=key,
        state=TicketState.RECEIVED, matter=said.matter, product=said.product, demand=said.demand,
        contact=said.contact, contact_masked=mask_contact(said.contact), version=0, created_at=now,
        due_at=life.due(now), rule=life.RULE,
    )  # fmt: skip


def _inserted(s: Session, ticket: Ticket) -> bool:
    try:
        with s.begin_nested():
            s.add(ticket)
            s.flush()
        return True
    except IntegrityError:
        return False


def _by_key(s: Session, key: str, customer_id: str) -> Ticket | None:
    stored = s.scalar(select(Ticket).where(Ticket.idempotency_key == key))
    if stored and stored.customer_id != customer_id:
        raise conflict("key_taken", "这次提交的标识已被使用，请重新开始登记。")
    return stored


def _record_created(s: Session, ticket: Ticket, now: datetime) -> None:
    audit.record(
        s, actor=ticket.customer_id, action="ticket.create", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number}, now=now,
    )  # fmt: skip


def _mentions(ticket: Ticket, text: str) -> bool:
    held = (ticket.number, ticket.matter, ticket.product, ticket.demand, ticket.contact)
    return any(text.strip().casefold() in part.casefold() for part in held)
