"""Who is not there: a handler who went away while a customer waits, and a queue that nobody takes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.rules import rules_of
from actions.desk.workdays import working_between
from actions.service import attendance, conversations, handovers
from actions.service.replies import Button
from actions.store import audit
from actions.store.tables.service import Actor, Conversation, Handover, HandoverState, Turn

AWAY = timedelta(seconds=90)  # a handler's page says every few seconds that it is open
LATE = timedelta(minutes=5)  # of working time
RETURNED, LATE_STATE = "returned", "late"
WAYS_ON = (Button("登记投诉", "我要投诉"), Button("留言", "留言"))


def watch(s: Session, now: datetime) -> None:
    """Look after all open hand-overs: put back whom a handler left, tell once who has waited long.

    All conversations that may be concerned are locked, in order, before anything is done.
    """
    concerned = [one for one in handovers.open_handovers(s) if _concerns(s, one, now)]
    locked = {
        conversation_id: conversations.lock(s, conversation_id)
        for conversation_id in sorted(one.conversation_id for one in concerned)
    }
    for one in concerned:
        conversation = locked[one.conversation_id]
        put_back_if_away(s, conversation, now)
        _tell_if_late(s, one, conversation, now)


def put_back_if_away(s: Session, conversation: Conversation, now: datetime) -> bool:
    """Put a conversation back at the head of the queue where its handler is away and the customer waits.

    The customer is told, the bot answers again. Return whether that was done. The conversation is locked.
    """
    held = handovers.open_for(s, conversation.id)
    if held is None or not is_away(held, now) or not _waits_for_answer(s, conversation.id):
        return False
    held.returned += 1
    handovers.put_back(s, held, conversation)
    handovers.tell(s, held, conversation, _away_words(s, now), now, state=RETURNED, buttons=WAYS_ON)
    audit.record(
        s, actor="system", action="handover.return", object_type="handover", object_id=held.id,
        data={"conversation_id": conversation.id, "handler": held.taken_by}, now=now,
    )  # fmt: skip
    return True


def is_away(held: Handover, now: datetime) -> bool:
    """Tell whether the handler who has a conversation has not been seen for a while."""
    seen = held.handler_seen_at or held.taken_at
    return held.state is HandoverState.TAKEN and seen is not None and now - seen > AWAY


def _concerns(s: Session, one: Handover, now: datetime) -> bool:
    check: Callable[[Session, Handover, datetime], bool] = (
        _is_late if one.state is HandoverState.REQUESTED else lambda _s, held, at: is_away(held, at)
    )
    return check(s, one, now)


def _waits_for_answer(s: Session, conversation_id: str) -> bool:
    """Tell whether the last word is the customer's."""
    people = (Turn.conversation_id == conversation_id, Turn.actor.in_((Actor.CUSTOMER, Actor.HANDLER)))
    last = s.scalars(select(Turn.actor).where(*people).order_by(Turn.seq.desc()).limit(1)).first()
    return last is Actor.CUSTOMER


def _away_words(s: Session, now: datetime) -> str:
    """Return what the customer is told; a promise of somebody soon only while somebody is at work."""
    told = "抱歉，接待您的同事似乎暂时离开了，您的对话已排到最前面。"
    if attendance.is_open(s, now):
        return f"{told}其他同事接入后会在这里回复您，等候时您可以继续提问，由问津先回答。"
    opens = attendance.opening_words(s, now)
    return f"{told}现在不是人工服务时间，{opens} 起有同事在线。您可以继续提问，由问津先回答。"


def _is_late(s: Session, one: Handover, now: datetime) -> bool:
    since = one.requested_at
    if one.returned and one.handler_seen_at:
        since = max(since, one.handler_seen_at)
    rules = rules_of(s)
    return attendance.is_open(s, now) and working_between(since, now, rules.opens, rules.closes) >= LATE


def _tell_if_late(s: Session, one: Handover, conversation: Conversation, now: datetime) -> None:
    s.refresh(one)
    if one.state is not HandoverState.REQUESTED or not _is_late(s, one, now) or _was_told(s, one):
        return
    text = (
        f"让您久等了：同事都在忙，还没有人接入，您现在排在第 {handovers.position(s, one)} 位。"
        "您可以继续等，也可以先登记投诉，会按规定的时限答复您。"
    )
    handovers.tell(s, one, conversation, text, now, state=LATE_STATE, buttons=WAYS_ON)


def _was_told(s: Session, one: Handover) -> bool:
    """Tell whether this hand-over's customer has heard already that it takes long."""
    since = (
        Turn.conversation_id == one.conversation_id,
        Turn.actor == Actor.SYSTEM,
        Turn.kind == "handover",
        Turn.created_at >= one.requested_at,
    )
    told = s.scalars(select(Turn).where(*since))
    return any(
        turn.data.get("state") == LATE_STATE and turn.data.get("handover_id") == one.id for turn in told
    )
