"""What customers do with their own ticket: add to it, take it back, ask for a review."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from actions.desk import terms
from actions.desk.life import Step
from actions.desk.notices import inform_house
from actions.desk.rules import rules_of
from actions.desk.steps import for_customer, keep
from actions.desk.supervision import start_again
from actions.service.messages import check_field, check_message
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import conflict

_DECIDED = (TicketState.DECIDED, TicketState.CLOSED)


def add_facts(s: Session, *, ticket_id: str, customer_id: str, text: str, now: datetime) -> Ticket:
    """Add what a customer has to say later.

    Before the decision the date stays: more facts never make a customer wait longer. After it, within the
    window for reviews, new facts start another round with a clock of its own.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state`, `too_late`;
            422 `empty_message`, `message_too_long`.
    """
    said = check_message(text)
    ticket = for_customer(s, ticket_id, customer_id)
    if ticket.state in _DECIDED:
        _refuse_late(s, ticket, now)
        start_again(s, ticket, Step.ADD_FACTS, customer_id, said, "simple", now)
    else:
        keep(s, ticket, Step.ADD_FACTS, customer_id, {"text": said}, now)
    terms.add(s, ticket, said)
    inform_house(s, ticket, "facts_added", now)
    return ticket


def review(s: Session, *, ticket_id: str, customer_id: str, reason: str, now: datetime) -> Ticket:
    """Ask for a review of the decision (article 30); somebody else than its author does it.

    Raises:
        WenjinError: 404 `ticket_not_found`; 409 `wrong_state`, `too_late`; 422 `empty_field`,
            `field_too_long`.
    """
    said = check_field(reason, name="申请核查的理由", required=True)
    ticket = for_customer(s, ticket_id, customer_id)
    _refuse_late(s, ticket, now)
    start_again(s, ticket, Step.REVIEW, customer_id, said, "review", now)
    inform_house(s, ticket, "review_asked", now)
    return ticket


def withdraw(s: Session, *, ticket_id: str, customer_id: str, now: datetime) -> Ticket:
    """End a complaint at its customer's wish, the day it is received; withdrawing twice changes nothing.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state` once it is decided.
    """
    ticket = for_customer(s, ticket_id, customer_id)
    if ticket.state is TicketState.WITHDRAWN:
        return ticket
    ticket.closed_at = now
    keep(s, ticket, Step.WITHDRAW, customer_id, {}, now)
    inform_house(s, ticket, "withdrawn", now)
    return ticket


def review_until(s: Session, ticket: Ticket) -> datetime | None:
    """Return until when a decision may be objected to, None where there is none."""
    if ticket.state not in _DECIDED or ticket.decided_at is None or ticket.merged_into is not None:
        return None
    return ticket.decided_at + timedelta(days=rules_of(s).review_window)


def _refuse_late(s: Session, ticket: Ticket, now: datetime) -> None:
    until = review_until(s, ticket)
    if until is not None and now > until:
        days = rules_of(s).review_window
        raise conflict("too_late", f"处理决定已超过 {days} 日，不能再申请核查或补充。可以重新登记一件投诉。")
