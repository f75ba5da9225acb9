"""People around a complaint, and a ticket brought to any state by what they really do."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import supervision, tickets, work
from actions.service import accounts
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.service import Conversation
from tests.actions.conftest import NOW

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CUSTOMER = "guest-1"
DRAFT = tickets.TicketDraft(
    "理财到账晚了三天，客服电话 13812345678 打不通", "稳健理财", "说明原因并补偿", "13987654321"
)
ASSESSED: dict[str, Any] = {
    "business": "wealth", "channel": "app", "cause": "facilities",
    "severity": 2, "complexity": 1, "impact": 1, "urgency": 3,
}  # fmt: skip
DECISION: dict[str, Any] = {
    "finding": "系统升级致延迟",
    "basis": "理财产品说明书第五条",
    "remedy": "补发收益 12 元",
}


@dataclass(frozen=True)
class People:
    """Two handlers, two supervisors and somebody of the staff."""

    li: User
    wang: User
    zhao: User
    sun: User
    staff: User


def hire(s: Session) -> People:
    """Add the people."""
    roles = {"li": "handler", "wang": "handler", "zhao": "supervisor", "sun": "supervisor", "staff": "staff"}
    return People(
        **{n: accounts.add_user(s, name=n, password=None, roles=[r], now=NOW)[0] for n, r in roles.items()}
    )


def complain(
    s: Session,
    key: str = "k",
    *,
    customer: str = CUSTOMER,
    conversation: Conversation | None = None,
    draft: tickets.TicketDraft = DRAFT,
    now: datetime = NOW,
    seed: int = 1,
) -> Ticket:
    """Register a complaint."""
    return tickets.create(
        s,
        draft=draft,
        customer_id=customer,
        conversation_id=conversation.id if conversation else None,
        key=key,
        now=now,
        rng=random.Random(seed),
    )


def take(s: Session, ticket: Ticket, user: User, now: datetime = NOW) -> Ticket:
    """Take a ticket as it stands."""
    return work.take(s, ticket_id=ticket.id, user=user, version=ticket.version, now=now)


def decide(s: Session, ticket: Ticket, user: User, now: datetime = NOW) -> Ticket:
    """Assess and decide a taken ticket."""
    by = as_is(ticket, user, now)
    work.assess(s, **by, **ASSESSED)
    return work.decide(s, **as_is(ticket, user, now), **DECISION)


def as_is(ticket: Ticket, user: User, now: datetime = NOW) -> dict[str, Any]:
    """Return the arguments of a step of staff on a ticket as it stands."""
    return {"ticket_id": ticket.id, "user": user, "version": ticket.version, "now": now}


def extended(s: Session, ticket: Ticket, kind: str, asks: User, grants: User, now: datetime = NOW) -> Ticket:
    """Ask for a longer period and grant it."""
    work.ask_time(s, **as_is(ticket, asks, now), kind=kind, reason="等外部银行回函")
    return supervision.grant_time(s, **as_is(ticket, grants, now), reason="同意")


def bring(s: Session, ticket: Ticket, state: TicketState, people: People, *, owned: bool = True) -> Ticket:
    """Bring a new ticket to a state, with `people.li` as its handler or with none."""
    li = people.li
    if (
        state is TicketState.RECEIVED
    ):  # with an extension asked for and the clock paused, to be granted and resumed
        take(s, ticket, li)
        work.ask_time(s, **as_is(ticket, li), kind="complex", reason="等回函")
        work.pause(s, **as_is(ticket, li), reason="笔迹鉴定")
        work.release(s, **as_is(ticket, li), reason="休假")
    elif state is TicketState.WITHDRAWN:
        return tickets.withdraw(s, ticket_id=ticket.id, customer_id=CUSTOMER, now=NOW)
    elif state is not TicketState.ESCALATED or owned:
        take(s, ticket, li)
    if state is TicketState.IN_PROGRESS:
        work.assess(s, **as_is(ticket, li), **ASSESSED)
    if state is TicketState.WAITING:
        work.ask(s, **as_is(ticket, li), text="请发付款截图")
    if state is TicketState.ESCALATED:
        work.escalate(s, **as_is(ticket, li), reason="金额大")
    if state in (TicketState.DECIDED, TicketState.REOPENED, TicketState.CLOSED):
        decide(s, ticket, li)
    if state is TicketState.CLOSED:
        work.close(s, **as_is(ticket, li))
    if state is TicketState.REOPENED:
        tickets.add_facts(s, ticket_id=ticket.id, customer_id=CUSTOMER, text="还是没到账", now=NOW)
    if owned and state in (TicketState.RECEIVED, TicketState.REOPENED):
        supervision.assign(s, **as_is(ticket, people.zhao), to=li.id)
    assert ticket.state is state
    return ticket
