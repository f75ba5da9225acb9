"""What customers do with their own ticket: add to it, take it back, ask for a review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk import attachments, registry, terms
from actions.desk.attachments import Upload
from actions.desk.events import clock_of, timeline
from actions.desk.life import TRANSITIONS, Step, after
from actions.desk.notices import inform_house
from actions.desk.rules import rules_of
from actions.desk.steps import for_customer, keep
from actions.desk.supervision import assign_by_load, start_again
from actions.desk.workdays import end_of_day
from actions.service.messages import check_field, check_message
from actions.store.tables.desk import Attachment, Ticket, TicketState
from knowledge.errors import conflict

_DECIDED = (TicketState.DECIDED, TicketState.CLOSED)


def add_facts(
    s: Session,
    *,
    ticket_id: str,
    customer_id: str,
    text: str,
    files: Sequence[Upload] = (),
    key: str = "",
    now: datetime,
) -> Ticket:
    """Add what a customer has to say or show later; the same `key` again changes nothing.

    Before the decision the date stays: more facts never make a customer wait longer. After it, within the
    window for reviews, new facts start another round with a clock of its own. Files that are already there,
    without words, are no news.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state`, `too_late`,
            `merged`; 422 `empty_message`, `message_too_long`, what `attachments.add` raises.
    """
    ticket = _own(s, ticket_id, customer_id)
    if _done_before(s, ticket, key):
        return ticket
    after(ticket.state, Step.ADD_FACTS)
    _refuse_late(s, ticket, now)
    said = check_message(text) if text.strip() or not files else ""
    added = _kept(s, ticket, files, now)
    if not said and not added:
        return ticket
    data = {"text": said, **({"files": _named(added)} if added else {}), **({"key": key} if key else {})}
    if ticket.state in _DECIDED:
        start_again(s, ticket, Step.ADD_FACTS, customer_id, data, "simple", now)
    else:
        keep(s, ticket, Step.ADD_FACTS, customer_id, data, now)
    terms.add(s, ticket, said)
    inform_house(s, ticket, "facts_added", now)
    return assign_by_load(s, ticket, now)


def review(
    s: Session, *, ticket_id: str, customer_id: str, reason: str, key: str = "", now: datetime
) -> Ticket:
    """Ask for a review of the decision, once; somebody else than its author does it.

    The same `key` again changes nothing.

    Raises:
        WenjinError: 404 `ticket_not_found`; 409 `wrong_state`, `too_late`, `merged`, `already_reviewed`; 422
            `empty_field`, `field_too_long`.
    """
    said = check_field(reason, name="申请核查的理由", required=True)
    ticket = _own(s, ticket_id, customer_id)
    if _done_before(s, ticket, key):
        return ticket
    after(ticket.state, Step.REVIEW)
    _refuse_late(s, ticket, now)
    if clock_of(s, ticket).kind == "review":
        raise conflict(
            "already_reviewed", "这件投诉已经核查过。有新的情况可以补充，也可以申请调解、仲裁，或者提起诉讼。"
        )
    data = {"text": said, **({"key": key} if key else {})}
    start_again(s, ticket, Step.REVIEW, customer_id, data, "review", now)
    terms.add(s, ticket, said)
    inform_house(s, ticket, "review_asked", now)
    return assign_by_load(s, ticket, now)


def withdraw(s: Session, *, ticket_id: str, customer_id: str, now: datetime) -> Ticket:
    """End a complaint at its customer's wish, the day it is received; withdrawing twice changes nothing.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state` once it is decided.
    """
    ticket = for_customer(s, ticket_id, customer_id)
    if ticket.state is TicketState.WITHDRAWN:
        return ticket
    after(ticket.state, Step.WITHDRAW)
    ticket.closed_at = now
    ticket.asked_days = ticket.asked_by = None
    keep(s, ticket, Step.WITHDRAW, customer_id, {}, now)
    inform_house(s, ticket, "withdrawn", now)
    return ticket


def allows(s: Session, ticket: Ticket, step: Step, now: datetime) -> bool:
    """Tell whether a customer may do a step with their own ticket now."""
    until = review_until(s, ticket)
    return (
        ticket.state in TRANSITIONS[step] and ticket.merged_into is None and (until is None or now <= until)
    )


def review_until(s: Session, ticket: Ticket) -> datetime | None:
    """Return until when a decision may be objected to, None where there is none."""
    if ticket.state not in _DECIDED or ticket.decided_at is None or ticket.merged_into is not None:
        return None
    return end_of_day(ticket.decided_at, rules_of(s).review_window)


def _own(s: Session, ticket_id: str, customer_id: str) -> Ticket:
    """Return a customer's own ticket, locked; one that was merged goes on as another."""
    ticket = for_customer(s, ticket_id, customer_id)
    if ticket.merged_into is not None:
        number = registry.get(s, ticket.merged_into).number
        raise conflict("merged", f"这件投诉已并入 {number} 办理，请在那张工单里补充。", number=number)
    return ticket


def _refuse_late(s: Session, ticket: Ticket, now: datetime) -> None:
    until = review_until(s, ticket)
    if until is not None and now > until:
        days = rules_of(s).review_window
        raise conflict("too_late", f"处理决定已超过 {days} 日，不能再申请核查或补充。可以重新登记一件投诉。")


def _done_before(s: Session, ticket: Ticket, key: str) -> bool:
    """Tell whether a step with this key is among the ticket's. The ticket is locked."""
    return bool(key) and any(event.data.get("key") == key for event in timeline(s, ticket.id))


def _kept(s: Session, ticket: Ticket, files: Sequence[Upload], now: datetime) -> list[Attachment]:
    """Keep files and return those that are new."""
    before = {one.id for one in attachments.of_ticket(s, ticket.id, internal=True)}
    added = [
        attachments.add(s, file, customer_id=ticket.customer_id, ticket=ticket, now=now) for file in files
    ]
    return [one for one in added if one.id not in before]


def _named(files: Sequence[Attachment]) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name} for one in files]
