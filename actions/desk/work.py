"""What handlers do with a ticket: checked, recorded, and told to the customer where it concerns them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk import categories, registry
from actions.desk.life import Step, after
from actions.desk.notices import tell
from actions.desk.rules import rules_of
from actions.desk.steps import for_staff, keep, locked
from actions.desk.triage import QUEUES
from actions.service import conversations, ratings
from actions.service.messages import check_field, check_message
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from knowledge.errors import bad_input, conflict

LEVELS = (1, 2, 3)
MAX_REASON = 500


def take(s: Session, *, ticket_id: str, user: User, version: int, now: datetime) -> Ticket:
    """Take a ticket that nobody has and acknowledge it; taking one's own again changes nothing.

    Raises:
        WenjinError: what `steps.for_staff` raises.
    """
    ticket = registry.get(s, ticket_id)
    if ticket.handler_id == user.id and ticket.state not in (
        TicketState.RECEIVED, TicketState.REOPENED, TicketState.ESCALATED
    ):  # fmt: skip
        return ticket
    if ticket.handler_id not in (None, user.id) and ticket.state is not TicketState.ESCALATED:
        raise conflict(
            "ticket_taken", "这张工单由其他同事处理，请联系对方或主管。", handler_id=ticket.handler_id
        )
    ticket = for_staff(s, ticket_id, user, Step.TAKE, version)
    ticket.handler_id = user.id
    keep(s, ticket, Step.TAKE, user, {}, now)
    tell(s, ticket, "acknowledged", f"您的投诉 {ticket.number} 已由{user.called}受理，正在核实。", now)
    return ticket


def release(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Put a ticket back into its queue with a reason; the clock runs on."""
    said = check_field(reason, name="退回原因", required=True, limit=MAX_REASON)
    ticket = for_staff(s, ticket_id, user, Step.RELEASE, version)
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
    in_time = now <= ticket.due_at or ticket.paused_at is not None
    keep(s, ticket, Step.DECIDE, user, {**said, "in_time": in_time, "rule": ticket.rule}, now)
    text = (
        f"您的投诉 {ticket.number} 处理决定：\n核查结果：{said['finding']}\n依据：{said['basis']}\n"
        f"处理意见：{said['remedy']}\n对决定有异议的，可在 {rules_of(s).review_window} 日内申请核查。"
    )
    tell(s, ticket, "decided", text, now, by_person=True)
    return ticket


def close(s: Session, *, ticket_id: str, user: User | str, version: int, now: datetime) -> Ticket:
    """Close a decided ticket, tell the customer, and ask for a rating. `user` may be `steps.SYSTEM`."""
    if isinstance(user, User):
        ticket = for_staff(s, ticket_id, user, Step.CLOSE, version)
    else:
        ticket = locked(s, ticket_id)
        after(ticket.state, Step.CLOSE)
    ticket.closed_at = now
    late = ticket.decided_at is None or ticket.decided_at > ticket.due_at
    keep(s, ticket, Step.CLOSE, user, {"in_time": not late}, now)
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
    ticket = (
        for_staff(s, ticket_id, user, Step.ESCALATE, version)
        if isinstance(user, User)
        else locked(s, ticket_id)
    )
    keep(s, ticket, Step.ESCALATE, user, {"text": said}, now)
    return ticket


def move(
    s: Session, *, ticket_id: str, user: User, version: int, queue: str, reason: str, now: datetime
) -> Ticket:
    """Move a ticket to another queue; raise 422 `unknown_queue`."""
    said = check_field(reason, name="转队列原因", limit=MAX_REASON)
    if queue not in QUEUES:
        raise bad_input("unknown_queue", "没有这个队列，请重新选择。", queue=queue)
    ticket = for_staff(s, ticket_id, user, Step.MOVE, version)
    before, ticket.queue = ticket.queue, queue
    keep(s, ticket, Step.MOVE, user, {"from": before, "to": queue, "text": said}, now)
    return ticket


def merge(s: Session, *, ticket_id: str, into: str, user: User, version: int, now: datetime) -> Ticket:
    """Close a ticket as the same matter as another one of its customer, which gets what was said here.

    Raises:
        WenjinError: 404 `ticket_not_found`; 409 `other_customer`, `same_ticket`, `wrong_state` for a target
            that is over; what `steps.for_staff` raises.
    """
    target = registry.get_by_number(s, into)
    if target.id == ticket_id:
        raise conflict("same_ticket", "不能并入自己，请填另一张工单的编号。")
    ticket = for_staff(s, ticket_id, user, Step.MERGE, version)
    if ticket.customer_id != target.customer_id:
        raise conflict("other_customer", "两张工单不是同一位客户的，不能合并。")
    target = locked(s, target.id)
    after(target.state, Step.MERGE)  # only into one that is still pending
    ticket.merged_into, ticket.closed_at = target.id, now
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


def bar(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Declare an interest in a matter: the ticket goes back to its queue and this handler is kept away."""
    said = check_field(reason, name="回避原因", required=True, limit=MAX_REASON)
    ticket = for_staff(s, ticket_id, user, Step.BAR, version)
    ticket.barred = sorted({*ticket.barred, user.id})
    if ticket.handler_id == user.id:
        ticket.handler_id = None
    keep(s, ticket, Step.BAR, user, {"text": said, "user": user.id}, now)
    return ticket


def pause(s: Session, *, ticket_id: str, user: User, version: int, reason: str, now: datetime) -> Ticket:
    """Stop the clock for an external appraisal; the customer is told. Pausing twice is refused."""
    said = check_field(reason, name="暂停原因", required=True, limit=MAX_REASON)
    ticket = for_staff(s, ticket_id, user, Step.PAUSE, version)
    if ticket.paused_at is not None:
        raise conflict("already_paused", "这张工单已经暂停计时。")
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
    """Ask a supervisor for a longer period: "complex" or "special"; raise 422 `bad_extension`.

    Raises:
        WenjinError: 409 `already_asked`; what `steps.for_staff` raises.
    """
    said = check_field(reason, name="延期原因", required=True, limit=MAX_REASON)
    if kind not in ("complex", "special"):
        raise bad_input("bad_extension", "请选择延期的种类。")
    ticket = for_staff(s, ticket_id, user, Step.ASK_TIME, version)
    days = rules_of(s).days(kind)
    if ticket.asked_days is not None:
        raise conflict("already_asked", "延期申请正在等主管审批。")
    _refuse_shorter(s, ticket, days)
    ticket.asked_days, ticket.asked_by = days, user.id
    keep(s, ticket, Step.ASK_TIME, user, {"text": said, "days": days, "kind": kind}, now)
    return ticket


def _refuse_shorter(s: Session, ticket: Ticket, days: int) -> None:
    from actions.desk.clock import replay
    from actions.desk.events import timeline

    clock = replay(timeline(s, ticket.id))
    if clock is not None and clock.days >= days:
        raise conflict("not_longer", f"现在的时限已经是 {clock.days} 日，请选更长的一种。")
