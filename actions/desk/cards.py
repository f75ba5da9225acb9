"""What a customer sees of a ticket, masked and in words."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from actions.desk.life import STATE_LABELS, UNANSWERED_STATES
from actions.service.replies import Reply, ReplyKind
from actions.store.masking import mask
from actions.store.tables.desk import Ticket, TicketState

SHANGHAI = ZoneInfo("Asia/Shanghai")
# What happens next, for the customer.
_NEXT = {
    TicketState.RECEIVED: "，等待处理人员接手",
    TicketState.IN_PROGRESS: "，处理人员正在核实",
    TicketState.ANSWERED: "，答复就在上面的对话里；还有疑问可以直接补充",
}


def card(ticket: Ticket) -> dict[str, Any]:
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
    }


def ticket_reply(ticket: Ticket, text: str) -> Reply:
    """Return a reply that says `text` beside the ticket's card."""
    return Reply(ReplyKind.TICKET, text, card(ticket))


def registered(ticket: Ticket) -> Reply:
    """Return the reply to a complaint that has just been registered: number, deadline and its rule."""
    text = (
        f"您的投诉已受理登记，工单号 {ticket.number}。"
        f"按{ticket.rule}的时限，我们会在 {due_words(ticket)} 前答复您。"
        "您可以随时在这里发送工单号查询进度。"
    )
    return ticket_reply(ticket, text)


def progress(ticket: Ticket) -> Reply:
    """Return the reply to a question about a ticket's progress."""
    words = f"工单 {ticket.number}：{STATE_LABELS[ticket.state]}{_NEXT.get(ticket.state, '')}。"
    if ticket.closed_at is None and ticket.state in UNANSWERED_STATES:
        words += f"最晚 {due_words(ticket)}前答复您，答复会发在这个对话里。"
    return ticket_reply(ticket, words)


def due_words(ticket: Ticket) -> str:
    """Return the deadline's day as people in China write it."""
    at = ticket.due_at.astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日"
