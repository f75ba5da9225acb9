"""Complaints that come in outside of the chat: under a key of their own, read before they are registered."""

from __future__ import annotations

import hashlib
import json
import logging
import random
from dataclasses import replace

from fastapi import Request
from sqlalchemy.orm import Session

from actions.desk import forms, found, intake, tickets
from actions.desk.intake import TicketDraft
from actions.store.tables.desk import Ticket
from bot.metrics import ERRORS
from bot.runtime import Runtime
from knowledge.errors import conflict, too_many

log = logging.getLogger(__name__)
PER_MINUTE = 6  # complaints of one customer
_RNG = random.SystemRandom()


async def allow(request: Request, runtime: Runtime, customer_id: str, what: str, per_minute: int) -> None:
    """Count what somebody and their address do; raise 429 `too_many_complaints` for too much in a minute."""
    address = request.client.host if request.client else ""
    for key, most in ((f"{what}:{customer_id}", per_minute), (f"{what}@{address}", 10 * per_minute)):
        if not await runtime.hub.allow(key, most):
            raise too_many("too_many_complaints", "您提交得太快了，请稍等一分钟再试。")


def read(runtime: Runtime, draft: TicketDraft, source: str) -> TicketDraft:
    """Return a draft with what was recognised in it; a complaint is taken in also where none can be read."""
    try:
        reading = runtime.desk_reader.read(draft.matter, source)
    except Exception:
        ERRORS.labels("complaint").inc()
        log.exception("a complaint could not be read")
        return draft
    return replace(draft, found=reading.found, proposed=reading.proposed, vector=reading.vector)


def filled(draft: TicketDraft) -> TicketDraft:
    """Return a draft whose product and contact, where left out, are those that its matter names."""
    reached = forms.ways_to_reach(draft.matter)
    return replace(
        draft,
        product=draft.product or found.product(draft.matter),
        contact=draft.contact or next(reached, ""),
    )


def stored_key(source: str, customer_id: str, key: str) -> str:
    """Return under what a complaint is kept: two customers with the same key never meet."""
    return f"{source}:{hashlib.sha256(json.dumps([customer_id, key]).encode()).hexdigest()}"


def register(
    runtime: Runtime,
    s: Session,
    draft: TicketDraft,
    *,
    customer_id: str,
    conversation_id: str | None,
    key: str,
    source: str,
) -> tuple[Ticket, bool]:
    """Return the ticket of a key and whether it is new.

    Raises:
        WenjinError: 409 `key_reused` where the key came with another complaint before; what `intake.create`
            raises.
    """
    kept = stored_key(source, customer_id, key)
    known = intake.by_key(s, kept, customer_id)
    ticket = known or tickets.create(
        s, draft=draft, customer_id=customer_id, conversation_id=conversation_id, key=kept, source=source,
        now=runtime.now(), rng=_RNG,
    )  # fmt: skip
    if said(ticket) != said(draft.checked()):
        raise conflict("key_reused", "这个提交标识已经用于另一件投诉，请换一个。", number=ticket.number)
    return ticket, known is None


def said(one: Ticket | TicketDraft) -> tuple[str, ...]:
    """Return what a customer wrote in a complaint."""
    return (one.matter, one.product, one.demand, one.contact, one.name)
