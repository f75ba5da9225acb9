"""Handing a conversation to a person and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from actions.desk import triage
from actions.service import attendance, conversations, ratings
from actions.service.accounts import may, require_role
from actions.service.messages import check_field, check_message
from actions.service.replies import Button, Reply, ReplyKind
from actions.store import audit
from actions.store.masking import mask
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation, Handover, HandoverState, Mode, Turn
from knowledge.errors import bad_input, conflict, not_found

STATE_LABELS = {
    HandoverState.REQUESTED: "等待接入",
    HandoverState.TAKEN: "人工服务中",
    HandoverState.ENDED: "已结束",
}
GENERAL, CRISIS, FRAUD = "general", "crisis", "fraud"
QUEUES = {**triage.QUEUES, GENERAL: "一般咨询", CRISIS: "人身安全"}
URGENT = (CRISIS, FRAUD)  # the most urgent first
MAX_REASON = 500
SEEN_EVERY = timedelta(seconds=15)  # how exactly it is known when a handler was last there


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands for its customer.

    `position` is the place in the queue from 1, 0 for who does not wait; `opens` says in words when people
    are at work next, "" while they are; `handler` is the name of the person who talks; `read_seq` the last
    turn that a person has read.
    """

    mode: str
    handover_id: str = ""
    position: int = 0
    opens: str = ""
    handler: str = ""
    read_seq: int = 0


def request(
    s: Session, *, conversation: Conversation, reason: str, queue: str = GENERAL, now: datetime
) -> Handover:
    """Ask for a person; while one is asked for or present, the same hand-over is returned.

    A more urgent queue and its reason replace a less urgent one's.
    """
    held = conversations.lock(s, conversation.id)
    why = mask(check_field(reason, name="转人工原因", limit=MAX_REASON))
    found = open_for(s, held.id)
    if found:
        return _raised(s, found, queue, why, held.customer_id, now)
    made = Handover(
        conversation_id=held.id, state=HandoverState.REQUESTED, requested_at=now, reason=why, queue=queue
    )
    held.mode = Mode.WAITING_HUMAN
    s.add(made)
    s.flush()
    _record(s, made, held.customer_id, "handover.request", now)
    return made


def take(s: Session, *, handover_id: str, user: User, now: datetime) -> Handover:
    """Take a conversation over: the bot falls silent and the customer is told.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_taken`, `handover_ended`.
    """
    held, conversation = _locked(s, handover_id, user)
    if held.state is HandoverState.TAKEN:
        _refuse_stranger(held, user)
        return held
    back = held.returned > 0 and held.taken_by == user.id
    _give(held, conversation, user, now)
    joined = f"客服{user.called}回来了" if back else f"客服{user.called}已接入"
    tell(s, held, conversation, f"{joined}，您可以直接说明情况。", now)
    _record(s, held, user.id, "handover.take", now)
    return held


def say(
    s: Session, *, handover_id: str, user: User, text: str, key: str | None = None, now: datetime
) -> Turn:
    """Say something to the customer as a person; the same `key` again is the same turn.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_not_taken`, `handover_taken`,
            `handover_ended`; 422 `empty_message`, `message_too_long`, `bad_key`.
    """
    held, conversation = _locked(s, handover_id, user)
    if held.state is not HandoverState.TAKEN:
        raise conflict("handover_not_taken", "请先接入这段对话，再回复客户。")
    _refuse_stranger(held, user)
    held.handler_seen_at = now
    if held.first_said_at is None:
        held.first_said_at, held.first_said_by = now, user.id
    reply = Reply(ReplyKind.TEXT, check_message(text), {"handler_name": user.called})
    return conversations.add_reply(
        s, conversation=conversation, reply=reply, reply_to=None, actor="handler", key=key, now=now
    )


def end(s: Session, *, handover_id: str, user: User, now: datetime) -> Handover:
    """Give the conversation back to the bot, tell the customer, and ask for a rating where it was taken.

    Ending twice changes nothing.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_taken`.
    """
    held, conversation = _locked(s, handover_id, user, ended_too=True)
    if held.state is HandoverState.ENDED:
        return held
    was_taken = held.state is HandoverState.TAKEN
    if was_taken and not may(user, "admin"):
        _refuse_stranger(held, user)
    what = "人工服务已结束" if was_taken else "您的转人工请求已结束"
    _close(s, held, conversation, f"{what}，接下来由问津继续为您服务。", now)
    if was_taken:
        ratings.offer_in_chat(
            s, conversation=conversation, subject="conversation", subject_id=conversation.id, now=now
        )
    _record(s, held, user.id, "handover.end", now)
    return held


