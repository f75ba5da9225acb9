"""Exams: rules of starting, answers saved and marked at the end, the server's clock, two devices."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptState,
    Disclosure,
    DueState,
    FinishedBy,
    PaperState,
    QuizAssignment,
    QuizAttempt,
    QuizAttemptItem,
    QuizDue,
)
from actions.training import attempts, exam_clock, exams, plans, regrades
from actions.training.blueprints import Line
from actions.training.disclosure import Seen
from knowledge.errors import WenjinError
from tests.actions.conftest import at_once
from tests.actions.exam_papers import PRACTICE, begun, paper, prepared, saved, shown
from tests.actions.training_bank import NOW, question, stocked

MINUTE = timedelta(minutes=1)


@pytest.fixture
def exam(db: Database) -> Database:
    prepared(db)
    return db


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(WenjinError) as caught:
        call()
    return caught.value.code


def test_answers_are_saved_and_marked_at_the_end_only(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, lines=[Line(4, 10), Line(2, 30)], pass_percent=70)
        attempt = begun(s, made)
        assert (attempt.total, attempt.max_score, attempt.deadline_at) == (6, 100, NOW + 30 * MINUTE)
        for index in range(1, 6):
            assert saved(s, attempt, index, good=index != 1).seq == 1
        items = s.scalars(select(QuizAttemptItem).where(QuizAttemptItem.attempt_id == attempt.id)).all()
        assert {one.points for one in items} == {None}
        assert exams.sheet(s, attempt_id=attempt.id, user_id="zhao").answered == 5
        result = exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW + 5 * MINUTE)
        by_place = {one.position: one.max_points for one in items}
        assert result.score == sum(by_place[n] for n in range(2, 6))
        assert result.passed == (result.score >= 70) and not result.by_deadline
        again = exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW + 9 * MINUTE)
        assert again == result
        assert code_of(lambda: saved(s, attempt, 1)) == "attempt_finished"


def test_an_answer_may_be_changed_taken_back_and_flagged(exam: Database) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s))
        first = saved(s, attempt, 2, good=False)
        assert saved(s, attempt, 2, good=False).seq == first.seq, "the same answer again is no change"
        assert saved(s, attempt, 2).seq == first.seq + 1
        args: dict[str, Any] = {"attempt_id": attempt.id, "user_id": "zhao", "index": 2, "now": NOW}
        assert exams.save(s, **args, flagged=True).given == saved(s, attempt, 2).given
        back = exams.save(s, **args, given=[])
        assert (back.given, back.flagged) == ((), True)
        places = exams.sheet(s, attempt_id=attempt.id, user_id="zhao").places
        assert [(one.answered, one.flagged) for one in places][1] == (False, True)
        assert code_of(lambda: exams.save(s, **args, given="???")) == "unreadable_answer"
        assert code_of(lambda: exams.save(s, **{**args, "index": 7}, given="A")) == "unknown_item"
        assert code_of(lambda: exams.save(s, **{**args, "user_id": "qian"}, given="A")) == "unknown_attempt"


def test_the_last_device_does_not_overwrite_what_it_has_not_seen(exam: Database) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s))
        phone = saved(s, attempt, 1, seen=0)
        with pytest.raises(WenjinError) as caught:
            saved(s, attempt, 1, good=False, seen=0)
        assert caught.value.code == "changed_elsewhere"
        assert caught.value.data == {"given": list(phone.given), "seq": 1}
        assert saved(s, attempt, 1, seen=0) == phone, "a reply that was lost can be asked for again"
        assert saved(s, attempt, 1, good=False, seen=1).seq == 2


def test_two_devices_at_once_lose_nothing(exam: Database) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s))

    def device(number: int) -> str:
        try:
            with exam.begin() as s:
                saved(s, attempt, 1, good=bool(number % 2), seen=0)
            return "saved"
        except WenjinError as problem:
            return problem.code

    told = at_once(4, device)
    assert set(told) <= {"saved", "changed_elsewhere"} and "saved" in told
    with exam.begin() as s:
        assert exams.kept(s, attempt_id=attempt.id, user_id="zhao", index=1).seq == 1


def test_the_clock_is_the_servers(exam: Database) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s, minutes=10))
        end = NOW + 10 * MINUTE
        saved(s, attempt, 1, now=end + timedelta(seconds=2))
        late = end + timedelta(seconds=2, microseconds=1)
        assert code_of(lambda: saved(s, attempt, 2, now=late)) == "time_over"
        assert exam_clock.submit_overdue(s, end + timedelta(seconds=2)) == 0
        assert exam_clock.submit_overdue(s, late) == 1 and exam_clock.submit_overdue(s, late) == 0
        result = attempts.results(s, "zhao")[0]
        assert (result.score, result.finished_at, result.by_deadline) == (10, end, True)


def test_the_next_access_ends_what_is_over(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, minutes=10, attempts=2)
        attempt = begun(s, made)
        late = NOW + timedelta(hours=3)
        assert exams.settle(s, user_id="qian", now=late) == []
        assert exams.settle(s, user_id="zhao", now=late) == [attempt.id]
        row = s.get_one(QuizAttempt, attempt.id)
        assert (row.state, row.finished_by) == (AttemptState.FINISHED, FinishedBy.DEADLINE)
        assert begun(s, made, now=late).id != attempt.id
        assert exams.standing(s, made, "zhao", late).attempts_left == 0


def test_a_window_ends_attempts_too(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, minutes=60, opens_at=NOW, closes_at=NOW + 20 * MINUTE)
        assert code_of(lambda: begun(s, made, now=NOW - MINUTE)) == "paper_not_open"
        assert begun(s, made, now=NOW).deadline_at == NOW + 20 * MINUTE
        assert code_of(lambda: begun(s, made, "qian", now=NOW + 20 * MINUTE)) == "paper_closed"


def test_attempts_and_the_time_between_are_limited(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, attempts=2, cooldown_hours=24)
        first = begun(s, made)
        assert begun(s, made).id == first.id, "one open attempt at a time"
        exams.hand_in(s, attempt_id=first.id, user_id="zhao", now=NOW + MINUTE)
        assert code_of(lambda: begun(s, made, now=NOW + timedelta(hours=24))) == "cooling_down"
        second = begun(s, made, now=NOW + timedelta(hours=24) + MINUTE)
        exams.hand_in(s, attempt_id=second.id, user_id="zhao", now=NOW + timedelta(hours=25))
        assert code_of(lambda: begun(s, made, now=NOW + timedelta(days=9))) == "no_attempts_left"
        assert begun(s, made, "qian").id


def test_a_paper_that_is_no_longer_open_is_not_begun(exam: Database) -> None:
    with exam.begin() as s:
        draft = paper(s, opened=False)
        assert code_of(lambda: begun(s, draft)) == "paper_closed"
        assert code_of(lambda: paper(s, lines=[Line(99)])) == "blueprint_unmet"


def test_a_pass_meets_what_was_due(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, pass_percent=50)
        assigned = QuizAssignment(
            paper_id=made.id, title="年度", rule={}, due_days=30, created_by="boss", created_at=NOW
        )
        s.add(assigned)
        s.flush()
        due = QuizDue(assignment_id=assigned.id, user_id="zhao", due_at=NOW + 30 * MINUTE, created_at=NOW)
        s.add(due)
        s.flush()
        attempt = begun(s, made)
        for index in (1, 2, 3):
            saved(s, attempt, index)
        exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW + MINUTE)
        s.refresh(due)
        assert (due.state, due.met_attempt_id, due.met_at) == (DueState.MET, attempt.id, NOW + MINUTE)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 100))
def test_passing_is_exact(score: int, most: int, percent: int) -> None:
    score = min(score, most)
    assert regrades.passes(score, most, percent) == (score / most * 100 - percent > -1e-9)


@pytest.mark.parametrize(
    ("rule", "good", "at", "seen"),
    [
        (Disclosure.AFTER_FINISH, False, NOW, Seen.KEYS),
        (Disclosure.AFTER_PASS, False, NOW, Seen.MARKS),
        (Disclosure.AFTER_PASS, True, NOW, Seen.KEYS),
        (Disclosure.AFTER_PASS, False, NOW + timedelta(days=2), Seen.KEYS),
        (Disclosure.AFTER_CLOSE, True, NOW, Seen.SCORE),
        (Disclosure.AFTER_CLOSE, False, NOW + timedelta(days=2), Seen.KEYS),
    ],
)
def test_keys_are_seen_when_the_paper_says(
    exam: Database, rule: Disclosure, good: bool, at: datetime, seen: Seen
) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s, disclosure=rule, closes_at=NOW + timedelta(days=1)))
        for index in range(1, 7):
            saved(s, attempt, index, good=good)
        exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW)
        for one in attempts.review(s, attempt_id=attempt.id, user_id="zhao", now=at):
            assert one.seen is seen
            assert bool(one.answer and one.explanation and one.sentence) == (seen is Seen.KEYS)
            assert bool(one.section) == (seen >= Seen.MARKS)
            assert one.correct == (good and seen >= Seen.MARKS)


def test_practice_tells_nothing_about_an_exam_that_runs(exam: Database) -> None:
    stocked(exam, of=[question(f"q-{n}") for n in range(3)])
    with exam.begin() as s:
        practice = attempts.start(s, user_id="zhao", size=3, seed=1, now=NOW)
        exam_attempt = begun(s, paper(s, lines=[Line(3)]))
        assert (
            code_of(
                lambda: attempts.answer(
                    s, attempt_id=practice.id, user_id="zhao", item_index=1, given="A", now=NOW
                )
            )
            == "in_exam"
        )
        attempts.finish(s, attempt_id=practice.id, user_id="zhao", now=NOW)
        review = attempts.review(s, attempt_id=practice.id, user_id="zhao", now=NOW)
        assert all(one.seen is Seen.SCORE and not one.answer for one in review)
        assert code_of(lambda: attempts.start(s, user_id="zhao", seed=2, now=NOW)) == "empty_bank"
        assert (
            code_of(
                lambda: attempts.answer(
                    s, attempt_id=exam_attempt.id, user_id="zhao", item_index=1, given="A", now=NOW
                )
            )
            == "marked_at_the_end"
        )
        assert attempts.feedback(s, attempt_id=exam_attempt.id, user_id="zhao", item_index=1) is None
        exams.hand_in(s, attempt_id=exam_attempt.id, user_id="zhao", now=NOW)
        review = attempts.review(s, attempt_id=practice.id, user_id="zhao", now=NOW)
        assert all(one.answer for one in review)


def test_a_practice_paper_is_answered_one_by_one(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, kind=PRACTICE, disclosure=Disclosure.AFTER_EACH, minutes=0)
        attempt = begun(s, made)
        assert attempt.marked_at_once and attempt.deadline_at is None
        assert code_of(lambda: saved(s, attempt, 1)) == "answered_at_once"
        assert attempts.open_attempt(s, "zhao") == attempt


def test_more_time_needs_a_reason_and_is_audited(exam: Database) -> None:
    with exam.begin() as s:
        attempt = begun(s, paper(s, minutes=10))
        boss, zhao = s.get_one(User, "boss"), s.get_one(User, "zhao")
        args: dict[str, Any] = {"attempt_id": attempt.id, "minutes": 5, "now": NOW + 9 * MINUTE}
        assert code_of(lambda: exam_clock.extend(s, **args, reason=" ", user=boss)) == "reason_needed"
        assert code_of(lambda: exam_clock.extend(s, **args, reason="机房停电", user=zhao)) == "role_needed"
        exam_clock.extend(s, **args, reason="机房停电五分钟", user=boss)
        saved(s, attempt, 1, now=NOW + 15 * MINUTE)
        assert code_of(lambda: saved(s, attempt, 2, now=NOW + 16 * MINUTE)) == "time_over"
        row = s.get_one(QuizAttempt, attempt.id)
        assert (row.extended_by, row.extension_reason) == ("boss", "机房停电五分钟")
        done = audit.entries(s, object_type="quiz_attempt", object_id=attempt.id)
        assert [one.action for one in done] == ["quiz.extend"] and done[0].data["minutes"] == 5
        late = {**args, "now": NOW + 20 * MINUTE}
        assert code_of(lambda: exam_clock.extend(s, **late, reason="机房停电", user=boss)) == "reason_needed"
        assert (
            code_of(lambda: exam_clock.extend(s, **late, reason="机房停电五分钟", user=boss))
            == "attempt_finished"
        )


def test_an_outage_takes_nobodys_time(exam: Database) -> None:
    with exam.begin() as s:
        made = paper(s, minutes=10)
        over = begun(s, made, "qian", now=NOW - 20 * MINUTE)
        attempt = begun(s, made)
        assert exam_clock.give_back(s, NOW) == timedelta()
        down, up = NOW + 4 * MINUTE, NOW + 34 * MINUTE
        exam_clock.beat(s, down)
        assert exam_clock.give_back(s, down + timedelta(seconds=6)) == timedelta(), "another server is up"
        exam_clock.beat(s, down + timedelta(seconds=6))
        assert exam_clock.give_back(s, up) == timedelta(minutes=29, seconds=54)
        assert exam_clock.give_back(s, up) == timedelta(), "once"
        assert exam_clock.submit_overdue(s, up) == 1, "whose time was over before has no more of it"
        assert s.get_one(QuizAttempt, over.id).state is AttemptState.FINISHED
        assert s.get_one(QuizAttempt, attempt.id).deadline_at == NOW + timedelta(minutes=39, seconds=54)


@pytest.mark.parametrize("seed", range(3))
def test_no_order_of_events_takes_time_or_answers(exam: Database, seed: int) -> None:
    rng = random.Random(seed)
    with exam.begin() as s:
        attempt = begun(s, paper(s, minutes=30))
        now, deadline = NOW, NOW + 30 * MINUTE
        last: dict[int, tuple[str, ...]] = {}
        boss = s.get_one(User, "boss")
        exam_clock.beat(s, now)
        while True:
            now += timedelta(seconds=rng.randrange(1, 240))
            what = rng.choice(["save", "save", "save", "sweep", "outage", "extend"])
            running = now <= deadline + timedelta(seconds=2)
            if what == "outage":
                away = timedelta(seconds=rng.randrange(7, 900))
                exam_clock.beat(s, now)
                now += away
                exam_clock.give_back(s, now)
                deadline += away if running else timedelta()
            elif what == "sweep":
                exam_clock.submit_overdue(s, now)
            elif what == "extend" and running and rng.random() < 0.2:
                exam_clock.extend(
                    s, attempt_id=attempt.id, minutes=3, reason="设备故障更换", user=boss, now=now
                )
                deadline += 3 * MINUTE
            elif what == "save":
                index = rng.randrange(1, 7)
                try:
                    last[index] = saved(s, attempt, index, good=rng.random() < 0.5, now=now).given
                    assert running
                except WenjinError as problem:
                    assert not running and problem.code in ("time_over", "attempt_finished")
                    break
        exam_clock.submit_overdue(s, now)
        row = s.get_one(QuizAttempt, attempt.id)
        assert row.finished_at == row.deadline_at == deadline
        for index, given in last.items():
            assert exams.kept(s, attempt_id=attempt.id, user_id="zhao", index=index).given == given


def test_a_wrong_key_is_mended_for_all_and_the_version_stays(exam: Database) -> None:
    stocked(exam, of=[question("q-1"), question("q-2")])
    with exam.begin() as s:
        boss = s.get_one(User, "boss")
        made = paper(s, lines=[Line(2)], pass_percent=100)
        first = begun(s, made)
        for index in (1, 2):
            item = shown(s, first, index)
            wanted = "丁" if item.stem.startswith("q-1") else "乙"
            key = next(one.key for one in item.options if one.text == wanted)
            exams.save(s, attempt_id=first.id, user_id="zhao", index=index, given=key, now=NOW)
        assert not exams.hand_in(s, attempt_id=first.id, user_id="zhao", now=NOW).passed
        running = begun(s, made, "qian")
        version = question("q-1").version_id
        args: dict[str, Any] = {"version_id": version, "user": boss, "now": NOW + MINUTE}
        assert code_of(lambda: regrades.regrade(s, **args, answer="D", reason="错")) == "reason_needed"
        assert code_of(lambda: regrades.regrade(s, **args, answer="Z", reason="正确答案应为丁")) == (
            "unreadable_answer"
        )
        done = regrades.regrade(s, **args, answer="D", reason="正确答案应为丁")
        assert done.changed == [
            {"attempt": first.id, "points": [0, 10], "score": 20, "passed": [False, True]}
        ]
        assert attempts.results(s, "zhao")[0].passed
        review = {
            one.item.stem: one for one in attempts.review(s, attempt_id=first.id, user_id="zhao", now=NOW)
        }
        assert review["q-1的题干？"].correct and review["q-1的题干？"].answer == review["q-1的题干？"].given
        for index in (1, 2):
            item = shown(s, running, index)
            key = next(one.key for one in item.options if one.text == "丁")
            exams.save(s, attempt_id=running.id, user_id="qian", index=index, given=key, now=NOW)
        assert exams.hand_in(s, attempt_id=running.id, user_id="qian", now=NOW).score == 10
        everyone = regrades.regrade(s, version_id=question("q-2").version_id, everyone=True, user=boss,
                                    reason="题干有歧义，都给分", now=NOW + 2 * MINUTE)  # fmt: skip
        assert [one["points"] for one in everyone.changed] == [[0, 10]]
        done_by = audit.entries(s, object_type="quiz_version", object_id=version)
        assert [one.action for one in done_by] == ["quiz.regrade"]
    with exam.begin() as s:
        done = regrades.of_version(s, [version])[0]
        done.reason = "改掉"
        with pytest.raises(RuntimeError):
            s.flush()
        s.rollback()


def test_changing_a_paper_leaves_attempts_alone(exam: Database) -> None:
    with exam.begin() as s:
        boss = s.get_one(User, "boss")
        made = paper(s)
        attempt = begun(s, made)
        plan = plans.Plan("改过的", [Line(2, 5)], minutes=5, pass_percent=90)
        plans.change(s, made.id, plan, version=1, user=boss, now=NOW)
        assert code_of(lambda: plans.change(s, made.id, plan, version=1, user=boss, now=NOW)) == (
            "changed_meanwhile"
        )
        result = exams.hand_in(s, attempt_id=attempt.id, user_id="zhao", now=NOW)
        assert (result.max_score, result.pass_percent) == (60, 80)
        assert begun(s, made, now=NOW + MINUTE).max_score == 10
        plans.set_state(s, made.id, PaperState.CLOSED, user=boss, now=NOW)
        done = audit.entries(s, object_type="quiz_paper", object_id=made.id)
        assert [one.action for one in done] == [
            "quiz_paper.create", "quiz_paper.open", "quiz_paper.change", "quiz_paper.closed"
        ]  # fmt: skip


@pytest.mark.parametrize(
    "plan",
    [
        {"title": " "},
        {"pass_percent": 0},
        {"minutes": -1},
        {"disclosure": Disclosure.AFTER_EACH},
        {"disclosure": Disclosure.AFTER_CLOSE},
        {"opens_at": NOW, "closes_at": NOW},
    ],
)
def test_a_paper_that_makes_no_sense_is_refused(exam: Database, plan: dict[str, Any]) -> None:
    with exam.begin() as s:
        assert code_of(lambda: paper(s, **plan)) == "bad_paper"
