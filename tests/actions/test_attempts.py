"""Attempts: what is frozen, resuming, answering once, two devices, results and review."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import timedelta
from types import ModuleType
from typing import TypeVar

import pytest
from sqlalchemy import select

from actions.store.engine import Database
from actions.store.tables.training import AttemptState, QuizAttempt, QuizAttemptItem
from actions.training import attempts, bank, grading, papers, records
from actions.training.questions import QuestionType
from actions.training.views import Attempt, Feedback, Result, ReviewItem, ShownItem
from knowledge.errors import WenjinError
from tests.actions.training_bank import MANUAL, NOW, SENTENCE, questions, restemmed, right, stocked, wrong

T = TypeVar("T")
ME, OTHER = "user-me", "user-other"


@pytest.fixture
def quiz(db: Database) -> Database:
    """A database with a bank and two members of staff."""
    stocked(db, ME, OTHER)
    return db


def start(db: Database, *, user: str = ME, size: int = 10, seed: int = 7, pass_percent: int = 80) -> Attempt:
    with db.begin() as s:
        return attempts.start(
            s,
            user_id=user,
            size=size,
            seed=seed,
            pass_percent=pass_percent,
            manual_version="wenjin@e1",
            now=NOW,
        )


def show(db: Database, attempt: Attempt, index: int) -> ShownItem:
    with db.begin() as s:
        return attempts.item(s, attempt_id=attempt.id, user_id=attempt.user_id, item_index=index)


def answer(db: Database, attempt: Attempt, index: int, given: str | list[str], *, user: str = ME) -> Feedback:
    with db.begin() as s:
        return attempts.answer(
            s,
            attempt_id=attempt.id,
            user_id=user,
            item_index=index,
            given=given,
            now=NOW + timedelta(minutes=index),
        )


def finish(db: Database, attempt: Attempt, *, after: int = 30) -> Result:
    with db.begin() as s:
        return attempts.finish(
            s, attempt_id=attempt.id, user_id=attempt.user_id, now=NOW + timedelta(minutes=after)
        )


def answer_all(db: Database, attempt: Attempt, *, wrongly: int = 0) -> list[Feedback]:
    """Answer every item, the first `wrongly` of them wrong."""
    given = []
    for index in range(1, attempt.total + 1):
        shown = show(db, attempt, index)
        given.append(answer(db, attempt, index, wrong(shown) if index <= wrongly else right(shown)))
    return given


def current(db: Database, attempt: Attempt) -> ShownItem | None:
    with db.begin() as s:
        return attempts.current_item(s, attempt)


def refused(code: str, status: int, do: Callable[[], object]) -> WenjinError:
    with pytest.raises(WenjinError) as raised:
        do()
    assert (raised.value.code, raised.value.status) == (code, status)
    return raised.value


def at_once(*jobs: Callable[[], T]) -> list[T | WenjinError]:
    """Run jobs in threads that start together; return what each returned or raised."""
    together = threading.Barrier(len(jobs))
    done: list[T | WenjinError] = []

    def run(job: Callable[[], T]) -> None:
        together.wait()
        try:
            done.append(job())
        except WenjinError as error:
            done.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(jobs)
    return done


def test_attempt_freezes_its_paper(quiz: Database) -> None:
    attempt = start(quiz)
    assert (attempt.total, attempt.answered, attempt.max_score, attempt.is_open) == (10, 0, 100, True)
    with quiz.begin() as s:
        row = s.get_one(QuizAttempt, attempt.id)
        items = s.scalars(select(QuizAttemptItem).order_by(QuizAttemptItem.position)).all()
        drawn = papers.draw(papers.candidates(s), size=10, seed=row.seed)
    assert (row.seed, row.pass_percent, row.manual_version) == (7, 80, "wenjin@e1")
    assert [(i.version_id, tuple(i.option_order)) for i in items] == [
        (d.version_id, d.option_order) for d in drawn
    ]
    assert [i.max_points for i in items] == [10] * 10


def test_large_seed_fits(quiz: Database) -> None:
    attempt = start(quiz, seed=2**64 + 5)
    with quiz.begin() as s:
        assert s.get_one(QuizAttempt, attempt.id).seed == 5


def test_shown_item_holds_no_key(quiz: Database) -> None:
    attempt = start(quiz)
    for index in range(1, 11):
        shown = show(quiz, attempt, index)
        text = json.dumps(shown.data(), ensure_ascii=False) + repr(asdict(shown))
        assert SENTENCE not in text
        assert "解析" not in text
        assert "30日" not in text
    assert {field.name for field in fields(ShownItem)} == {
        "attempt_id", "index", "total", "type", "stem", "options", "max_points", "scenario",
    }  # fmt: skip


def test_options_are_lettered_as_shown_and_marked_back(quiz: Database) -> None:
    orders = set()
    for seed in range(6):
        attempt = start(quiz, seed=seed)
        for index in range(1, 11):
            shown = show(quiz, attempt, index)
            if shown.type.has_options:
                assert [option.key for option in shown.options] == list("ABCD")
                orders.add("".join(option.text for option in shown.options))
            got = answer(quiz, attempt, index, right(shown))
            assert got.correct
            if shown.type.has_options:
                assert "、".join(got.answer) == right(shown)
    assert len(orders) > 6


def test_true_false_and_written_types(quiz: Database) -> None:
    attempt = start(quiz, size=24)
    shown = {item.type: item for item in (show(quiz, attempt, n) for n in range(1, 25))}
    assert [(o.key, o.text) for o in shown[QuestionType.TRUE_FALSE].options] == [
        ("对", "正确"),
        ("错", "错误"),
    ]
    assert shown[QuestionType.FILL].options == shown[QuestionType.NUMERIC].options == ()
    got = answer(quiz, attempt, shown[QuestionType.TRUE_FALSE].index, "T")
    assert (got.correct, got.given, got.answer) == (False, ("对",), ("错",))
    got = answer(quiz, attempt, shown[QuestionType.FILL].index, "三十天")
    assert (got.correct, got.given, got.answer) == (True, ("三十天",), ("30日", "三十天"))


def test_feedback_tells_all(quiz: Database) -> None:
    attempt = start(quiz)
    shown = show(quiz, attempt, 1)
    got = answer(quiz, attempt, 1, wrong(shown))
    data = got.data()
    assert (data["correct"], data["points"], data["max_points"], data["finished"]) == (False, 0, 10, False)
    assert (data["sentence"], data["section"] in MANUAL) == (SENTENCE, True)
    assert data["explanation"].endswith("的解析。")
    assert "、".join(data["answer"]) in (right(shown), "30日、三十天", "24")


def test_full_walk_passes_and_keeps_the_result(quiz: Database) -> None:
    attempt = start(quiz)
    given = answer_all(quiz, attempt, wrongly=2)
    assert [f.finished for f in given] == [False] * 9 + [True]
    with quiz.begin() as s:
        (result,) = attempts.results(s, ME)
        assert attempts.open_attempt(s, ME) is None
        assert attempts.results(s, OTHER) == []
    assert (result.score, result.max_score, result.passed, result.pass_mark) == (80, 100, True, 80)
    assert result.finished_at == NOW + timedelta(minutes=10)
    assert result == finish(quiz, attempt)
    assert result.data() == {
        "attempt_id": attempt.id, "score": 80, "max_score": 100, "passed": True,
        "pass_percent": 80, "pass_mark": 80,
    }  # fmt: skip
    assert current(quiz, attempt) is None


def test_one_point_below_the_mark_fails(quiz: Database) -> None:
    attempt = start(quiz, pass_percent=81)
    answer_all(quiz, attempt, wrongly=2)
    result = finish(quiz, attempt)
    assert (result.score, result.pass_mark, result.passed) == (80, 81, False)


def test_leaving_and_coming_back(quiz: Database) -> None:
    attempt = start(quiz)
    for index in (1, 2, 4):
        answer(quiz, attempt, index, right(show(quiz, attempt, index)))
    back = start(quiz, seed=99, size=3)
    assert (back.id, back.answered, back.total) == (attempt.id, 3, 10)
    shown = current(quiz, back)
    assert shown is not None
    assert (shown.index, shown) == (3, show(quiz, attempt, 3))
    with quiz.begin() as s:
        assert attempts.open_attempt(s, ME) == back
        assert attempts.open_attempt(s, OTHER) is None


def test_after_the_end_a_new_attempt_starts(quiz: Database) -> None:
    first = start(quiz)
    finish(quiz, first)
    second = start(quiz, seed=8)
    assert second.id != first.id
    finish(quiz, second, after=60)
    with quiz.begin() as s:
        assert [result.attempt_id for result in attempts.results(s, ME)] == [second.id, first.id]


def test_finish_early_counts_open_items_as_nothing(quiz: Database) -> None:
    attempt = start(quiz)
    answer(quiz, attempt, 1, right(show(quiz, attempt, 1)))
    result = finish(quiz, attempt)
    assert (result.score, result.max_score, result.passed) == (10, 100, False)
    refused("attempt_finished", 409, lambda: answer(quiz, attempt, 2, right(show(quiz, attempt, 2))))
    assert answer(quiz, attempt, 1, right(show(quiz, attempt, 1))).correct
    assert current(quiz, attempt) is None


def test_same_answer_again_gives_same_feedback(quiz: Database) -> None:
    attempt = start(quiz)
    shown = show(quiz, attempt, 1)
    first = answer(quiz, attempt, 1, right(shown))
    assert answer(quiz, attempt, 1, right(shown)) == first
    refused("already_answered", 409, lambda: answer(quiz, attempt, 1, wrong(shown)))
    with quiz.begin() as s:
        kept = attempts.feedback(s, attempt_id=attempt.id, user_id=ME, item_index=1)
        assert attempts.feedback(s, attempt_id=attempt.id, user_id=ME, item_index=2) is None
    assert kept == first


def test_unreadable_answer_leaves_the_item_open(quiz: Database) -> None:
    attempt = start(quiz)
    error = refused("unreadable_answer", 422, lambda: answer(quiz, attempt, 1, "😀"))
    assert "请" in error.message
    shown = current(quiz, attempt)
    assert shown is not None
    assert shown.index == 1


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two devices meet at each step if nothing keeps them apart; one that has to wait is let go."""
    _meet_at(monkeypatch, grading, "points")
    _meet_at(monkeypatch, records, "feedback_on")


