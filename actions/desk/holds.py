"""What must not be erased: a complaint that is not over or on hold, and the conversation it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from actions.desk.life import OVER
from actions.service.accounts import require_role
from actions.service.messages import check_field
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Handover, HandoverState
from knowledge.errors import conflict

ROLE = "supervisor"
MAX_REASON = 500


def hold(s: Session, ticket: Ticket, *, user: User, reason: str, now: datetime) -> None:
    """Keep a ticket, whatever the periods say, until the hold is lifted. The ticket is locked.

    Raises:
        WenjinError: 403 `role_needed`; 409 `held`, `erased`; 422 `empty_field`, `field_too_long`.
    """
    require_role(user, ROLE)
    said = check_field(reason, name="保全原因", required=True, limit=MAX_REASON)
    refuse_erased(ticket)
    if ticket.held_at is not None:
        raise conflict("held", "这张工单已经在保全中。")
    ticket.held_at, ticket.held_by, ticket.hold_reason = now, user.id, said
    _record(s, ticket, user, "ticket.hold", now)


def lift(s: Session, ticket: Ticket, *, user: User, now: datetime) -> None:
    """Lift the hold of a ticket: from now on its period holds again. The ticket is locked.

    Raises:
        WenjinError: 403 `role_needed`; 409 `not_held`.
    """
    require_role(user, ROLE)
    if ticket.held_at is None:
        raise conflict("not_held", "这张工单没有保全。")
    ticket.held_at = ticket.held_by = ticket.hold_reason = None
    _record(s, ticket, user, "ticket.lift", now)


def refuse_erased(ticket: Ticket) -> None:
    """Raise 409 `erased` for a ticket of which only facts are left."""
    if ticket.erased_at is not None:
        raise conflict("erased", "这张工单的内容已按保存期限删除，不能再办理。")


def untouchable(ticket: Any = Ticket) -> ColumnElement[bool]:
    """Return the condition of tickets that nothing may be erased of."""
    return or_(ticket.state.not_in(OVER), ticket.held_at.is_not(None))


def in_use(conversation_id: Any) -> ColumnElement[bool]:
    """Return the condition that a conversation is of such a ticket, or that a person is asked for in it.

    What was merged into such a ticket counts as that ticket.
    """
    one, into = aliased(Ticket), aliased(Ticket)
    own = exists().where(one.conversation_id == conversation_id, untouchable(one))
    merged = exists().where(
        one.conversation_id == conversation_id, one.merged_into == into.id, untouchable(into)
    )
    served = exists().where(
        Handover.conversation_id == conversation_id, Handover.state != HandoverState.ENDED
    )
    return or_(own, merged, served)


def families_in_use(s: Session, *also: ColumnElement[bool]) -> dict[str, bool]:
    """Return for each ticket that was merged or merged into whether any of its family may not be erased.

    `also` are further conditions on which a ticket must stay.
    """
    was_merged = Ticket.merged_into.is_not(None)
    pairs = select(Ticket.id, Ticket.merged_into).where(was_merged)
    into: dict[str, str | None] = dict(s.execute(pairs).tuples().all())
    targets = select(Ticket.merged_into).where(was_merged)
    member = or_(was_merged, Ticket.id.in_(targets))
    stays = or_(untouchable(), *also)

    def root(one: str) -> str:
        while target := into.get(one):
            one = target
        return one

    staying = select(Ticket.id).where(member, Ticket.erased_at.is_(None), stays)
    busy = {root(one) for one in s.scalars(staying)}
    return {one: root(one) in busy for one in {*into, *(one for one in into.values() if one)}}


def _record(s: Session, ticket: Ticket, user: User, action: str, now: datetime) -> None:
    audit.record(
        s, actor=user.id, action=action, object_type="ticket", object_id=ticket.id,
        data={"number": ticket.number, "version": ticket.version}, now=now,
    )  # fmt: skip
