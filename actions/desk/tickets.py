"""Complaint tickets: registered once, worked on by handlers, followed by their customer."""

from __future__ import annotations

from actions.desk.customer import add_facts, review, withdraw
from actions.desk.events import timeline, verify
from actions.desk.intake import TicketDraft, create
from actions.desk.registry import (
    Wanted,
    count_by_state,
    for_customer,
    get,
    get_by_number,
    listed,
    normal_number,
)
from actions.store.tables.desk import Priority, Ticket, TicketEvent, TicketState

__all__ = [
    "Priority",
    "Ticket",
    "TicketDraft",
    "TicketEvent",
    "TicketState",
    "Wanted",
    "add_facts",
    "count_by_state",
    "create",
    "for_customer",
    "get",
    "get_by_number",
    "listed",
    "normal_number",
    "review",
    "timeline",
    "verify",
    "withdraw",
]