def _meet_at(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> None:
    both, step = threading.Barrier(2), getattr(module, name)

    def meet(*args: object) -> object:
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.5)
        return step(*args)

    monkeypatch.setattr(module, name, meet)


@pytest.mark.usefixtures("meeting")
def test_two_devices_with_different_answers(quiz: Database) -> None:
    attempt = start(quiz)
    shown = show(quiz, attempt, 1)
    done = at_once(
        *(lambda given=given: answer(quiz, attempt, 1, given) for given in (right(shown), wrong(shown)))
    )
    (error,) = [one for one in done if isinstance(one, WenjinError)]
    (got,) = [one for one in done if isinstance(one, Feedback)]
    assert error.code == "already_answered"
    with quiz.begin() as s:
        assert attempts.feedback(s, attempt_id=attempt.id, user_id=ME, item_index=1) == got


def test_two_devices_with_the_same_answer(quiz: Database) -> None:
    attempt = start(quiz)
    given = right(show(quiz, attempt, 1))
    first, *others = at_once(*[lambda: answer(quiz, attempt, 1, given)] * 4)
    assert isinstance(first, Feedback)
    assert others == [first] * 3


@pytest.mark.usefixtures("meeting")
def test_two_devices_with_the_last_two_items(quiz: Database) -> None:
    attempt = start(quiz, size=2)
    texts = [right(show(quiz, attempt, index)) for index in (1, 2)]
    done = at_once(
        lambda: answer(quiz, attempt, 1, texts[0]),
        lambda: answer(quiz, attempt, 2, texts[1]),
    )
    assert sorted(one.finished for one in done if isinstance(one, Feedback)) == [False, True]
    assert finish(quiz, attempt).score == 20


