"""One case on the desk: what happened, what time is left, what may be done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk import events, life
from actions.desk.life import Step
from actions.service import accounts, conversations, handovers
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketEvent, TicketState
from actions.store.tables.service import Actor, Handover, HandoverState, Turn
from bot.pages.desk_queues import handover_due, ticket_due
from bot.pages.words import Due

TALK = 60
_COMMAND = re.compile(r"/[a-z_]+(\{.*\})?", re.DOTALL)
WHO = {Actor.CUSTOMER: "客户", Actor.BOT: "问津", Actor.HANDLER: "人工客服", Actor.SYSTEM: "系统"}
WHAT = {
    "created": "提交了投诉",
    Step.TAKE: "受理了工单",
    Step.REPLY: "答复了客户",
    Step.CLOSE: "办结了工单",
    Step.WITHDRAW: "撤回了投诉",
    Step.ADD_FACTS: "补充了情况",
    Step.NOTE: "写了内部备注，客户看不到",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline: who did or said what, and when."""

    actor: str
    who: str
    what: str
    text: str
    at: datetime
    internal: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """One action that takes a text; `typed` is what comes back when it was refused."""

    name: str
    title: str
    key: str
    hint: str
    effect: str
    submit: str
    typed: str = ""
    open: bool = False


FORMS = {
    Step.REPLY: (
        "答复客户",
        "r",
        "先说结果，再说依据和下一步。",
        "客户会在聊天里看到，工单变为“已答复”。",
        "发送答复",
    ),
    Step.NOTE: ("内部备注", "n", "核实到的情况、联系记录等。", "只有处理人员看得到。", "保存备注"),
    Step.CLOSE: ("办结", "e", "写明处理结果。", "结果会告知客户，并请客户评价。", "办结工单"),
}


@dataclass(frozen=True, slots=True)
class TicketCase:
    """A ticket as the right-hand pane shows it."""

    ticket: Ticket
    title: str
    state: str
    due: Due
    handler: str
    steps: Sequence[Line]
    talk: Sequence[Line]
    acts: frozenset[str]
    forms: Sequence[Form]
    template: str = "desk/ticket.html"


@dataclass(frozen=True, slots=True)
class HandoverCase:
    """A hand-over as the right-hand pane shows it."""

    handover: Handover
    title: str
    state: str
    due: Due
    talk: Sequence[Line]
    acts: frozenset[str]
    live: bool
    typed: str = ""
    template: str = "desk/handover.html"


def ticket_case(
    s: Session, ticket: Ticket, user: User, now: datetime, typed: Mapping[str, str]
) -> TicketCase:
    """Return a ticket's case; `typed` holds the text of an action that was refused, by its name."""
    names = {one.id: one.called for one in accounts.users(s)}
    acts = _ticket_acts(ticket, user)
    return TicketCase(
        ticket=ticket,
        title=ticket.number,
        state=life.STATE_LABELS[ticket.state],
        due=ticket_due(ticket, now),
        handler=names.get(ticket.handler_id or "", ""),
        steps=[_event_line(event, names) for event in events.timeline(s, ticket.id)],
        talk=talk(s, ticket.conversation_id) if ticket.conversation_id else [],
        acts=acts,
        forms=[_form(step, typed) for step in FORMS if step in acts],
    )


def handover_case(s: Session, one: Handover, user: User, now: datetime, typed: str) -> HandoverCase:
    """Return a hand-over's case; `typed` is a reply that was refused."""
    own = one.taken_by == user.id
    acts = {"take"} if one.state is HandoverState.REQUESTED else set()
    if one.state is HandoverState.TAKEN and own:
        acts = {"say", "end"}
    return HandoverCase(
        handover=one,
        title="等待人工",
        state=handovers.STATE_LABELS[one.state] + ("" if own or not one.taken_by else "（其他同事）"),
        due=handover_due(one, now),
        talk=talk(s, one.conversation_id),
        acts=frozenset(acts),
        live=one.state is not HandoverState.ENDED,
        typed=typed,
    )


def talk(s: Session, conversation_id: str, after: int = 0) -> list[Line]:
    """Return what was said in a conversation after a place in it."""
    return [
        turn_line(turn) for turn in conversations.history(s, conversation_id, after_seq=after, limit=TALK)
    ]


def turn_line(turn: Turn) -> Line:
    """Return one turn as a line; a pressed button that was a command reads as that."""
    pressed = turn.actor is Actor.CUSTOMER and _COMMAND.fullmatch(turn.text)
    text = "（按了一个按钮）" if pressed else turn.text
    return Line(str(turn.actor), WHO[turn.actor], "", text, turn.created_at, seq=turn.seq)


def _ticket_acts(ticket: Ticket, user: User) -> frozenset[str]:
    allowed = set(life.allowed(ticket.state)) & {Step.TAKE, *FORMS}
    if ticket.handler_id not in (None, user.id) and not accounts.may(user, "admin"):
        allowed &= {Step.NOTE}
    return frozenset(str(step) for step in allowed)


def _form(step: Step, typed: Mapping[str, str]) -> Form:
    return Form(str(step), *FORMS[step], typed=typed.get(step, ""), open=step in typed)


def _event_line(event: TicketEvent, names: Mapping[str, str]) -> Line:
    who = "客户" if event.actor_kind == "customer" else names.get(event.actor, "系统")
    what = WHAT.get(event.type, event.type)
    if event.type == Step.CLOSE and event.data.get("state") == TicketState.CLOSED:
        what += "，在时限内" if event.data.get("in_time") else "，已超过时限"
    text = str(event.data.get("text") or event.data.get("resolution") or "")
    return Line(event.actor_kind, who, what, text, event.created_at, internal=event.type == Step.NOTE)
