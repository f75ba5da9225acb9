"""Who is late with what, and whose passes run out: lists that may be as long as the house is large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.tables.accounts import User
from actions.store.tables.training import QuizAssignment, QuizDue, QuizPaper
from actions.training.coverage import Filters, Known, valid_days, valid_until

Pair = tuple[QuizAssignment, QuizPaper]


@dataclass(frozen=True, slots=True)
class Named:
    """One person with an assignment, and the last day: of the date that was missed, or of the pass."""

    assignment_id: str
    user_id: str
    staff_no: str
    number: str  # the staff number, or the account where there is none
    called: str
    department: str
    job: str
    last: date


def late(s: Session, pairs: Sequence[Pair], filters: Filters, part: slice) -> tuple[int, list[Named]]:
    """Return how many are late with what, and some of them, the longest late first; all by the database."""
    if not pairs:
        return 0, []
    knowns = [(one, Known(one, paper, filters)) for one, paper in pairs]
    everything = union_all(
        *(_named(known, one, QuizDue.due_at).where(known.overdue) for one, known in knowns)
    ).subquery()
    there = everything.c
    count = s.scalar(select(func.count()).select_from(everything)) or 0
    start = part.start or 0
    page = (
        select(everything)
        .order_by(there.at, there.department, there.staff_no, there.assignment_id, there.user_id)
        .offset(start)
        .limit(count if part.stop is None else part.stop - start)
    )
    return count, [_line(row, last_day(row.at)) for row in s.execute(page)]


def expiring(s: Session, pairs: Sequence[Pair], filters: Filters) -> list[Named]:
    """Return whose passes run out within `coverage.SOON` days, the soonest first."""
    found = []
    for assignment, paper in pairs:
        known = Known(assignment, paper, filters)
        days = valid_days(assignment, paper)
        rows = s.execute(_named(known, assignment, known.passes.c.at).where(known.expiring))
        found += [_line(row, valid_until(row.at, days) or filters.day) for row in rows]
    return sorted(
        found, key=lambda one: (one.last, one.department, one.staff_no, one.assignment_id, one.user_id)
    )


def last_day(due_at: datetime) -> date:
    """Return the last day in China before a moment."""
    return (due_at.astimezone(SHANGHAI) - datetime.resolution).date()


def _named(
    known: Known, assignment: QuizAssignment, at: SQLColumnExpression[Any]
) -> Select[*tuple[Any, ...]]:
    """Return a query of what `Named` says of each person, with a moment in place of its day."""
    called = case((User.display_name != "", User.display_name), else_=User.name)
    return known.joined(
        select(
            literal(assignment.id).label("assignment_id"), User.id.label("user_id"),
            func.coalesce(User.staff_no, "").label("staff_no"),
            func.coalesce(User.staff_no, User.name).label("number"), called.label("called"),
            User.department.label("department"), User.job.label("job"), at.label("at"),
        )
    )  # fmt: skip


def _line(row: Any, last: date) -> Named:
    return Named(
        row.assignment_id, row.user_id, row.staff_no, row.number, row.called, row.department, row.job, last
    )