def test_two_devices_start_one_attempt(quiz: Database) -> None:
    started = at_once(*(lambda seed=seed: start(quiz, seed=seed) for seed in range(4)))
    assert len({one.id for one in started if isinstance(one, Attempt)}) == 1
    with quiz.begin() as s:
        assert len(s.scalars(select(QuizAttempt)).all()) == 1


def test_nobody_else_sees_an_attempt(quiz: Database) -> None:
    attempt = start(quiz)

    def as_other(do: Callable[..., object], **more: object) -> Callable[[], object]:
        def call() -> object:
            with quiz.begin() as s:
                return do(s, attempt_id=attempt.id, user_id=OTHER, **more)

        return call

    refused("unknown_attempt", 404, as_other(attempts.item, item_index=1))
    refused("unknown_attempt", 404, as_other(attempts.answer, item_index=1, given="A", now=NOW))
    refused("unknown_attempt", 404, as_other(attempts.feedback, item_index=1))
    refused("unknown_attempt", 404, as_other(attempts.finish, now=NOW))
    refused("unknown_attempt", 404, as_other(attempts.review))


@pytest.mark.parametrize("index", [0, -1, 11])
def test_item_that_is_not_there(quiz: Database, index: int) -> None:
    attempt = start(quiz)
    refused("unknown_item", 404, lambda: answer(quiz, attempt, index, "A"))


