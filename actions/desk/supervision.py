"""What supervisors do: give more time or not, assign, reopen, say who works on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.desk.events import clock_of, timeline
from actions.desk.life import Step, after
from actions.desk.notices import tell
from actions.desk.rules import rules_of
from actions.desk.steps import SYSTEM, for_staff, for_system, keep
from actions.desk.triage import QUEUES
from actions.desk.work import refuse_extension
from actions.service.accounts import get_user, may, users
from actions.service.messages import check_field
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import bad_input, conflict


def grant_time(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Approve the longer period that was asked for; the customer is told why and until when.

    Raises:
        WenjinError: 409 `nothing_asked`; `own_request`: whoever asked or has the ticket does not approve;
            `overdue`: no approval cures what is late; what `steps.for_staff` raises.
    """
    ticket = _asked(s, ticket_id, user, Step.GRANT_TIME, version)
    asked = _request(s, ticket)
    said = check_field(reason, name="批准意见") or "同意"
    kind = str(asked["kind"])
    refuse_extension(clock_of(s, ticket), rules_of(s), kind, now)
    ticket.asked_days = ticket.asked_by = None
    period = rules_of(s).period(kind)
    keep(s, ticket, Step.GRANT_TIME, user, {"text": said, "reason": asked["text"], "clock": period}, now)
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
        ticket = for_staff(s, ticket_id, user, Step.ASSIGN, version or 0)
    else:
        ticket = for_system(s, ticket_id, Step.ASSIGN)
    if chosen.id in ticket.barred:
        raise conflict("handler_barred", f"{chosen.called}已经回避，或是被核查的决定的作出人，请选别人。")
    if chosen.id == ticket.handler_id and ticket.state is not TicketState.ESCALATED:
        return ticket
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
    held = select(Ticket.handler_id, func.count()).where(Ticket.stopped_at.is_(None))
    load: dict[str | None, int] = dict(s.execute(held.group_by(Ticket.handler_id)).tuples().all())
    return min(able, key=lambda one: (load.get(one.id, 0), one.name), default=None)


def assign_by_load(s: Session, ticket: Ticket, now: datetime) -> Ticket:
    """Give a ticket that nobody has to whoever has the least to do, where the desk is set to do so.

    It stays as it is where there is nobody.
    """
    if not rules_of(s).auto_assign or ticket.handler_id is not None:
        return ticket
    chosen = least_loaded(s, ticket)
    if chosen is None:
        return ticket
    return assign(s, ticket_id=ticket.id, user=SYSTEM, version=None, to=chosen.id, now=now)


def reopen(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Start another round of a decided or closed ticket, with a clock of its own; the customer is told.

    One that had been merged by mistake stands alone again, and its clock counts from its own receipt.
    """
    said = check_field(reason, name="重新处理的原因", required=True)
    ticket = for_staff(s, ticket_id, user, Step.REOPEN, version)
    merged = ticket.merged_into is not None
    since = {"since": clock_of(s, ticket).started_at.isoformat()} if merged else {}
    ticket.merged_into = None
    start_again(s, ticket, Step.REOPEN, user, {"text": said}, "simple", now, **since)
    text = f"您的投诉 {ticket.number} 已重新处理：{said}。最晚 {{due}} 前答复您。"
    tell(s, ticket, "reopened", text, now)
    return assign_by_load(s, ticket, now)


def start_again(
    s: Session,
    ticket: Ticket,
    step: Step,
    by: User | str,
    said: Mapping[str, Any],
    kind: str,
    now: datetime,
    **more: str,
) -> None:
    """Begin another cycle; whoever decided before does not decide a review of it."""
    after(ticket.state, step)
    if kind == "review":
        ticket.barred = sorted({*ticket.barred, *_authors(s, ticket)})
    ticket.handler_id = ticket.closed_at = None
    clock = {**rules_of(s).cycle(kind, now), **more}
    keep(s, ticket, step, by, {**said, "clock": clock}, now)


def set_work(s: Session, *, user_id: str, queues: Iterable[str], takes_new: bool, now: datetime) -> User:
    """Set the queues that a handler works on, none for all, and whether new tickets are assigned to them.

    Raises:
        WenjinError: 404 `user_not_found`; 409 `not_a_handler`; 422 `unknown_queue`.
    """
    user = get_user(s, user_id)
    if not may(user, "handler"):
        raise conflict("not_a_handler", f"{user.called}不是投诉处理员，没有队列可设。")
    wanted = sorted(set(queues))
    for queue in wanted:
        if queue not in QUEUES:
            raise bad_input("unknown_queue", f"没有队列 {queue}，可选：{'、'.join(QUEUES)}。", queue=queue)
    user.queues, user.takes_new = wanted, takes_new
    audit.record(
        s, actor=user.id, action="user.set_work", object_type="user", object_id=user.id,
        data={"queues": wanted, "takes_new": takes_new}, now=now,
    )  # fmt: skip
    return user


def _asked(s: Session, ticket_id: str, user: User, step: Step, version: int) -> Ticket:
    ticket = for_staff(s, ticket_id, user, step, version)
    if ticket.asked_days is None:
        raise conflict("nothing_asked", "这张工单没有待审批的延期申请。")
    if user.id in (ticket.asked_by, ticket.handler_id):
        raise conflict("own_request", "自己申请或自己办理的，须由另一位主管审批延期。")
    return ticket


def _authors(s: Session, ticket: Ticket) -> set[str]:
    """Return who made the decision that is reviewed."""
    made = [
        event.actor
        for event in timeline(s, ticket.id)
        if event.type == Step.DECIDE or event.data.get("state") == "answered"
    ]
    return set(made[-1:])


def _request(s: Session, ticket: Ticket) -> dict[str, Any]:
    asked = [event for event in timeline(s, ticket.id) if event.type == Step.ASK_TIME]
    return asked[-1].data
