"""How a ticket is told to its customer."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from actions.desk.life import LABELS
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.desk import Ticket

ZONE = ZoneInfo("Asia/Shanghai")
SHORT = 40


def ticket_reply(ticket: Ticket, *, created: bool = False) -> Reply:
    """Return the ticket as a reply: the customer's words, number, due date with its rule, how to follow it."""
    data = {
        "number": ticket.number,
        "state": str(ticket.state),
        "state_label": LABELS[ticket.state],
        "due_at": ticket.due_at.isoformat(),
        "rule": ticket.rule,
        "matter": ticket.matter,
        "product": ticket.product,
        "demand": ticket.demand,
        "contact_masked": ticket.contact_masked,
        "outcome": "ticket",
    }
    text = _created(ticket) if created else _line(ticket)
    return Reply(ReplyKind.TICKET, text, data, (Button("查进度", f"查进度 {ticket.number}"),) if created else ())


def _created(ticket: Ticket) -> str:
    return (
        f"您反映的「{shorten(ticket.matter)}」已登记，工单号 {ticket.number}。"
        f"按{ticket.rule}的规定，最迟 {day(ticket.due_at)}前答复您。"
        "答复会发在这个对话里；您随时可以说“查进度”，也可以补充情况或撤回。"
    )


def _line(ticket: Ticket) -> str:
    due = f"，最迟 {day(ticket.due_at)}前答复（{ticket.rule}）" if ticket.closed_at is None else ""
    return f"工单 {ticket.number}「{shorten(ticket.matter)}」：{LABELS[ticket.state]}{due}。"


def day(moment: datetime) -> str:
    """Return the day in China as people say it."""
    local = moment.astimezone(ZONE)
    return f"{local.year} 年 {local.month} 月 {local.day} 日"


def shorten(text: str) -> str:
    """Return at most 40 characters of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"
