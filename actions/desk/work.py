"""What handlers and customers do with a ticket: each step is checked, recorded, and told to the customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.cards import ticket_reply
from actions.desk.events import append
from actions.desk.life import Step, after
from actions.service import conversations, ratings
from actions.service.accounts import may, require_role
from actions.service.messages import check_field, check_message
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import conflict


def take(s: Session, *, ticket_id: str, user: User, version: int, now: datetime) -> Ticket:
    """Take a ticket that nobody has; taking one's own again changes nothing.

    Raises:
        WenjinError: 403 `role_needed`; 404 `ticket_not_found`; 409 `ticket_taken`, `stale_version`,
            `wrong_state`.
    """
    ticket = _for_handler(s, ticket_id, user)
    if ticket.state is TicketState.IN_PROGRESS and ticket.handler_id == user.id:
        return ticket
    _refuse_taken(ticket, user)
    _refuse_stale(ticket, version)
    ticket.state = after(ticket.state, Step.TAKE)
    ticket.handler_id = user.id
    _keep(s, ticket, Step.TAKE, user, {}, now)
    return ticket


def reply(s: Session, *, ticket_id: str, user: User, text: str, version: int, now: datetime) -> Ticket:
    """Answer the customer, in their conversation.

    Raises:
        WenjinError: 403 `role_needed`; 404 `ticket_not_found`; 409 `ticket_taken`, `stale_version`,
            `wrong_state`; 422 `empty_message`, `message_too_long`.
    """
    said = check_message(text)
    ticket = _for_its_handler(s, ticket_id, user, version)
    ticket.state = after(ticket.state, Step.REPLY)
    _keep(s, ticket, Step.REPLY, user, {"text": said}, now)
    _tell(s, ticket, f"您的投诉 {ticket.number} 有了答复：\n{said}", "handler", now)
    return ticket


def close(s: Session, *, ticket_id: str, user: User, version: int, resolution: str, now: datetime) -> Ticket:
    """Close a ticket, tell the customer how it was resolved, and ask for a rating.

    Raises:
        WenjinError: 403 `role_needed`; 404 `ticket_not_found`; 409 `ticket_taken`, `stale_version`,
            `wrong_state`; 422 `empty_field`, `field_too_long`.
    """
    said = check_field(resolution, name="处理结果", required=True)
    ticket = _for_its_handler(s, ticket_id, user, version)
    ticket.state = after(ticket.state, Step.CLOSE)
    ticket.closed_at = now
    _keep(s, ticket, Step.CLOSE, user, {"resolution": said, "in_time": now <= ticket.due_at}, now)
    _tell(s, ticket, f"您的投诉 {ticket.number} 已办结。处理结果：{said}", "handler", now)
    if ticket.conversation_id is not None:
        conversation = conversations.get(s, ticket.conversation_id)
        ratings.offer_in_chat(s, conversation=conversation, subject="ticket", subject_id=ticket.id, now=now)
    return ticket


def note(s: Session, *, ticket_id: str, user: User, text: str, version: int, now: datetime) -> Ticket:
    """Add an internal note; the customer never sees it, and any handler may write one.

    Raises:
        WenjinError: 403 `role_needed`; 404 `ticket_not_found`; 409 `stale_version`; 422 `empty_message`,
            `message_too_long`.
    """
    said = check_message(text)
    ticket = _for_handler(s, ticket_id, user)
    _refuse_stale(ticket, version)
    _keep(s, ticket, Step.NOTE, user, {"text": said}, now)
    return ticket


def withdraw(s: Session, *, ticket_id: str, customer_id: str, now: datetime) -> Ticket:
    """End a complaint at its customer's wish; withdrawing twice changes nothing.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state` once it is closed.
    """
    ticket = _of_customer(s, ticket_id, customer_id)
    if ticket.state is TicketState.WITHDRAWN:
        return ticket
    ticket.state = after(ticket.state, Step.WITHDRAW)
    ticket.closed_at = now
    _keep(s, ticket, Step.WITHDRAW, customer_id, {}, now)
    return ticket


def add_facts(s: Session, *, ticket_id: str, customer_id: str, text: str, now: datetime) -> Ticket:
    """Add what a customer has to say later; after an answer the ticket is in progress again.

    The deadline stays: more facts never make a customer wait longer.

    Raises:
        WenjinError: 404 `ticket_not_found` (also for somebody else's); 409 `wrong_state` once it is over;
            422 `empty_message`, `message_too_long`.
    """
    said = check_message(text)
    ticket = _of_customer(s, ticket_id, customer_id)
    ticket.state = after(ticket.state, Step.ADD_FACTS)
    _keep(s, ticket, Step.ADD_FACTS, customer_id, {"text": said}, now)
    return ticket


def _locked(s: Session, ticket_id: str) -> Ticket:
    """Return the ticket locked, after its conversation: everybody takes these locks in this order."""
    ticket = registry.get(s, ticket_id)
    if ticket.conversation_id is not None:
        conversations.lock(s, ticket.conversation_id)
    held = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    return s.scalars(held.execution_options(populate_existing=True)).one()


def _for_handler(s: Session, ticket_id: str, user: User) -> Ticket:
    require_role(user, "handler")
    return _locked(s, ticket_id)


def _for_its_handler(s: Session, ticket_id: str, user: User, version: int) -> Ticket:
    ticket = _for_handler(s, ticket_id, user)
    _refuse_taken(ticket, user)
    _refuse_stale(ticket, version)
    return ticket


def _of_customer(s: Session, ticket_id: str, customer_id: str) -> Ticket:
    ticket = _locked(s, ticket_id)
    if ticket.customer_id != customer_id:
        raise registry.missing()
    return ticket


def _refuse_taken(ticket: Ticket, user: User) -> None:
    if ticket.handler_id not in (None, user.id) and not may(user, "admin"):
        raise conflict(
            "ticket_taken", "这张工单由其他同事受理，请联系对方或管理员。", handler_id=ticket.handler_id
        )


def _refuse_stale(ticket: Ticket, version: int) -> None:
    if ticket.version != version:
        raise conflict("stale_version", "这张工单刚被别人更新，请刷新后再试。", version=ticket.version)


def _keep(
    s: Session, ticket: Ticket, step: Step, by: User | str, data: dict[str, Any], now: datetime
) -> None:
    """Append the event and the audit row of a step. The audit row never holds what a person wrote."""
    actor, kind = (by.id, "handler") if isinstance(by, User) else (by, "customer")
    append(s, ticket, type=str(step), actor=actor, actor_kind=kind, data=data, now=now)
    audit.record(
        s, actor=actor, action=f"ticket.{step}", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number, "state": str(ticket.state), "version": ticket.version}, now=now,
    )  # fmt: skip


def _tell(s: Session, ticket: Ticket, text: str, actor: str, now: datetime) -> None:
    """Put the ticket's news into the customer's conversation, where there is one."""
    if ticket.conversation_id is None:
        return
    conversations.add_reply(
        s, conversation=conversations.get(s, ticket.conversation_id), reply=ticket_reply(ticket, text),
        reply_to=None, actor=actor, outcome="ticket", now=now,
    )  # fmt: skip
