"""Questions written here: drafts, review by somebody else, versions, the list and the differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import QuizQuestion
from actions.training import bank, listing, papers, review
from actions.training.listing import Wanted
from actions.training.questions import QuestionType, Status
from knowledge.errors import WenjinError
from tests.actions.training_bank import MANUAL, NOW, question, questions, restemmed, stocked


@pytest.fixture
def desk(db: Database) -> Database:
    stocked(db, "zhao", of=[question("q-1"), question("q-2", QuestionType.TRUE_FALSE, answer=("false",))])
    with db.begin() as s:
        for name in ("boss", "second"):
            s.add(User(id=name, name=name, password_hash="-", roles=["training"], created_at=NOW))
    return db


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(WenjinError) as caught:
        call()
    return caught.value.code


def test_a_question_is_approved_by_somebody_else(desk: Database) -> None:
    with desk.begin() as s:
        boss, second, zhao = (s.get_one(User, name) for name in ("boss", "second", "zhao"))
        assert code_of(lambda: review.add(s, [question("own-1")], user=zhao, now=NOW)) == "role_needed"
        review.add(s, [question("own-1")], user=boss, note="新写", now=NOW)
        seen = question("own-1").version_id
        args: dict[str, Any] = {"seen": seen, "sections": MANUAL, "now": NOW}
        assert code_of(lambda: review.approve(s, "own-1", user=second, **args)) == "not_in_review"
        review.submit(s, "own-1", user=boss, now=NOW)
        assert code_of(lambda: review.submit(s, "own-1", user=boss, now=NOW)) == "not_a_draft"
        assert code_of(lambda: review.approve(s, "own-1", user=boss, **args)) == "own_version"
        assert "own-1" not in str(papers.candidates(s))
        review.approve(s, "own-1", user=second, **args)
        assert "own-1" in str(papers.candidates(s))
        bank.sync(s, [question("q-1")], NOW, manual=MANUAL)
        assert s.get_one(QuizQuestion, "own-1").status == Status.APPROVED
        done = audit.entries(s, object_type="quiz_question", object_id="own-1")
        assert [one.action.split(".")[1] for one in done] == ["add", "submit", "approve"]


def test_a_changed_question_is_drawn_as_it_was_until_it_is_approved(desk: Database) -> None:
    with desk.begin() as s:
        boss, second = s.get_one(User, "boss"), s.get_one(User, "second")
        old, new = question("q-1"), restemmed(question("q-1"), "改过的题干？")
        review.edit(s, new, seen=old.version_id, note="说清楚", user=boss, now=NOW)
        assert code_of(lambda: review.edit(s, new, seen=old.version_id, user=second, now=NOW)) == (
            "changed_meanwhile"
        )
        where = review.standing(s, "q-1")
        assert where.drawn and (where.drawn.version_id, where.shown.version_id) == (
            old.version_id, new.version_id
        )  # fmt: skip
        assert where.status is Status.DRAFT and len(where.versions) == 2
        review.submit(s, "q-1", user=boss, now=NOW)
        review.send_back(s, "q-1", reason="题干还不清楚", user=second, now=NOW)
        assert s.get_one(QuizQuestion, "q-1").review_note == "题干还不清楚"
        review.submit(s, "q-1", user=boss, now=NOW)
        assert old.version_id in str(papers.candidates(s))
        review.approve(s, "q-1", seen=new.version_id, user=second, sections=MANUAL, now=NOW)
        assert new.version_id in str(papers.candidates(s)) and old.version_id not in str(papers.candidates(s))
        bank.sync(s, [old], NOW, manual=MANUAL)
        assert s.get_one(QuizQuestion, "q-1").version_id == new.version_id, "the folder does not undo it"


def test_nothing_without_a_source_or_twice_is_approved(desk: Database) -> None:
    with desk.begin() as s:
        boss, second = s.get_one(User, "boss"), s.get_one(User, "second")
        bare = question("own-1")
        bare = replace(bare, content=replace(bare.content, section="", sentence=""))
        twin = question("own-2", stem="q-1的题干？")
        for one in (bare, twin, question("own-3", section="9.9")):
            review.add(s, [one], user=boss, now=NOW)
            review.submit(s, one.id, user=boss, now=NOW)
            with pytest.raises(WenjinError) as caught:
                review.approve(s, one.id, seen=one.version_id, user=second, sections=MANUAL, now=NOW)
            assert caught.value.code == "bad_question" and caught.value.data["problems"]


def test_a_retired_question_comes_back_only_by_review(desk: Database) -> None:
    with desk.begin() as s:
        boss, second = s.get_one(User, "boss"), s.get_one(User, "second")
        review.retire(s, "q-1", user=boss, now=NOW)
        bank.sync(s, [question("q-1"), question("q-2")], NOW, manual=MANUAL)
        assert s.get_one(QuizQuestion, "q-1").status == Status.RETIRED
        new = restemmed(question("q-1"), "再来一次？")
        review.edit(s, new, seen=question("q-1").version_id, user=boss, now=NOW)
        review.submit(s, "q-1", user=boss, now=NOW)
        review.approve(s, "q-1", seen=new.version_id, user=second, sections=MANUAL, now=NOW)
        assert review.standing(s, "q-1").drawn


def test_the_list_is_filtered(db: Database) -> None:
    stocked(db, of=[*questions(), question("q-gone", section="9.9")])
    with db.begin() as s:
        every, total = listing.rows(s, Wanted())
        assert (len(every), total) == (25, 25)
        assert {one.section for one in listing.rows(s, Wanted(section="2"))[0]} == {"2.1", "2.2", "2.3"}
        assert listing.rows(s, Wanted(section="2.1"))[1] == 2
        assert {one.type for one in listing.rows(s, Wanted(type="fill"))[0]} == {QuestionType.FILL}
        assert [one.id for one in listing.rows(s, Wanted(stale=True))[0]] == ["q-gone"]
        assert [one.id for one in listing.rows(s, Wanted(words="q-gone的"))[0]] == ["q-gone"]
        assert listing.rows(s, Wanted(words="100%_"))[1] == 0
        assert listing.rows(s, Wanted(status="draft")) == ([], 0)
        assert listing.rows(s, Wanted(page=2)) == ([], 25)
        assert listing.counts(s) == {"approved": 25, "stale": 1}


def test_differences_are_told_letter_by_letter() -> None:
    old = question("q-1").content
    new = replace(old, stem="q-2的题干？", answer=("C",))
    told = {one.name: one.pieces for one in listing.differences(old, new)}
    assert told == {
        "题干": (("same", "q-"), ("gone", "1"), ("new", "2"), ("same", "的题干？")),
        "答案": (("gone", "B"), ("new", "C")),
    }
    assert listing.differences(old, old) == []
