"""The desk's queues: which there are, how many wait in each, and the lines of the one that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from actions.desk import life, tickets
from actions.service import handovers
from actions.store.tables.accounts import User
from actions.store.tables.desk import Priority, Ticket, TicketState
from actions.store.tables.service import Handover
from bot.pages.words import Due, due_words, moment_words, wait_words

WAITING, DEFAULT = "waiting", "open"
TITLES = {
    WAITING: "等待人工",
    "open": "全部待办",
    "new": "待受理",
    "mine": "我受理的",
    "overdue": "已超时",
    "answered": "已答复",
    "closed": "已办结",
    "withdrawn": "已撤回",
    "all": "全部工单",
}
GROUPS = (
    ("客户在线", (WAITING,)),
    ("待办", ("open", "new", "mine", "overdue")),
    ("全部", ("answered", "closed", "withdrawn", "all")),
)
STATE_OF = {
    "new": TicketState.RECEIVED,
    "answered": TicketState.DECIDED,
    "closed": TicketState.CLOSED,
    "withdrawn": TicketState.WITHDRAWN,
}
URGENT = frozenset({WAITING, "overdue"})
EMPTY = {
    WAITING: "没有客户在等人工。客户在聊天里转人工后会出现在这里。",
    "mine": "您还没有受理工单。在“待受理”里打开一张，按 a 受理。",
    "overdue": "没有超时的工单。",
    "new": "没有待受理的工单。客户在聊天里投诉后会出现在这里。",
}
NOTHING = "还没有工单。客户在聊天里投诉后会出现在这里。"


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue and how many are in it."""

    key: str
    title: str
    count: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Queues that stand together."""

    title: str
    queues: tuple[Queue, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    href: str
    top: str
    when: str
    line: str
    due: Due
    state: str
    product: str
    urgent: bool
    is_new: bool
    current: bool


def known(key: str) -> str:
    """Return the key of a queue, the default one for an unknown key."""
    return key if key in TITLES else DEFAULT


def counts(s: Session, user: User, now: datetime) -> dict[str, int]:
    """Return how many are in each queue."""
    states = tickets.count_by_state(s)
    by_queue = {key: states[state] for key, state in STATE_OF.items()}
    return {
        **by_queue,
        WAITING: len(handovers.open_handovers(s)),
        "open": sum(states[state] for state in life.OPEN_STATES),
        "mine": len(_mine(s, user)),
        "overdue": len(_overdue(s, now)),
        "all": sum(states.values()),
    }


def groups(counted: dict[str, int]) -> list[Group]:
    """Return the queues with their counts, in groups."""
    return [
        Group(title, tuple(Queue(key, TITLES[key], counted[key], key in URGENT) for key in keys))
        for title, keys in GROUPS
    ]


def ticket_rows(s: Session, key: str, q: str, user: User, now: datetime, current: str) -> list[Row]:
    """Return the lines of a queue of tickets; `q` narrows it, `current` is the number of the open case."""
    return [_ticket_row(ticket, key, q, now, current) for ticket in _in_queue(s, key, q, user, now)]


def handover_rows(s: Session, now: datetime, current: str) -> list[Row]:
    """Return the lines of the customers who wait for a person or talk with one."""
    return [_handover_row(one, now, current) for one in handovers.open_handovers(s)]


def arrived(s: Session, since: datetime) -> tuple[int, int]:
    """Return how many tickets and hand-overs have come since a time."""
    new = [t for t in tickets.queue(s, state=TicketState.RECEIVED) if t.created_at > since]
    waiting = [h for h in handovers.open_handovers(s) if h.requested_at > since]
    return len(new), len(waiting)


def _in_queue(s: Session, key: str, q: str, user: User, now: datetime) -> list[Ticket]:
    match key:
        case "mine":
            found = _mine(s, user, q)
        case "overdue":
            found = _overdue(s, now, q)
        case "open":
            found = [ticket for ticket in tickets.queue(s, text=q) if ticket.state in life.OPEN_STATES]
        case _:
            found = tickets.queue(s, state=STATE_OF.get(key), text=q)
    return found


def _mine(s: Session, user: User, q: str = "") -> list[Ticket]:
    return [ticket for ticket in tickets.queue(s, mine=user.id, text=q) if ticket.state in life.OPEN_STATES]


def _overdue(s: Session, now: datetime, q: str = "") -> list[Ticket]:
    waiting = [ticket for state in life.PENDING for ticket in tickets.queue(s, state=state, text=q)]
    return sorted((ticket for ticket in waiting if ticket.due_at <= now), key=lambda ticket: ticket.due_at)


def _ticket_row(ticket: Ticket, key: str, q: str, now: datetime, current: str) -> Row:
    return Row(
        href=f"/desk/tickets/{ticket.number}?{urlencode({'queue': key} | ({'q': q} if q else {}))}",
        top=ticket.number,
        when=moment_words(ticket.created_at, now),
        line=" ".join(ticket.matter.split())[:80],
        due=ticket_due(ticket, now),
        state=life.STATE_LABELS[ticket.state],
        product=ticket.product[:20],
        urgent=ticket.priority is Priority.HIGH,
        is_new=ticket.state is TicketState.RECEIVED,
        current=ticket.number == current,
    )


def _handover_row(one: Handover, now: datetime, current: str) -> Row:
    return Row(
        href=f"/desk/handovers/{one.id}",
        top="在线客户",
        when=moment_words(one.requested_at, now),
        line=one.reason or "请求转人工",
        due=handover_due(one, now),
        state=handovers.STATE_LABELS[one.state],
        product="",
        urgent=False,
        is_new=one.taken_at is None,
        current=one.id == current,
    )


def ticket_due(ticket: Ticket, now: datetime) -> Due:
    """Return a ticket's clock in words; it stops with the answer."""
    return due_words(ticket.due_at, now, ended=ticket.state not in life.PENDING)


def handover_due(one: Handover, now: datetime) -> Due:
    """Return how long a customer has been waiting; once taken, since when."""
    if one.taken_at is None and one.ended_at is None:
        return wait_words(one.requested_at, now)
    return Due(f"{moment_words(one.taken_at or one.requested_at, now)} 接入", "", "person")
