"""What handlers do with a ticket: checked, recorded, and told to the customer where it concerns them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk import categories, registry
from actions.desk.clock import Clock
from actions.desk.events import clock_of
from actions.desk.life import Step, after
from actions.desk.notices import inform_house, tell
from actions.desk.rules import EXTENSIONS, DeskRules, rules_of
from actions.desk.steps import for_staff, for_system, keep, locked, locked_all
from actions.desk.triage import QUEUES
from actions.service import conversations, ratings
from actions.service.accounts import get_user, require_role
from actions.service.messages import check_field, check_message
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import bad_input, conflict

LEVELS = (1, 2, 3)
_TAKEN = (TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS, TicketState.WAITING)
MAX_REASON = 500


def take(s: Session, *, ticket_id: str, user: User, version: int, now: datetime) -> Ticket:
    """Take a ticket that nobody has and acknowledge it; taking one's own again changes nothing.

    Raises:
        WenjinError: what `steps.for_staff` raises.
    """
    ticket = locked(s, ticket_id)
    if ticket.handler_id == user.id and ticket.state in _TAKEN:
        return ticket
    ticket = for_staff(s, ticket_id, user, Step.TAKE, version)
    ticket.handler_id = user.id
    keep(s, ticket, Step.TAKE, user, {}, now)
    tell(s, ticket, "acknowledged", f"您的投诉 {ticket.number} 已由{user.called}受理，正在核实。", now)
    return ticket


def release(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Put a ticket back into its queue with a reason; the clock runs on."""
    said = check_field(reason, name="退回原因", required=True, limit=MAX_REASON)
    ticket = for_staff(s, ticket_id, user, Step.RELEASE, version)
    if ticket.handler_id is None:
        raise conflict("not_taken", "这张工单没有人处理，不用退回。")
    ticket.handler_id = None
    keep(s, ticket, Step.RELEASE, user, {"text": said}, now)
    return ticket


def assess(
    s: Session,
    *,
    ticket_id: str,
    user: User,
    version: int,
    business: str,
    channel: str,
    cause: str,
    severity: int,
    complexity: int,
    impact: int,
    urgency: int,
    now: datetime,
) -> Ticket:
    """Confirm what a complaint is about (JR/T 0169-2018) and how heavy it is (ISO 10002, levels 1 to 3).

    Raises:
        WenjinError: 422 `unknown_category`, `bad_level`; what `steps.for_staff` raises.
    """
    categories.check(business=business, channel=channel, cause=cause)
    levels = {"severity": severity, "complexity": complexity, "impact": impact, "urgency": urgency}
    if any(level not in LEVELS for level in levels.values()):
        raise bad_input("bad_level", "严重程度、复杂程度、影响和紧急程度请各选一级。")
    ticket = for_staff(s, ticket_id, user, Step.ASSESS, version)
    ticket.business, ticket.channel, ticket.cause = business, channel, cause
    for name, level in levels.items():
        setattr(ticket, name, level)
    named = {"business": business, "channel": channel, "cause": cause}
    keep(s, ticket, Step.ASSESS, user, {**named, **levels, "proposed": ticket.proposed}, now)
    return ticket


def reply(s: Session, *, ticket_id: str, user: User, text: str, version: int, now: datetime) -> Ticket:
    """Write to the customer without deciding anything yet.

    Raises:
        WenjinError: 422 `empty_message`, `message_too_long`; what `steps.for_staff` raises.
    """
    said = check_message(text)
    ticket = for_staff(s, ticket_id, user, Step.REPLY, version)
    keep(s, ticket, Step.REPLY, user, {"text": said}, now)
    tell(s, ticket, "replied", f"您的投诉 {ticket.number} 有了回复：\n{said}", now, by_person=True)
    return ticket


