"""What every step of a ticket goes through: locks, permission, the table of states, event and audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.events import append
from actions.desk.holds import refuse_erased
from actions.desk.life import OPEN_STATES, Step, Who, after, who
from actions.service import conversations
from actions.service.accounts import may, require_role
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketEvent
from knowledge.errors import WenjinError, conflict, forbidden


class System(StrEnum):
    """The program itself, when it acts: no customer is called so, whatever the letters."""

    SYSTEM = "system"


SYSTEM = System.SYSTEM


def parts_of(user: User, ticket: Ticket) -> set[Who]:
    """Return in which parts a member of staff acts on a ticket; none for who is barred from it, and
    of an erased one.
    """
    if not may(user, "handler") or user.id in ticket.barred or ticket.erased_at is not None:
        return set()
    parts = {Who.HANDLER}
    if ticket.handler_id is None:
        parts.add(Who.FREE)
    if ticket.handler_id == user.id:
        parts.add(Who.OWNER)
    if may(user, "supervisor"):
        parts.add(Who.SUPERVISOR)
    return parts


def for_staff(s: Session, ticket_id: str, user: User, step: Step, version: int) -> Ticket:
    """Return a ticket, locked, for somebody of the house who may do `step` with it now.

    Raises:
        WenjinError: 403 `role_needed`, `barred`; 404 `ticket_not_found`; 409 `ticket_taken`, `not_taken`,
            `stale_version`, `wrong_state`, `erased`.
    """
    require_role(user, "handler")
    ticket = locked(s, ticket_id)
    refuse_erased(ticket)
    parts = parts_of(user, ticket)
    if not parts:
        raise forbidden(
            "barred", "您不能处理这张工单：您已经回避，或者这是对您所作决定的核查。请交给其他同事。"
        )
    if not parts & who(step, ticket.state):
        raise _refused(ticket, step)
    if ticket.version != version:
        raise conflict("stale_version", "这张工单刚被别人更新，请刷新后再试。", version=ticket.version)
    after(ticket.state, step)
    return ticket


def _refused(ticket: Ticket, step: Step) -> WenjinError:
    """Say why this person may not do the step."""
    if Who.OWNER not in who(step, ticket.state):
        return forbidden("role_needed", "这一步需要“投诉主管”的权限，请联系主管。", role="supervisor")
    if ticket.handler_id is not None and ticket.state in OPEN_STATES:
        return conflict(
            "ticket_taken", "这张工单由其他同事处理，请联系对方或主管。", handler_id=ticket.handler_id
        )
    after(ticket.state, step)
    return conflict("not_taken", "请先受理这张工单。")


def for_customer(s: Session, ticket_id: str, customer_id: str) -> Ticket:
    """Return a customer's own ticket, locked.

    Raises 404 `ticket_not_found`, also for somebody else's; 409 `erased`.
    """
    ticket = locked(s, ticket_id)
    if ticket.customer_id != customer_id:
        raise registry.missing()
    refuse_erased(ticket)
    return ticket


def for_system(s: Session, ticket_id: str, step: Step) -> Ticket:
    """Return a ticket, locked, with which the program itself may do `step` now.

    Raises:
        WenjinError: 403 `role_needed`; 404 `ticket_not_found`; 409 `wrong_state`.
    """
    ticket = locked(s, ticket_id)
    if Who.SYSTEM not in who(step, ticket.state):
        raise forbidden("role_needed", "这一步不能由系统自动完成。", step=str(step))
    after(ticket.state, step)
    return ticket


def locked(s: Session, ticket_id: str) -> Ticket:
    """Return the ticket locked, after its conversation: everybody takes these locks in this order."""
    (ticket,) = locked_all(s, ticket_id)
    return ticket


def locked_all(s: Session, *ticket_ids: str) -> list[Ticket]:
    """Return tickets locked, after all their conversations, each kind in the order of ids: no deadlock."""
    found = [registry.get(s, ticket_id) for ticket_id in ticket_ids]
    for conversation_id in sorted({one.conversation_id for one in found if one.conversation_id is not None}):
        conversations.lock(s, conversation_id)
    for ticket_id in sorted(ticket_ids):
        held = select(Ticket).where(Ticket.id == ticket_id).with_for_update()
        s.scalars(held.execution_options(populate_existing=True)).one()
    return found


def keep(
    s: Session, ticket: Ticket, step: Step, by: User | str, data: Mapping[str, Any], now: datetime
) -> TicketEvent:
    """Put the ticket into the state after `step`; append the event and the audit row.

    `by` is a user, a customer's id, or `SYSTEM`. The audit row never holds what a person wrote.
    """
    ticket.state = after(ticket.state, step)
    actor = by.id if isinstance(by, User) else str(by)
    kind = "handler" if isinstance(by, User) else "system" if isinstance(by, System) else "customer"
    if kind == "customer":
        ticket.customer_at = now
    event = append(s, ticket, type=str(step), actor=actor, actor_kind=kind, data=data, now=now)
    audit.record(
        s, actor=actor, action=f"ticket.{step}", object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number, "state": str(ticket.state), "version": ticket.version}, now=now,
    )  # fmt: skip
    return event
