"""What supervisors do: give more time or not, assign, reopen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.events import timeline
from actions.desk.life import PENDING, Step
from actions.desk.notices import tell
from actions.desk.rules import rules_of
from actions.desk.steps import SYSTEM, for_staff, keep, locked
from actions.service.accounts import get_user, may, users
from actions.service.messages import check_field
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import conflict


def grant_time(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Approve the longer period that was asked for; the customer is told why and until when.

    Raises:
        WenjinError: 409 `nothing_asked`, `own_request`: whoever asked does not approve; what
            `steps.for_staff` raises.
    """
    ticket = _asked(s, ticket_id, user, Step.GRANT_TIME, version)
    asked = _request(s, ticket)
    kind, days = str(asked["kind"]), int(asked["days"])
    said = check_field(reason, name="批准意见") or str(asked["text"])
    ticket.asked_days = ticket.asked_by = None
    clock = {"days": days, "rule": rules_of(s).rule(kind)}
    keep(s, ticket, Step.GRANT_TIME, user, {"text": said, "reason": asked["text"], "clock": clock}, now)
    text = f"您的投诉 {ticket.number} 需要更长时间核实：{asked['text']}。经批准延长，最晚 {{due}} 前答复您。"
    tell(s, ticket, "extended", text, now)
    return ticket


def refuse_time(
    s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime
) -> Ticket:
    """Refuse the longer period with a reason; the date stays."""
    said = check_field(reason, name="不批准的原因", required=True)
    ticket = _asked(s, ticket_id, user, Step.REFUSE_TIME, version)
    ticket.asked_days = ticket.asked_by = None
    keep(s, ticket, Step.REFUSE_TIME, user, {"text": said}, now)
    return ticket


def assign(
    s: Session, *, ticket_id: str, user: User | str, version: int | None, to: str, now: datetime
) -> Ticket:
    """Give a ticket to a handler, by id; `user` may be `steps.SYSTEM`.

    Raises:
        WenjinError: 404 `user_not_found`; 409 `not_a_handler`, `handler_barred`; what `steps.for_staff`
            raises.
    """
    chosen = get_user(s, to)
    if not may(chosen, "handler"):
        raise conflict("not_a_handler", f"{chosen.called}不是投诉处理员，请选别人。")
    if isinstance(user, User):
        ticket = for_staff(s, ticket_id, user, Step.ASSIGN, version if version is not None else 0)
    else:
        ticket = locked(s, ticket_id)
    if chosen.id in ticket.barred:
        raise conflict("handler_barred", f"{chosen.called}与这张工单有利害关系，请选别人。")
    ticket.handler_id = chosen.id
    keep(s, ticket, Step.ASSIGN, user, {"to": chosen.id}, now)
    return ticket


def least_loaded(s: Session, ticket: Ticket) -> User | None:
    """Return who should get a ticket: a handler of its queue who takes new ones, with the fewest pending."""
    able = [
        one
        for one in users(s)
        if "handler" in one.roles
        and one.active
        and one.takes_new
        and (not one.queues or ticket.queue in one.queues)
        and one.id not in ticket.barred
    ]
    load = dict.fromkeys((one.id for one in able), 0)
    held = select(Ticket.handler_id).where(Ticket.state.in_(PENDING), Ticket.handler_id.in_(list(load)))
    for handler_id in s.scalars(held):
        load[str(handler_id)] += 1
    return min(able, key=lambda one: (load[one.id], one.name), default=None)


def assign_by_load(s: Session, ticket: Ticket, now: datetime) -> Ticket:
    """Give a ticket that nobody has to whoever has the least to do; it stays where there is nobody."""
    chosen = least_loaded(s, ticket)
    if ticket.handler_id is not None or chosen is None:
        return ticket
    return assign(s, ticket_id=ticket.id, user=SYSTEM, version=None, to=chosen.id, now=now)


def reopen(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Start another round of a decided or closed ticket, with a clock of its own; the customer is told."""
    said = check_field(reason, name="重新处理的原因", required=True)
    ticket = for_staff(s, ticket_id, user, Step.REOPEN, version)
    start_again(s, ticket, Step.REOPEN, user, {"text": said}, "simple", now)
    text = f"您的投诉 {ticket.number} 已重新处理：{said}。最晚 {{due}} 前答复您。"
    tell(s, ticket, "reopened", text, now)
    return ticket


def start_again(
    s: Session,
    ticket: Ticket,
    step: Step,
    by: User | str,
    said: Mapping[str, Any],
    kind: str,
    now: datetime,
) -> None:
    """Begin another cycle; whoever decided before does not decide a review of it."""
    rules = rules_of(s)
    if kind == "review" and ticket.handler_id:
        ticket.barred = sorted({*ticket.barred, ticket.handler_id})
    ticket.handler_id = ticket.closed_at = ticket.asked_days = ticket.asked_by = None
    clock = {"cycle": True, "days": rules.days(kind), "rule": rules.rule(kind)}
    keep(s, ticket, step, by, {**said, "clock": clock}, now)
    assert ticket.state is TicketState.REOPENED  # noqa: S101


def _asked(s: Session, ticket_id: str, user: User, step: Step, version: int) -> Ticket:
    ticket = for_staff(s, ticket_id, user, step, version)
    if ticket.asked_days is None:
        raise conflict("nothing_asked", "这张工单没有待审批的延期申请。")
    if ticket.asked_by == user.id:
        raise conflict("own_request", "自己提的延期申请须由另一位主管审批。")
    return ticket


def _request(s: Session, ticket: Ticket) -> dict[str, Any]:
    asked = [event for event in timeline(s, ticket.id) if event.type == Step.ASK_TIME]
    return asked[-1].data
