"""What follows from ratings and marks: follow-ups of low ones, asking after a silence, marks of answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.figures import refresh
from actions.service import accounts, conversations, follow_ups, handovers, idle, marks, ratings
from actions.service.replies import Reply, ReplyKind
from actions.store.engine import Database
from actions.store.tables.service import AnswerMark, Conversation, FollowUp, RatingOffer, Turn
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, open_guest

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def rated(s: Session, conversation: Conversation, score: int, comment: str = "") -> RatingOffer:
    made = ratings.offer(
        s, conversation=conversation, subject="conversation", subject_id=conversation.id, now=NOW
    )
    assert made is not None
    ratings.rate(s, offer_id=made.id, conversation_id=conversation.id, score=score, comment=comment, now=NOW)
    return made


class TestFollowUps:
    @pytest.mark.parametrize(("score", "expected"), [(1, 1), (2, 1), (3, 0), (5, 0)])
    def test_a_low_rating_is_looked_after(
        self, session: Session, conversation: Conversation, score: int, expected: int
    ) -> None:
        rated(session, conversation, score, "等了半小时 13812345678")
        assert follow_ups.count(session) == expected
        for case in follow_ups.waiting(session):
            assert (case.score, case.subject, case.conversation_id) == (
                score,
                "conversation",
                conversation.id,
            )
            assert "等了半小时" in case.comment and "13812345678" not in case.comment

    def test_who_thinks_better_of_it_is_not_called(
        self, session: Session, conversation: Conversation
    ) -> None:
        made = rated(session, conversation, 1)
        again: dict[str, Any] = {"offer_id": made.id, "conversation_id": conversation.id, "now": NOW + HOUR}
        ratings.rate(session, score=2, **again)
        assert follow_ups.count(session) == 1
        ratings.rate(session, score=4, **again)
        assert follow_ups.count(session) == 0

    def test_it_is_closed_once_with_a_note(self, session: Session, conversation: Conversation) -> None:
        user, _ = accounts.add_user(session, name="li", password=None, roles=["handler"], now=NOW)
        made = rated(session, conversation, 1)
        (case,) = follow_ups.waiting(session)
        with pytest.raises(WenjinError, match="怎样回访"):
            follow_ups.finish(session, task_id=case.task.id, note=" ", user=user, now=NOW)
        follow_ups.finish(session, task_id=case.task.id, note="已致电道歉", user=user, now=NOW)
        with pytest.raises(WenjinError, match="已由同事完成"):
            follow_ups.finish(session, task_id=case.task.id, note="我也打了", user=user, now=NOW)
        ratings.rate(session, offer_id=made.id, conversation_id=conversation.id, score=5, now=NOW + HOUR)
        assert [one.task.note for one in follow_ups.done(session)] == ["已致电道歉"]
        with pytest.raises(WenjinError, match="没有找到"):
            follow_ups.finish(session, task_id="nix", note="x", user=user, now=NOW)


def say(s: Session, conversation: Conversation, kind: ReplyKind, outcome: str, at: datetime = NOW) -> Turn:
    asked, _ = conversations.receive(s, conversation=conversation, text="问", key=None, now=at)
    return conversations.add_reply(
        s, conversation=conversation, reply=Reply(kind, "答"), reply_to=asked.id, actor="bot", outcome=outcome,
        latency_ms=9, now=at,
    )  # fmt: skip


class TestSilence:
    """Who has had an answer and fell silent is asked once."""

    def asked(self, db: Database, now: datetime) -> int:
        refresh.refresh(db)
        with db.begin() as s:
            return idle.offer(s, now)

    def test_once_in_a_cycle_and_not_before_time(self, db: Database) -> None:
        with db.begin() as s:
            say(s, open_guest(s, "g"), ReplyKind.ANSWER, "answered")
        found = [self.asked(db, NOW + after) for after in (29 * MINUTE, 31 * MINUTE, HOUR, 2 * HOUR)]
        assert found == [0, 1, 0, 0]
        with db.begin() as s:
            say(s, open_guest(s, "g"), ReplyKind.ANSWER, "answered", NOW + 3 * HOUR)
        assert self.asked(db, NOW + 4 * HOUR) == 0  # the same cycle
        with db.begin() as s:
            say(s, open_guest(s, "g"), ReplyKind.ANSWER, "answered", NOW + 2 * DAY)
        assert self.asked(db, NOW + 2 * DAY + HOUR) == 1

    def test_who_left_long_ago_is_left_in_peace(self, db: Database) -> None:
        with db.begin() as s:
            say(s, open_guest(s, "g"), ReplyKind.ANSWER, "answered")
        assert self.asked(db, NOW + 5 * HOUR) == 0

    @pytest.mark.parametrize(
        ("kind", "outcome"),
        [(ReplyKind.TEXT, "refused"), (ReplyKind.TEXT, "ticket"), (ReplyKind.ERROR, "error")],
    )
    def test_the_last_word_must_have_been_an_answer(
        self, db: Database, kind: ReplyKind, outcome: str
    ) -> None:
        with db.begin() as s:
            guest = open_guest(s, "g")
            say(s, guest, ReplyKind.ANSWER, "answered")
            say(s, guest, kind, outcome, NOW + MINUTE)
        assert self.asked(db, NOW + HOUR) == 0

    def test_nobody_who_waits_for_a_person_is_asked(self, db: Database) -> None:
        with db.begin() as s:
            guest = open_guest(s, "g")
            say(s, guest, ReplyKind.ANSWER, "answered")
            handovers.request(s, conversation=guest, reason="", now=NOW)
        assert self.asked(db, NOW + HOUR) == 0


class TestMarks:
    def test_the_last_word_counts(self, session: Session, conversation: Conversation) -> None:
        answer = say(session, conversation, ReplyKind.ANSWER, "answered")
        for helpful in (True, True, False):
            marks.mark(session, conversation_id=conversation.id, turn_id=answer.id, helpful=helpful, now=NOW)
        assert session.scalar(select(func.count()).select_from(AnswerMark)) == 1
        assert session.scalars(select(AnswerMark.helpful)).all() == [False]

    def test_only_an_answer_of_the_own_conversation_is_marked(
        self, session: Session, conversation: Conversation
    ) -> None:
        greeting = say(session, conversation, ReplyKind.TEXT, "smalltalk")
        foreign = say(session, open_guest(session, "other"), ReplyKind.ANSWER, "answered")
        for turn_id in (greeting.id, foreign.id, "nix"):
            with pytest.raises(WenjinError, match="没有找到这条答案"):
                marks.mark(session, conversation_id=conversation.id, turn_id=turn_id, helpful=True, now=NOW)
        assert session.scalar(select(func.count()).select_from(FollowUp)) == 0
