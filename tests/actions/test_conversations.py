"""Conversations and turns: stored once, in order, masked; replies never empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from actions.service import conversations
from actions.service.messages import MAX_CHARACTERS, check_field, check_message
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.base import new_id
from actions.store.engine import Database
from actions.store.tables.service import Actor, Conversation, Turn
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest


def receive(s: Session, conversation: Conversation, text: str, key: str | None = None) -> Turn:
    return conversations.receive(s, conversation=conversation, text=text, key=key, now=NOW)[0]


def reply(s: Session, conversation: Conversation, text: str, to: Turn | None = None) -> Turn:
    made = Reply(ReplyKind.ANSWER, text, {"outcome": "answered"}, (Button("转人工", "转人工"),))
    return conversations.add_reply(
        s,
        conversation=conversation,
        reply=made,
        reply_to=to.id if to else None,
        actor="bot",
        outcome="answered",
        latency_ms=12.5,
        now=NOW,
    )


@pytest.mark.parametrize(
    "text", ["", "  \n\t ", None, 7, "\x00\x07", "\u200b\u200d", "\u202e", "\ud800", "　", "\u00ad"]
)
def test_an_empty_message_is_refused(text: object) -> None:
    with pytest.raises(WenjinError) as told:
        check_message(text)
    assert (told.value.code, told.value.status) == ("empty_message", 422)


def test_a_long_message_is_refused_with_its_length() -> None:
    assert check_message("长" * MAX_CHARACTERS)
    with pytest.raises(WenjinError) as told:
        check_message("长" * 10_240)
    assert told.value.code == "message_too_long"
    assert told.value.message == "消息太长（10,240 字），请分几次发送，每次不超过 2,000 字。"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" 您好 ", "您好"),
        ("a\x00b\x1b[31mc\x7f", "ab[31mc"),
        ("一\r\n二\r三\n四\t五", "一\n二\n三\n四 五"),
        ("admin\u202etxt.exe", "admintxt.exe"),
        (
            "👨‍👩‍👧 <script>alert(1)</script>'; DROP TABLE users;--",
            "👨‍👩‍👧 <script>alert(1)</script>'; DROP TABLE users;--",
        ),
        ("好\udfff的", "好的"),
    ],
)
def test_a_message_is_cleaned_and_otherwise_kept(text: str, cleaned: str) -> None:
    assert check_message(text) == cleaned


@given(st.text(st.characters(), max_size=100))
def test_what_is_accepted_can_be_stored(text: str) -> None:
    try:
        cleaned = check_message(text)
    except WenjinError:
        return
    assert cleaned.encode()
    assert "\x00" not in cleaned
    assert check_message(cleaned) == cleaned


def test_a_field_says_its_name() -> None:
    with pytest.raises(WenjinError, match="请填写投诉事项"):
        check_field(" ", name="投诉事项", required=True)
    with pytest.raises(WenjinError, match=r"诉求太长（1,001 字），请缩短到 1,000 字以内"):
        check_field("x" * 1_001, name="诉求", limit=1_000)
    assert check_field(None, name="诉求") == ""


def test_a_conversation_is_opened_once(session: Session) -> None:
    first = open_guest(session, "guest-1")
    assert open_guest(session, "guest-1").id == first.id
    assert open_guest(session, "guest-2").id != first.id
    assert (first.mode, first.audience) == ("bot", "customer")


def test_staff_and_customer_never_share_a_conversation(session: Session) -> None:
    guest = open_guest(session, "one")
    staff = conversations.open_conversation(
        session, channel="web", external_id="one", customer_id="one", audience="staff", now=NOW
    )
    assert staff.id != guest.id


@pytest.mark.parametrize(
    ("channel", "external_id", "code"),
    [("fax", "x", "unknown_channel"), ("web", "", "bad_session"), ("web", "x" * 256, "bad_session"),
     ("rest", "a\x00b", "bad_session"), ("rest", "\ud800", "bad_session")],
)  # fmt: skip
def test_a_session_that_cannot_be_is_refused(
    session: Session, channel: str, external_id: str, code: str
) -> None:
    with pytest.raises(WenjinError) as told:
        conversations.open_conversation(
            session, channel=channel, external_id=external_id, customer_id="x", audience="customer", now=NOW
        )
    assert told.value.code == code


def test_an_unknown_conversation_is_not_found(session: Session) -> None:
    with pytest.raises(WenjinError) as told:
        conversations.get(session, "none")
    assert (told.value.code, told.value.status) == ("conversation_not_found", 404)


def test_a_message_is_stored_masked(session: Session, conversation: Conversation) -> None:
    turn = receive(session, conversation, "我的电话 13812345678\x00，卡号 6222021234567890")
    assert turn.text == "我的电话 138****5678，卡号 ************7890"
    assert (turn.seq, turn.actor, turn.kind) == (1, "customer", "text")


def test_the_same_key_is_the_same_turn(session: Session, conversation: Conversation) -> None:
    first, new = conversations.receive(session, conversation=conversation, text="您好", key="k", now=NOW)
    again, repeated = conversations.receive(session, conversation=conversation, text="您好", key="k", now=NOW)
    assert (new, repeated) == (True, False)
    assert again.id == first.id
    other = open_guest(session, "guest-2")
    assert receive(session, other, "您好", "k").id != first.id
    assert receive(session, conversation, "您好").seq == 2
    assert receive(session, conversation, "您好").seq == 3


@pytest.mark.parametrize("key", ["", "x" * 129, "a\x00"])
def test_a_key_that_cannot_be_is_refused(session: Session, conversation: Conversation, key: str) -> None:
    with pytest.raises(WenjinError) as told:
        receive(session, conversation, "您好", key)
    assert told.value.code == "bad_key"


def test_replies_are_found_by_what_they_answer(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")
        asked = receive(s, conversation, "投诉多久处理完")
        made = [reply(s, conversation, text, asked).id for text in ("一", "二")]
        reply(s, conversation, "不问自来")
    with db.begin() as s:
        found = conversations.replies_to(s, s.get_one(Turn, asked.id))
        assert [turn.id for turn in found] == made
        assert found[0].buttons == [{"title": "转人工", "payload": "转人工"}]
        assert (found[0].data, found[0].outcome, found[0].latency_ms) == (
            {"outcome": "answered"},
            "answered",
            12.5,
        )


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_an_empty_reply_becomes_an_apology_with_a_person(
    session: Session, conversation: Conversation, text: str
) -> None:
    turn = reply(session, conversation, text)
    assert (turn.kind, turn.outcome) == ("error", "error")
    assert "抱歉" in turn.text
    assert turn.buttons == [{"title": "转人工", "payload": "转人工"}]


def test_the_history_is_in_order_and_can_be_continued(session: Session, conversation: Conversation) -> None:
    for number in range(10):
        receive(session, conversation, f"第{number}句")
    other = open_guest(session, "guest-2")
    receive(session, other, "别人的")

    def numbers(after: int = 0, limit: int = 200) -> list[int]:
        return [turn.seq for turn in conversations.history(session, conversation.id, after, limit)]

    assert numbers() == list(range(1, 11))
    assert numbers(7) == [8, 9, 10]
    assert numbers(2, 3) == [3, 4, 5]
    assert numbers(0, 3) == [8, 9, 10]
    assert numbers(10) == []


def test_the_last_turn_dates_the_conversation(session: Session, conversation: Conversation) -> None:
    later = NOW + timedelta(hours=3)
    conversations.receive(session, conversation=conversation, text="您好", key=None, now=later)
    assert conversations.get(session, conversation.id).last_at == later


def test_the_same_message_sent_twice_at_once_is_one_turn(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")

    def send(_: int) -> tuple[str, bool]:
        with db.begin() as s:
            turn, new = conversations.receive(s, conversation=conversation, text="您好", key="k", now=NOW)
            return turn.id, new

    sent = at_once(4, send)
    assert len({turn for turn, _ in sent}) == 1
    assert sorted(new for _, new in sent) == [False, False, False, True]


def test_turns_at_once_are_numbered_without_gap(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")

    def send(number: int) -> None:
        for part in range(5):
            with db.begin() as s:
                asked = receive(s, conversation, "您好", f"{number}-{part}")
                reply(s, conversation, "您好", asked)

    at_once(4, send)
    with db.begin() as s:
        assert [turn.seq for turn in conversations.history(s, conversation.id)] == list(range(1, 41))


def test_a_conversation_opened_twice_at_once_is_one(db: Database) -> None:
    def run(_: int) -> str:
        with db.begin() as s:
            return open_guest(s, "guest-1").id

    assert len(set(at_once(4, run))) == 1
    with db.begin() as s:
        assert s.scalar(select(func.count()).select_from(Conversation)) == 1


def test_in_a_conversation_of_2000_turns_only_what_is_wanted_is_read(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "g")
        others = [open_guest(s, f"other-{number}") for number in range(3)]
        for one, count in ((conversation, 2000), *((other, 50) for other in others)):
            s.execute(
                insert(Turn),
                [
                    {
                        "id": new_id(), "conversation_id": one.id, "seq": seq, "kind": "text", "text": f"第{seq}句",
                        "actor": Actor.CUSTOMER if seq % 2 else Actor.BOT, "data": {}, "buttons": [],
                        "created_at": NOW,
                    }
                    for seq in range(1, count + 1)
                ],
            )  # fmt: skip
    with db.begin() as s, statements(db) as seen:
        assert [turn.seq for turn in conversations.history(s, conversation.id)] == [*range(1801, 2001)]
        assert [turn.seq for turn in conversations.history(s, conversation.id, 1990)] == [*range(1991, 2001)]
        assert conversations.last_seq(s, conversation.id) == 2000
        last = conversations.turn_at(s, conversation.id, 1999)
        assert last is not None
        earlier = conversations.before(s, last)
        assert earlier is not None and earlier.seq == 1998
        assert receive(s, conversation, "还在吗").seq == 2001
    reads = [(text, values) for text, values in seen if text.startswith("SELECT") and "FROM turns" in text]
    assert len(reads) >= 6
    if db.dialect == "sqlite":  # PostgreSQL chooses by what it has counted so far
        with db.engine.connect() as connection:
            for text, values in reads:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
                assert all("USING" in row[3] and "INDEX" in row[3] for row in plan), plan


@contextmanager
def statements(db: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is sent to the database, with its values."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, text: str, values: Any, *_: object) -> None:
        seen.append((text, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
