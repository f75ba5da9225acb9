"""Attempts: start or resume one, answer item by item, finish, look back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptKind, AttemptState, QuizAttempt, QuizAttemptItem
from actions.training import grading, papers, records
from actions.training.views import Attempt, Feedback, Result, ReviewItem, ShownItem
from knowledge.errors import bad_input, conflict, not_found, unavailable

POINTS = 10
MAX_SIZE = 100
_SEED_BITS = 2**63 - 1


def start(
    s: Session,
    *,
    user_id: str,
    conversation_id: str | None = None,
    size: int = 10,
    pass_percent: int = 80,
    kind: AttemptKind = AttemptKind.PRACTICE,
    seed: int,
    manual_version: str = "",
    now: datetime,
) -> Attempt:
    """Start an attempt at a new paper, or return the person's open one.

    `seed` decides questions and orders (its lower 63 bits are kept); `manual_version` is kept for the record.
    The paper is shorter than `size` where the bank has fewer questions.
    Raises 404 `unknown_user`, 422 `bad_size` or `bad_pass_percent`, 503 `empty_bank`.
    """
    _check_form(size, pass_percent)
    _lock_user(s, user_id)
    if running := records.open_row(s, user_id):
        return records.attempt_of(s, running)
    seed &= _SEED_BITS
    paper = papers.draw(papers.candidates(s), size=size, seed=seed)
    if not paper:
        raise unavailable("empty_bank", "题库里还没有可用的题目，请联系管理员审核题库。")
    row = QuizAttempt(
        user_id=user_id,
        conversation_id=conversation_id,
        kind=kind,
        state=AttemptState.OPEN,
        seed=seed,
        pass_percent=pass_percent,
        max_score=POINTS * len(paper),
        manual_version=manual_version,
        started_at=now,
    )
    s.add(row)
    s.flush()
    s.add_all(_new_item(row.id, position, drawn) for position, drawn in enumerate(paper, 1))
    s.flush()
    return records.attempt_of(s, row)


def _check_form(size: int, pass_percent: int) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise bad_input("bad_size", f"一份试卷要有 1 到 {MAX_SIZE} 道题。", size=size)
    if not 1 <= pass_percent <= 100:
        raise bad_input("bad_pass_percent", "合格线要在 1% 到 100% 之间。", pass_percent=pass_percent)


def _lock_user(s: Session, user_id: str) -> None:
    """Let one device at a time start for a person (SQLite's transactions do so anyway)."""
    lock = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
    if s.scalar(lock) is None:
        raise not_found("unknown_user", "没有找到这个账号，请重新登录。")


def _new_item(attempt_id: str, position: int, drawn: papers.Drawn) -> QuizAttemptItem:
    return QuizAttemptItem(
        attempt_id=attempt_id,
        position=position,
        version_id=drawn.version_id,
        option_order=list(drawn.option_order),
        max_points=POINTS,
        given=[],
    )


def open_attempt(s: Session, user_id: str) -> Attempt | None:
    """Return the attempt that the person has not finished, or None."""
    row = records.open_row(s, user_id)
    return records.attempt_of(s, row) if row else None


def current_item(s: Session, attempt: Attempt) -> ShownItem | None:
    """Return the first item without an answer, or None where all are answered or the attempt is finished."""
    items = records.item_rows(s, attempt.id)
    state = s.scalar(select(QuizAttempt.state).where(QuizAttempt.id == attempt.id))
    waiting = (item for item in items if item.answered_at is None)
    first = next(waiting, None) if state is AttemptState.OPEN else None
    return records.shown(s, first, len(items)) if first else None


def item(s: Session, *, attempt_id: str, user_id: str, item_index: int) -> ShownItem:
    """Return the item with that place, counted from 1.

    Raises:
        WenjinError: 404 `unknown_attempt` (also for another person's) or `unknown_item`.
    """
    records.attempt_row(s, attempt_id, user_id)
    asked = records.item_row(s, attempt_id, item_index)
    return records.shown(s, asked, len(records.item_rows(s, attempt_id)))


def answer(
    s: Session, *, attempt_id: str, user_id: str, item_index: int, given: Sequence[str] | str, now: datetime
) -> Feedback:
    """Keep and mark the answer to an item; the last one finishes the attempt.

    The same answer again, from this or another device, gives the same feedback.
    Raises 404 `unknown_attempt` or `unknown_item`, 422 `unreadable_answer` (nothing is kept), 409
    `already_answered` for another answer to the same item, 409 `attempt_finished`.
    """
    row = records.attempt_row(s, attempt_id, user_id, lock=True)
    asked = records.item_row(s, attempt_id, item_index)
    content = records.content_of(s, asked)
    read = grading.read(content, given, asked.option_order)
    if asked.answered_at is not None:
        if not grading.same(content, asked.given, read):
            raise conflict("already_answered", "这道题已经答过，不能再改。请继续下一题。", index=item_index)
    elif row.state is not AttemptState.OPEN:
        raise conflict("attempt_finished", "这次测验已经结束，不能再作答。您可以查看结果，或重新开始一次。")
    else:
        asked.given = list(read)
        asked.points = grading.points(content, read, asked.max_points)
        asked.answered_at = now
        s.flush()
        if all(one.answered_at for one in records.item_rows(s, attempt_id)):
            _close(s, row, now)
    return records.feedback_on(s, row, asked)


def feedback(s: Session, *, attempt_id: str, user_id: str, item_index: int) -> Feedback | None:
    """Return the feedback on an item that was answered before, or None where it was not.

    Raises:
        WenjinError: 404 `unknown_attempt` or `unknown_item`.
    """
    row = records.attempt_row(s, attempt_id, user_id)
    asked = records.item_row(s, attempt_id, item_index)
    return records.feedback_on(s, row, asked) if asked.answered_at else None


def finish(s: Session, *, attempt_id: str, user_id: str, now: datetime) -> Result:
    """End an attempt and return its result; doing it twice is harmless. Open items get no points.

    Raises:
        WenjinError: 404 `unknown_attempt`.
    """
    row = records.attempt_row(s, attempt_id, user_id, lock=True)
    if row.state is AttemptState.OPEN:
        _close(s, row, now)
    return records.result_of(row)


def _close(s: Session, row: QuizAttempt, now: datetime) -> None:
    """Add up the points; passed when score * 100 >= pass_percent * max_score."""
    row.score = sum(one.points or 0 for one in records.item_rows(s, row.id))
    row.passed = row.score * 100 >= row.pass_percent * row.max_score
    row.state, row.finished_at = AttemptState.FINISHED, now
    s.flush()


def results(s: Session, user_id: str) -> list[Result]:
    """Return the results of a person's finished attempts, newest first."""
    rows = s.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.user_id == user_id, QuizAttempt.state == AttemptState.FINISHED)
        .order_by(QuizAttempt.finished_at.desc(), QuizAttempt.id)
    )
    return [records.result_of(row) for row in rows]


def review(s: Session, *, attempt_id: str, user_id: str) -> list[ReviewItem]:
    """Return all items of a finished attempt with keys, explanations and sources.

    Raises:
        WenjinError: 404 `unknown_attempt`, 409 `attempt_open` before the end.
    """
    if records.attempt_row(s, attempt_id, user_id).state is AttemptState.OPEN:
        raise conflict("attempt_open", "测验还没有结束，答完后才能查看全部解析。")
    items = records.item_rows(s, attempt_id)
    return [records.reviewed(s, one, len(items)) for one in items]
