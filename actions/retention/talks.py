"""Conversations: what was said is erased line by line, what figures are counted from stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Delete, Update, delete, func, or_, select, update
from sqlalchemy.orm import Session

from actions.desk.holds import in_use
from actions.retention.kinds import Due, Kind, When, single
from actions.service import conversations
from actions.store.erased import BY_PERIOD, ON_REQUEST
from actions.store.tables.desk import Attachment, Notice, Ticket
from actions.store.tables.dialogue import DialogueTracker
from actions.store.tables.figures import RefusedQuestion
from actions.store.tables.service import (
    Conversation,
    FollowUp,
    Handover,
    HandoverState,
    Rating,
    RatingOffer,
    Turn,
)

PERIOD = "conversations"
_Change = TypeVar("_Change", Update, Delete)
_TICK = timedelta(microseconds=1)


def erase_said(s: Session, conversation: Conversation, before: datetime, words: str, now: datetime) -> int:
    """Erase what was said before a time and return how many lines that was. The conversation is locked.

    `words` stand in their place. Messages left for a person, what was sent to a callback and what is kept as
    not answered go with them.
    """
    old = (Turn.conversation_id == conversation.id, Turn.created_at < before, Turn.erased_at.is_(None))
    values: dict[str, Any] = {"text": words, "data": {}, "buttons": [], "key": None, "erased_at": now}
    copied = RefusedQuestion.turn_id.in_(select(Turn.id).where(*old))
    s.execute(_plain(delete(RefusedQuestion)).where(copied))
    gone = s.scalars(_plain(update(Turn).where(*old).values(**values)).returning(Turn.id)).all()
    s.execute(
        _plain(update(Handover))
        .where(
            Handover.conversation_id == conversation.id, Handover.state == HandoverState.ENDED,
            Handover.ended_at < before, Handover.reason != "",
        )
        .values(reason="")
    )  # fmt: skip
    sent = (Notice.line == conversation.id, Notice.created_at < before, Notice.done_at.is_not(None))
    s.execute(_plain(delete(Notice)).where(*sent))
    return len(gone)


def forget(s: Session, conversation: Conversation, until: datetime, now: datetime) -> int:
    """Erase all of a conversation up to a time at its customer's wish; return how many lines that was.

    Where no complaint needs it any more and nothing was said since, it no longer leads to its customer. The
    conversation is locked and not in use.
    """
    before = until + _TICK
    gone = erase_said(s, conversation, before, ON_REQUEST, now)
    own = (DialogueTracker.sender_id == conversation.id, DialogueTracker.updated_at < before)
    s.execute(_plain(delete(DialogueTracker)).where(*own))
    pending = (Attachment.conversation_id == conversation.id, Attachment.ticket_id.is_(None))
    s.execute(_plain(delete(Attachment)).where(*pending, Attachment.created_at < before))
    of_it = select(RatingOffer.id).where(
        RatingOffer.conversation_id == conversation.id, RatingOffer.subject != "ticket"
    )
    rated = select(Rating.id).where(Rating.offer_id.in_(of_it), Rating.updated_at < before)
    erase_comments(s, list(s.scalars(rated)), now)
    conversation.forget_at = None
    needed = s.scalar(
        select(func.count()).where(Ticket.conversation_id == conversation.id, Ticket.erased_at.is_(None))
    )
    if not needed and conversation.last_at < before:
        conversation.external_id = conversation.customer_id = f"erased:{conversation.id}"
    s.flush()
    return gone


def erase_comments(s: Session, rating_ids: Sequence[str], now: datetime) -> None:
    """Erase what was written beside ratings and what a handler noted of them; the scores stay."""
    s.execute(_plain(update(Rating)).where(Rating.id.in_(rating_ids)).values(comment="", erased_at=now))
    s.execute(_plain(update(FollowUp)).where(FollowUp.rating_id.in_(rating_ids)).values(note=""))


def _find_turns(s: Session, when: When) -> Iterable[Due]:
    """Return the conversations with lines that are due: by their age, or by a wish that waited."""
    found = {one.key: one for one in _wished(s)}
    before = when.before(PERIOD)
    if before is not None:
        found = {one.key: one for one in _old(s, before)} | found
    return list(found.values())


def _old(s: Session, before: datetime) -> list[Due]:
    at = Turn.created_at
    old = (
        select(Turn.conversation_id, func.count(), func.min(at, type_=at.type), func.max(at, type_=at.type))
        .where(at < before, Turn.erased_at.is_(None))
        .group_by(Turn.conversation_id)
        .subquery()
    )
    return [Due(*row) for row in s.execute(select(old).where(~in_use(old.c.conversation_id))).tuples()]


def _wished(s: Session) -> list[Due]:
    at = func.coalesce(Turn.created_at, Conversation.forget_at)
    kind = Turn.created_at.type
    said = (
        (Turn.conversation_id == Conversation.id)
        & (Turn.created_at <= Conversation.forget_at)
        & Turn.erased_at.is_(None)
    )
    wished = (
        select(Conversation.id, func.count(Turn.id), func.min(at, type_=kind), func.max(at, type_=kind))
        .outerjoin(Turn, said)
        .where(Conversation.forget_at.is_not(None), ~in_use(Conversation.id))
        .group_by(Conversation.id)
    )
    return [Due(*row) for row in s.execute(wished).tuples()]


def _erase_turns(s: Session, keys: Sequence[str], when: When) -> int:
    locked = [conversations.lock(s, key) for key in sorted(keys)]
    free = set(s.scalars(select(Conversation.id).where(Conversation.id.in_(keys), ~in_use(Conversation.id))))
    before, gone = when.before(PERIOD), 0
    for one in locked:
        if one.id not in free:
            continue
        if one.forget_at is not None:
            gone += forget(s, one, one.forget_at, when.now)
        if before is not None:
            gone += erase_said(s, one, before, BY_PERIOD, when.now)
    return gone


def _find_trackers(s: Session, when: When) -> Iterable[Due]:
    before = when.before(PERIOD)
    if before is None:
        return []
    found = select(DialogueTracker.sender_id, DialogueTracker.updated_at).where(
        DialogueTracker.updated_at < before, ~in_use(DialogueTracker.sender_id)
    )
    return single(s.execute(found).tuples())


def _erase_trackers(s: Session, keys: Sequence[str], when: When) -> int:
    old = (
        DialogueTracker.sender_id.in_(keys),
        DialogueTracker.updated_at < when.before(PERIOD),
        ~in_use(DialogueTracker.sender_id),
    )
    gone = _plain(delete(DialogueTracker)).where(*old).returning(DialogueTracker.sender_id)
    return len(s.scalars(gone).all())


def _of_no_ticket() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    free = or_(Attachment.conversation_id.is_(None), ~in_use(Attachment.conversation_id))
    return (Attachment.ticket_id.is_(None), free)


def _find_files(s: Session, when: When) -> Iterable[Due]:
    before = when.before(PERIOD)
    if before is None:
        return []
    found = select(Attachment.id, Attachment.created_at).where(
        Attachment.created_at < before, *_of_no_ticket()
    )
    return single(s.execute(found).tuples())


def _erase_files(s: Session, keys: Sequence[str], when: When) -> int:
    del when  # a file does not change
    gone = _plain(delete(Attachment)).where(Attachment.id.in_(keys), *_of_no_ticket())
    return len(s.scalars(gone.returning(Attachment.id)).all())


def _plain(statement: _Change) -> _Change:
    """Let the database alone do it: no row of these is held in the session."""
    return statement.execution_options(synchronize_session=False)


TURNS = Kind("turns", "对话消息", PERIOD, _find_turns, _erase_turns)
TRACKERS = Kind("trackers", "对话记忆", PERIOD, _find_trackers, _erase_trackers)
FILES = Kind("files", "没有登记投诉的附件", PERIOD, _find_files, _erase_files)
