"""Asking for a rating when a conversation has fallen silent after an answer: once in a service cycle."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from actions.service import conversations, marks, ratings
from actions.store.tables.figures import Visit
from actions.store.tables.service import Conversation, Mode, RatingOffer, Turn

SILENT = timedelta(minutes=30)
FORGOTTEN = timedelta(hours=3)  # who has been away for so long is not called back for this
CHANNELS = (
    conversations.WEB,
    "socket",
    conversations.CALLBACK,
)  # where a message reaches the customer that they did not ask for
_MOST = 200


def offer(s: Session, now: datetime) -> int:
    """Ask the customers of visits that have just ended with an answer, and return how many were asked.

    The last word must have been an answer: nobody is asked in the middle of a form, after a refusal, while a
    person serves them or after danger; staff is not asked, and nobody twice within a cycle.
    """
    asked_lately = exists().where(
        RatingOffer.conversation_id == Visit.conversation_id,
        RatingOffer.offered_at > now - ratings.CONVERSATION_CYCLE,
    )
    ended = (
        select(Conversation)
        .join(Visit, Visit.conversation_id == Conversation.id)
        .where(
            *(Visit.ended_at > now - FORGOTTEN, Visit.ended_at <= now - SILENT, Visit.back_at.is_(None)),
            *(Visit.audience == "customer", Visit.channel.in_(CHANNELS)),
            *(Visit.answered.is_(True), Visit.handed_over.is_(False)),
            *(Conversation.mode == Mode.BOT, Conversation.uncounted.is_(False), ~asked_lately),
        )
        .limit(_MOST)
    )
    return sum(_offer(s, one, now) for one in s.scalars(ended).all())


def _offer(s: Session, conversation: Conversation, now: datetime) -> bool:
    held = conversations.lock(s, conversation.id)
    last = s.scalars(
        select(Turn).where(Turn.conversation_id == held.id).order_by(Turn.seq.desc()).limit(1)
    ).first()
    if last is None or last.created_at > now - SILENT or not marks.may_be_marked(last):
        return False
    made = ratings.offer_in_chat(s, conversation=held, subject="conversation", subject_id=held.id, now=now)
    return made is not None
