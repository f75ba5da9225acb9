"""Complaint tickets: registered once, worked on by handlers, followed by their customer."""

from __future__ import annotations

from actions.desk.events import timeline, verify
from actions.desk.registry import (
    TicketDraft,
    count_by_state,
    create,
    for_customer,
    get,
    get_by_number,
    normal_number,
    queue,
)
from actions.desk.work import add_facts, close, note, reply, take, withdraw
from actions.store.tables.desk import Priority, Ticket, TicketEvent, TicketState

__all__ = [
    "Priority",
    "Ticket",
    "TicketDraft",
    "TicketEvent",
    "TicketState",
    "add_facts",
    "close",
    "count_by_state",
    "create",
    "for_customer",
    "get",
    "get_by_number",
    "normal_number",
    "note",
    "queue",
    "reply",
    "take",
    "timeline",
    "verify",
    "withdraw",
]
