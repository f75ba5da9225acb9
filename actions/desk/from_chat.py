"""A complaint that a handler registers for the customer they are talking with."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk import cards, intake
from actions.desk.intake import TicketDraft
from actions.service import conversations, handovers
from actions.service.accounts import require_role
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket
from actions.store.tables.service import HandoverState
from knowledge.errors import bad_input, conflict


def register(
    s: Session,
    *,
    handover_id: str,
    user: User,
    draft: TicketDraft,
    agreed: bool,
    key: str,
    now: datetime,
    rng: random.Random,
) -> Ticket:
    """Register a complaint out of a conversation that one has taken; the customer reads what was registered.

    The same `key` again is the same ticket, told once.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_not_yours`; 422 `not_agreed`
            without the customer's consent, what `intake.create` raises.
    """
    require_role(user, "handler")
    conversation = conversations.lock(s, handovers.get(s, handover_id).conversation_id)
    held = handovers.get(s, handover_id)
    if held.state is not HandoverState.TAKEN or held.taken_by != user.id:
        raise conflict("handover_not_yours", "请先接入这段对话，再替客户登记。")
    if not agreed:
        raise bad_input("not_agreed", "请先征得客户同意，再替客户登记。")
    ticket = intake.create(
        s, draft=draft, customer_id=conversation.customer_id, conversation_id=conversation.id,
        key=f"desk:{handover_id}:{key}", source=intake.DESK, now=now, rng=rng,
    )  # fmt: skip
    text = (
        f"经您同意，客服{user.called}已替您登记投诉，工单号 {ticket.number}。"
        f"我们会在 {cards.due_words(ticket)} 前答复您（{ticket.rule}）。登记的内容不对，请在这里告诉客服。"
    )
    told = cards.ticket_reply(s, ticket, text)
    reply = replace(told, data={**told.data, "registered": True})
    conversations.add_reply(
        s, conversation=conversation, reply=reply, reply_to=None, actor="system", outcome="ticket",
        key=f"ticket:{ticket.id}", now=now,
    )  # fmt: skip
    audit.record(
        s, actor=user.id, action="handover.ticket", object_type="handover", object_id=held.id,
        data={"number": ticket.number}, now=now,
    )  # fmt: skip
    return ticket
