"""Who has passed what they must, as of any day: by person, by department and job, over the whole house.

Coverage is the assigned active staff with a valid pass by the assigned active staff. A day means its end in
China. Active on a day is who was hired by then and had not left; department and job are those of today.
Exempt people are in neither number. A pass is valid for the paper's days, else for the assignment's period,
else for ever; the day on which it runs out counts. What was due on a day is late from the next one on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptState,
    DueState,
    QuizAssignment,
    QuizAttempt,
    QuizAttemptItem,
    QuizDue,
    QuizPaper,
    QuizQuestion,
    QuizQuestionVersion,
)
from actions.training.assignments import end_of

SOON = 30  # days within which a pass runs out that is called expiring
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which day, and whose figures; "" for everybody."""

    day: date
    department: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people; rates are None where nobody is counted."""

    assigned: int = 0
    covered: int = 0
    overdue: int = 0
    expiring: int = 0
    tried: int = 0
    first_passed: int = 0
    ever_passed: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(getattr(self, name) + getattr(other, name) for name in _COUNTS))

    @property
    def rate(self) -> float | None:
        """Return the coverage, 0 to 1."""
        return self.covered / self.assigned if self.assigned else None

    @property
    def first_rate(self) -> float | None:
        """Return how many of those who tried passed at their first attempt."""
        return self.first_passed / self.tried if self.tried else None

    @property
    def final_rate(self) -> float | None:
        """Return how many of those who tried have passed at last."""
        return self.ever_passed / self.tried if self.tried else None


_COUNTS = ("assigned", "covered", "overdue", "expiring", "tried", "first_passed", "ever_passed")


@dataclass(frozen=True, slots=True)
class Cell:
    """The figures of one department and job."""

    department: str
    job: str
    counted: Counted


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person stands with an assignment on a day; `valid_until` is None for ever or for no pass."""

    user: User
    due: QuizDue
    passed_at: datetime | None
    valid_until: date | None
    covered: bool
    overdue: bool
    expiring: bool
    attempts: int


@dataclass(frozen=True, slots=True)
class Topic:
    """The marks on the questions of a topic; `share` is 0 to 1."""

    topic: str
    answers: int
    points: int
    maximum: int

    @property
    def share(self) -> float:
        """Return the share of the points that was reached."""
        return self.points / self.maximum


def valid_days(assignment: QuizAssignment, paper: QuizPaper) -> int:
    """Return for how many days a pass counts for an assignment; 0 for ever."""
    return paper.valid_days or assignment.repeat_days


def valid_until(passed_at: datetime, days: int) -> date | None:
    """Return the last day on which a pass counts, None for ever."""
    return passed_at.astimezone(SHANGHAI).date() + days * _DAY if days else None


def cells(s: Session, assignment: QuizAssignment, paper: QuizPaper, filters: Filters) -> list[Cell]:
    """Return the figures by department and job, counted by the database."""
    known = Known(assignment, paper, filters)

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = known.joined(
        select(
            User.department, User.job, func.count(), count(known.covered), count(known.overdue),
            count(known.expiring), count(known.tried), count(known.first_passed), count(known.passed),
        )
    )  # fmt: skip
    rows = s.execute(query.group_by(User.department, User.job).order_by(User.department, User.job))
    return [Cell(department, job, Counted(*(int(n) for n in counts))) for department, job, *counts in rows]


def standings(
    s: Session,
    assignment: QuizAssignment,
    paper: QuizPaper,
    filters: Filters,
    *,
    also_exempt: bool = False,
) -> list[Standing]:
    """Return everybody whom `cells` counts, on wish exempt people too, by department and staff number."""
    known = Known(assignment, paper, filters)
    query = known.joined(
        select(
            User, QuizDue, known.passes.c.at, known.covered, known.overdue, known.expiring,
            known.tries.c.tries,
        ),
        also_exempt=also_exempt,
    )  # fmt: skip
    rows = s.execute(query.order_by(User.department, User.staff_no, User.name))
    days = valid_days(assignment, paper)
    return [
        Standing(
            user, due, at, valid_until(at, days) if at else None, bool(covered), bool(overdue), bool(soon),
            tries or 0,
        )
        for user, due, at, covered, overdue, soon, tries in rows
    ]  # fmt: skip


def total(found: list[Cell]) -> Counted:
    """Return the figures of all cells together."""
    return sum((one.counted for one in found), Counted())


