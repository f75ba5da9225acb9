"""Ratings: offered once a cycle, kept once, changed within seven days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.service import conversations, ratings
from actions.store.engine import Database
from actions.store.tables.service import Conversation, Rating, RatingOffer
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest

DAY = timedelta(days=1)


def offer(
    s: Session,
    conversation: Conversation,
    subject: str = "conversation",
    subject_id: str = "c",
    after: timedelta = 0 * DAY,
) -> RatingOffer | None:
    return ratings.offer(
        s, conversation=conversation, subject=subject, subject_id=subject_id, now=NOW + after
    )


@pytest.fixture
def made(session: Session, conversation: Conversation) -> RatingOffer:
    found = offer(session, conversation)
    assert found
    return found


def rate(s: Session, made: RatingOffer, score: Any = 5, after: timedelta = 0 * DAY, **more: Any) -> Rating:
    given = {"offer_id": made.id, "conversation_id": made.conversation_id, **more}
    return ratings.rate(s, score=score, now=NOW + after, **given)


def test_a_conversation_is_asked_once_in_24_hours(session: Session, conversation: Conversation) -> None:
    cycles = [
        offer(session, conversation, after=after) for after in (0 * DAY, DAY / 2, DAY, DAY * 1.5, 3 * DAY)
    ]
    assert [one.cycle if one else None for one in cycles] == [1, None, 2, None, 3]


@pytest.mark.parametrize("subject", ["ticket", "quiz"])
def test_a_ticket_and_a_quiz_are_asked_about_once(
    session: Session, conversation: Conversation, subject: str
) -> None:
    assert offer(session, conversation, subject, "one")
    assert offer(session, conversation, subject, "one", 30 * DAY) is None
    assert offer(session, conversation, subject, "other")


def test_nothing_else_is_rated(session: Session, conversation: Conversation) -> None:
    with pytest.raises(ValueError, match="weather"):
        offer(session, conversation, "weather")


def test_the_question_stands_in_the_conversation_with_the_four_dimensions(
    session: Session, conversation: Conversation
) -> None:
    turn = ratings.offer_in_chat(
        session, conversation=conversation, subject="ticket", subject_id="t", now=NOW
    )
    assert turn
    assert (turn.kind, turn.actor) == ("rating", "system")
    assert [one["label"] for one in turn.data["dimensions"]] == [
        "产品服务质量",
        "响应速度",
        "客户体验",
        "售后服务",
    ]
    found = ratings.open_offer(session, conversation.id)
    assert found
    assert found.id == turn.data["offer_id"]
    assert (
        ratings.offer_in_chat(session, conversation=conversation, subject="ticket", subject_id="t", now=NOW)
        is None
    )
    assert len(conversations.history(session, conversation.id)) == 1


def test_a_rating_is_kept_with_its_comment_masked_and_encrypted(session: Session, made: RatingOffer) -> None:
    rate(session, made, 4, dimensions={"experience": 3}, comment=" 很好，电话 13812345678 ")
    session.expire_all()
    found = ratings.rating_of(session, made.id)
    assert found
    assert (found.score, found.dimensions, found.comment) == (4, {"experience": 3}, "很好，电话 138****5678")
    assert "很好" not in session.execute(text("SELECT comment FROM ratings")).scalar_one()
    assert made.conversation_id and ratings.open_offer(session, made.conversation_id) is None


def test_the_same_again_changes_nothing_and_another_replaces(session: Session, made: RatingOffer) -> None:
    first = rate(session, made, 5, comment="好")
    assert rate(session, made, 5, DAY, comment="好").updated_at == NOW
    changed = rate(session, made, 2, 7 * DAY, comment="又坏了")
    assert (changed.id, changed.score, changed.created_at, changed.updated_at) == (
        first.id,
        2,
        NOW,
        NOW + 7 * DAY,
    )
    with pytest.raises(WenjinError) as told:
        rate(session, made, 5, 7 * DAY + timedelta(seconds=1))
    assert (told.value.code, told.value.status) == ("rating_closed", 409)
    assert rate(session, made, 2, 30 * DAY, comment="又坏了").score == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"score": 0}, "bad_score"),
        ({"score": 6}, "bad_score"),
        ({"score": 4.5}, "bad_score"),
        ({"score": "5"}, "bad_score"),
        ({"score": None}, "bad_score"),
        ({"score": True}, "bad_score"),
        ({"dimensions": {"weather": 5}}, "unknown_dimension"),
        ({"dimensions": {"experience": 0}}, "bad_score"),
        ({"comment": "x" * 501}, "field_too_long"),
    ],
)
def test_a_rating_that_cannot_be_is_refused(
    session: Session, made: RatingOffer, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(WenjinError) as told:
        rate(session, made, **given)
    assert (told.value.code, told.value.status) == (code, 422)
    assert ratings.rating_of(session, made.id) is None


def test_an_offer_of_somebody_else_does_not_exist(session: Session, made: RatingOffer) -> None:
    other = open_guest(session, "guest-2")
    cases: list[dict[str, Any]] = [{"conversation_id": other.id}, {"offer_id": "none"}]
    for given in cases:
        with pytest.raises(WenjinError) as told:
            rate(session, made, **given)
        assert (told.value.code, told.value.status) == ("offer_not_found", 404)


def test_rated_at_once_is_rated_once(db: Database) -> None:
    with db.begin() as s:
        guest = open_guest(s, "guest-1")
        offers = [one for number in range(10) if (one := offer(s, guest, "ticket", str(number)))]

    def run(number: int) -> list[str]:
        given = []
        for one in offers:
            with db.begin() as s:
                given.append(rate(s, one, number + 1).id)
        return given

    assert len({tuple(given) for given in at_once(4, run)}) == 1
    with db.begin() as s:
        assert s.scalar(select(func.count()).select_from(Rating)) == 10


def test_offered_at_once_is_offered_once(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")

    def run(_: int) -> bool:
        with db.begin() as s:
            return offer(s, conversation) is not None

    assert sorted(at_once(4, run)) == [False, False, False, True]


def test_a_complaint_without_a_chat_is_rated_once_and_changed_within_the_window(session: Session) -> None:
    def give(score: int, after: timedelta = 0 * DAY) -> Rating:
        return ratings.rate_ticket(
            session, ticket_id="t1", conversation_id=None, score=score, comment="还行", now=NOW + after
        )

    assert ratings.of_ticket(session, "t1") is None
    first = give(3)
    assert (give(3), give(5, DAY).score) == (first, 5)
    assert ratings.of_ticket(session, "t1") is first
    with pytest.raises(WenjinError, match="不能再修改"):
        give(4, 8 * DAY)
    offers = session.scalars(select(RatingOffer).where(RatingOffer.subject_id == "t1")).all()
    assert [(offer.conversation_id, offer.cycle) for offer in offers] == [(None, 1)]