def ask(s: Session, *, ticket_id: str, user: User, text: str, version: int, now: datetime) -> Ticket:
    """Ask the customer for what is missing and wait for it; the legal clock runs on."""
    said = check_message(text)
    ticket = for_staff(s, ticket_id, user, Step.ASK, version)
    keep(s, ticket, Step.ASK, user, {"text": said}, now)
    tell(s, ticket, "asked", f"办理投诉 {ticket.number} 需要您补充：\n{said}", now, by_person=True)
    return ticket


def resume(s: Session, *, ticket_id: str, user: User, version: int, now: datetime) -> Ticket:
    """Go on without waiting for the customer any longer."""
    ticket = for_staff(s, ticket_id, user, Step.RESUME, version)
    keep(s, ticket, Step.RESUME, user, {}, now)
    return ticket


def decide(
    s: Session,
    *,
    ticket_id: str,
    user: User,
    finding: str,
    basis: str,
    remedy: str,
    version: int,
    now: datetime,
) -> Ticket:
    """Tell the customer the decision: findings, basis, remedy, and how to ask for a review.

    Raises:
        WenjinError: 422 `empty_field`, `field_too_long`; 409 `not_assessed`; what `steps.for_staff` raises.
    """
    said = {
        "finding": check_field(finding, name="核查结果", required=True),
        "basis": check_field(basis, name="依据", required=True),
        "remedy": check_field(remedy, name="处理意见", required=True),
    }
    ticket = for_staff(s, ticket_id, user, Step.DECIDE, version)
    if not ticket.cause:
        raise conflict("not_assessed", "请先确认这张工单的分类和轻重，再答复处理决定。")
    clock = clock_of(s, ticket)
    ticket.asked_days = ticket.asked_by = None
    judged = {"in_time": not clock.late(now), "rule": clock.rule}
    keep(s, ticket, Step.DECIDE, user, {**said, **judged}, now)
    text = (
        f"您的投诉 {ticket.number} 处理决定：\n核查结果：{said['finding']}\n依据：{said['basis']}\n"
        f"处理意见：{said['remedy']}\n{_remedies(s, clock)}"
    )
    tell(s, ticket, "decided", text, now, by_person=True)
    return ticket


def _remedies(s: Session, clock: Clock) -> str:
    """Say what a customer can do who does not agree; a review is not reviewed again."""
    if clock.kind == "review":
        return "对核查决定仍有异议的，可以申请调解、仲裁，或者提起诉讼。"
    window = rules_of(s).review_window
    return f"对决定有异议的，可在 {window} 日内申请核查，也可以申请调解、仲裁，或者提起诉讼。"


def close(s: Session, *, ticket_id: str, user: User | str, version: int, now: datetime) -> Ticket:
    """Close a decided ticket, tell the customer, and ask for a rating. `user` may be `steps.SYSTEM`."""
    ticket = _for(s, ticket_id, user, Step.CLOSE, version)
    ticket.closed_at = now
    keep(s, ticket, Step.CLOSE, user, {"in_time": not clock_of(s, ticket).late(now)}, now)
    tell(s, ticket, "closed", f"您的投诉 {ticket.number} 已办结。", now)
    if ticket.conversation_id is not None:
        conversation = conversations.get(s, ticket.conversation_id)
        ratings.offer_in_chat(s, conversation=conversation, subject="ticket", subject_id=ticket.id, now=now)
    else:
        ratings.offer_for_ticket(s, ticket_id=ticket.id, conversation_id=None, now=now)
    return ticket


def note(s: Session, *, ticket_id: str, user: User, text: str, version: int, now: datetime) -> Ticket:
    """Add an internal note; the customer never sees it, and any handler may write one."""
    said = check_message(text)
    ticket = for_staff(s, ticket_id, user, Step.NOTE, version)
    keep(s, ticket, Step.NOTE, user, {"text": said}, now)
    return ticket