def topics(s: Session, paper_ids: list[str], filters: Filters) -> list[Topic]:
    """Return topics of what was answered in papers until a day, the weakest first."""
    points, most = func.sum(QuizAttemptItem.points), func.sum(QuizAttemptItem.max_points)
    query = (
        select(QuizQuestion.topic, func.count(), points, most)
        .select_from(QuizAttemptItem)
        .join(QuizAttempt, QuizAttempt.id == QuizAttemptItem.attempt_id)
        .join(User, User.id == QuizAttempt.user_id)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizAttemptItem.version_id)
        .join(QuizQuestion, QuizQuestion.id == QuizQuestionVersion.question_id)
        .where(
            QuizAttempt.paper_id.in_(paper_ids),
            QuizAttempt.state == AttemptState.FINISHED,
            QuizAttempt.finished_at < end_of(filters.day),
            QuizAttemptItem.points.is_not(None),
            *_whose(filters),
        )
        .group_by(QuizQuestion.topic)
    )
    found = [
        Topic(topic, count, int(got or 0), int(most or 1)) for topic, count, got, most in s.execute(query)
    ]
    return sorted(found, key=lambda one: (one.share, one.topic))


def _whose(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.department:
        conditions.append(User.department == filters.department)
    if filters.job:
        conditions.append(User.job == filters.job)
    return conditions


class Known:
    """What the database knows of each person of an assignment on a day, as conditions."""

    def __init__(self, assignment: QuizAssignment, paper: QuizPaper, filters: Filters) -> None:
        self._filters, self._assignment = filters, assignment
        self._end = end_of(filters.day)
        made = (
            QuizAttempt.paper_id == paper.id,
            QuizAttempt.state == AttemptState.FINISHED,
            QuizAttempt.finished_at < self._end,
        )
        self.passes = (
            select(QuizAttempt.user_id, func.max(QuizAttempt.finished_at).label("at"))
            .where(*made, QuizAttempt.passed.is_(True))
            .group_by(QuizAttempt.user_id)
            .subquery("passes")
        )
        place = func.row_number().over(
            partition_by=QuizAttempt.user_id, order_by=(QuizAttempt.started_at, QuizAttempt.id)
        )
        ordered = (
            select(QuizAttempt.user_id, QuizAttempt.passed, place.label("place"))
            .where(*made)
            .subquery("ordered")
        )
        first = case((and_(ordered.c.place == 1, ordered.c.passed.is_(True)), 1), else_=0)
        # grouped, because SQLite indexes what is grouped and scans what is not
        self.tries = (
            select(ordered.c.user_id, func.count().label("tries"), func.max(first).label("first"))
            .group_by(ordered.c.user_id)
            .subquery("tries")
        )
        self.tried = self.tries.c.user_id.is_not(None)
        self.first_passed = and_(self.tried, self.tries.c.first == 1)
        self.passed = self.passes.c.at.is_not(None)
        self.covered, self.expiring = self._validity(valid_days(assignment, paper))
        self._dues()

    def _validity(self, days: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        at = self.passes.c.at
        if not days:
            return self.passed, at != at
        first = end_of(self._filters.day - (days + 1) * _DAY)
        covered = and_(self.passed, at >= first)
        return covered, and_(covered, at < first + SOON * _DAY)

    def _dues(self) -> None:
        """Find each person's latest cycle, and what of any cycle was due and not met."""
        mine = (QuizDue.assignment_id == self._assignment.id, QuizDue.created_at < self._end)
        self._latest = (
            select(QuizDue.user_id, func.max(QuizDue.cycle).label("cycle"))
            .where(*mine)
            .group_by(QuizDue.user_id)
            .subquery("latest")
        )
        late = (
            select(QuizDue.user_id)
            .where(
                *mine,
                QuizDue.due_at < self._end,
                QuizDue.state != DueState.EXEMPT,
                or_(QuizDue.met_at.is_(None), QuizDue.met_at >= self._end),
            )
            .group_by(QuizDue.user_id)
            .subquery("late")
        )
        self._late = late
        self.overdue: ColumnElement[bool] = late.c.user_id.is_not(None)

    def joined(
        self, query: Select[*tuple[Any, ...]], *, also_exempt: bool = False
    ) -> Select[*tuple[Any, ...]]:
        """Return a query of people with all that is known of them joined."""
        day = self._filters.day
        conditions = [
            or_(User.hired_on.is_(None), User.hired_on <= day),
            or_(and_(User.left_on.is_(None), User.active.is_(True)), User.left_on > day),
            *_whose(self._filters),
        ]
        if not also_exempt:
            conditions.append(QuizDue.state != DueState.EXEMPT)
        latest, late, passes, tries = self._latest, self._late, self.passes, self.tries
        return (
            query.select_from(User)
            .join(latest, latest.c.user_id == User.id)
            .join(
                QuizDue,
                and_(
                    QuizDue.assignment_id == self._assignment.id,
                    QuizDue.user_id == User.id,
                    QuizDue.cycle == latest.c.cycle,
                ),
            )
            .outerjoin(passes, passes.c.user_id == User.id)
            .outerjoin(tries, tries.c.user_id == User.id)
            .outerjoin(late, late.c.user_id == User.id)
            .where(*conditions)
        )
