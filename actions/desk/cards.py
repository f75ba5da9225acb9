"""What a customer sees of a ticket, masked and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import links
from actions.desk.events import timeline
from actions.desk.life import PENDING, STATE_LABELS, Step
from actions.desk.triage import QUEUES
from actions.desk.workdays import SHANGHAI
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Priority, Ticket, TicketState

# What happens next, for the customer.
_NEXT = {
    TicketState.RECEIVED: "，等待处理人员受理",
    TicketState.REOPENED: "，等待处理人员重新受理",
    TicketState.ACKNOWLEDGED: "，处理人员正在核实",
    TicketState.IN_PROGRESS: "，处理人员正在核实",
    TicketState.ESCALATED: "，由主管督办",
    TicketState.WAITING: "，请按处理人员的要求补充，说“补充：”加上内容就可以",
    TicketState.DECIDED: "，有异议可以申请核查",
}
_SAID_BY_HOUSE = (Step.REPLY, Step.ASK, Step.DECIDE)
_LONGEST = 120  # letters of the last reply that are shown


def card(s: Session, ticket: Ticket) -> dict[str, Any]:
    """Return the `data` of a ticket reply, masked: a conversation is not encrypted."""
    return {
        "number": ticket.number,
        "state": str(ticket.state),
        "state_label": STATE_LABELS[ticket.state],
        "due_at": ticket.due_at.isoformat(),
        "rule": ticket.rule,
        "matter": mask(ticket.matter),
        "product": mask(ticket.product),
        "demand": mask(ticket.demand),
        "contact_masked": ticket.contact_masked,
        "link": links.path(s, ticket),
    }


def ticket_reply(s: Session, ticket: Ticket, text: str) -> Reply:
    """Return a reply that says `text` beside the ticket's card."""
    return Reply(ReplyKind.TICKET, text, card(s, ticket))


def looked_at_first(ticket: Ticket) -> str:
    """Return what is told of a complaint that goes before others, "" for any other."""
    if ticket.priority is not Priority.HIGH:
        return ""
    at_once = "钱还在被转走的，请先打 110 报警，不要等工单。" if ticket.queue == "fraud" else ""
    return f"这件事按“{QUEUES[ticket.queue]}”处理，排在一般投诉前面先看。{at_once}"


def progress(s: Session, ticket: Ticket) -> Reply:
    """Return the reply to a question about a ticket's progress: state, date, what was said last."""
    words = f"工单 {ticket.number}：{STATE_LABELS[ticket.state]}{_NEXT.get(ticket.state, '')}。"
    if ticket.erased_at is not None:
        return ticket_reply(s, ticket, f"{words}内容{ticket.matter}。")
    if ticket.paused_at is not None:
        words += "正在等外部鉴定，这段时间不计入时限。"
    elif ticket.state in PENDING:
        words += f"最晚 {due_words(ticket)} 前答复您，答复会发在这个对话里。"
    return replace(ticket_reply(s, ticket, words + _last_reply(s, ticket)), buttons=_ways_on(ticket))


def _last_reply(s: Session, ticket: Ticket) -> str:
    said = [event for event in timeline(s, ticket.id) if event.type in _SAID_BY_HOUSE]
    if not said:
        return ""
    last = said[-1]
    text = str(last.data.get("text") or f"{last.data.get('finding', '')}；{last.data.get('remedy', '')}")
    line = mask(" ".join(text.split()))
    shown = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return f"最近一次答复（{day_words(last.created_at)}）：「{shown}」"


def _ways_on(ticket: Ticket) -> tuple[Button, ...]:
    if ticket.state is TicketState.DECIDED:
        return (Button("申请核查", f"申请核查 {ticket.number}"),)
    if ticket.state is TicketState.WAITING:
        return (Button("补充情况", f"补充 {ticket.number}"),)
    return ()


def day_words(at: datetime) -> str:
    """Return a time's day as people in China write it: 11月20日."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日"


def due_words(ticket: Ticket) -> str:
    """Return the deadline's day as people in China write it."""
    at = ticket.due_at.astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日"
