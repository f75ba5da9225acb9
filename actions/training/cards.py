"""The review book: what somebody answered wrong comes back when it is about to be forgotten."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.tables.training import (
    Disclosure,
    QuizAttempt,
    QuizAttemptItem,
    QuizCard,
    QuizQuestionVersion,
)
from actions.training.disclosure import question_of

if TYPE_CHECKING:
    from fsrs import Card, Scheduler

MAX_DAYS = 90
RIGHT_DAYS = 3  # right answers on so many days, and a question leaves the book


def note(s: Session, row: QuizAttempt, items: Sequence[QuizAttemptItem], now: datetime) -> None:
    """Take marked items into a person's review book; what was not answered says nothing.

    A wrong answer brings a question into the book, or back to its beginning there; a right one moves it on.
    """
    marked = {
        question_of(one.version_id): one
        for one in items
        if one.answered_at is not None and one.points is not None
    }
    booked = set(s.scalars(_book(row.user_id).with_only_columns(QuizCard.question_id)))
    for question_id, item in sorted(marked.items()):
        right = item.points == item.max_points
        if not right or question_id in booked:
            at = min(item.answered_at or now, now)
            answered(s, user_id=row.user_id, question_id=question_id, right=right, at=at)


def answered(s: Session, *, user_id: str, question_id: str, right: bool, at: datetime) -> QuizCard | None:
    """Note one marked answer and return its card, None for a right answer to what is not in the book.

    Right is FSRS's Good, wrong its Again. The question leaves after right answers on `RIGHT_DAYS` different
    days of China without a wrong one between them.
    """
    card = _card(s, user_id, question_id)
    if right and (card is None or card.suspended):
        return None
    if card is None:
        _insert(s, user_id, question_id, at)
        card = _card(s, user_id, question_id)
        if card is None:
            raise AssertionError("a card that was just made is not there")
    held = _fresh(question_id, at) if card.suspended else _held(card)
    at = max(at, held.last_review or at)
    held = _reviewed(held, right=right, at=at)
    card.card, card.due_at = dict(held.to_dict()), _morning(held.due)
    card.right_days = sorted({*card.right_days, _day(at)}) if right else []
    card.suspended = len(card.right_days) >= RIGHT_DAYS
    s.flush()
    return card


def renewed(s: Session, *, user_id: str, question_id: str) -> QuizCard | None:
    """Make a card anew from all marked answers, as their marks are now; None where none is wrong."""
    card = _card(s, user_id, question_id)
    if card is not None:
        s.delete(card)
        s.flush()
    past = s.execute(
        select(QuizAttempt, QuizAttemptItem)
        .join(QuizAttemptItem, QuizAttemptItem.attempt_id == QuizAttempt.id)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizAttemptItem.version_id)
        .where(
            QuizAttempt.user_id == user_id,
            QuizQuestionVersion.question_id == question_id,
            QuizAttemptItem.points.is_not(None),
        )
    )
    marked = [(_noted_at(row, one), one.answered_at, one) for row, one in past if one.answered_at]
    card = None
    for _, at, one in sorted(marked, key=lambda story: story[:2]):
        right = one.points == one.max_points
        card = answered(s, user_id=user_id, question_id=question_id, right=right, at=at) or card
    return card


def _noted_at(row: QuizAttempt, item: QuizAttemptItem) -> datetime | None:
    """Return when an answer came to the book: at once in practice, at its end in an exam."""
    return item.answered_at if row.disclosure is Disclosure.AFTER_EACH else row.finished_at


def due(s: Session, user_id: str, now: datetime) -> list[QuizCard]:
    """Return the cards of the book that are due, the longest due first."""
    return list(s.scalars(_book(user_id).where(QuizCard.due_at <= now)))


def book(s: Session, user_id: str) -> list[QuizCard]:
    """Return all cards of the book, the first due first."""
    return list(s.scalars(_book(user_id)))


def _book(user_id: str) -> Select[QuizCard]:
    return (
        select(QuizCard)
        .where(QuizCard.user_id == user_id, QuizCard.suspended.is_(False))
        .order_by(QuizCard.due_at, QuizCard.question_id)
    )


def _card(s: Session, user_id: str, question_id: str) -> QuizCard | None:
    query = select(QuizCard).where(QuizCard.user_id == user_id, QuizCard.question_id == question_id)
    return s.scalar(query.with_for_update().execution_options(populate_existing=True))


def _insert(s: Session, user_id: str, question_id: str, at: datetime) -> None:
    """Make a card, where another device has not just made it."""
    insert = postgresql.insert if s.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {
        "user_id": user_id,
        "question_id": question_id,
        "card": dict(_fresh(question_id, at).to_dict()),
        "due_at": at,
        "right_days": [],
        "suspended": False,
    }
    s.execute(insert(QuizCard).values(values).on_conflict_do_nothing())


def _fresh(question_id: str, at: datetime) -> Card:
    from fsrs import Card

    return Card(card_id=zlib.crc32(question_id.encode()), due=at.astimezone(UTC))


def _held(card: QuizCard) -> Card:
    from fsrs import Card

    return Card.from_dict(card.card)  # type: ignore[arg-type]


def _reviewed(card: Card, *, right: bool, at: datetime) -> Card:
    from fsrs import Rating

    return _scheduler().review_card(card, Rating.Good if right else Rating.Again, at.astimezone(UTC))[0]


@lru_cache(maxsize=1)
def _scheduler() -> Scheduler:
    """Return FSRS without steps of minutes and without chance: whole days, at most `MAX_DAYS`."""
    from fsrs import Scheduler

    return Scheduler(learning_steps=(), relearning_steps=(), maximum_interval=MAX_DAYS, enable_fuzzing=False)


def _morning(at: datetime) -> datetime:
    """Return the beginning of a time's day in China: who learns at nine is asked at eight, too."""
    day = at.astimezone(SHANGHAI).date()
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def _day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()