def test_review_comes_after_the_end(quiz: Database) -> None:
    attempt = start(quiz, size=3)

    def review() -> list[ReviewItem]:
        with quiz.begin() as s:
            return attempts.review(s, attempt_id=attempt.id, user_id=ME)

    shown = show(quiz, attempt, 1)
    answer(quiz, attempt, 1, right(shown))
    answer(quiz, attempt, 2, wrong(show(quiz, attempt, 2)))
    refused("attempt_open", 409, review)
    finish(quiz, attempt)
    first, second, third = review()
    assert (first.item, first.correct, first.points) == (shown, True, 10)
    assert (second.correct, second.points, bool(second.given)) == (False, 0, True)
    assert (third.correct, third.given, third.sentence) == (False, (), SENTENCE)
    assert all(one.answer and one.explanation and one.section for one in (first, second, third))


def test_edited_bank_leaves_old_attempts_as_they_were(quiz: Database) -> None:
    attempt = start(quiz)
    before = [show(quiz, attempt, index) for index in range(1, 11)]
    with quiz.begin() as s:
        bank.sync(s, [restemmed(one, f"新题干{one.id}") for one in questions()], NOW, manual=MANUAL)
    assert [show(quiz, attempt, index) for index in range(1, 11)] == before
    answer_all(quiz, attempt)
    assert finish(quiz, attempt).score == 100
    assert show(quiz, start(quiz), 1).stem.startswith("新题干")


def test_small_bank_gives_a_short_paper(db: Database) -> None:
    stocked(db, ME, of=questions()[:3])
    attempt = start(db)
    assert (attempt.total, attempt.max_score) == (3, 30)


def test_empty_bank_says_so(db: Database) -> None:
    stocked(db, ME, of=[])
    refused("empty_bank", 503, lambda: start(db))


def test_bad_requests(quiz: Database) -> None:
    refused("bad_size", 422, lambda: start(quiz, size=0))
    refused("bad_size", 422, lambda: start(quiz, size=101))
    refused("bad_pass_percent", 422, lambda: start(quiz, pass_percent=0))
    refused("unknown_user", 404, lambda: start(quiz, user="nobody"))


def test_state_is_kept_with_the_attempt(quiz: Database) -> None:
    attempt = start(quiz, size=1)
    answer_all(quiz, attempt)
    with quiz.begin() as s:
        row = s.get_one(QuizAttempt, attempt.id)
    assert (row.state, row.score, row.passed) == (AttemptState.FINISHED, 10, True)
