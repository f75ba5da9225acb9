"""The server's clock of exams: ends what is over, gives back the time of an outage, extends with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptState, ExamBeat, FinishedBy, QuizAttempt
from actions.training.closing import GRACE, close, is_over
from knowledge.errors import bad_input, conflict, not_found

BEAT = timedelta(seconds=5)
_JITTER = timedelta(seconds=1)
MIN_REASON, MAX_REASON, MOST_MINUTES = 5, 500, 240


def submit_overdue(s: Session, now: datetime, *, most: int = 200) -> int:
    """End at most `most` attempts whose time is up, whoever looks at them; return how many there were."""
    rows = s.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.state == AttemptState.OPEN, QuizAttempt.deadline_at < now - GRACE)
        .order_by(QuizAttempt.deadline_at)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        close(s, row, now, by=FinishedBy.DEADLINE)
    return len(rows)


def beat(s: Session, now: datetime) -> None:
    """Note that a server is up; to be done every `BEAT` seconds."""
    row = s.get(ExamBeat, 1, with_for_update=True)
    if row is None:
        s.add(ExamBeat(id=1, at=now))
    elif row.at < now:
        row.at = now
    s.flush()


def give_back(s: Session, now: datetime) -> timedelta:
    """Move the deadlines of attempts that ran when all servers went down by as long as they were down.

    To be done once as a server starts, before anything is ended. Returns how long the outage was, zero where
    another server was up. Nobody's deadline comes nearer.
    """
    row = s.get(ExamBeat, 1, with_for_update=True)
    away = now - row.at if row else timedelta()
    if row is None or away <= BEAT + _JITTER:
        beat(s, now)
        return timedelta()
    cut = s.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.state == AttemptState.OPEN, QuizAttempt.deadline_at >= row.at - GRACE)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for attempt in cut:
        if attempt.deadline_at is not None:
            attempt.deadline_at += away
    row.at = now
    s.flush()
    if cut:
        data = {"seconds": int(away.total_seconds()), "attempts": len(cut)}
        audit.record(
            s, actor="system", action="quiz.give_back", object_type="exam", object_id="outage", data=data,
            now=now,
        )  # fmt: skip
    return away


def extend(
    s: Session, *, attempt_id: str, minutes: int, reason: str, user: User, now: datetime
) -> QuizAttempt:
    """Give one person more time in an attempt that runs, with a reason that is kept.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_attempt`; 409 `attempt_finished`, `no_deadline`;
            422 `bad_minutes`, `reason_needed`.
    """
    accounts.require_role(user, "training")
    why = clean(reason)
    if not MIN_REASON <= len(why) <= MAX_REASON:
        raise bad_input("reason_needed", f"请写明延时的原因，{MIN_REASON} 到 {MAX_REASON} 个字。")
    if not 1 <= minutes <= MOST_MINUTES:
        raise bad_input("bad_minutes", f"一次可以延长 1 到 {MOST_MINUTES} 分钟。")
    row = s.scalar(
        select(QuizAttempt)
        .where(QuizAttempt.id == attempt_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise not_found("unknown_attempt", "没有找到这次作答。")
    if row.state is not AttemptState.OPEN or is_over(row, now):
        raise conflict("attempt_finished", "这次作答已经结束，不能延时。")
    if row.deadline_at is None:
        raise conflict("no_deadline", "这次作答不限时，不需要延时。")
    row.deadline_at += timedelta(minutes=minutes)
    row.extended_by, row.extension_reason = user.id, why
    s.flush()
    audit.record(
        s, actor=user.id, action="quiz.extend", object_type="quiz_attempt", object_id=row.id,
        data={"minutes": minutes, "deadline_at": row.deadline_at.isoformat()}, now=now,
    )  # fmt: skip
    return row
