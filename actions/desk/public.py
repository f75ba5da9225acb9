"""A ticket as its customer sees it: where it stands, until when, what was said; nothing of the house's own.

Only the steps named here are shown. A step that is added to the table of states stays inside until somebody
decides what a customer should read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import attachments, customer, links, registry
from actions.desk.cards import due_words
from actions.desk.events import timeline
from actions.desk.life import PENDING, STATE_LABELS, Step, Who, allowed
from actions.store.masking import mask
from actions.store.tables.desk import Attachment, Ticket, TicketEvent, TicketState

STAGES = ("已登记", "已受理", "处理中", "已答复", "已办结")
_STAGE = {
    TicketState.RECEIVED: 0,
    TicketState.REOPENED: 0,
    TicketState.ACKNOWLEDGED: 1,
    TicketState.IN_PROGRESS: 2,
    TicketState.WAITING: 2,
    TicketState.ESCALATED: 2,
    TicketState.DECIDED: 3,
    TicketState.CLOSED: 4,
}
_NEXT = {
    TicketState.RECEIVED: "等待处理人员受理。",
    TicketState.REOPENED: "已重新登记，等待处理人员受理。",
    TicketState.ACKNOWLEDGED: "处理人员已受理，正在核实。",
    TicketState.IN_PROGRESS: "处理人员正在核实。",
    TicketState.WAITING: "需要您补充情况，请看下面的说明。",
    TicketState.ESCALATED: "已由主管督办。",
    TicketState.DECIDED: "处理决定已答复，请看下面的说明。",
    TicketState.CLOSED: "这件投诉已办结。",
    TicketState.WITHDRAWN: "您已撤回这件投诉，不再办理。",
}
CUSTOMER, HOUSE = "customer", "house"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as a customer reads it; `who` is "customer" or "house"."""

    seq: int
    at: datetime
    who: str
    title: str
    text: str = ""
    files: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket as its customer sees it. `stage` is a place in `STAGES`, None for a withdrawn one.

    `due` says until when an answer comes, "" where none is due any more. `may` are the steps that the
    customer can take now; `review_until` is until when a review may be asked for.
    """

    number: str
    link: str
    state: str
    state_label: str
    stage: int | None
    next: str
    due: str
    due_at: datetime
    rule: str
    created_at: datetime
    version: int
    facts: Mapping[str, str]
    entries: tuple[Entry, ...]
    files: tuple[Attachment, ...]
    may: frozenset[Step]
    review_until: datetime | None
    erased: bool

    @property
    def rateable(self) -> bool:
        """Tell whether there is a decision to rate."""
        return not self.erased and self.state in (TicketState.DECIDED, TicketState.CLOSED)


def case_of(s: Session, ticket: Ticket, now: datetime) -> Case:
    """Return what a ticket's customer sees now."""
    gone = ticket.matter if ticket.erased_at else ""
    entries = tuple(entry for event in timeline(s, ticket.id) if (entry := _entry(s, event, gone)))
    until = customer.review_until(s, ticket)
    return Case(
        number=ticket.number,
        link=links.link(s, ticket),
        state=str(ticket.state),
        state_label=state_label(ticket),
        stage=_STAGE.get(ticket.state),
        next=_next(s, ticket),
        due=_due(ticket, now),
        due_at=ticket.due_at,
        rule=ticket.rule,
        created_at=ticket.created_at,
        version=entries[-1].seq if entries else 0,
        facts=_facts(ticket),
        entries=entries,
        files=tuple(attachments.of_ticket(s, ticket.id, internal=False)),
        may=_may(ticket, until, now),
        review_until=until if until and until >= now else None,
        erased=ticket.erased_at is not None,
    )


def state_label(ticket: Ticket) -> str:
    """Return the state in words; who looks after it inside the house is the house's own."""
    return "处理中" if ticket.state is TicketState.ESCALATED else STATE_LABELS[ticket.state]


