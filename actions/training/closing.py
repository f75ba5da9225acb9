"""The end of an attempt: points, passed or not, and what it meets."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.training import (
    AttemptState,
    DueState,
    FinishedBy,
    QuizAssignment,
    QuizAttempt,
    QuizDue,
)
from actions.training import cards, certificates, records, regrades

GRACE = timedelta(seconds=2)  # for the way over the network


def is_over(row: QuizAttempt, now: datetime) -> bool:
    """Tell whether an attempt's time is up, the grace for the network included."""
    return row.deadline_at is not None and now > row.deadline_at + GRACE


def close(s: Session, row: QuizAttempt, now: datetime, *, by: FinishedBy = FinishedBy.PERSON) -> None:
    """Mark what is not marked yet and add up the points; passed when score * 100 >= pass_percent * max_score.

    What was not answered gets no points. A deadline ends an attempt at its own time, however late it is seen.
    """
    items = records.item_rows(s, row.id)
    open_items = [one for one in items if one.points is None]
    marking = regrades.markings(s, [one.version_id for one in open_items])
    for one in open_items:
        one.points = marking[one.version_id].points(one.given, one.max_points)
    row.score = sum(one.points or 0 for one in items)
    row.passed = regrades.passes(row.score, row.max_score, row.pass_percent)
    row.state, row.finished_by = AttemptState.FINISHED, by
    row.finished_at = row.deadline_at if by is FinishedBy.DEADLINE and row.deadline_at else now
    s.flush()
    cards.note(s, row, open_items, row.finished_at)
    if row.passed and row.paper_id:
        _meet(s, row)
        certificates.issue(s, row, row.finished_at)


def _meet(s: Session, row: QuizAttempt) -> None:
    """Mark what the person had to pass as met."""
    dues = s.scalars(
        select(QuizDue)
        .join(QuizAssignment, QuizAssignment.id == QuizDue.assignment_id)
        .where(
            QuizDue.user_id == row.user_id,
            QuizDue.state == DueState.OPEN,
            QuizAssignment.paper_id == row.paper_id,
        )
    )
    for due in dues:
        due.state, due.met_attempt_id, due.met_at = DueState.MET, row.id, row.finished_at
    s.flush()
