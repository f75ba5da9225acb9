"""A handler who goes away while a customer waits, and a queue that nobody takes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from actions.service import absence, conversations, handovers
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation, Handover
from tests.actions.conftest import NOW, open_guest

AddUser = Callable[..., User]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MORNING = NOW - timedelta(hours=8)  # 9:30 of the same Monday in China
NIGHT = NOW + timedelta(hours=3)


@pytest.fixture
def li(add_user: AddUser) -> User:
    return add_user("li")


def said(s: Session, conversation: Conversation, text: str, at: datetime) -> None:
    conversations.receive(s, conversation=conversation, text=text, key=None, now=at)


def asked(s: Session, conversation: Conversation, at: datetime = MORNING) -> Handover:
    said(s, conversation, "转人工", at)
    return handovers.request(s, conversation=conversation, reason="客户要求人工", now=at)


def taken(s: Session, conversation: Conversation, user: User, at: datetime = MORNING) -> Handover:
    return handovers.take(s, handover_id=asked(s, conversation, at).id, user=user, now=at)


def told(s: Session, conversation: Conversation) -> list[str]:
    """Return the states that the customer was told of, in order."""
    history = conversations.history(s, conversation.id)
    return [turn.data["state"] for turn in history if turn.kind == "handover"]


def last_text(s: Session, conversation: Conversation) -> str:
    return conversations.history(s, conversation.id)[-1].text


class TestAway:
    def test_a_customer_who_waits_is_told_and_put_first(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        held = taken(session, conversation, li)
        earlier = asked(session, open_guest(session, "guest-2"), MORNING - MINUTE)
        absence.watch(session, MORNING + 90 * SECOND)
        assert held.state == "taken"
        absence.watch(session, MORNING + 91 * SECOND)
        assert (held.state, held.returned, conversation.mode, conversation.handler_id) == (
            "requested", 1, "waiting_human", None,
        )  # fmt: skip
        assert told(session, conversation) == ["taken", "returned"]
        assert [one.id for one in handovers.open_handovers(session)] == [held.id, earlier.id]
        assert "其他同事接入后会在这里回复您" in last_text(session, conversation)
        recorded = audit.entries(session, object_type="handover", object_id=held.id)[-1]
        assert (recorded.action, recorded.data["handler"]) == ("handover.return", li.id)

    def test_it_is_told_once_and_the_same_handler_may_come_back(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        held = taken(session, conversation, li)
        for minutes in (2, 3, 4):
            absence.watch(session, MORNING + minutes * MINUTE)
        assert told(session, conversation) == ["taken", "returned"]
        handovers.take(session, handover_id=held.id, user=li, now=MORNING + 4 * MINUTE)
        assert last_text(session, conversation) == "客服li回来了，您可以直接说明情况。"
        absence.watch(session, MORNING + 5 * MINUTE)
        assert (held.state, held.returned) == ("taken", 1)

    def test_who_is_at_the_desk_or_has_answered_keeps_the_conversation(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        held = taken(session, conversation, li)
        handovers.here(session, li, MORNING + 2 * MINUTE)
        absence.watch(session, MORNING + 3 * MINUTE)
        assert held.state == "taken"
        handovers.say(session, handover_id=held.id, user=li, text="已经退回。", now=MORNING + 3 * MINUTE)
        absence.watch(session, MORNING + 60 * MINUTE)
        assert held.state == "taken"  # the customer has the last word to read, and waits for nothing
        said(session, conversation, "还没有到账", MORNING + 61 * MINUTE)
        absence.watch(session, MORNING + 62 * MINUTE)
        assert (held.state, held.returned) == ("requested", 1)

    def test_at_night_nobody_is_promised(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        taken(session, conversation, li, NIGHT)
        absence.watch(session, NIGHT + 2 * MINUTE)
        assert "明天 9:00 起有同事在线" in last_text(session, conversation)
        assert "其他同事接入" not in last_text(session, conversation)


class TestLate:
    def test_after_five_minutes_it_is_said_once(self, session: Session, conversation: Conversation) -> None:
        asked(session, conversation)
        for minutes, states in ((4, []), (5, ["late"]), (6, ["late"]), (60, ["late"])):
            absence.watch(session, MORNING + minutes * MINUTE)
            assert told(session, conversation) == states, minutes
        turn = conversations.history(session, conversation.id)[-1]
        assert "您现在排在第 1 位" in turn.text
        assert [button["title"] for button in turn.buttons] == ["登记投诉", "留言"]

    def test_the_night_does_not_count(self, session: Session, conversation: Conversation) -> None:
        asked(session, conversation, NIGHT)
        opens = MORNING.replace(hour=1, minute=0) + timedelta(days=1)
        for at, states in (
            (NIGHT + 60 * MINUTE, []), (opens + 4 * MINUTE, []), (opens + 5 * MINUTE, ["late"]),
        ):  # fmt: skip
            absence.watch(session, at)
            assert told(session, conversation) == states, at

    def test_who_was_put_back_gets_five_minutes_more(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        taken(session, conversation, li)
        handovers.here(session, li, MORNING + 4 * MINUTE)
        for minutes, states in ((6, ["returned"]), (8, ["returned"]), (9, ["returned", "late"])):
            absence.watch(session, MORNING + minutes * MINUTE)
            assert told(session, conversation) == ["taken", *states], minutes

    def test_a_second_request_may_be_late_too(
        self, session: Session, conversation: Conversation, li: User
    ) -> None:
        first = asked(session, conversation)
        absence.watch(session, MORNING + 5 * MINUTE)
        handovers.end(session, handover_id=first.id, user=li, now=MORNING + 6 * MINUTE)
        asked(session, conversation, MORNING + 7 * MINUTE)
        absence.watch(session, MORNING + 13 * MINUTE)
        assert told(session, conversation) == ["late", "ended", "late"]
