"""When keys, explanations and sentences may be seen: never before, on whatever page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.training import (
    AttemptState,
    Disclosure,
    PaperState,
    QuizAttempt,
    QuizAttemptItem,
    QuizPaper,
)
from knowledge.errors import forbidden


class Seen(IntEnum):
    """How much of a finished attempt may be seen."""

    SCORE = 0
    MARKS = 1  # which were wrong, and where to read
    KEYS = 2


def of_attempt(s: Session, row: QuizAttempt, now: datetime) -> Seen:
    """Return how much of a finished attempt its person may see now.

    After a pass: all. After a fail: which were wrong and where to read; the key once the paper was passed
    or is closed. A paper that tells after its closing tells the score alone before.
    """
    if row.state is AttemptState.OPEN:
        return Seen.SCORE
    if row.disclosure in (Disclosure.AFTER_EACH, Disclosure.AFTER_FINISH):
        return Seen.KEYS
    paper = s.get(QuizPaper, row.paper_id) if row.paper_id else None
    if paper is None or is_over(paper, now):
        return Seen.KEYS
    if row.disclosure is Disclosure.AFTER_CLOSE:
        return Seen.SCORE
    return Seen.KEYS if row.passed or _has_passed(s, row) else Seen.MARKS


def is_over(paper: QuizPaper, now: datetime) -> bool:
    """Tell whether nobody can take a paper any more."""
    return paper.state is PaperState.CLOSED or (paper.closes_at is not None and paper.closes_at <= now)


def _has_passed(s: Session, row: QuizAttempt) -> bool:
    passed = select(QuizAttempt.id).where(
        QuizAttempt.user_id == row.user_id,
        QuizAttempt.paper_id == row.paper_id,
        QuizAttempt.passed.is_(True),
    )
    return s.scalar(passed.limit(1)) is not None


def question_of(version_id: str) -> str:
    """Return the question that a version belongs to."""
    return version_id.partition("@")[0]


def hidden_questions(s: Session, user_id: str) -> frozenset[str]:
    """Return the questions whose keys a person may not see anywhere: those of exams still being written."""
    asked = (
        select(QuizAttemptItem.version_id)
        .join(QuizAttempt, QuizAttempt.id == QuizAttemptItem.attempt_id)
        .where(
            QuizAttempt.user_id == user_id,
            QuizAttempt.state == AttemptState.OPEN,
            QuizAttempt.disclosure != Disclosure.AFTER_EACH,
        )
    )
    return frozenset(map(question_of, s.scalars(asked)))


def refuse_running(s: Session, user_id: str, version_id: str) -> None:
    """Raise 403 `in_exam` where a question is part of an exam that the person is writing now."""
    if question_of(version_id) in hidden_questions(s, user_id):
        raise forbidden("in_exam", "这道题在您正在作答的考试里，交卷后才能看解析。")


def not_now(s: Session, told: Collection[tuple[str, int]]) -> frozenset[tuple[str, int]]:
    """Return those of feedbacks told before, by attempt and place, whose key may not be seen at the moment.

    What was explained in a practice may be asked in an exam that its person is writing now.
    """
    wanted = set(told)
    rows = s.execute(
        select(QuizAttempt.user_id, QuizAttemptItem.version_id, QuizAttempt.id, QuizAttemptItem.position)
        .join(QuizAttemptItem, QuizAttemptItem.attempt_id == QuizAttempt.id)
        .where(QuizAttempt.id.in_({attempt_id for attempt_id, _ in wanted}))
    ).all()
    hidden = {user_id: hidden_questions(s, user_id) for user_id in {row[0] for row in rows}}
    held = {
        (attempt_id, place)
        for user_id, version_id, attempt_id, place in rows
        if question_of(version_id) in hidden[user_id]
    }
    return frozenset(held & wanted)
