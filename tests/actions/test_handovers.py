"""Hand-over: asked for once, taken by one person, given back to the bot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.service import conversations, handovers
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation, Handover
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest

AddUser = Callable[..., User]


@pytest.fixture
def asked(session: Session, conversation: Conversation) -> Handover:
    return handovers.request(session, conversation=conversation, reason="客户要求", now=NOW)


@pytest.fixture
def li(add_user: AddUser) -> User:
    return add_user("li")


@pytest.fixture
def wang(add_user: AddUser) -> User:
    return add_user("wang")


def refused(told: pytest.ExceptionInfo[WenjinError]) -> tuple[str, int]:
    return told.value.code, told.value.status


def test_asking_twice_is_asking_once(session: Session, conversation: Conversation, asked: Handover) -> None:
    again = handovers.request(session, conversation=conversation, reason="再问一次", now=NOW)
    assert again.id == asked.id
    assert conversation.mode == "waiting_human"
    assert [one.id for one in handovers.open_handovers(session)] == [asked.id]


def test_taking_silences_the_bot_and_tells_the_customer(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    taken = handovers.take(session, handover_id=asked.id, user=li, now=NOW + timedelta(minutes=2))
    assert (taken.state, taken.taken_by, conversation.mode, conversation.handler_id) == (
        "taken",
        li.id,
        "human",
        li.id,
    )
    told = conversations.history(session, conversation.id)[-1]
    assert (told.actor, told.kind) == ("system", "handover")
    assert told.data == {"handover_id": asked.id, "state": "taken"}
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    assert len(conversations.history(session, conversation.id)) == 1


def test_what_a_person_says_reaches_the_conversation(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    handovers.say(session, handover_id=asked.id, user=li, text=" 您好，我来处理 ", now=NOW)
    said = conversations.history(session, conversation.id)[-1]
    assert (said.actor, said.kind, said.text) == ("handler", "text", "您好，我来处理")


@pytest.mark.parametrize(("text", "code"), [("", "empty_message"), ("x" * 2_001, "message_too_long")])
def test_a_person_is_held_to_the_same_limits(
    session: Session, asked: Handover, li: User, text: str, code: str
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    with pytest.raises(WenjinError) as told:
        handovers.say(session, handover_id=asked.id, user=li, text=text, now=NOW)
    assert refused(told) == (code, 422)


def test_ending_gives_the_conversation_back_and_asks_for_a_rating(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    for _ in range(2):
        handovers.end(session, handover_id=asked.id, user=li, now=NOW)
    assert (conversation.mode, conversation.handler_id) == ("bot", None)
    assert [turn.kind for turn in conversations.history(session, conversation.id)] == [
        "handover",
        "handover",
        "rating",
    ]
    assert handovers.open_handovers(session) == []
    with pytest.raises(WenjinError) as told:
        handovers.say(session, handover_id=asked.id, user=li, text="还有一句", now=NOW)
    assert refused(told) == ("handover_ended", 409)
    again = handovers.request(session, conversation=conversation, reason="", now=NOW)
    assert again.id != asked.id


def test_one_that_nobody_took_ends_without_a_rating(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    handovers.end(session, handover_id=asked.id, user=li, now=NOW)
    assert [turn.kind for turn in conversations.history(session, conversation.id)] == ["handover"]


def test_a_colleague_is_kept_out_and_an_administrator_may_end(
    session: Session, asked: Handover, li: User, wang: User, add_user: AddUser
) -> None:
    with pytest.raises(WenjinError) as told:
        handovers.say(session, handover_id=asked.id, user=li, text="您好", now=NOW)
    assert refused(told) == ("handover_not_taken", 409)
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    for step in (handovers.take, handovers.end):
        with pytest.raises(WenjinError) as told:
            step(session, handover_id=asked.id, user=wang, now=NOW)
        assert refused(told) == ("handover_taken", 409)
    with pytest.raises(WenjinError) as told:
        handovers.say(session, handover_id=asked.id, user=wang, text="您好", now=NOW)
    assert refused(told) == ("handover_taken", 409)
    assert (
        handovers.end(session, handover_id=asked.id, user=add_user("root", "admin"), now=NOW).state == "ended"
    )


def test_it_takes_a_handler_and_something_to_handle(
    session: Session, asked: Handover, li: User, add_user: AddUser
) -> None:
    staff = add_user("staff", "staff")
    with pytest.raises(WenjinError) as told:
        handovers.take(session, handover_id=asked.id, user=staff, now=NOW)
    assert refused(told) == ("role_needed", 403)
    with pytest.raises(WenjinError) as told:
        handovers.take(session, handover_id="none", user=li, now=NOW)
    assert refused(told) == ("handover_not_found", 404)


def test_the_longest_waiting_comes_first(session: Session) -> None:
    for minutes in (5, 1, 3):
        guest = open_guest(session, f"guest-{minutes}")
        handovers.request(
            session, conversation=guest, reason=str(minutes), now=NOW + timedelta(minutes=minutes)
        )
    assert [one.reason for one in handovers.open_handovers(session)] == ["1", "3", "5"]


def test_who_did_what_is_recorded(session: Session, asked: Handover, li: User) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    handovers.end(session, handover_id=asked.id, user=li, now=NOW)
    rows = audit.entries(session, object_type="handover", object_id=asked.id)
    assert [(row.action, row.actor) for row in rows] == [
        ("handover.request", "guest-1"), ("handover.take", li.id), ("handover.end", li.id),
    ]  # fmt: skip


def test_two_who_take_at_once_get_one(db: Database) -> None:
    from actions.service import accounts

    with db.begin() as s:
        people = [
            accounts.add_user(s, name=n, password=None, roles=["handler"], now=NOW)[0] for n in ("li", "wang")
        ]
        asked = handovers.request(s, conversation=open_guest(s, "guest-1"), reason="", now=NOW)

    def take(number: int) -> str:
        try:
            with db.begin() as s:
                return str(handovers.take(s, handover_id=asked.id, user=people[number], now=NOW).state)
        except WenjinError as error:
            return error.code

    assert sorted(at_once(2, take)) == ["handover_taken", "taken"]


def test_two_requests_at_once_are_one(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")

    def request(_: int) -> str:
        with db.begin() as s:
            return handovers.request(s, conversation=conversation, reason="", now=NOW).id

    assert len(set(at_once(4, request))) == 1
