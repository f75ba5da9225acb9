"""The desk's lists: which there are, how many wait in each, and the lines of the one that is open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Query
from sqlalchemy.orm import Session

from actions.desk import categories, life, registry, triage
from actions.desk.counts import Counts
from actions.desk.registry import PAGE, Wanted
from actions.service.accounts import may
from actions.store.masking import mask
from actions.store.tables.accounts import User
from actions.store.tables.desk import Priority, Ticket, TicketState
from bot.pages.panes import Entry, Group, Row, Tag
from bot.pages.words import SOON, ZONE, Due, due_words, moment_words

WAITING, DEFAULT, ALL = "waiting", "open", "all"
# Each list: its title and the letter that opens it after g.
LISTS = {
    WAITING: ("等待人工", "w"),
    DEFAULT: ("全部待办", "a"),
    "new": ("待受理", "n"),
    "mine": ("我的", "m"),
    "unread": ("客户有新消息", "u"),
    "overdue": ("已超时", "o"),
    "soon": ("三天内到期", "s"),
    "asked": ("待审批延期", "t"),
    "escalated": ("已升级", "e"),
    "general": (triage.QUEUES["general"], "1"),
    "conduct": (triage.QUEUES["conduct"], "2"),
    "fraud": (triage.QUEUES["fraud"], "3"),
    "privacy": (triage.QUEUES["privacy"], "4"),
    "answered": ("已答复", "d"),
    "closed": ("已办结", "c"),
    "withdrawn": ("已撤回", "b"),
    ALL: ("全部工单", "l"),
}
GROUPS = (
    ("客户在线", (WAITING,)),
    ("待办", (DEFAULT, "new", "mine", "unread", "overdue", "soon", "asked", "escalated")),
    ("按投诉队列", tuple(triage.QUEUES)),
    ("全部", ("answered", "closed", "withdrawn", ALL)),
)
NEW = (TicketState.RECEIVED, TicketState.REOPENED)
STATE_OF = {
    "answered": TicketState.DECIDED,
    "closed": TicketState.CLOSED,
    "withdrawn": TicketState.WITHDRAWN,
    "escalated": TicketState.ESCALATED,
}
URGENT = frozenset({WAITING, "overdue", "escalated", "asked"})
SUPERVISORS = frozenset({"asked"})
EMPTY = {
    WAITING: "没有客户在等人工。客户在聊天里转人工后会出现在这里。",
    "mine": "您手上没有工单。在“待受理”里打开一张，按 a 受理。",
    "unread": "您的工单都没有新消息。",
    "overdue": "没有超时的工单。",
    "soon": "三天内没有要到期的工单。",
    "asked": "没有待审批的延期申请。",
    "escalated": "没有升级的工单。",
    "new": "没有待受理的工单。客户在聊天里投诉后会出现在这里。",
}
NOTHING = "还没有工单。客户在聊天里投诉后会出现在这里。"
NOBODY = "-"
MOST, LONGEST_SEARCH, SHOWN = 1000, 100, 80


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: a list, a search, filters, how many lines; and what was done or went wrong."""

    queue: str = DEFAULT
    q: str = ""
    priority: str = ""
    business: str = ""
    cause: str = ""
    handler: str = ""
    n: int = PAGE
    done: str = ""
    problem: str = ""
    status: int = 200

    @property
    def filtered(self) -> bool:
        """Tell whether the list is narrowed by more than its own rule."""
        return bool(self.priority or self.business or self.cause or self.handler)

    def query(self, **changes: object) -> str:
        """Return the query string of this view, changed."""
        names = ("queue", "q", "priority", "business", "cause", "handler", "n")
        chosen = {name: getattr(self, name) for name in names} | changes
        return urlencode({name: value for name, value in chosen.items() if value not in ("", PAGE)})


def view_of(
    queue: str = DEFAULT,
    q: str = "",
    priority: str = "",
    business: str = "",
    cause: str = "",
    handler: str = "",
    n: Annotated[int, Query(ge=1)] = PAGE,
    done: str = "",
) -> View:
    """Return the view that an address asks for; an unknown list is the default one."""
    key, text = known(queue), q.strip()[:LONGEST_SEARCH]
    if text and key == WAITING:
        key = ALL  # one looks for tickets, not for who is waiting
    return View(key, text, priority, business, cause, handler, min(n, MOST), done)


def view_from(query: str) -> View:
    """Return the view that a form came from."""
    given = dict(parse_qsl(query))
    count = given.pop("n", "")
    names = ("queue", "q", "priority", "business", "cause", "handler")
    chosen = {name: given[name] for name in names if name in given}
    return view_of(**chosen, n=int(count) if count.isdecimal() else PAGE)


def known(key: str) -> str:
    """Return the key of a list, the default one for an unknown key."""
    return key if key in LISTS else DEFAULT


