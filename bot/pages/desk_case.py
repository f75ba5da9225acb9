"""One case on the desk: what is asked for, what happened, what time is left, what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import attachments, categories, events, life, outbox, registry, triage
from actions.desk.clock import Clock
from actions.desk.duplicates import Similar
from actions.desk.life import Step
from actions.desk.steps import parts_of
from actions.service import accounts, ratings
from actions.store.masking import mask
from actions.store.tables.accounts import User
from actions.store.tables.desk import Attachment, Priority, Ticket
from actions.store.tables.service import Rating
from bot.pages.desk_forms import LEVEL_NAMES, LEVELS, Acts, Desk, acts, proposal
from bot.pages.desk_lines import Hide, event_line
from bot.pages.desk_queues import ticket_due
from bot.pages.desk_talk import Line, talk
from bot.pages.words import Due, day_words, moment_words

FOUND = {
    "amounts": "金额",
    "days": "日期",
    "orders": "订单号",
    "cards": "卡号尾数",
    "phones": "电话",
    "tickets": "提到的工单",
    "why": "分队依据",
}
SHOWN_MATTER = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket beside this one; `merge` says that this one may be merged into it."""

    number: str
    matter: str
    state: str
    when: str
    merge: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is to show besides the ticket: raw data, and one step's form with what was typed."""

    raw: bool = False
    step: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TicketCase:
    """A ticket as the right-hand pane shows it."""

    ticket: Ticket
    title: str
    state: str
    due: Due
    urgent: bool
    handler: str
    matter: str
    said: Sequence[Fact]
    clock: Sequence[Fact]
    sorting: Sequence[Fact]
    steps: Sequence[Line]
    talk: Sequence[Line]
    acts: Acts
    own: Sequence[Other]
    similar: Sequence[Other]
    recent: int
    files: Sequence[Attachment]
    rating: Rating | None
    raw: bool
    barred: bool
    erased: bool
    held: str
    unreached: int
    template: str = "desk/ticket.html"


def ticket_case(
    s: Session, ticket: Ticket, user: User, now: datetime, asked: Asked, similar: Similar
) -> TicketCase:
    """Return a ticket's case as somebody may see it; `similar` are tickets of other customers."""
    names = {one.id: one.called for one in accounts.users(s)}
    hide: Hide = str if asked.raw else mask
    told = events.timeline(s, ticket.id)
    parts, clock = parts_of(user, ticket), events.clock_of(s, ticket)
    erased = ticket.erased_at is not None
    desk = Desk(s, ticket, user, clock, now)
    return TicketCase(
        ticket=ticket,
        title=ticket.number,
        state=life.STATE_LABELS[ticket.state],
        due=ticket_due(ticket, now),
        urgent=ticket.priority is Priority.HIGH,
        handler=names.get(ticket.handler_id or "", ""),
        matter=hide(ticket.matter),
        said=_said(ticket, hide, raw=asked.raw),
        clock=_clock(ticket, clock, now),
        sorting=_sorting(ticket),
        steps=[event_line(event, names, hide, ticket.matter if erased else "") for event in told],
        talk=talk(s, ticket.conversation_id) if ticket.conversation_id else [],
        acts=acts(desk, open_step=asked.step, typed=asked.typed),
        own=_own(s, ticket, now, mergeable=bool(parts & life.who(Step.MERGE, ticket.state))),
        similar=[_other(like.ticket, now) for like in similar.tickets],
        recent=similar.recent,
        files=attachments.of_ticket(s, ticket.id, internal=True),
        rating=ratings.given(s, "ticket", ticket.id),
        raw=asked.raw,
        barred=not parts and not erased,
        erased=erased,
        held=_held(ticket, names, now),
        unreached=outbox.mails_given_up(s, ticket.id),
    )


def _held(ticket: Ticket, names: Mapping[str, str], now: datetime) -> str:
    """Return who has put a ticket on hold, when and why, "" where nobody has."""
    if ticket.held_at is None:
        return ""
    who = names.get(ticket.held_by or "", "主管")
    return (
        f"{who} {moment_words(ticket.held_at, now)} 保全了这张工单，不会按保存期限删除：{ticket.hold_reason}"
    )