def cancel(s: Session, *, conversation: Conversation, now: datetime) -> Handover | None:
    """Let the customer stop waiting; None where nobody is waited for. A person who is there stays.

    Raises:
        WenjinError: 409 `handover_taken` where a person has just taken the conversation.
    """
    held = conversations.lock(s, conversation.id)
    found = open_for(s, held.id)
    if found is None:
        return None
    if found.state is HandoverState.TAKEN:
        raise conflict("handover_taken", "客服已经接入，请直接说明情况。")
    _close(s, found, held, "已取消等候，接下来由问津继续为您服务。", now)
    _record(s, found, held.customer_id, "handover.cancel", now)
    return found


def transfer(
    s: Session, *, handover_id: str, user: User, to: User | None = None, queue: str = "", now: datetime
) -> Handover:
    """Pass a conversation that one has taken on: to a colleague, or into a queue; the customer is told.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_not_taken`, `handover_taken`,
            `handover_ended`; 422 `unknown_colleague`, `unknown_queue`.
    """
    held, conversation = _locked(s, handover_id, user)
    if held.state is not HandoverState.TAKEN:
        raise conflict("handover_not_taken", "请先接入这段对话，再转给别人。")
    _refuse_stranger(held, user)
    if to is not None:
        if to.id == user.id or not to.active or not may(to, "handler"):
            raise bad_input("unknown_colleague", "请选择另一位在职的客服。")
        _give(held, conversation, to, now)
        tell(s, held, conversation, f"已为您转给客服{to.called}，之前的对话对方都能看到，您不用重复。", now)
    else:
        if queue not in QUEUES:
            raise bad_input("unknown_queue", "请选择要转到的队列。")
        held.queue = queue
        put_back(s, held, conversation)
        place = f"您排在第 {position(s, held)} 位，等候时您可以继续提问。"
        tell(s, held, conversation, f"已为您转到“{QUEUES[queue]}”的同事，请等候接入，{place}", now)
    _record(s, held, user.id, "handover.transfer", now, to=to.id if to else queue)
    return held


def put_back(s: Session, held: Handover, conversation: Conversation) -> None:
    """Put a taken conversation back among those that wait; the bot answers again. Both are locked."""
    held.state, held.taken_at = HandoverState.REQUESTED, None
    conversation.mode, conversation.handler_id = Mode.WAITING_HUMAN, None
    s.flush()


def here(s: Session, user: User, now: datetime) -> None:
    """Note that a handler is at the desk, for all conversations that they have taken."""
    seen = Handover.handler_seen_at
    s.execute(
        update(Handover)
        .where(Handover.taken_by == user.id, Handover.state == HandoverState.TAKEN)
        .where(or_(seen.is_(None), seen < now - SEEN_EVERY))
        .values(handler_seen_at=now)
    )


def read_by_handler(s: Session, *, handover_id: str, user: User, seq: int) -> bool:
    """Note how far the handler who talks has read; tell whether that is news."""
    own = (Handover.id == handover_id, Handover.taken_by == user.id, Handover.state == HandoverState.TAKEN)
    found = s.scalar(select(Handover).where(*own).with_for_update())
    read = min(seq, conversations.last_seq(s, found.conversation_id)) if found else 0
    if found is None or read <= found.handler_read_seq:
        return False
    found.handler_read_seq = read
    return True


def read_by_customer(s: Session, *, conversation_id: str, seq: int) -> bool:
    """Note how far the customer has read while there is a hand-over; tell whether that is news."""
    found = s.scalar(
        select(Handover)
        .where(Handover.conversation_id == conversation_id, Handover.state != HandoverState.ENDED)
        .with_for_update()
    )
    read = min(seq, conversations.last_seq(s, conversation_id))
    if found is None or read <= found.customer_read_seq:
        return False
    found.customer_read_seq = read
    return True


def standing(s: Session, conversation: Conversation, now: datetime) -> Standing:
    """Return where a conversation stands for its customer."""
    found = open_for(s, conversation.id)
    if found is None:
        return Standing(str(Mode.BOT))
    if found.state is HandoverState.REQUESTED:
        opens = "" if attendance.is_open(s, now) else attendance.opening_words(s, now)
        return Standing(str(Mode.WAITING_HUMAN), found.id, position(s, found), opens)
    handler = s.get(User, found.taken_by) if found.taken_by else None
    name = handler.called if handler else ""
    return Standing(str(Mode.HUMAN), found.id, handler=name, read_seq=found.handler_read_seq)


