"""Assignments: who gets what by when, repeated, exempted, extended, frozen; and reminders, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.rules import DEFAULT
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.desk import Notice
from actions.store.tables.training import DueState, QuizAssignment, QuizAttempt, QuizDue
from actions.training import assignments, certificates, exams, reminders
from actions.training.assignments import Rule
from knowledge.errors import WenjinError
from tests.actions.conftest import at_once
from tests.actions.exam_papers import paper, prepared, saved
from tests.actions.training_bank import NOW

DAY = timedelta(days=1)
STAFF = {
    "wang": ("客服", "客服部", date(2024, 5, 6)),
    "li": ("风控", "风险部", date(2025, 5, 6)),
    "sun": ("客服", "分行", None),
}


@pytest.fixture
def s(db: Database) -> Iterator[Session]:
    prepared(db)
    with db.begin() as session:
        for name, (job, department, hired_on) in STAFF.items():
            session.add(person(name, job=job, department=department, hired_on=hired_on))
        yield session


def person(name: str, **what: Any) -> User:
    base = {"password_hash": "-", "roles": ["staff"], "created_at": NOW, "staff_no": name.upper()}
    return User(id=name, name=name, **{**base, **what})


def assign(s: Session, rule: Rule = Rule(), *, now: datetime = NOW, **what: Any) -> QuizAssignment:  # noqa: B008
    made = what.pop("paper_id", None) or paper(s, minutes=0).id
    return assignments.create(
        s, paper_id=made, rule=rule, user=s.get_one(User, "boss"), now=now, **{"due_days": 14, **what}
    )


def dues(s: Session, of: QuizAssignment) -> dict[tuple[str, int], QuizDue]:
    rows = s.scalars(select(QuizDue).where(QuizDue.assignment_id == of.id))
    return {(one.user_id, one.cycle): one for one in rows}


def passed(s: Session, paper_id: str, who: str, now: datetime) -> str:
    attempt = exams.start(s, paper_id=paper_id, user_id=who, seed=1, now=now)
    for index in range(1, attempt.total + 1):
        saved(s, attempt, index, now=now)
    assert exams.hand_in(s, attempt_id=attempt.id, user_id=who, now=now).passed
    return attempt.id


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(WenjinError) as caught:
        call()
    return caught.value.code


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        (Rule(), {"wang", "li", "sun"}),
        (Rule(jobs=("客服",)), {"wang", "sun"}),
        (Rule(jobs=("客服", "风控"), departments=("客服部", "风险部")), {"wang", "li"}),
        (Rule(hired_from=date(2025, 1, 1)), {"li"}),
        (Rule(hired_until=date(2025, 1, 1)), {"wang"}),
        (Rule(people=("zhao",)), {"zhao"}),
        (Rule(jobs=("风控",), people=("zhao", "li")), {"zhao", "li"}),
    ],
)
def test_a_rule_is_for_whom_it_says(s: Session, rule: Rule, who: set[str]) -> None:
    assert Rule.from_json(rule.to_json()) == rule
    assert assignments.reached(s, rule, NOW) == len(who)
    made = assign(s, rule)
    assert {user for user, _ in dues(s, made)} == who
    assert audit.entries(s, object_type="quiz_assignment", object_id=made.id)[0].actor == "boss"


def test_days_end_at_midnight_in_china_and_new_people_get_their_own(s: Session) -> None:
    made = assign(s)
    assert dues(s, made)["wang", 1].due_at == datetime(2026, 3, 16, 16, tzinfo=UTC)
    s.add(person("wu", hired_on=date(2026, 3, 10)))
    s.flush()
    assert assignments.refresh(s, NOW) == {}, "not hired yet"
    assert assignments.refresh(s, NOW + 8 * DAY) == {"given": 1}
    assert assignments.refresh(s, NOW + 8 * DAY) == {}
    assert dues(s, made)["wu", 1].due_at == datetime(2026, 3, 24, 16, tzinfo=UTC)
    fixed = assign(s, due_on=date(2026, 3, 5), due_days=10)
    assert dues(s, fixed)["wang", 1].due_at == datetime(2026, 3, 5, 16, tzinfo=UTC)
    s.add(person("late"))
    s.flush()
    assignments.refresh(s, NOW + 8 * DAY)
    assert dues(s, fixed)["late", 1].due_at == datetime(2026, 3, 20, 16, tzinfo=UTC)


def test_a_pass_meets_what_is_due_before_and_after_it_was_assigned(s: Session) -> None:
    made = assign(s, Rule(jobs=("客服",)))
    attempt = passed(s, made.paper_id, "wang", NOW + DAY)
    due = dues(s, made)["wang", 1]
    assert (due.state, due.met_attempt_id, due.met_at) == (DueState.MET, attempt, NOW + DAY)
    again = assign(s, paper_id=made.paper_id, now=NOW + 2 * DAY)
    assert {user: one.state for (user, _), one in dues(s, again).items()} == {
        "wang": DueState.MET, "li": DueState.OPEN, "sun": DueState.OPEN,
    }  # fmt: skip
    yearly = assign(s, paper_id=made.paper_id, repeat_days=30, now=NOW + 40 * DAY)
    assert dues(s, yearly)["wang", 1].state is DueState.OPEN, "the pass is too old"


def test_cycles_follow_each_other_met_or_not(s: Session) -> None:
    made = assign(s, Rule(people=("wang", "li")), repeat_days=30)
    passed(s, made.paper_id, "wang", NOW + DAY)
    first = dues(s, made)["wang", 1].due_at
    assert assignments.refresh(s, first - timedelta(seconds=1)) == {}
    passed(s, made.paper_id, "li", first + timedelta(seconds=10))
    assert assignments.refresh(s, first + timedelta(minutes=1)) == {"again": 2}
    found = dues(s, made)
    assert found["wang", 2].due_at == first + 30 * DAY and found["wang", 2].state is DueState.OPEN
    assert found["li", 1].state is DueState.MET and found["li", 2].state is DueState.MET
    assert assignments.refresh(s, first + timedelta(minutes=2)) == {}
    assert assignments.refresh(s, first + 100 * DAY) == {"again": 2}, "cycles that nobody saw are left out"
    assert dues(s, made)["wang", 3].due_at == first + 120 * DAY


def test_leavers_are_frozen_and_thawed_when_they_return(s: Session) -> None:
    made = assign(s)
    s.get_one(User, "li").left_on = date(2026, 3, 3)
    s.flush()
    assert assignments.refresh(s, NOW) == {}
    assert assignments.refresh(s, NOW + DAY) == {"left": 1, "frozen": 1}
    assert dues(s, made)["li", 1].state is DueState.FROZEN
    user = s.get_one(User, "li")
    user.left_on, user.active = None, True
    s.flush()
    assert assignments.refresh(s, NOW + 60 * DAY) == {"thawed": 1}
    due = dues(s, made)["li", 1]
    assert due.state is DueState.OPEN and due.due_at > NOW + 73 * DAY


def test_exemptions_and_extensions_need_a_reason_and_the_role(s: Session) -> None:
    made = assign(s)
    due, boss = dues(s, made)["li", 1], s.get_one(User, "boss")
    args: dict[str, Any] = {"user": boss, "now": NOW}
    assert code_of(lambda: assignments.exempt(s, due.id, reason=" ", **args)) == "reason_needed"
    nobody: dict[str, Any] = {"user": s.get_one(User, "zhao"), "now": NOW}
    assert code_of(lambda: assignments.exempt(s, due.id, reason="产假", **nobody)) == "role_needed"
    assert code_of(lambda: assignments.exempt(s, "x", reason="产假", **args)) == "unknown_due"
    early: dict[str, Any] = {"until": date(2026, 3, 10), "reason": "出差"}
    assert code_of(lambda: assignments.extend(s, due.id, **early, **args)) == "bad_date"
    later = assignments.extend(s, due.id, until=date(2026, 4, 1), reason="出差", **args)
    assert later.due_at == assignments.end_of(date(2026, 4, 1)) and later.extended_reason == "出差"
    assert assignments.exempt(s, due.id, reason="产假", **args).state is DueState.EXEMPT
    assert code_of(lambda: assignments.extend(s, due.id, **early, **args)) == "due_settled"
    assert assignments.unexempt(s, due.id, user=boss, now=NOW + 60 * DAY).due_at > NOW + 60 * DAY
    said = [row.action for row in audit.entries(s, object_type="quiz_due", object_id=due.id)]
    assert said == ["quiz_due.extend", "quiz_due.exempt", "quiz_due.unexempt"]


def test_a_closed_assignment_asks_nothing_any_more(s: Session) -> None:
    made, boss = assign(s), s.get_one(User, "boss")
    for _ in range(2):
        assignments.close(s, made.id, user=boss, now=NOW)
    assert {one.state for one in dues(s, made).values()} == {DueState.FROZEN}
    s.add(person("wu"))
    s.flush()
    assert assignments.refresh(s, NOW + 90 * DAY) == {}
    assert assignments.listed(s, also_closed=False) == []


@pytest.mark.parametrize(
    "what",
    [
        {"due_days": None},
        {"due_days": 0},
        {"due_on": date(2026, 3, 1)},
        {"repeat_days": -1},
        {"title": "长" * 101},
        {"rule": Rule(people=("ghost",))},
        {"rule": Rule(hired_from=date(2026, 2, 1), hired_until=date(2026, 1, 1))},
    ],
)
def test_what_makes_no_assignment_is_refused(s: Session, what: dict[str, Any]) -> None:
    assert code_of(lambda: assign(s, **what)) == "bad_assignment"


def test_each_reminder_is_sent_once_before_and_after(s: Session) -> None:
    s.info["desk"] = replace(DEFAULT, mail=True, webhook=True, public_url="https://wenjin.example")
    s.add(person("zhou@example.com", display_name="周"))
    s.flush()
    made = assign(s, Rule(people=("zhou@example.com",)), title="反洗钱")
    due = dues(s, made)["zhou@example.com", 1]

    def told(at: datetime) -> list[str]:
        reminders.remind(s, at)
        assert reminders.remind(s, at) == 0
        rows = s.scalars(select(Notice).order_by(Notice.created_at, Notice.key)).all()
        return [row.key.split(":", 2)[2] for row in rows if row.created_at == at]

    assert told(due.due_at - 8 * DAY) == []
    assert told(due.due_at - 7 * DAY) == ["20260316:before-7:mail", "20260316:before-7:webhook"]
    assert told(due.due_at - DAY / 2) == ["20260316:before-1:mail", "20260316:before-1:webhook"]
    assert told(due.due_at + 8 * DAY) == ["20260316:after-7:mail", "20260316:after-7:webhook"]
    mail = s.scalars(select(Notice).where(Notice.channel == "mail").order_by(Notice.created_at)).all()
    assert mail[0].address == "zhou@example.com"
    assert "请在2026年3月16日结束前合格" in mail[0].payload["text"]
    assert mail[0].payload["text"].endswith("https://wenjin.example/training")
    assert mail[2].payload["subject"] == "培训已逾期：反洗钱"
    boss = s.get_one(User, "boss")
    assignments.extend(s, due.id, until=date(2026, 4, 30), reason="病假", user=boss, now=due.due_at + 8 * DAY)
    assert told(assignments.end_of(date(2026, 4, 30)) - DAY)[0] == "20260430:before-1:mail"
    assignments.exempt(s, due.id, reason="病假", user=boss, now=NOW)
    assert told(assignments.end_of(date(2026, 4, 30)) + DAY) == []


def test_reminders_go_to_the_address_of_the_roster(s: Session) -> None:
    s.info["desk"] = replace(DEFAULT, mail=True)
    s.add(person("hu@old.example.com", mail="hu@example.com"))
    s.flush()
    due = dues(s, assign(s, Rule(people=("hu@old.example.com",))))["hu@old.example.com", 1]
    s.expire_all()
    reminders.remind(s, due.due_at - DAY)
    assert [one.address for one in s.scalars(select(Notice))] == ["hu@example.com"]


def test_several_processes_at_once_give_each_person_one_due(db: Database) -> None:
    prepared(db)
    with db.begin() as s:
        made = assign(s)
        for number in range(20):
            s.add(person(f"p{number}"))

    def work(_: int) -> dict[str, int]:
        with db.begin() as s:
            done = assignments.refresh(s, NOW + 10 * DAY)
            reminders.remind(s, NOW + 10 * DAY)
            return done

    assert sum(done.get("given", 0) for done in at_once(4, work)) == 20
    with db.reading() as s:
        assert len(dues(s, made)) == 20


def test_a_regrade_meets_and_opens_again_and_so_does_the_certificate(s: Session) -> None:
    made = assign(s, Rule(people=("wang",)), paper_id=paper(s, minutes=0, certificate=True).id)
    attempt = s.get_one(QuizAttempt, passed(s, made.paper_id, "wang", NOW + DAY))
    due = dues(s, made)["wang", 1]
    (one,) = certificates.of_person(s, "wang")
    attempt.passed = False
    s.flush()
    assert assignments.refresh(s, NOW + 2 * DAY) == {"reopened": 1} and due.state is DueState.OPEN
    assert certificates.settle(s, NOW + 2 * DAY) == 1 and one.revoked_at == NOW + 2 * DAY
    other = passed(s, made.paper_id, "wang", NOW + 3 * DAY)
    due.state, due.met_attempt_id, due.met_at = DueState.OPEN, None, None
    s.flush()
    assert assignments.refresh(s, NOW + 4 * DAY) == {"met": 1}
    found = dues(s, made)["wang", 1]
    assert found.state is DueState.MET and found.met_attempt_id == other
    assert len(certificates.of_person(s, "wang")) == 2 and certificates.settle(s, NOW + 4 * DAY) == 0
