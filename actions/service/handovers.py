"""Handing a conversation to a person and back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import conversations, ratings
from actions.service.accounts import may, require_role
from actions.service.messages import check_field, check_message
from actions.service.replies import Reply, ReplyKind
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation, Handover, HandoverState, Mode, Turn
from knowledge.errors import conflict, not_found

STATE_LABELS = {
    HandoverState.REQUESTED: "等待接入",
    HandoverState.TAKEN: "人工服务中",
    HandoverState.ENDED: "已结束",
}
MAX_REASON = 500


def request(s: Session, *, conversation: Conversation, reason: str, now: datetime) -> Handover:
    """Ask for a person; while one is asked for or present, the same hand-over is returned."""
    held = conversations.lock(s, conversation.id)
    found = open_for(s, held.id)
    if found:
        return found
    made = Handover(
        conversation_id=held.id, state=HandoverState.REQUESTED, requested_at=now,
        reason=check_field(reason, name="转人工原因", limit=MAX_REASON),
    )  # fmt: skip
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
    held.state, held.taken_at, held.taken_by = HandoverState.TAKEN, now, user.id
    conversation.mode, conversation.handler_id = Mode.HUMAN, user.id
    _tell(s, held, conversation, f"客服{user.called}已接入，您可以直接说明情况。", now)
    _record(s, held, user.id, "handover.take", now)
    return held


def say(s: Session, *, handover_id: str, user: User, text: str, now: datetime) -> Turn:
    """Say something to the customer as a person.

    Raises:
        WenjinError: 403 `role_needed`; 404 `handover_not_found`; 409 `handover_not_taken`, `handover_taken`,
            `handover_ended`; 422 `empty_message`, `message_too_long`.
    """
    held, conversation = _locked(s, handover_id, user)
    if held.state is not HandoverState.TAKEN:
        raise conflict("handover_not_taken", "请先接入这段对话，再回复客户。")
    _refuse_stranger(held, user)
    reply = Reply(ReplyKind.TEXT, check_message(text))
    return conversations.add_reply(
        s, conversation=conversation, reply=reply, reply_to=None, actor="handler", now=now
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
    held.state, held.ended_at = HandoverState.ENDED, now
    conversation.mode, conversation.handler_id = Mode.BOT, None
    _tell(s, held, conversation, "人工服务已结束，接下来由问津继续为您服务。", now)
    if was_taken:
        ratings.offer_in_chat(
            s, conversation=conversation, subject="conversation", subject_id=conversation.id, now=now
        )
    _record(s, held, user.id, "handover.end", now)
    return held


def open_handovers(s: Session) -> list[Handover]:
    """Return the hand-overs that wait or run, the longest waiting first."""
    is_open = Handover.state != HandoverState.ENDED
    return list(s.scalars(select(Handover).where(is_open).order_by(Handover.requested_at, Handover.id)))


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


def _tell(s: Session, held: Handover, conversation: Conversation, text: str, now: datetime) -> None:
    reply = Reply(ReplyKind.HANDOVER, text, {"handover_id": held.id, "state": str(held.state)})
    conversations.add_reply(s, conversation=conversation, reply=reply, reply_to=None, actor="system", now=now)


def _record(s: Session, held: Handover, actor: str, action: str, now: datetime) -> None:
    audit.record(
        s, actor=actor, action=action, object_type="handover", object_id=held.id,
        data={"conversation_id": held.conversation_id}, now=now,
    )  # fmt: skip