def open_handovers(s: Session) -> list[Handover]:
    """Return the hand-overs that wait or run: urgent queues first, who was put back first, then by time."""
    is_open = Handover.state != HandoverState.ENDED
    urgency = case({queue: place for place, queue in enumerate(URGENT)}, value=Handover.queue, else_=9)
    first_again = case((Handover.returned > 0, 0), else_=1)
    ordered = (
        select(Handover).where(is_open).order_by(urgency, first_again, Handover.requested_at, Handover.id)
    )
    return list(s.scalars(ordered))


def position(s: Session, one: Handover) -> int:
    """Return the place of a hand-over among those that wait, from 1; 0 where it does not wait."""
    waiting = [other.id for other in open_handovers(s) if other.state is HandoverState.REQUESTED]
    return waiting.index(one.id) + 1 if one.id in waiting else 0


def unread(s: Session, user: User) -> int:
    """Return in how many conversations of a handler the customer has said something that is not read."""
    last = (
        select(func.max(Turn.seq))
        .where(Turn.conversation_id == Handover.conversation_id, Turn.actor == "customer")
        .scalar_subquery()
    )
    own = (Handover.taken_by == user.id, Handover.state == HandoverState.TAKEN)
    return s.scalar(select(func.count()).where(*own, last > Handover.handler_read_seq)) or 0


def open_for(s: Session, conversation_id: str) -> Handover | None:
    """Return the hand-over of a conversation that is not over, or None."""
    of_it = (Handover.conversation_id == conversation_id, Handover.state != HandoverState.ENDED)
    return s.scalar(select(Handover).where(*of_it))


def get(s: Session, handover_id: str) -> Handover:
    """Return a hand-over by id; raise 404 `handover_not_found`."""
    found = s.get(Handover, handover_id)
    if found is None:
        raise not_found("handover_not_found", "没有找到这次转人工，请刷新列表。")
    return found


def tell(
    s: Session,
    held: Handover,
    conversation: Conversation,
    text: str,
    now: datetime,
    *,
    state: str = "",
    buttons: tuple[Button, ...] = (),
) -> Turn:
    """Tell the customer what becomes of the hand-over; `state` is its own where none is named."""
    data = {"handover_id": held.id, "state": state or str(held.state)}
    reply = Reply(ReplyKind.HANDOVER, text, data, buttons)
    return conversations.add_reply(
        s, conversation=conversation, reply=reply, reply_to=None, actor="system", now=now
    )


def _raised(
    s: Session, found: Handover, queue: str, reason: str, customer_id: str, now: datetime
) -> Handover:
    """Move a hand-over to a more urgent queue; leave it where it is for any other."""
    if queue in URGENT and (found.queue not in URGENT or URGENT.index(queue) < URGENT.index(found.queue)):
        found.queue, found.reason = queue, reason
        s.flush()
        _record(s, found, customer_id, "handover.raise", now, queue=queue)
    return found


def _give(held: Handover, conversation: Conversation, user: User, now: datetime) -> None:
    held.state, held.taken_at, held.taken_by = HandoverState.TAKEN, now, user.id
    held.handler_seen_at = now
    conversation.mode, conversation.handler_id = Mode.HUMAN, user.id


def _close(s: Session, held: Handover, conversation: Conversation, text: str, now: datetime) -> None:
    held.state, held.ended_at = HandoverState.ENDED, now
    conversation.mode, conversation.handler_id = Mode.BOT, None
    tell(s, held, conversation, text, now)


def _locked(
    s: Session, handover_id: str, user: User, *, ended_too: bool = False
) -> tuple[Handover, Conversation]:
    """Return the hand-over and its conversation, locked, for somebody who may handle it."""
    require_role(user, "handler")
    conversation = conversations.lock(s, get(s, handover_id).conversation_id)
    held = s.get_one(Handover, handover_id, populate_existing=True)
    if held.state is HandoverState.ENDED and not ended_too:
        raise conflict("handover_ended", "这次人工服务已经结束，请刷新列表。")
    return held, conversation


def _refuse_stranger(held: Handover, user: User) -> None:
    if held.taken_by != user.id:
        raise conflict("handover_taken", "这段对话已由其他同事接入，请刷新列表。", taken_by=held.taken_by)


def _record(s: Session, held: Handover, actor: str, action: str, now: datetime, **more: str) -> None:
    audit.record(
        s, actor=actor, action=action, object_type="handover", object_id=held.id,
        data={"conversation_id": held.conversation_id, **more}, now=now,
    )  # fmt: skip
