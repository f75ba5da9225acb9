"""The plain WebSocket of apps: say, ack, message, typing, read, error; a reconnect goes on where it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets import exceptions
from websockets.client import connect

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.base import new_id
from tests.bot.serving import Live

QUESTION = "投诉一般多久能处理完"
SECONDS = 40.0
Frame = dict[str, Any]


class App:
    """An app's connection; frames that nobody has asked for yet are kept."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._kept: list[Frame] = []

    async def send(self, kind: str, **content: Any) -> None:
        """Send a frame."""
        await self._socket.send(json.dumps({"type": kind, **content}))

    async def raw(self, text: str) -> None:
        """Send what may be no frame."""
        await self._socket.send(text)

    async def next(self, *kinds: str) -> Frame:
        """Return the next frame of one of some kinds."""
        for frame in self._kept:
            if frame["type"] in kinds:
                self._kept.remove(frame)
                return frame
        return await asyncio.wait_for(self._hear(kinds), SECONDS)

    async def _hear(self, kinds: tuple[str, ...]) -> Frame:
        while True:
            frame: Frame = json.loads(await self._socket.recv())
            if frame["type"] in kinds:
                return frame
            self._kept.append(frame)

    async def open(self, **how: Any) -> Frame:
        """Open a session."""
        await self.send("open", **how)
        return await self.next("opened")

    async def say(self, text: object, key: str = "") -> Frame:
        """Say something and return the first of acknowledgement and error."""
        await self.send("say", text=text, key=key or new_id())
        return await self.next("ack", "error")

    async def closed(self) -> int:
        """Wait for the end and return its code."""
        await asyncio.wait_for(self._socket.wait_closed(), SECONDS)
        return int(self._socket.close_code)


@asynccontextmanager
async def app(server: Live, origin: str | None = None) -> AsyncIterator[App]:
    """Connect."""
    headers = {"Origin": origin} if origin else {}
    url = f"ws://127.0.0.1:{server.port}/api/chat/ws"
    async with connect(url, extra_headers=headers) as socket:
        yield App(socket)


async def test_a_message_is_acknowledged_and_answered_in_its_place(server: Live) -> None:
    async with app(server) as mine:
        opened = await mine.open()
        assert server.runtime.guests.read(opened["session"])
        await mine.send("say", text=QUESTION, key=new_id())
        asked, answered = [(await mine.next("message"))["message"] for _ in range(2)]
        assert [(m["seq"], m["actor"]) for m in (asked, answered)] == [(1, "customer"), (2, "bot")]
        assert answered["data"]["outcome"] == "answered"


async def test_a_reconnect_gets_what_came_after_and_nothing_twice(server: Live) -> None:
    async with app(server) as mine:
        session = (await mine.open())["session"]
        key = new_id()
        ack = await mine.say(QUESTION, key)
    async with app(server) as again:
        opened = await again.open(session=session, after=ack["seq"])
        assert opened["session"] == session
        assert (await again.next("message"))["message"]["seq"] == ack["seq"] + 1
        assert (await again.say(QUESTION, key))["seq"] == ack["seq"]
        await again.say("谢谢")
        assert (await again.next("message"))["message"]["seq"] == ack["seq"] + 2


async def test_a_person_is_seen_typing_and_heard(server: Live) -> None:
    async with app(server) as mine:
        conversation = (await mine.open())["conversation_id"]
        await mine.say("转人工")
        name = server.add_user("handler")
        with server.runtime.db.begin() as s:
            user, held = find_user(s, name), handovers.open_for(s, conversation)
            assert user
            assert held
            handovers.take(s, handover_id=held.id, user=user, now=server.runtime.now())
            handovers.say(
                s, handover_id=held.id, user=user, text="您好，我来处理。", now=server.runtime.now()
            )
        while (said := (await mine.next("message"))["message"])["actor"] != "handler":
            pass
        assert said["text"] == "您好，我来处理。"
        await mine.send("typing")
        await mine.send("read", seq=said["seq"])
        await mine.say("谢谢")
        with server.runtime.db.begin() as s:
            held = handovers.open_for(s, conversation)
            assert held
            assert held.customer_read_seq >= said["seq"]
            handovers.end(s, handover_id=held.id, user=user, now=server.runtime.now())


async def test_what_cannot_be_taken_is_an_error_and_the_line_stays_open(server: Live) -> None:
    async with app(server) as mine:
        await mine.open()
        key = new_id()
        assert (await mine.say("字" * 3000, key)) == {
            "type": "error",
            "code": "message_too_long",
            "message": "消息太长（3,000 字），请分几次发送，每次不超过 2,000 字。",
            "key": key,
        }
        for text in (
            "{",
            "[]",
            "null",
            '{"type": "fly"}',
            '{"type": "say"}',
            '{"type": "read", "seq": 0}',
            "[" * 5000,
        ):
            await mine.raw(text)
            assert (await mine.next("error"))["code"] == "bad_frame"
        await mine.send("open")
        assert (await mine.next("error"))["code"] == "open_once"
        assert (await mine.say("您好"))["type"] == "ack"


@pytest.mark.parametrize("session", ["guessed", "ImFiYyI.AAAAAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_session_that_was_not_given_out_is_refused(server: Live, session: str) -> None:
    async with app(server) as mine:
        await mine.send("open", session=session)
        assert (await mine.next("error"))["code"] == "unknown_session"
        assert await mine.closed() == 4401


async def test_who_does_not_open_first_is_refused(server: Live) -> None:
    async with app(server) as mine:
        await mine.send("say", text="您好", key=new_id())
        assert (await mine.next("error"))["code"] == "open_first"
        assert await mine.closed() == 4401


async def test_another_sites_page_is_not_let_in_and_our_own_is(server: Live) -> None:
    with pytest.raises(exceptions.InvalidStatusCode):
        async with app(server, "https://evil.example"):
            pass
    async with app(server, server.base) as mine:
        assert (await mine.open())["session"]
