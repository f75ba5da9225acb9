"""The review book and the set of a day: when questions come, when they go, and what is never shown."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    Disclosure,
    PaperState,
    QuizAttempt,
    QuizCard,
    QuizPaper,
    QuizQuestion,
    QuizQuestionVersion,
)
from actions.training import attempts, cards, daily, exams, records, regrades
from actions.training.disclosure import question_of
from actions.training.questions import QuestionType
from actions.training.views import Attempt
from knowledge.errors import WenjinError
from tests.actions.training_bank import NOW, questions, right, stocked, wrong

ME, OTHER = "user-me", "user-other"
DAY = timedelta(days=1)


@pytest.fixture
def quiz(db: Database) -> Database:
    """A database with a bank and two members of staff."""
    stocked(db, ME, OTHER)
    return db


def practise(db: Database, *, size: int = 10, wrongly: int = 0, at: datetime = NOW, seed: int = 7) -> Attempt:
    """Do a whole practice paper, its first `wrongly` questions wrong."""
    with db.begin() as s:
        begun = attempts.start(s, user_id=ME, size=size, seed=seed, now=at)
        return _do(s, begun, wrongly, at)


def _do(s: Session, begun: Attempt, wrongly: int, at: datetime) -> Attempt:
    for index in range(1, begun.total + 1):
        shown = attempts.item(s, attempt_id=begun.id, user_id=ME, item_index=index)
        said = wrong(shown) if index <= wrongly else right(shown)
        attempts.answer(s, attempt_id=begun.id, user_id=ME, item_index=index, given=said, now=at)
    return begun


def review(db: Database, at: datetime, *, wrongly: int = 0, seed: int = 1) -> list[str]:
    """Do a whole set of a day and return its questions."""
    with db.begin() as s:
        begun = daily.start(s, user_id=ME, seed=seed, now=at)
        assert begun.kind is AttemptKind.REVIEW
        _do(s, begun, wrongly, at)
        return [question_of(one.version_id) for one in records.item_rows(s, begun.id)]


def stand(db: Database, at: datetime) -> daily.Standing:
    with db.begin() as s:
        return daily.standing(s, ME, at)


def test_wrong_answers_enter_and_right_ones_do_not(quiz: Database) -> None:
    practise(quiz, wrongly=3)
    held = stand(quiz, NOW)
    assert (len(held.entries), held.due) == (3, 0)
    assert all(one.due_at > NOW for one in held.entries)
    assert stand(quiz, NOW + DAY).due == 3
    with quiz.begin() as s:
        assert cards.book(s, OTHER) == []


def test_an_answer_is_noted_before_the_paper_is_finished(quiz: Database) -> None:
    with quiz.begin() as s:
        begun = attempts.start(s, user_id=ME, size=5, seed=3, now=NOW)
        shown = attempts.item(s, attempt_id=begun.id, user_id=ME, item_index=1)
        for _ in range(2):  # a lost reply asked for again counts once
            attempts.answer(s, attempt_id=begun.id, user_id=ME, item_index=1, given=wrong(shown), now=NOW)
        attempts.finish(s, attempt_id=begun.id, user_id=ME, now=NOW)
        assert len(cards.book(s, ME)) == 1


def test_due_in_the_morning_of_china(quiz: Database) -> None:
    practise(quiz, wrongly=1)
    due_at = stand(quiz, NOW).entries[0].due_at.astimezone(SHANGHAI)
    assert (due_at.hour, due_at.minute) == (0, 0)
    assert due_at.date() == NOW.astimezone(SHANGHAI).date() + DAY


def test_out_after_three_days(quiz: Database) -> None:
    practise(quiz, wrongly=1)
    (name,) = [one.question_id for one in stand(quiz, NOW).entries]
    at, times = NOW, 0
    while entries := stand(quiz, at).entries:
        at = max(at, entries[0].due_at)
        assert review(quiz, at, seed=times)[0] == name
        times += 1
    assert times == cards.RIGHT_DAYS


def test_same_day_counts_once_and_a_wrong_answer_begins_anew(quiz: Database) -> None:
    def say(is_right: bool, at: datetime) -> QuizCard | None:
        with quiz.begin() as s:
            return cards.answered(s, user_id=ME, question_id="q-1-1-00", right=is_right, at=at)

    assert say(True, NOW) is None
    say(False, NOW)
    late = datetime(2026, 3, 3, 15, 59, tzinfo=UTC)  # 23:59 in China
    for at in (late - timedelta(hours=2), late - timedelta(hours=1), late):
        card = say(True, at)
    assert card is not None
    assert card.right_days == ["2026-03-03"]
    card = say(True, late + timedelta(minutes=2))
    assert card is not None
    assert card.right_days == ["2026-03-03", "2026-03-04"]
    card = say(False, late + DAY)
    assert card is not None
    assert (card.right_days, card.suspended) == ([], False)
    for days in (2, 4, 9):
        card = say(True, late + days * DAY)
    assert card is not None
    assert card.suspended
    with quiz.begin() as s:
        assert cards.book(s, ME) == []
    card = say(False, late + 30 * DAY)
    assert card is not None
    assert not card.suspended


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 200)), min_size=1, max_size=14))
def test_intervals_and_leaving(quiz: Database, story: list[tuple[bool, float]]) -> None:
    """Whatever is answered when: due later than the day of the answer, at most 90 days on, out after three days."""
    name, at = "q-1-1-00", NOW
    with quiz.begin() as s:
        s.execute(delete(QuizCard))
        cards.answered(s, user_id=ME, question_id=name, right=False, at=at)
        days: set[str] = set()
        for is_right, gap in story:
            at += timedelta(days=gap)
            card = cards.answered(s, user_id=ME, question_id=name, right=is_right, at=at)
            today = at.astimezone(SHANGHAI).date()
            if card is None:  # right, and not in the book
                assert is_right
                assert cards.due(s, ME, at + 400 * DAY) == []
                continue
            days = days | {today.isoformat()} if is_right else set()
            due = card.due_at.astimezone(SHANGHAI).date()
            assert today < due <= today + 90 * DAY
            assert card.suspended == (len(days) >= 3)
            assert cards.due(s, ME, card.due_at - timedelta(seconds=1)) == []
            assert len(cards.due(s, ME, card.due_at)) == (not card.suspended)
            if card.suspended:
                days = set()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 20)), min_size=1, max_size=6), st.integers(0, 99)
)
def test_never_before_due(quiz: Database, story: list[tuple[int, int]], seed: int) -> None:
    """No set holds a question of the book that is not due, and the due ones stand first."""
    with quiz.begin() as s:
        s.execute(delete(QuizCard))
    at = NOW + seed * DAY
    for wrongly, gap in story:
        at += gap * DAY
        with quiz.begin() as s:
            due = [one.question_id for one in cards.due(s, ME, at)]
            early = {one.question_id for one in cards.book(s, ME)} - set(due)
            chosen = daily.choose(s, user_id=ME, size=10, now=at, rng=random.Random(seed))
            names = [question_of(one.version_id) for one in chosen]
            assert not early & set(names)
            assert names[: len(due)] == due[:10]
            assert len(set(names)) == len(names)
            for place, name in enumerate(names):
                cards.answered(s, user_id=ME, question_id=name, right=place >= wrongly, at=at)


def test_new_questions_of_the_job_come_first(quiz: Database) -> None:
    with quiz.begin() as s:
        s.get_one(User, ME).job = "技术"
        heads = s.query(QuizQuestion).order_by(QuizQuestion.id).limit(4).all()
        for head in heads:
            head.roles = ["技术"]
        wanted = {head.id for head in heads}
    assert set(review(quiz, NOW)[:4]) == wanted


def test_weakest_topics_follow_what_is_due(quiz: Database) -> None:
    with quiz.begin() as s:
        for number, head in enumerate(s.query(QuizQuestion).order_by(QuizQuestion.id)):
            head.topic = "数据安全" if number % 4 == 0 else "投诉"
    practise(quiz, size=24, seed=2)
    with quiz.begin() as s:
        asked = attempts.start(s, user_id=ME, size=24, seed=3, now=NOW + DAY)
        for index, item in enumerate(records.item_rows(s, asked.id), 1):
            shown = attempts.item(s, attempt_id=asked.id, user_id=ME, item_index=index)
            bad = s.get_one(QuizQuestion, question_of(item.version_id)).topic == "数据安全" and index % 2
            attempts.answer(
                s, attempt_id=asked.id, user_id=ME, item_index=index,
                given=wrong(shown) if bad else right(shown), now=NOW + DAY,
            )  # fmt: skip
    held = stand(quiz, NOW + DAY)
    assert [one.name for one in held.weak] == ["数据安全"]
    assert held.weak[0].right < held.weak[0].answered
    assert held.due == 0
    booked = {one.question_id for one in held.entries}
    names = review(quiz, NOW + DAY)
    assert not booked & set(names)
    with quiz.begin() as s:
        assert {s.get_one(QuizQuestion, name).topic for name in names} == {"数据安全"}


def test_one_set_is_open_beside_a_practice(quiz: Database) -> None:
    with quiz.begin() as s:
        practice = attempts.start(s, user_id=ME, seed=1, now=NOW)
        first = daily.start(s, user_id=ME, seed=1, now=NOW)
        assert daily.start(s, user_id=ME, seed=2, now=NOW + DAY).id == first.id != practice.id
        assert daily.standing(s, ME, NOW).open == first
        assert attempts.start(s, user_id=ME, seed=4, now=NOW).id == practice.id


def test_nothing_to_ask(db: Database) -> None:
    stocked(db, ME, of=questions()[:2])
    practise(db, wrongly=2)
    with pytest.raises(WenjinError) as raised, db.begin() as s:
        daily.start(s, user_id=ME, seed=1, now=NOW)
    assert raised.value.code == "nothing_to_review"


def test_keys_of_an_exam_stay_secret_until_they_may_be_seen(quiz: Database) -> None:
    """A failed exam's questions are in the book at once, and are asked only when its keys may be seen."""
    with quiz.begin() as s:
        paper = QuizPaper(
            title="考试", kind=AttemptKind.EXAM, blueprint=[{"count": 24, "points": 5}], pass_percent=80,
            disclosure=Disclosure.AFTER_PASS, state=PaperState.OPEN, created_by=OTHER, created_at=NOW,
            updated_at=NOW,
        )  # fmt: skip
        s.add(paper)
        s.flush()
        begun = exams.start(s, paper_id=paper.id, user_id=ME, seed=1, now=NOW)
        shown = attempts.item(s, attempt_id=begun.id, user_id=ME, item_index=1)
        exams.save(s, attempt_id=begun.id, user_id=ME, index=1, given=wrong(shown), now=NOW)
        assert cards.book(s, ME) == []
        exams.hand_in(s, attempt_id=begun.id, user_id=ME, now=NOW)
        assert len(cards.book(s, ME)) == 1
        later = NOW + 3 * DAY
        held = daily.standing(s, ME, later)
        assert (held.due, held.entries, held.weak) == (0, (), ())
        assert daily.choose(s, user_id=ME, size=10, now=later, rng=random.Random(1)) == []
        paper.state = PaperState.CLOSED
        s.flush()
        assert daily.standing(s, ME, later).due == 1
        assert len(daily.choose(s, user_id=ME, size=10, now=later, rng=random.Random(1))) == 10