def _said(ticket: Ticket, hide: Hide, *, raw: bool) -> list[Fact]:
    """Return what the customer gave, and what was recognised in it."""
    name = ticket.name if raw else ticket.name[:1] + "*" * (len(ticket.name) - 1)
    contact = ticket.contact if raw else ticket.contact_masked
    facts = [
        Fact("诉求", hide(ticket.demand)),
        Fact("产品或服务", hide(ticket.product)),
        Fact("称呼", name),
        Fact("联系方式", contact or ("" if ticket.erased_at else "客户没有留下")),
        *(Fact(label, hide(_found(ticket.found.get(key)))) for key, label in FOUND.items()),
    ]
    return [fact for fact in facts if fact.value]


def _found(value: Any) -> str:
    """Return what was recognised of one kind, in words."""
    if isinstance(value, str):
        return value
    return "、".join(str(one["text"] if isinstance(one, Mapping) else one) for one in value or ())


def _clock(ticket: Ticket, clock: Clock, now: datetime) -> list[Fact]:
    """Return the dates that hold, each with its rule, and the time that does not count."""
    facts = [Fact("最晚答复", day_words(ticket.due_at)), Fact("依据", ticket.rule)]
    if ticket.first_response_at:
        facts.append(Fact("首次回复", moment_words(ticket.first_response_at, now)))
    elif ticket.first_due_at and ticket.state in life.PENDING:
        late = "，已超过" if ticket.first_due_at < now else ""
        facts.append(Fact("首次回复", f"应在 {moment_words(ticket.first_due_at, now)} 前{late}"))
    if clock.waiting_at or clock.waited:
        waited = clock.waited + (now - clock.waiting_at if clock.waiting_at else timedelta())
        facts.append(Fact("等客户", f"{_span(waited)}，计入时限"))
    if clock.paused_at or clock.paused:
        paused = clock.paused + (now - clock.paused_at if clock.paused_at else timedelta())
        facts.append(Fact("外部鉴定", f"{_span(paused)}，不计入时限"))
    if clock.cycle > 1:
        facts.append(Fact("第几轮", f"第 {clock.cycle} 轮"))
    if ticket.asked_days is not None:
        facts.append(Fact("待审批", f"申请延到 {ticket.asked_days} 日"))
    return facts


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} 天" if hours >= 48 else f"{hours:.0f} 小时" if hours >= 1 else "不到 1 小时"


def _sorting(ticket: Ticket) -> list[Fact]:
    """Return how the ticket is sorted: what a handler confirmed, else what is proposed."""
    facts = [Fact("队列", triage.QUEUES.get(ticket.queue, ticket.queue))]
    for axis, label in categories.AXES.items():
        key = getattr(ticket, axis)
        facts.append(Fact(label, categories.label(axis, key) if key else proposal(ticket, axis) or "未确认"))
    if ticket.severity:
        levels = [f"{label}{LEVEL_NAMES[getattr(ticket, name)]}" for name, (label, _) in LEVELS.items()]
        facts.append(Fact("轻重", "，".join(levels)))
    return facts


def _own(s: Session, ticket: Ticket, now: datetime, *, mergeable: bool) -> list[Other]:
    """Return the customer's other tickets; this one may go into an earlier one while both wait."""
    free = mergeable and ticket.state in life.PENDING
    return [
        _other(one, now, merge=free and one.state in life.PENDING and one.created_at < ticket.created_at)
        for one in registry.for_customer(s, ticket.customer_id)
        if one.id != ticket.id
    ]


def _other(ticket: Ticket, now: datetime, *, merge: bool = False) -> Other:
    return Other(
        number=ticket.number,
        matter=mask(" ".join(ticket.matter.split()))[:SHOWN_MATTER],
        state=life.STATE_LABELS[ticket.state],
        when=moment_words(ticket.created_at, now),
        merge=merge,
    )
