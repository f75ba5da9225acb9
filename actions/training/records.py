"""Rows of attempts, and the views made of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.store.tables.training import AttemptState, Disclosure, FinishedBy, QuizAttempt, QuizAttemptItem
from actions.training import grading, regrades
from actions.training.disclosure import Seen
from actions.training.questions import Content
from actions.training.views import Attempt, Feedback, Result, ReviewItem, ShownItem, options_shown
from knowledge.errors import conflict, not_found


def open_row(s: Session, user_id: str, *, free: bool = False) -> QuizAttempt | None:
    """Return the person's open practice, the newest of several, or None; `free`: one at no paper."""
    return s.scalar(
        select(QuizAttempt)
        .where(
            QuizAttempt.user_id == user_id,
            QuizAttempt.state == AttemptState.OPEN,
            QuizAttempt.disclosure == Disclosure.AFTER_EACH,
            *((QuizAttempt.slot == "",) if free else ()),
        )
        .order_by(QuizAttempt.started_at.desc(), QuizAttempt.id)
        .limit(1)
    )


def attempt_of(s: Session, row: QuizAttempt) -> Attempt:
    """Return the view of an attempt, its answers counted."""
    counts = select(func.count(), func.count(QuizAttemptItem.answered_at))
    total, answered = s.execute(counts.where(QuizAttemptItem.attempt_id == row.id)).one()
    return Attempt(
        id=row.id,
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        kind=row.kind,
        state=row.state,
        total=total,
        answered=answered,
        pass_percent=row.pass_percent,
        max_score=row.max_score,
        manual_version=row.manual_version,
        started_at=row.started_at,
        deadline_at=row.deadline_at,
        paper_id=row.paper_id,
        disclosure=row.disclosure,
    )


def attempt_row(s: Session, attempt_id: str, user_id: str, *, lock: bool = False) -> QuizAttempt:
    """Return the person's attempt; a lock makes two devices write one after the other."""
    query = select(QuizAttempt).where(QuizAttempt.id == attempt_id, QuizAttempt.user_id == user_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = s.scalar(query)
    if row is None:
        raise not_found("unknown_attempt", "没有找到这次测验，请重新开始一次。")
    return row


def item_rows(s: Session, attempt_id: str) -> list[QuizAttemptItem]:
    """Return the items of an attempt in order, as they are in the database now."""
    query = select(QuizAttemptItem).where(QuizAttemptItem.attempt_id == attempt_id)
    return list(s.scalars(query.order_by(QuizAttemptItem.position).execution_options(populate_existing=True)))


def item_row(s: Session, attempt_id: str, index: int) -> QuizAttemptItem:
    """Return the item with that place, or raise 404 `unknown_item`."""
    found = next((one for one in item_rows(s, attempt_id) if one.position == index), None)
    if found is None:
        raise not_found("unknown_item", f"这次测验没有第 {index} 题。", index=index)
    return found


def content_of(s: Session, asked: QuizAttemptItem) -> Content:
    """Return the frozen content of an item, its key mended where it was regraded."""
    return contents_of(s, [asked])[asked.version_id]


def contents_of(s: Session, items: Sequence[QuizAttemptItem]) -> dict[str, Content]:
    """Return the contents of items by version."""
    marked = regrades.markings(s, [one.version_id for one in items])
    return {version_id: marking.content for version_id, marking in marked.items()}


def shown(s: Session, asked: QuizAttemptItem, total: int) -> ShownItem:
    """Return what may be shown of an item before it is answered."""
    return shown_of(asked, content_of(s, asked), total)


def shown_of(asked: QuizAttemptItem, content: Content, total: int) -> ShownItem:
    """Return what may be shown of an item whose content is known."""
    return ShownItem(
        attempt_id=asked.attempt_id,
        index=asked.position,
        total=total,
        type=content.type,
        stem=content.stem,
        options=options_shown(content, tuple(asked.option_order)),
        max_points=asked.max_points,
        scenario=content.scenario,
    )


def feedback_on(s: Session, row: QuizAttempt, asked: QuizAttemptItem) -> Feedback:
    """Return the feedback on an answered item."""
    content, points = content_of(s, asked), asked.points or 0
    return Feedback(
        attempt_id=row.id,
        index=asked.position,
        total=len(item_rows(s, row.id)),
        correct=points == asked.max_points,
        given=grading.displayed(content, asked.given, asked.option_order),
        answer=grading.displayed(content, content.answer, asked.option_order),
        explanation=content.explanation,
        section=content.section,
        sentence=content.sentence,
        points=points,
        max_points=asked.max_points,
        finished=row.state is AttemptState.FINISHED,
    )


def reviewed(asked: QuizAttemptItem, content: Content, total: int, seen: Seen) -> ReviewItem:
    """Return an item of a finished attempt with what may be seen of it."""
    keys, marks, points = seen >= Seen.KEYS, seen >= Seen.MARKS, asked.points or 0
    return ReviewItem(
        item=shown_of(asked, content, total),
        given=grading.displayed(content, asked.given, asked.option_order),
        answer=grading.displayed(content, content.answer, asked.option_order) if keys else (),
        correct=marks and points == asked.max_points,
        points=points if marks else 0,
        explanation=content.explanation if keys else "",
        section=content.section if marks else "",
        sentence=content.sentence if keys else "",
        seen=seen,
    )


def result_of(row: QuizAttempt) -> Result:
    """Return the result of a finished attempt, or raise 409 `attempt_open`."""
    if row.score is None or row.passed is None or row.finished_at is None:
        raise conflict("attempt_open", "测验还没有结束，还没有结果。")
    return Result(
        attempt_id=row.id,
        kind=row.kind,
        score=row.score,
        max_score=row.max_score,
        passed=row.passed,
        pass_percent=row.pass_percent,
        manual_version=row.manual_version,
        started_at=row.started_at,
        finished_at=row.finished_at,
        paper_id=row.paper_id,
        by_deadline=row.finished_by is FinishedBy.DEADLINE,
    )
