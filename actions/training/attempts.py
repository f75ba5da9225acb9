"""Attempts: start or resume one, answer item by item, finish, look back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    AttemptState,
    Disclosure,
    FinishedBy,
    QuizAttempt,
    QuizAttemptItem,
)
from actions.training import cards, disclosure, grading, papers, records, regrades
from actions.training.closing import close, is_over
from actions.training.disclosure import Seen
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
    """Start an attempt at a new practice paper, or return the person's open one.

    `seed` decides questions and orders (its lower 63 bits are kept); `manual_version` is kept for the record.
    The paper is shorter than `size` where the bank has fewer questions; questions of an exam that the person
    is writing are left out.
    Raises 404 `unknown_user`, 422 `bad_size` or `bad_pass_percent`, 503 `empty_bank`.
    """
    _check_form(size, pass_percent)
    lock_user(s, user_id)
    if running := records.open_row(s, user_id, free=True):
        return records.attempt_of(s, running)
    seed &= _SEED_BITS
    hidden = disclosure.hidden_questions(s, user_id)
    bank = [one for one in papers.candidates(s) if disclosure.question_of(one.version_id) not in hidden]
    paper = papers.draw(bank, size=size, seed=seed)
    if not paper:
        raise unavailable("empty_bank", "题库里还没有可用的题目，请联系管理员审核题库。")
    row = QuizAttempt(
        user_id=user_id,
        conversation_id=conversation_id,
        kind=kind,
        state=AttemptState.OPEN,
        seed=seed,
        pass_percent=pass_percent,
        max_score=sum(one.points for one in paper),
        manual_version=manual_version,
        started_at=now,
    )
    return records.attempt_of(s, add(s, row, paper))


def add(s: Session, row: QuizAttempt, paper: Sequence[papers.Drawn]) -> QuizAttempt:
    """Keep a new attempt with the questions of its paper."""
    s.add(row)
    s.flush()
    s.add_all(_new_item(row.id, position, drawn) for position, drawn in enumerate(paper, 1))
    s.flush()
    return row


def _check_form(size: int, pass_percent: int) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise bad_input("bad_size", f"一份试卷要有 1 到 {MAX_SIZE} 道题。", size=size)
    if not 1 <= pass_percent <= 100:
        raise bad_input("bad_pass_percent", "合格线要在 1% 到 100% 之间。", pass_percent=pass_percent)


def lock_user(s: Session, user_id: str) -> None:
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
        max_points=drawn.points,
        given=[],
    )


def open_attempt(s: Session, user_id: str) -> Attempt | None:
    """Return the practice that the person has not finished, the newest of several, or None.

    Papers that are marked at their end are taken by `actions.training.exams`.
    """
    row = records.open_row(s, user_id)
    return records.attempt_of(s, row) if row else None


def open_practice(s: Session, user_id: str) -> Attempt | None:
    """Return the free practice that the person has not finished, or None."""
    row = records.open_row(s, user_id, free=True)
    return records.attempt_of(s, row) if row else None


def open_by_id(s: Session, attempt_id: str, user_id: str) -> Attempt | None:
    """Return a person's attempt where it is still open, else None. Raises 404 `unknown_attempt`."""
    row = records.attempt_row(s, attempt_id, user_id)
    return records.attempt_of(s, row) if row.state is AttemptState.OPEN else None


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
    `already_answered` for another answer to the same item, 409 `attempt_finished`, `time_over`,
    `marked_at_the_end` (a paper for `exams.save`), 403 `in_exam`.
    """
    row = records.attempt_row(s, attempt_id, user_id, lock=True)
    if row.disclosure is not Disclosure.AFTER_EACH:
        raise conflict("marked_at_the_end", "这份试卷交卷后才判分，答案随时保存。")
    asked = records.item_row(s, attempt_id, item_index)
    content = records.content_of(s, asked)
    read = grading.read(content, given, asked.option_order)
    if asked.answered_at is not None:
        if not grading.same(content, asked.given, read):
            raise conflict("already_answered", "这道题已经答过，不能再改。请继续下一题。", index=item_index)
    elif row.state is not AttemptState.OPEN:
        raise conflict("attempt_finished", "这次测验已经结束，不能再作答。您可以查看结果，或重新开始一次。")
    elif is_over(row, now):
        raise conflict("time_over", "时间已到，已按之前的答案交卷。")
    else:
        disclosure.refuse_running(s, user_id, asked.version_id)
        marking = regrades.markings(s, [asked.version_id])[asked.version_id]
        asked.given, asked.answered_at, asked.saved_at = list(read), now, now
        asked.points = marking.points(read, asked.max_points)
        s.flush()
        cards.note(s, row, [asked], now)
        if all(one.answered_at for one in records.item_rows(s, attempt_id)):
            close(s, row, now)
    disclosure.refuse_running(s, user_id, asked.version_id)
    return records.feedback_on(s, row, asked)


def feedback(s: Session, *, attempt_id: str, user_id: str, item_index: int) -> Feedback | None:
    """Return the feedback on an item of a practice that was answered before, or None where it was not.

    Raises:
        WenjinError: 404 `unknown_attempt` or `unknown_item`, 403 `in_exam`.
    """
    row = records.attempt_row(s, attempt_id, user_id)
    asked = records.item_row(s, attempt_id, item_index)
    if row.disclosure is not Disclosure.AFTER_EACH:
        return None
    disclosure.refuse_running(s, user_id, asked.version_id)
    return records.feedback_on(s, row, asked) if asked.answered_at else None


def finish(s: Session, *, attempt_id: str, user_id: str, now: datetime) -> Result:
    """End an attempt and return its result; doing it twice is harmless. Open items get no points.

    Raises:
        WenjinError: 404 `unknown_attempt`.
    """
    row = records.attempt_row(s, attempt_id, user_id, lock=True)
    if row.state is AttemptState.OPEN:
        close(s, row, now, by=FinishedBy.DEADLINE if is_over(row, now) else FinishedBy.PERSON)
    return records.result_of(row)


def results(s: Session, user_id: str) -> list[Result]:
    """Return the results of a person's finished attempts, newest first."""
    rows = s.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.user_id == user_id, QuizAttempt.state == AttemptState.FINISHED)
        .order_by(QuizAttempt.finished_at.desc(), QuizAttempt.id)
    )
    return [records.result_of(row) for row in rows]


def review(s: Session, *, attempt_id: str, user_id: str, now: datetime | None = None) -> list[ReviewItem]:
    """Return all items of a finished attempt with as much as may be seen of them `now`.

    Without `now` it is the moment of its end. Keys of questions that the person has in an exam at the moment
    are left out. Raises 404 `unknown_attempt`, 409 `attempt_open` before the end.
    """
    row = records.attempt_row(s, attempt_id, user_id)
    if row.state is AttemptState.OPEN or row.finished_at is None:
        raise conflict("attempt_open", "测验还没有结束，答完后才能查看全部解析。")
    seen = disclosure.of_attempt(s, row, now or row.finished_at)
    hidden = disclosure.hidden_questions(s, user_id)
    items = records.item_rows(s, attempt_id)
    contents = records.contents_of(s, items)
    return [
        records.reviewed(
            one,
            contents[one.version_id],
            len(items),
            Seen.SCORE if disclosure.question_of(one.version_id) in hidden else seen,
        )
        for one in items
    ]