def _facts(ticket: Ticket) -> dict[str, str]:
    """Return what was registered; numbers and addresses of persons are starred."""
    told = {
        "投诉事项": mask(ticket.matter),
        "产品或服务": mask(ticket.product),
        "诉求": mask(ticket.demand),
        "称呼": mask(ticket.name),
        "联系方式": ticket.contact_masked,
    }
    return {name: text for name, text in told.items() if text}


def _next(s: Session, ticket: Ticket) -> str:
    if ticket.merged_into is not None:
        return f"与 {registry.get(s, ticket.merged_into).number} 是同一件事，已合并办理。"
    return _NEXT[ticket.state]


def _due(ticket: Ticket, now: datetime) -> str:
    if ticket.state not in PENDING:
        return ""
    if ticket.paused_at is not None:
        return "正在等外部鉴定，这段时间不计入时限"
    late = "，现在已经超过，我们会尽快答复" if now > ticket.due_at else ""
    return f"最晚 {due_words(ticket)} 前答复您{late}"


def _may(ticket: Ticket, until: datetime | None, now: datetime) -> frozenset[Step]:
    steps = set(() if ticket.erased_at else allowed(ticket.state, Who.CUSTOMER))
    if ticket.merged_into is not None or (until is not None and now > until):
        steps -= {Step.ADD_FACTS, Step.REVIEW}
    return frozenset(steps)


def _entry(s: Session, event: TicketEvent, gone: str) -> Entry | None:
    """Return a step as a customer reads it; `gone` stands for what was written, where it is erased."""
    shown = _SHOWN.get(event.type)
    if shown is None:
        return None
    who, title, text = shown
    if gone:
        written = text in (_text, _reason, _decision)
        return Entry(event.seq, event.created_at, who, title, gone if written else "")
    files = tuple(event.data.get("files", ())) if who == CUSTOMER else ()
    said = text(s, event.data)
    if who == CUSTOMER:
        said = mask(said)
    return Entry(event.seq, event.created_at, who, title, said, files)


Told = Callable[[Session, Mapping[str, Any]], str]


def _nothing(_s: Session, _data: Mapping[str, Any]) -> str:
    return ""


def _text(_s: Session, data: Mapping[str, Any]) -> str:
    return str(data.get("text", ""))


def _reason(_s: Session, data: Mapping[str, Any]) -> str:
    """Return why more time was needed, and which rule holds now; the supervisor's opinion stays inside."""
    return f"{data.get('reason', '')}（{data.get('clock', {}).get('rule', '')}）"


def _decision(_s: Session, data: Mapping[str, Any]) -> str:
    return f"核查结果：{data['finding']}\n依据：{data['basis']}\n处理意见：{data['remedy']}"


def _merged(_s: Session, data: Mapping[str, Any]) -> str:
    return f"与 {data['into']} 是同一件事，时限按 {data['into']} 计算。"


_SHOWN: dict[str, tuple[str, str, Told]] = {
    "created": (CUSTOMER, "您登记了投诉", _nothing),
    Step.TAKE: (HOUSE, "已受理", _nothing),
    Step.REPLY: (HOUSE, "回复", _text),
    Step.ASK: (HOUSE, "请您补充", _text),
    Step.GRANT_TIME: (HOUSE, "延长办理时间", _reason),
    Step.PAUSE: (HOUSE, "外部鉴定，暂停计时", _text),
    Step.UNPAUSE: (HOUSE, "鉴定结束，恢复计时", _nothing),
    Step.DECIDE: (HOUSE, "处理决定", _decision),
    Step.CLOSE: (HOUSE, "已办结", _nothing),
    Step.REOPEN: (HOUSE, "重新处理", _text),
    Step.MERGE: (HOUSE, "已合并办理", _merged),
    Step.ADD_FACTS: (CUSTOMER, "您补充了情况", _text),
    Step.REVIEW: (CUSTOMER, "您申请了核查", _text),
    Step.WITHDRAW: (CUSTOMER, "您撤回了投诉", _nothing),
}
