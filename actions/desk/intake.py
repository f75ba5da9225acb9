"""Taking in a complaint: registered once, sorted, dated, and told only when it exists."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.desk import attachments, duplicates, supervision, terms
from actions.desk.events import append, sealed
from actions.desk.notices import inform_house
from actions.desk.registry import new_number
from actions.desk.rules import rules_of
from actions.desk.triage import triage
from actions.desk.workdays import end_of_day
from actions.service import conversations
from actions.service.messages import check_field
from actions.store import audit
from actions.store.masking import mask, mask_contact
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import bad_input, conflict

MAX_PRODUCT = MAX_CONTACT = 200
MAX_NAME = 60
MAX_KEY = 128
_NUMBER_TRIES = 20
CHAT, FORM, API, DESK = "chat", "form", "api", "desk"


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What a customer says when complaining.

    `found` is what was recognised in it (amounts, dates, order numbers), `proposed` what the classifier says
    of it, `vector` what it is compared with others by: all three come from `DeskReader.read`.
    """

    matter: str
    product: str = ""
    demand: str = ""
    contact: str = ""
    name: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)
    vector: duplicates.Vector | None = None

    def checked(self) -> TicketDraft:
        """Return the draft cleaned, its product masked: that is not encrypted.

        Raises 422 `empty_field` without a matter, 422 `field_too_long`.
        """
        return TicketDraft(
            check_field(self.matter, name="投诉事项", required=True),
            mask(check_field(self.product, name="涉及的产品或服务", limit=MAX_PRODUCT)),
            check_field(self.demand, name="诉求"),
            check_field(self.contact, name="联系方式", limit=MAX_CONTACT),
            check_field(self.name, name="称呼", limit=MAX_NAME),
            dict(self.found),
            dict(self.proposed),
            self.vector,
        )


def create(
    s: Session,
    *,
    draft: TicketDraft,
    customer_id: str,
    conversation_id: str | None,
    key: str,
    source: str = CHAT,
    now: datetime,
    rng: random.Random,
) -> Ticket:
    """Register a complaint; the same `key` returns the same ticket. Its clock starts now.

    Files that were added to the conversation and belong to no ticket yet become this one's.

    Raises:
        WenjinError: 422 `empty_field`, `field_too_long`, `bad_key`; 409 `key_taken` for a key that another
            customer used.
    """
    said = draft.checked()
    if not 0 < len(key) <= MAX_KEY:
        raise bad_input("bad_key", f"提交标识需为 1 到 {MAX_KEY} 个字符，请重新开始登记。")
    if conversation_id is not None:
        conversations.lock(s, conversation_id)
    ticket = by_key(s, key, customer_id)
    if ticket:
        return ticket
    for _ in range(_NUMBER_TRIES):
        ticket = _row(s, said, customer_id, conversation_id, key, source, now, new_number(now, rng))
        if _inserted(s, ticket):
            return _registered(s, ticket, said, now)
        if stored := by_key(s, key, customer_id):  # another request with this key was first
            return stored
    raise conflict("no_number", "今天的工单号暂时分配不出，请稍后再试。")


def by_key(s: Session, key: str, customer_id: str) -> Ticket | None:
    """Return the ticket that was registered under a key; raise 409 `key_taken` for another customer's."""
    stored = s.scalar(select(Ticket).where(Ticket.idempotency_key == key))
    if stored and stored.customer_id != customer_id:
        raise conflict("key_taken", "这次提交的标识已被使用，请重新开始登记。")
    return stored


def _row(
    s: Session,
    said: TicketDraft,
    customer_id: str,
    conversation_id: str | None,
    key: str,
    source: str,
    now: datetime,
    number: str,
) -> Ticket:
    sorted_to, rules = triage(f"{said.matter} {said.demand}"), rules_of(s)
    found = {**said.found, "why": sorted_to.why} if sorted_to.why else dict(said.found)
    return Ticket(
        number=number, customer_id=customer_id, conversation_id=conversation_id, idempotency_key=key,
        source=source, state=TicketState.RECEIVED, queue=sorted_to.queue, priority=sorted_to.priority,
        name=said.name, matter=said.matter, product=said.product, demand=said.demand, contact=said.contact,
        contact_masked=mask_contact(said.contact), found=found, proposed=dict(said.proposed), version=0,
        created_at=now, customer_at=now, due_at=end_of_day(now, rules.simple), rule=rules.rule("simple"),
    )  # fmt: skip


def _registered(s: Session, ticket: Ticket, said: TicketDraft, now: datetime) -> Ticket:
    """Start the clock and do what belongs to a new ticket, in its own transaction."""
    data = {"clock": rules_of(s).cycle("simple", now), **sealed(ticket)}
    append(s, ticket, type="created", actor=ticket.customer_id, actor_kind="customer", data=data, now=now)
    audit.record(
        s, actor=ticket.customer_id, action="ticket.create", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number}, now=now,
    )  # fmt: skip
    terms.index(s, ticket)
    if said.vector is not None:
        duplicates.store(s, ticket, said.vector)
    attachments.adopt(s, ticket)
    inform_house(s, ticket, "created", now)
    return supervision.assign_by_load(s, ticket, now)


def _inserted(s: Session, ticket: Ticket) -> bool:
    try:
        with s.begin_nested():
            s.add(ticket)
            s.flush()
        return True
    except IntegrityError:
        return False