def escalate(
    s: Session, *, ticket_id: str, user: User | str, version: int = 0, reason: str, now: datetime
) -> Ticket:
    """Bring a ticket before the supervisors; its handler keeps it meanwhile."""
    said = check_field(reason, name="升级原因", required=True, limit=MAX_REASON)
    ticket = _for(s, ticket_id, user, Step.ESCALATE, version)
    keep(s, ticket, Step.ESCALATE, user, {"text": said}, now)
    inform_house(s, ticket, "escalated", now)
    return ticket


def move(
    s: Session, *, ticket_id: str, user: User, version: int, queue: str, reason: str, now: datetime
) -> Ticket:
    """Move a ticket to another queue, where it waits to be taken; the clock runs on.

    Raises:
        WenjinError: 422 `unknown_queue`; 409 `same_queue`; what `steps.for_staff` raises.
    """
    said = check_field(reason, name="转队列原因", limit=MAX_REASON)
    if queue not in QUEUES:
        raise bad_input("unknown_queue", "没有这个队列，请重新选择。", queue=queue)
    ticket = for_staff(s, ticket_id, user, Step.MOVE, version)
    if ticket.queue == queue:
        raise conflict("same_queue", f"这张工单已经在“{QUEUES[queue]}”队列。")
    before, ticket.queue, ticket.handler_id = ticket.queue, queue, None
    keep(s, ticket, Step.MOVE, user, {"from": before, "to": queue, "text": said}, now)
    return ticket


def merge(s: Session, *, ticket_id: str, into: str, user: User, version: int, now: datetime) -> Ticket:
    """Close a ticket as the same matter as an earlier one of its customer, which gets what was said here.

    Raises:
        WenjinError: 404 `ticket_not_found`; 403 `barred` from the other one; 409 `other_customer`,
            `same_ticket`, `later_ticket`: merging never gives a matter more time, `wrong_state` for a target
            that is over; what `steps.for_staff` raises.
    """
    target = registry.get_by_number(s, into)
    if target.id == ticket_id:
        raise conflict("same_ticket", "不能并入自己，请填另一张工单的编号。")
    locked_all(s, ticket_id, target.id)
    ticket = for_staff(s, ticket_id, user, Step.MERGE, version)
    if ticket.customer_id != target.customer_id:
        raise conflict("other_customer", "两张工单不是同一位客户的，不能合并。")
    for_staff(s, target.id, user, Step.NOTE, target.version)
    after(target.state, Step.MERGE)  # only into one that is still pending
    if clock_of(s, target).started_at > clock_of(s, ticket).started_at:
        raise conflict("later_ticket", "请并入先登记的那一张：合并后时限从先登记的算起。")
    ticket.merged_into, ticket.closed_at = target.id, now
    ticket.asked_days = ticket.asked_by = None
    keep(s, ticket, Step.MERGE, user, {"into": target.number}, now)
    keep(
        s,
        target,
        Step.NOTE,
        user,
        {"text": f"并入工单 {ticket.number}：{ticket.matter}", "merged": ticket.number},
        now,
    )
    text = (
        f"您的投诉 {ticket.number} 与 {target.number} 是同一件事，已合并办理，时限按 {target.number} 计算。"
    )
    tell(s, ticket, "merged", text, now)
    return ticket


def bar(
    s: Session, *, ticket_id: str, user: User, version: int, reason: str, whom: str = "", now: datetime
) -> Ticket:
    """Declare an interest in a matter: who has it is kept away, and a ticket of theirs goes to its queue.

    A supervisor may also bar somebody else, whose id is `whom`.

    Raises:
        WenjinError: 403 `role_needed`; 404 `user_not_found`; what `steps.for_staff` raises.
    """
    said = check_field(reason, name="回避原因", required=True, limit=MAX_REASON)
    kept_away = get_user(s, whom) if whom else user
    if kept_away is not user:
        require_role(user, "supervisor")
    ticket = for_staff(s, ticket_id, user, Step.BAR, version)
    ticket.barred = sorted({*ticket.barred, kept_away.id})
    keep(s, ticket, Step.BAR, user, {"text": said, "user": kept_away.id}, now)
    if ticket.handler_id == kept_away.id:
        ticket.handler_id = None
        keep(s, ticket, Step.RELEASE, user, {"text": f"回避：{said}"}, now)
    return ticket


