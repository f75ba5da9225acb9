"""Hand-over: asked for once, taken by one person, given back to the bot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.service import conversations, handovers
from actions.service.handovers import Standing
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


def turns(s: Session, conversation: Conversation) -> list[tuple[str, str]]:
    return [(str(turn.actor), turn.text) for turn in conversations.history(s, conversation.id)]


def test_urgent_queues_come_first_and_who_was_put_back_before_the_others(session: Session) -> None:
    asked = {}
    for minutes, queue in enumerate(("general", "general", "fraud", "crisis", "conduct")):
        guest = open_guest(session, f"guest-{minutes}")
        at = NOW + timedelta(minutes=minutes)
        asked[minutes] = handovers.request(session, conversation=guest, reason="", queue=queue, now=at)
    asked[4].returned = 1
    session.flush()
    ordered = [asked[n].id for n in (3, 2, 4, 0, 1)]
    assert [one.id for one in handovers.open_handovers(session)] == ordered
    assert [handovers.position(session, asked[n]) for n in (3, 2, 4, 0, 1)] == [1, 2, 3, 4, 5]


def test_something_urgent_raises_a_request_and_nothing_lowers_it(
    session: Session, conversation: Conversation, asked: Handover
) -> None:
    for queue, reason in (
        ("fraud", "账户安全"),
        ("crisis", "人身危险"),
        ("fraud", "账户"),
        ("general", "还在吗"),
    ):
        handovers.request(session, conversation=conversation, reason=reason, queue=queue, now=NOW)
    assert (asked.queue, asked.reason) == ("crisis", "人身危险")
    raised = audit.entries(session, object_type="handover", object_id=asked.id)
    assert [row.action for row in raised] == ["handover.request", "handover.raise", "handover.raise"]


def test_the_place_in_the_queue_moves_up(session: Session, asked: Handover, li: User) -> None:
    guest = open_guest(session, "guest-2")
    second = handovers.request(session, conversation=guest, reason="", now=NOW + timedelta(minutes=1))
    assert (handovers.position(session, asked), handovers.position(session, second)) == (1, 2)
    assert handovers.standing(session, guest, NOW) == Standing("waiting_human", second.id, 2)
    evening = handovers.standing(session, guest, NOW + timedelta(hours=3))
    assert (evening.position, evening.opens) == (2, "明天 9:00")
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    assert (handovers.position(session, asked), handovers.position(session, second)) == (0, 1)


def test_the_standing_names_who_talks_and_what_was_read(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    conversations.receive(session, conversation=conversation, text="在吗", key=None, now=NOW)
    read = [handovers.read_by_handler(session, handover_id=asked.id, user=li, seq=seq) for seq in (99, 2, 1)]
    assert read == [True, False, False]
    assert handovers.standing(session, conversation, NOW) == Standing(
        "human", asked.id, handler="li", read_seq=2
    )
    handovers.end(session, handover_id=asked.id, user=li, now=NOW)
    assert handovers.standing(session, conversation, NOW) == Standing("bot")


def test_reading_is_noted_for_those_who_talk_only(
    session: Session, conversation: Conversation, asked: Handover, li: User, wang: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    assert handovers.read_by_handler(session, handover_id=asked.id, user=wang, seq=1) is False
    read = [
        handovers.read_by_customer(session, conversation_id=conversation.id, seq=seq) for seq in (1, 99, 1)
    ]
    assert read == [True, False, False]
    assert (asked.handler_read_seq, asked.customer_read_seq) == (0, 1)
    handovers.end(session, handover_id=asked.id, user=li, now=NOW)
    assert handovers.read_by_customer(session, conversation_id=conversation.id, seq=2) is False


def test_unread_counts_the_conversations_in_which_a_customer_waits(
    session: Session, conversation: Conversation, asked: Handover, li: User, wang: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    said, _ = conversations.receive(session, conversation=conversation, text="在吗", key=None, now=NOW)
    assert (handovers.unread(session, li), handovers.unread(session, wang)) == (1, 0)
    handovers.read_by_handler(session, handover_id=asked.id, user=li, seq=said.seq)
    assert handovers.unread(session, li) == 0


def test_the_same_key_says_it_once(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    for _ in range(2):
        handovers.say(session, handover_id=asked.id, user=li, text="您好", key="k-1", now=NOW)
    assert [actor for actor, _ in turns(session, conversation)].count("handler") == 1


def test_a_customer_stops_waiting_but_sends_nobody_away(
    session: Session, conversation: Conversation, asked: Handover, li: User
) -> None:
    assert handovers.cancel(session, conversation=conversation, now=NOW) is asked
    assert (asked.state, conversation.mode) == ("ended", "bot")
    assert handovers.cancel(session, conversation=conversation, now=NOW) is None
    assert turns(session, conversation) == [("system", "已取消等候，接下来由问津继续为您服务。")]
    again = handovers.request(session, conversation=conversation, reason="", now=NOW)
    handovers.take(session, handover_id=again.id, user=li, now=NOW)
    with pytest.raises(WenjinError) as told:
        handovers.cancel(session, conversation=conversation, now=NOW)
    assert refused(told) == ("handover_taken", 409)


class TestTransfer:
    @pytest.fixture
    def taken(self, session: Session, asked: Handover, li: User) -> Handover:
        return handovers.take(session, handover_id=asked.id, user=li, now=NOW)

    def test_to_a_colleague_who_then_talks(
        self, session: Session, conversation: Conversation, taken: Handover, li: User, wang: User
    ) -> None:
        handovers.transfer(session, handover_id=taken.id, user=li, to=wang, now=NOW)
        assert (taken.taken_by, conversation.handler_id, conversation.mode) == (wang.id, wang.id, "human")
        assert turns(session, conversation)[-1] == (
            "system", "已为您转给客服wang，之前的对话对方都能看到，您不用重复。",
        )  # fmt: skip
        with pytest.raises(WenjinError) as told:
            handovers.say(session, handover_id=taken.id, user=li, text="还有一句", now=NOW)
        assert refused(told) == ("handover_taken", 409)
        handovers.say(session, handover_id=taken.id, user=wang, text="您好", now=NOW)

    def test_into_a_queue_where_the_bot_answers_meanwhile(
        self, session: Session, conversation: Conversation, taken: Handover, li: User, wang: User
    ) -> None:
        handovers.transfer(session, handover_id=taken.id, user=li, queue="fraud", now=NOW)
        assert (taken.state, taken.queue, conversation.mode) == ("requested", "fraud", "waiting_human")
        assert turns(session, conversation)[-1][1] == (
            "已为您转到“欺诈与资金安全”的同事，请等候接入，您排在第 1 位，等候时您可以继续提问。"
        )
        assert handovers.take(session, handover_id=taken.id, user=wang, now=NOW).taken_by == wang.id

    def test_only_to_somebody_who_can_and_by_who_has_it(
        self, session: Session, taken: Handover, li: User, wang: User, add_user: AddUser
    ) -> None:
        staff = add_user("staff", "staff")
        for to, queue, code in (
            (li, "", "unknown_colleague"), (staff, "", "unknown_colleague"), (None, "nowhere", "unknown_queue"),
        ):  # fmt: skip
            with pytest.raises(WenjinError) as told:
                handovers.transfer(session, handover_id=taken.id, user=li, to=to, queue=queue, now=NOW)
            assert refused(told) == (code, 422)
        with pytest.raises(WenjinError) as told:
            handovers.transfer(session, handover_id=taken.id, user=wang, queue="general", now=NOW)
        assert refused(told) == ("handover_taken", 409)

    def test_what_waits_cannot_be_passed_on(self, session: Session, asked: Handover, li: User) -> None:
        with pytest.raises(WenjinError) as told:
            handovers.transfer(session, handover_id=asked.id, user=li, queue="fraud", now=NOW)
        assert refused(told) == ("handover_not_taken", 409)


def test_being_at_the_desk_is_noted_for_all_ones_own_conversations(
    session: Session, asked: Handover, li: User, wang: User
) -> None:
    handovers.take(session, handover_id=asked.id, user=li, now=NOW)
    for user, seconds, seen in ((li, 5, 0), (wang, 60, 0), (li, 60, 60)):
        handovers.here(session, user, NOW + timedelta(seconds=seconds))
        session.refresh(asked)
        assert asked.handler_seen_at == NOW + timedelta(seconds=seen), (user.name, seconds)


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