def soon(now: datetime) -> datetime:
    """Return until when a due date is near: the end of the third day from today, in China."""
    day = now.astimezone(ZONE).date() + timedelta(days=SOON + 1)
    return datetime.combine(day, time(), ZONE)


def wanted(view: View, user: User, now: datetime) -> Wanted:
    """Return which tickets a view shows."""
    base = _of_list(view.queue, user, now)
    handler = base.handler if view.handler == "" else "" if view.handler == NOBODY else view.handler
    return replace(
        base,
        handler=handler,
        priority=Priority.HIGH if view.priority == Priority.HIGH else None,
        business=view.business,
        cause=view.cause,
        text=view.q,
    )


def _of_list(key: str, user: User, now: datetime) -> Wanted:
    """Return which tickets belong to a list."""
    match key:
        case "new":
            return Wanted(states=NEW)
        case "mine":
            return Wanted(states=life.OPEN_STATES, handler=user.id)
        case "unread":
            return Wanted(handler=user.id, unread=True)
        case "overdue":
            return Wanted(overdue=True)
        case "soon":
            return Wanted(soon=soon(now))
        case "asked":
            return Wanted(states=life.PENDING, asked_time=True)
        case _ if key in triage.QUEUES:
            return Wanted(states=life.PENDING, queue=key)
        case _ if key in STATE_OF:
            return Wanted(states=(STATE_OF[key],))
        case _:
            return Wanted() if key == ALL else Wanted(states=life.PENDING)


def sizes(counted: Counts, waiting: int) -> dict[str, int]:
    """Return how many are in each list."""
    return {
        WAITING: waiting,
        DEFAULT: counted.pending,
        "new": sum(counted.states[state] for state in NEW),
        "mine": counted.mine,
        "unread": counted.unread,
        "overdue": counted.overdue,
        "soon": counted.soon,
        "asked": counted.asked_time,
        **{key: counted.states[state] for key, state in STATE_OF.items()},
        **{key: counted.queues.get(key, 0) for key in triage.QUEUES},
        ALL: sum(counted.states.values()),
    }


def groups(sized: dict[str, int], user: User) -> list[Group]:
    """Return the lists that somebody may see, with their sizes, in groups."""
    leads = may(user, "supervisor")
    return [
        Group(title, tuple(_entry(key, sized[key]) for key in keys if leads or key not in SUPERVISORS))
        for title, keys in GROUPS
    ]


def _entry(key: str, size: int) -> Entry:
    title, letter = LISTS[key]
    return Entry(key, f"/desk?queue={key}", title, size, key in URGENT, letter)


def ticket_rows(s: Session, view: View, user: User, now: datetime, current: str) -> list[Row]:
    """Return the lines of a view; `current` is the number of the open case."""
    found = registry.listed(s, wanted(view, user, now), now, limit=view.n)
    return [_ticket_row(ticket, view, now, current) for ticket in found]


def _ticket_row(ticket: Ticket, view: View, now: datetime, current: str) -> Row:
    return Row(
        href=f"/desk/tickets/{ticket.number}?{view.query()}",
        top=f"{ticket.number} {_about(ticket)}",
        when=moment_words(ticket.created_at, now),
        line=mask(" ".join(ticket.matter.split()))[:SHOWN],
        tags=tuple(_tags(ticket, now)),
        current=ticket.number == current,
        strong=is_unread(ticket),
        pick=f"{ticket.number}:{ticket.version}",
    )


def _about(ticket: Ticket) -> str:
    """Return what a ticket is about in a word: its category, else what the customer called the product."""
    return categories.label("business", ticket.business) if ticket.business else mask(ticket.product)[:20]


def _tags(ticket: Ticket, now: datetime) -> list[Tag]:
    due = ticket_due(ticket, now)
    tags = [Tag(due.words, due.level, due.icon), Tag(life.STATE_LABELS[ticket.state])]
    if ticket.priority is Priority.HIGH:
        tags.append(Tag("优先", "danger"))
    if is_unread(ticket) and ticket.state not in NEW:
        tags.append(Tag("新消息", "accent"))
    if ticket.asked_days is not None and ticket.state in life.PENDING:
        tags.append(Tag("申请延期", "warn"))
    return tags


def is_unread(ticket: Ticket) -> bool:
    """Tell whether the customer said something that its handler has not seen."""
    if ticket.state not in life.OPEN_STATES or ticket.customer_at is None:
        return False
    return ticket.seen_at is None or ticket.seen_at < ticket.customer_at


def ticket_due(ticket: Ticket, now: datetime) -> Due:
    """Return a ticket's clock in words; it stops with the decision and rests in a pause."""
    if ticket.paused_at is not None and ticket.state in life.PENDING:
        return Due("计时已暂停", "", "pause")
    return due_words(ticket.due_at, now, ended=ticket.state not in life.PENDING)
