"""What a customer sees of a ticket, masked and in words."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from actions.desk import links
from actions.desk.life import PENDING, STATE_LABELS
from actions.desk.workdays import SHANGHAI
from actions.service.replies import Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Ticket, TicketState

# What happens next, for the customer.
_NEXT = {
    TicketState.RECEIVED: "，等待处理人员受理",
    TicketState.REOPENED: "，等待处理人员重新受理",
    TicketState.ACKNOWLEDGED: "，处理人员正在核实",
    TicketState.IN_PROGRESS: "，处理人员正在核实",
    TicketState.ESCALATED: "，由主管督办",
    TicketState.WAITING: "，请按处理人员的要求补充，直接发在这里就可以",
    TicketState.DECIDED: "，决定就在上面的对话里；有异议可以申请核查",
}


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


def registered(s: Session, ticket: Ticket) -> Reply:
    """Return the reply to a complaint that has just been registered: number, deadline and its rule."""
    text = (
        f"您的投诉已登记，工单号 {ticket.number}。"
        f"按{ticket.rule}的时限，我们会在 {due_words(ticket)} 前答复您。"
        "您可以随时在这里问进度，也可以打开卡片上的链接查看和补充。"
    )
    return ticket_reply(s, ticket, text)


def progress(s: Session, ticket: Ticket) -> Reply:
    """Return the reply to a question about a ticket's progress."""
    words = f"工单 {ticket.number}：{STATE_LABELS[ticket.state]}{_NEXT.get(ticket.state, '')}。"
    if ticket.paused_at is not None:
        words += "正在等外部鉴定，这段时间不计入时限。"
    elif ticket.state in PENDING:
        words += f"最晚 {due_words(ticket)} 前答复您，答复会发在这个对话里。"
    return ticket_reply(s, ticket, words)


def due_words(ticket: Ticket) -> str:
    """Return the deadline's day as people in China write it."""
    at = ticket.due_at.astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日"
