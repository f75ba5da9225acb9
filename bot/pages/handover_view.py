"""A live conversation as its handler sees it: what was said, where it stands, who the customer is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import canned, life, registry
from actions.desk.canned import Canned
from actions.service import accounts, conversations, handovers
from actions.service.accounts import SignedIn
from actions.store.base import new_id
from actions.store.tables.accounts import User
from actions.store.tables.service import Actor, Conversation, Handover, HandoverState, Turn
from bot.pages.desk_queues import ticket_due
from bot.pages.desk_talk import COMMAND, WHO, handover_due
from bot.pages.words import Due

SHOWN = 80  # turns
TICKETS = 5
MAX_MATTER = 2_000
ASKING = re.compile(
    r"(?:请|帮我|我要|给我)?(?:转|找|要)?(?:接)?(?:个|到)?(?:人工|真人|客服|活人)(?:客服|服务)?.{0,4}"
)
CHANNELS = {"web": "网页", "rest": "接口", "socket": "网页"}


@dataclass(frozen=True, slots=True)
class Said:
    """One turn: who said what and when; `asks` where passages can be suggested for it."""

    seq: int
    actor: str
    who: str
    text: str
    at: datetime
    asks: bool = False
    file: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One of the customer's tickets."""

    number: str
    matter: str
    state: str
    due: Due


@dataclass(frozen=True, slots=True)
class Customer:
    """What a handler should know of the customer, masked."""

    channel: str
    since: datetime
    contact: str
    tickets: Sequence[TicketLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCase:
    """A hand-over with all that its pane shows; `open_seq` is the place of the question that was open.

    `typed` holds what was refused, by the name of its field; `lost`: the reader had it and went away.
    """

    handover: Handover
    title: str
    state: str
    due: Due
    acts: frozenset[str]
    live: bool
    said: Sequence[Said]
    customer: Customer
    queue: str
    urgent: bool
    lost: bool
    open_seq: int
    last_seq: int
    matter: str
    colleagues: Sequence[User]
    replies: Sequence[Canned]
    queues: Mapping[str, str]
    key: str
    typed: Mapping[str, str]
    template: str = "desk/handover.html"


def live_case(
    s: Session, one: Handover, signed_in: SignedIn, now: datetime, typed: Mapping[str, str]
) -> LiveCase:
    """Return a hand-over's case; `typed` holds what was refused, by the name of its field."""
    user, conversation = signed_in.user, conversations.get(s, one.conversation_id)
    turns = conversations.history(s, conversation.id, limit=SHOWN)
    own = one.taken_by == user.id
    return LiveCase(
        handover=one,
        title="在线客户",
        state=_state(s, one, user),
        due=handover_due(one, now),
        acts=_acts(one, own),
        live=one.state is not HandoverState.ENDED,
        said=[said(turn) for turn in turns],
        customer=_customer(s, conversation, now),
        queue=handovers.QUEUES.get(one.queue, one.queue),
        urgent=one.queue in handovers.URGENT,
        lost=own and one.state is HandoverState.REQUESTED and one.returned > 0,
        open_seq=open_question(turns, one),
        last_seq=turns[-1].seq if turns else 0,
        matter=typed.get("matter") or matter(turns, one),
        colleagues=_colleagues(s, user),
        replies=_replies(s, conversation, user, now),
        queues=handovers.QUEUES,
        key=typed.get("key") or new_id(),
        typed=typed,
    )


def said(turn: Turn) -> Said:
    """Return a turn as a line; a pressed button that was a command reads as that."""
    actor = conversations.shown_actor(turn)
    customer = actor is Actor.CUSTOMER
    pressed = customer and COMMAND.fullmatch(turn.text)
    name = str(turn.data.get("handler_name") or WHO[actor])
    return Said(
        turn.seq, str(actor), name, "（按了一个按钮）" if pressed else turn.text, turn.created_at,
        asks=customer and turn.kind == "text" and not pressed, file=turn.data if turn.kind == "file" else {},
    )  # fmt: skip


def open_question(turns: Sequence[Turn], one: Handover) -> int:
    """Return the place of what was asked last before a person was asked for, 0 where that was nothing."""
    before = [turn for turn in turns if turn.created_at <= one.requested_at and _is_question(turn)]
    return before[-1].seq if before else 0


def matter(turns: Sequence[Turn], one: Handover) -> str:
    """Return what the customer has said since the open question: the beginning of a complaint."""
    since = open_question(turns, one)
    lines = [turn.text for turn in turns if turn.seq >= since and _is_question(turn)]
    return "\n".join(lines)[:MAX_MATTER]


def _is_question(turn: Turn) -> bool:
    return (
        conversations.shown_actor(turn) is Actor.CUSTOMER
        and turn.kind == "text"
        and not COMMAND.fullmatch(turn.text)
        and not ASKING.fullmatch(turn.text)
    )


def _acts(one: Handover, own: bool) -> frozenset[str]:
    if one.state is HandoverState.REQUESTED:
        return frozenset({"take"})
    return frozenset({"say", "end"}) if one.state is HandoverState.TAKEN and own else frozenset()


def _state(s: Session, one: Handover, user: User) -> str:
    """Return the state in words, with the name of the colleague who has it."""
    words = handovers.STATE_LABELS[one.state]
    if one.state is not HandoverState.TAKEN or one.taken_by in (None, user.id):
        return words
    colleague = s.get(User, one.taken_by)
    return f"{words}（{colleague.called if colleague else '其他同事'}）"


def _customer(s: Session, conversation: Conversation, now: datetime) -> Customer:
    tickets = registry.for_customer(s, conversation.customer_id)
    contact = next((ticket.contact_masked for ticket in tickets if ticket.contact_masked), "")
    lines = [
        TicketLine(
            ticket.number,
            " ".join(ticket.matter.split())[:60],
            life.STATE_LABELS[ticket.state],
            ticket_due(ticket, now),
        )
        for ticket in tickets[:TICKETS]
    ]
    return Customer(CHANNELS[conversation.channel], conversation.created_at, contact, lines)


def _colleagues(s: Session, user: User) -> list[User]:
    return [
        one
        for one in accounts.users(s)
        if one.id != user.id and accounts.may(one, "handler") and "admin" not in one.roles
    ]


def _replies(s: Session, conversation: Conversation, user: User, now: datetime) -> list[Canned]:
    """Return the canned replies that are whole, filled from the customer's latest open ticket."""
    known = {"customer": canned.CUSTOMER, "handler": user.called}
    tickets = registry.for_customer(s, conversation.customer_id)
    ticket = next((one for one in tickets if one.state in life.OPEN_STATES), None)
    if ticket is not None:
        known = canned.values(s, ticket, user, now) | known
    filled = [replace(one, text=canned.fill(one.text, known)) for one in canned.listed(s)]
    return [one for one in filled if not canned.unfilled(one.text)]