def regrade(db: Database, question_id: str, **how: Any) -> None:
    """Mend the key of a question as an administrator does."""
    with db.begin() as s:
        boss = s.get(User, "boss") or User(
            id="boss", name="boss", password_hash="-", roles=["training"], created_at=NOW
        )
        s.add(boss)
        s.flush()
        version_id = s.get_one(QuizQuestion, question_id).version_id
        regrades.regrade(s, version_id=version_id, reason="答案写错了", user=boss, now=NOW, **how)


def booked(db: Database) -> set[str]:
    with db.begin() as s:
        return {one.question_id for one in cards.book(s, ME)}


def test_a_mended_key_takes_a_question_out_unless_another_answer_keeps_it(quiz: Database) -> None:
    practise(quiz, wrongly=24, size=24)
    held = sorted(booked(quiz))
    regrade(quiz, held[0], everyone=True)
    assert booked(quiz) == set(held[1:])
    with quiz.begin() as s:  # wrong in two ways: one of them is right by the new key
        one = next(name for name in held[1:] if _type(s, name) is QuestionType.NUMERIC)
        row = s.scalars(select(QuizAttempt)).one()
        item = next(i for i in records.item_rows(s, row.id) if question_of(i.version_id) == one)
        again = attempts.start(s, user_id=ME, size=24, seed=9, now=NOW + DAY)
        place = next(i.position for i in records.item_rows(s, again.id) if question_of(i.version_id) == one)
        attempts.answer(s, attempt_id=again.id, user_id=ME, item_index=place, given="7", now=NOW + DAY)
        first = item.given[0]
    regrade(quiz, one, answer=first)
    assert one in booked(quiz)
    regrade(quiz, one, everyone=True)
    assert one not in booked(quiz)


