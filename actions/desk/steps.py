"""What every step of a ticket goes through: locks, permission, the table of states, event and audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.events import append
from actions.desk.life import BARRED, WHO, Step, Who, after
from actions.service import conversations
from actions.service.accounts import may, require_role
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketEvent
from knowledge.errors import conflict, forbidden

SYSTEM = "system"


def parts_of(user: User, ticket: Ticket) -> set[Who]:
    """Return in which parts a member of staff acts on a ticket; none for who is barred from it."""
    if not may(user, "handler"):
        return set()
    if user.id in ticket.barred:
        return set()
    parts = {Who.HANDLER}
    if ticket.handler_id == user.id:
        parts.add(Who.OWNER)
    if may(user, "supervisor"):
        parts.add(Who.SUPERVISOR)
    return parts


def for_staff(s: Session, ticket_id: str, user: User, step: Step, version: int) -> Ticket:
    """Return a ticket, locked, for somebody of the house who may do `step` with it now.

    Raises:
        WenjinError: 403 `role_needed`, `barred`; 404 `ticket_not_found`; 409 `ticket_taken`, `not_taken`,
            `stale_version`, `wrong_state`.
    """
    require_role(user, "handler")
    ticket = locked(s, ticket_id)
    parts = parts_of(user, ticket)
    if not parts and step not in BARRED:
        raise forbidden("barred", "您与这张工单有利害关系，已经回避，不能再处理它。")
    if not parts & WHO[step]:
        _refuse(ticket, step)
    if ticket.version != version:
        raise conflict("stale_version", "这张工单刚被别人更新，请刷新后再试。", version=ticket.version)
    after(ticket.state, step)
    return ticket


def _refuse(ticket: Ticket, step: Step) -> None:
    """Say why this person may not do the step."""
    if Who.OWNER not in WHO[step]:
        raise forbidden("role_needed", "这一步需要“投诉主管”的权限，请联系主管。", role="supervisor")
    after(ticket.state, step)
    if ticket.handler_id is None:
        raise conflict("not_taken", "请先受理这张工单。")
    raise conflict("ticket_taken", "这张工单由其他同事处理，请联系对方或主管。", handler_id=ticket.handler_id)


def for_customer(s: Session, ticket_id: str, customer_id: str) -> Ticket:
    """Return a customer's own ticket, locked; raise 404 `ticket_not_found` for somebody else's too."""
    ticket = locked(s, ticket_id)
    if ticket.customer_id != customer_id:
        raise registry.missing()
    return ticket


def locked(s: Session, ticket_id: str) -> Ticket:
    """Return the ticket locked, after its conversation: everybody takes these locks in this order."""
    ticket = registry.get(s, ticket_id)
    if ticket.conversation_id is not None:
        conversations.lock(s, ticket.conversation_id)
    held = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
    return s.scalars(held.execution_options(populate_existing=True)).one()


def keep(
    s: Session, ticket: Ticket, step: Step, by: User | str, data: Mapping[str, Any], now: datetime
) -> TicketEvent:
    """Put the ticket into the state after `step`; append the event and the audit row.

    `by` is a user, a customer's id, or `SYSTEM`. The audit row never holds what a person wrote.
    """
    ticket.state = after(ticket.state, step)
    actor, kind = (by.id, "handler") if isinstance(by, User) else (by, "customer")
    if by == SYSTEM:
        kind = SYSTEM
    if kind == "customer":
        ticket.customer_at = now
    event = append(s, ticket, type=str(step), actor=actor, actor_kind=kind, data=data, now=now)
    audit.record(
        s, actor=actor, action=f"ticket.{step}", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number, "state": str(ticket.state), "version": ticket.version}, now=now,
    )  # fmt: skip
    return event
