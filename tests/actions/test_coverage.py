"""Coverage against a slow count by hand, on random histories of a house."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    AttemptState,
    Disclosure,
    DueState,
    QuizAssignment,
    QuizAttempt,
    QuizDue,
    QuizPaper,
)
from actions.training import coverage, deadlines, exams
from actions.training.coverage import Counted, Filters
from tests.actions.exam_papers import begun, paper, prepared, saved
from tests.actions.training_bank import NOW

DAY = timedelta(days=1)
START = date(2026, 1, 1)
DAYS = 120


class House:
    """A random house: people, an assignment, what they owe and what they tried."""

    def __init__(self, s: Session, rng: random.Random) -> None:
        self.rng = rng
        boss = s.get_one(User, "boss")
        self.paper = QuizPaper(
            title="卷", kind=AttemptKind.EXAM, blueprint=[], pass_percent=80, disclosure=Disclosure.AFTER_PASS,
            valid_days=rng.choice([0, 0, 20, 45]), created_by=boss.id, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        s.add(self.paper)
        s.flush()
        self.assignment = QuizAssignment(
            paper_id=self.paper.id, title="任务", rule={}, due_days=10, repeat_days=rng.choice([0, 30]),
            state="open", created_by=boss.id, created_at=self.at(0),
        )  # fmt: skip
        s.add(self.assignment)
        self.people = [self._person(s, number) for number in range(rng.randint(0, 12))]
        s.flush()
        self.dues = [due for one in self.people for due in self._dues(s, one)]
        self.attempts = [made for one in self.people for made in self._attempts(s, one)]
        s.flush()

    def at(self, day: float) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + day * DAY

    def moment(self) -> datetime:
        """A random time; often just beside midnight in China."""
        at = self.at(self.rng.uniform(0, DAYS))
        if self.rng.random() < 0.4:
            at = at.replace(hour=16, minute=0, second=0, microsecond=0)
            at += timedelta(seconds=self.rng.choice([-1, 0, 1]))
        return at

    def day(self) -> date:
        return START + self.rng.randrange(DAYS) * DAY

    def _person(self, s: Session, number: int) -> User:
        rng = self.rng
        left_on = self.day() if rng.random() < 0.3 else None
        made = User(
            id=f"p{number}-{self.paper.id[:8]}", name=f"p{number}-{self.paper.id[:8]}", password_hash="-",
            roles=["staff"], created_at=NOW, staff_no=f"{number}-{self.paper.id[:8]}",
            department=rng.choice(["客服部", "风险部", ""]), job=rng.choice(["客服", "风控"]),
            hired_on=self.day() if rng.random() < 0.3 else None, left_on=left_on,
            active=rng.random() < 0.9,
        )  # fmt: skip
        s.add(made)
        return made

    def _dues(self, s: Session, person: User) -> list[QuizDue]:
        made = []
        for cycle in range(1, self.rng.choice([0, 1, 1, 2, 3]) + 1):
            state = self.rng.choice(list(DueState))
            due = QuizDue(
                assignment_id=self.assignment.id, user_id=person.id, cycle=cycle, due_at=self.moment(),
                state=state, met_at=self.moment() if state is DueState.MET else None,
                created_at=self.at(cycle * 20 + self.rng.uniform(-15, 15)),
            )  # fmt: skip
            s.add(due)
            made.append(due)
        return made

    def _attempts(self, s: Session, person: User) -> list[QuizAttempt]:
        made = []
        for number in range(self.rng.choice([0, 1, 1, 2, 4])):
            finished, is_open = self.moment(), number == 3
            one = QuizAttempt(
                user_id=person.id, paper_id=self.paper.id, slot=self.paper.id, kind=AttemptKind.EXAM,
                state=AttemptState.OPEN if is_open else AttemptState.FINISHED, seed=1, pass_percent=80,
                max_score=100, score=None if is_open else 50,
                passed=None if is_open else self.rng.random() < 0.6, manual_version="",
                started_at=finished - timedelta(minutes=self.rng.choice([1, 3000])),
                finished_at=None if is_open else finished,
            )  # fmt: skip
            s.add(one)
            made.append(one)
        return made

    def counted(self, filters: Filters) -> dict[tuple[str, str], Counted]:
        """Count slowly, person by person."""
        found: dict[tuple[str, str], Counted] = defaultdict(Counted)
        for one in self.people:
            if filters.department and one.department != filters.department:
                continue
            counted = self._one(one, filters.day)
            if counted.assigned:
                found[one.department, one.job] += counted
        return dict(found)

    def _one(self, person: User, day: date) -> Counted:
        here = (person.hired_on is None or person.hired_on <= day) and (
            person.active if person.left_on is None else person.left_on > day
        )
        given = [due for due in self.dues if due.user_id == person.id and local(due.created_at) <= day]
        if not here or not given or max(given, key=lambda due: due.cycle).state is DueState.EXEMPT:
            return Counted()
        done = [
            one
            for one in sorted(self.attempts, key=lambda one: (one.started_at, one.id))
            if one.user_id == person.id and one.finished_at and local(one.finished_at) <= day
        ]
        passes = [one.finished_at for one in done if one.passed and one.finished_at]
        days = self.paper.valid_days or self.assignment.repeat_days
        lasts = local(max(passes)) + days * DAY if passes and days else None
        covered = bool(passes) and (lasts is None or lasts >= day)
        late = [
            due
            for due in given
            if due.state is not DueState.EXEMPT
            and local(due.due_at - timedelta(seconds=1)) < day
            and not (due.met_at and local(due.met_at) <= day)
        ]
        return Counted(
            1,
            covered,
            bool(late),
            covered and lasts is not None and lasts < day + coverage.SOON * DAY,
            bool(done),
            bool(done) and bool(done[0].passed),
            bool(passes),
        )


def local(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


@pytest.mark.parametrize("seed", range(6))
def test_counting_by_the_database_agrees_with_counting_by_hand(db: Database, seed: int) -> None:
    prepared(db)
    rng = random.Random(seed)
    with db.begin() as s:
        for _ in range(5):
            house = House(s, rng)
            s.expire_all()
            for day in [START + rng.randrange(DAYS + 20) * DAY for _ in range(12)]:
                filters = Filters(day, department=rng.choice(["", "", "风险部"]))
                found = coverage.cells(s, house.assignment, house.paper, filters)
                assert {(one.department, one.job): one.counted for one in found} == house.counted(filters)
                lines = coverage.standings(s, house.assignment, house.paper, filters)
                c = coverage.total(found)
                expected = (c.assigned, c.covered, c.overdue, c.expiring, c.tried, c.ever_passed)
                assert people_of(lines) == expected
                pairs = [(house.assignment, house.paper)]
                count, late = deadlines.late(s, pairs, filters, slice(None))
                soon = deadlines.expiring(s, pairs, filters)
                assert (count, len(late), len(soon)) == (c.overdue, c.overdue, c.expiring)
                assert deadlines.late(s, pairs, filters, slice(1, 3)) == (count, late[1:3])
                assert [one.last for one in late] == sorted(one.last for one in late)
                lasts = {one.user.id: one.valid_until for one in lines if one.expiring}
                assert {one.user_id: one.last for one in soon} == lasts


def people_of(lines: Sequence[coverage.Standing]) -> tuple[int, ...]:
    """Add up what the lines of people say."""
    said = [
        (1, one.covered, one.overdue, one.expiring, one.attempts > 0, bool(one.passed_at)) for one in lines
    ]
    return tuple(sum(column) for column in zip(*said, strict=True)) or (0,) * 6


def test_rates_are_none_for_nobody() -> None:
    assert (Counted().rate, Counted().first_rate, Counted().final_rate) == (None, None, None)
    some = Counted(4, 3, 1, 0, 4, 1, 3)
    assert (some.rate, some.first_rate, some.final_rate) == (0.75, 0.25, 0.75)


def test_the_weakest_topic_comes_first(db: Database) -> None:
    prepared(db)
    with db.begin() as s:
        made = paper(s)
        attempt = begun(s, made)
        for index in range(1, attempt.total + 1):
            saved(s, attempt, index, good=index > 2)
        assert coverage.topics(s, [made.id], Filters(NOW.date())) == []
        exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW)
        (topic,) = coverage.topics(s, [made.id], Filters(local(NOW)))
        assert (topic.topic, topic.answers, topic.points, topic.maximum) == ("投诉", 6, 40, 60)
        assert coverage.topics(s, [made.id], Filters(local(NOW) - DAY)) == []
