"""Low ratings that somebody looks after: opened by rule, closed with what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.service.messages import check_field
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.service import FollowUp, Rating, RatingOffer
from knowledge.errors import bad_input, conflict, not_found

LOW = 2  # a rating of so much or less is looked after
MAX_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """A follow-up with the rating that it is about; `ticket_id` and `conversation_id` are "" for none."""

    task: FollowUp
    score: int
    comment: str
    subject: str
    ticket_id: str
    conversation_id: str


def settle(s: Session, rating: Rating, now: datetime) -> None:
    """Open a follow-up for a low rating, and drop an open one where the customer has thought better of it."""
    found = s.scalar(select(FollowUp).where(FollowUp.rating_id == rating.id))
    if rating.score <= LOW and found is None:
        s.add(FollowUp(rating_id=rating.id, reason="low_score", created_at=now))
    elif rating.score > LOW and found is not None and found.done_at is None:
        s.delete(found)
    s.flush()


def waiting(s: Session, *, limit: int = 100) -> list[Case]:
    """Return what is to be looked after, the oldest first."""
    return _cases(s, FollowUp.done_at.is_(None), FollowUp.created_at, limit)


def done(s: Session, *, limit: int = 50) -> list[Case]:
    """Return what was looked after, the newest first."""
    return _cases(s, FollowUp.done_at.is_not(None), FollowUp.done_at.desc(), limit)


def count(s: Session) -> int:
    """Return how many wait."""
    return s.scalar(select(func.count()).select_from(FollowUp).where(FollowUp.done_at.is_(None))) or 0


def finish(s: Session, *, task_id: str, note: str, user: User, now: datetime) -> FollowUp:
    """Close a follow-up with what was done; audited.

    Raises:
        WenjinError: 404 `follow_up_not_found`; 409 `follow_up_done`; 422 `note_needed`, `field_too_long`.
    """
    found = s.scalar(select(FollowUp).where(FollowUp.id == task_id).with_for_update())
    if found is None:
        raise not_found("follow_up_not_found", "没有找到这条回访，客户可能已经改了评价。")
    if found.done_at is not None:
        raise conflict("follow_up_done", "这条回访已由同事完成，请刷新列表。")
    text = check_field(note, name="回访记录", limit=MAX_NOTE)
    if not text.strip():
        raise bad_input("note_needed", "请写下怎样回访、客户怎么说，再点完成。")
    found.note, found.done_at, found.done_by = text, now, user.id
    audit.record(
        s,
        actor=user.id,
        action="follow_up.done",
        object_type="follow_up",
        object_id=found.id,
        data={},
        now=now,
    )
    return found


def _cases(s: Session, condition: object, order: object, limit: int) -> list[Case]:
    found = (
        select(FollowUp, Rating, RatingOffer)
        .join(Rating, Rating.id == FollowUp.rating_id)
        .join(RatingOffer, RatingOffer.id == Rating.offer_id)
        .where(condition)  # type: ignore[arg-type]
        .order_by(order, FollowUp.id)  # type: ignore[arg-type]
        .limit(limit)
    )
    return [
        Case(
            task, rating.score, rating.comment, offer.subject,
            offer.subject_id if offer.subject == "ticket" else "", offer.conversation_id or "",
        )
        for task, rating, offer in s.execute(found)
    ]  # fmt: skip
