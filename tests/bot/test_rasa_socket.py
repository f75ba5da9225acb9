"""Rasa's Socket.IO protocol: sessions of ours only, the shapes that widgets know, what was missed comes again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.base import new_id
from actions.store.tables.service import Conversation, Turn
from bot.channels.places import Place
from bot.settings import Settings
from tests.bot.serving import Live, live
from tests.bot.test_identity import KEY, token
from tests.bot.wire import Refused, Wire
from tests.conftest import data_dir_like

SHOP = "https://www.example-shop.cn"
QUESTION = "投诉一般多久能处理完"


@pytest.fixture(scope="module")
def socketed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An installation that a shop's pages and a bank's application use."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("socketed"))
    with live(Settings(data_dir=folder, identity_key=KEY, widget_origins=SHOP)) as made:
        yield made


@pytest.fixture
def server(socketed: Live) -> Live:
    """The installation, with the services of its own."""
    return socketed.mine()


@pytest.fixture
async def client(server: Live) -> AsyncIterator[Wire]:
    """A client of its own."""
    made = Wire(server)
    yield made
    await made.close()


class TestSessions:
    async def test_a_session_is_a_bare_string_and_is_known_again(self, client: Wire, server: Live) -> None:
        session = await client.open()
        assert isinstance(session, str)
        assert server.runtime.guests.read(session)
        again = Wire(server)
        assert await again.open(session) == session
        await again.close()

    @pytest.mark.parametrize(
        "given", ["", "guessed", "ImFiYyI.AAAAAAAAAAAAAAAAAAAAAAAAAAA", 5, {"a": 1}, ["x"], "字字字"]
    )
    async def test_a_session_that_was_not_given_out_is_replaced(
        self, client: Wire, server: Live, given: object
    ) -> None:
        session = await client.open(given)
        assert session != given
        assert server.runtime.guests.read(session)

    async def test_what_a_message_says_of_its_session_does_not_count(
        self, client: Wire, server: Live
    ) -> None:
        victim = server.guest()
        victim.say(QUESTION)
        await client.open()
        await client.say("您好", session_id=victim.session["session"])
        await client.next()
        assert len(victim.history()) == 2

    async def test_a_client_that_asks_for_no_session_gets_one_with_its_first_message(
        self, client: Wire, server: Live
    ) -> None:
        await client.connect()
        await client.say(QUESTION, session_id="my-own-id")
        assert server.runtime.guests.read(str(await client.next("session_confirm")))
        assert "来源" in (await client.next())["text"]

    async def test_a_host_names_its_customer(self, client: Wire, server: Live) -> None:
        sub = new_id()
        signed = token(sub, now=server.runtime.now())
        await client.connect(auth={"token": signed})
        session = await client.open()
        await client.say(QUESTION)
        await client.next()
        customer = server.runtime.guests.read_any(session, server.runtime.now())
        assert customer == server.runtime.identities.customer_id(sub)
        page = server.client().post("/api/chat/session", json={"token": signed}).json()
        assert page["messages"][0]["text"] == QUESTION

    async def test_a_bad_token_does_not_connect(self, client: Wire) -> None:
        with pytest.raises(Refused) as caught:
            await client.connect(auth={"token": "a.b.c"})
        assert caught.value.args[0]["data"] == {"code": "bad_identity"}

    async def test_pages_of_other_sites_do_not_connect(self, server: Live) -> None:
        with pytest.raises(Refused):
            await Wire(server).connect(origin="https://evil.example")
        for origin in (SHOP, server.base):
            named = Wire(server)
            await named.connect(origin=origin)
            assert await named.open()
            await named.close()


class TestTalk:
    async def test_a_complaint_goes_through(self, client: Wire) -> None:
        await client.open()
        said = [
            "我要投诉",
            "上周三买东西扣了我两次钱，打了三次电话都没有人处理",
            "支付",
            "退还多扣的钱",
            "13812345678",
            "确认提交",
        ]
        heard = []
        for text in said:
            await client.say(text)
            heard.append(await client.next())
        assert [set(one) for one in heard] == [{"text", "quick_replies"}] * 6
        assert "138••••5678" in heard[4]["text"]
        assert "工单号" in heard[5]["text"]
        assert {button["content_type"] for one in heard for button in one["quick_replies"]} == {"text"}

    async def test_opening_with_nothing_to_say_is_no_turn(self, client: Wire, server: Live) -> None:
        session = await client.open()
        assert await client.say(None) is None
        assert turns(server, session) == []

    async def test_what_cannot_be_taken_is_said_and_not_kept(self, client: Wire, server: Live) -> None:
        session = await client.open()
        assert await client.say("字" * 3000) == {"error": "message_too_long"}
        assert "消息太长" in (await client.next())["text"]
        assert await client.say({"text": "x"}) == {"error": "empty_message"}
        assert turns(server, session) == []

    async def test_the_same_message_id_is_one_turn(self, client: Wire, server: Live) -> None:
        session = await client.open()
        acks = [await client.say(QUESTION, message_id="m-1") for _ in range(3)]
        assert acks[0] == acks[1] == acks[2]
        assert [turn.actor for turn in turns(server, session)] == ["customer", "bot"]

    async def test_messages_are_answered_in_their_order(self, client: Wire, server: Live) -> None:
        session = await client.open()
        said = [f"第 {n} 条：您好" for n in range(8)]
        for text in said[:-1]:
            await client.emit("user_uttered", {"message": text})
        await client.say(said[-1])
        assert [turn.text for turn in turns(server, session) if turn.actor == "customer"] == said

    async def test_a_persons_words_reach_every_window(self, client: Wire, server: Live) -> None:
        session = await client.open()
        other = Wire(server)
        await other.open(session)
        await client.say("转人工")
        await client.next()
        await other.next()
        person_says(server, session, "您好，我是客服小李。")
        for window in (client, other):
            texts = [(await window.next())["text"], (await window.next())["text"]]
            assert texts[1] == "您好，我是客服小李。"
        await other.close()


class TestMissed:
    async def test_what_was_said_meanwhile_comes_with_the_next_connection(
        self, client: Wire, server: Live
    ) -> None:
        session = await client.open()
        await client.say("转人工")
        await client.next()
        await client.leave()
        person_says(server, session, "刚才断了，我接着说。")
        again = Wire(server)
        await again.open(session)
        texts = [(await again.next())["text"], (await again.next())["text"]]
        assert texts[1] == "刚才断了，我接着说。"
        assert again.queue("bot_uttered").empty()
        await again.close()

    async def test_who_says_how_far_it_is_gets_the_rest(self, client: Wire, server: Live) -> None:
        session = await client.open()
        acks = []
        for _ in range(2):
            acks.append(await client.say(QUESTION))
            await client.next()
        again = Wire(server)
        await again.open(session, after=acks[1]["seq"])
        assert "来源" in (await again.next())["text"]
        assert again.queue("bot_uttered").empty()
        await again.close()


class TestPlaces:
    def test_only_what_was_sent_long_enough_ago_has_arrived(self) -> None:
        place = Place("c", 0)
        for seq, at in ((1, 10.0), (2, 20.0), (3, 30.0)):
            place.sent(seq, at)
        assert [place.arrived(5, now=26), place.arrived(5, now=26), place.arrived(0, now=31)] == [2, None, 3]


def conversation(server: Live, session: str) -> str:
    """Return the conversation of a session."""
    customer = server.runtime.guests.read_any(session, server.runtime.now())
    with server.runtime.db.reading() as s:
        return s.query(Conversation).filter_by(external_id=customer).one().id


def turns(server: Live, session: str) -> list[Turn]:
    """Return the turns of a session's conversation."""
    place = conversation(server, session)
    with server.runtime.db.reading() as s:
        return s.query(Turn).filter_by(conversation_id=place).order_by(Turn.seq).all()


def person_says(server: Live, session: str, text: str) -> None:
    """Let somebody take the conversation and say something."""
    place, name = conversation(server, session), server.add_user("handler")
    with server.runtime.db.begin() as s:
        user = find_user(s, name)
        held = handovers.open_for(s, place)
        assert user
        assert held
        handovers.take(s, handover_id=held.id, user=user, now=server.runtime.now())
        handovers.say(s, handover_id=held.id, user=user, text=text, now=server.runtime.now())