def test_a_mended_key_brings_in_what_only_seemed_right(quiz: Database) -> None:
    practise(quiz, size=24)
    assert booked(quiz) == set()
    with quiz.begin() as s:
        name = next(one.id for one in s.query(QuizQuestion) if _type(s, one.id) is QuestionType.NUMERIC)
    regrade(quiz, name, answer="25")
    assert booked(quiz) == {name}


def test_a_card_made_anew_is_the_card_that_was(quiz: Database) -> None:
    practise(quiz, wrongly=4)
    at = NOW
    for seed in range(4):
        at = max(at, stand(quiz, at).entries[0].due_at) + timedelta(hours=3)
        review(quiz, at, wrongly=seed % 2, seed=seed)
    with quiz.begin() as s:
        before = {one.question_id: (one.card, one.due_at, one.right_days, one.suspended) for one in _all(s)}
        for name in before:
            cards.renewed(s, user_id=ME, question_id=name)
        assert before == {
            one.question_id: (one.card, one.due_at, one.right_days, one.suspended) for one in _all(s)
        }


def _all(s: Session) -> list[QuizCard]:
    return list(s.scalars(select(QuizCard).where(QuizCard.user_id == ME)))


def _type(s: Session, question_id: str) -> QuestionType:
    version = s.get_one(QuizQuestionVersion, s.get_one(QuizQuestion, question_id).version_id)
    return QuestionType(version.content["type"])