def pause(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Stop the clock for an external appraisal; the customer is told.

    Raises:
        WenjinError: 409 `already_paused`, `overdue`: a pause cures nothing; what `steps.for_staff` raises.
    """
    said = check_field(reason, name="暂停原因", required=True, limit=MAX_REASON)
    ticket = for_staff(s, ticket_id, user, Step.PAUSE, version)
    if ticket.paused_at is not None:
        raise conflict("already_paused", "这张工单已经暂停计时。")
    if clock_of(s, ticket).late(now):
        raise conflict("overdue", "时限已过，不能再暂停计时。请尽快答复。")
    keep(s, ticket, Step.PAUSE, user, {"text": said}, now)
    text = (
        f"您的投诉 {ticket.number} 需要外部鉴定或检测：{said}。鉴定期间不计入处理时限，结束后我们会告知您。"
    )
    tell(s, ticket, "paused", text, now)
    return ticket


def unpause(s: Session, *, ticket_id: str, user: User, version: int, now: datetime) -> Ticket:
    """Let the clock run on after an appraisal; the customer is told the new date."""
    ticket = for_staff(s, ticket_id, user, Step.UNPAUSE, version)
    if ticket.paused_at is None:
        raise conflict("not_paused", "这张工单没有暂停计时。")
    keep(s, ticket, Step.UNPAUSE, user, {}, now)
    tell(
        s,
        ticket,
        "unpaused",
        f"您的投诉 {ticket.number} 的鉴定已结束，恢复计时，最晚 {{due}} 前答复您。",
        now,
    )
    return ticket


def ask_time(
    s: Session, *, ticket_id: str, user: User, version: int, kind: str, reason: str, now: datetime
) -> Ticket:
    """Ask a supervisor for a longer period: "complex", and where that is not enough, "special".

    The customer will be told the reason.

    Raises:
        WenjinError: 422 `bad_extension`; 409 `already_asked`, `overdue`, `no_extension` for a review,
            `complex_first`, `not_longer`; what `steps.for_staff` raises.
    """
    said = check_field(reason, name="延期原因", required=True, limit=MAX_REASON)
    if kind not in EXTENSIONS:
        raise bad_input("bad_extension", "请选择延期的种类。")
    ticket = for_staff(s, ticket_id, user, Step.ASK_TIME, version)
    if ticket.asked_days is not None:
        raise conflict("already_asked", "延期申请正在等主管审批。")
    rules = rules_of(s)
    days = rules.days(kind)
    refuse_extension(clock_of(s, ticket), rules, kind, now)
    ticket.asked_days, ticket.asked_by = days, user.id
    keep(s, ticket, Step.ASK_TIME, user, {"text": said, "days": days, "kind": kind}, now)
    return ticket


def refuse_extension(clock: Clock, rules: DeskRules, kind: str, now: datetime) -> None:
    """Raise 409 where a period cannot be made longer in this way: see `ask_time`."""
    days = rules.days(kind)
    if clock.kind == "review":
        raise conflict("no_extension", f"核查须在 {clock.days} 日内作出决定，不能延期。")
    if clock.late(now):
        raise conflict("overdue", "时限已过，不能再延期。请尽快答复。")
    if clock.days >= days:
        raise conflict("not_longer", f"现在的时限已经是 {clock.days} 日，请选更长的一种。")
    if kind == "special" and clock.days < rules.complex:
        raise conflict("complex_first", f"请先按“情况复杂”延长到 {rules.complex} 日，仍不够时再申请。")


def _for(s: Session, ticket_id: str, user: User | str, step: Step, version: int) -> Ticket:
    if isinstance(user, User):
        return for_staff(s, ticket_id, user, step, version)
    return for_system(s, ticket_id, step)
