"""Engine.IO 4 and Socket.IO 5 spoken by hand over a WebSocket, so that tests see what really goes over the wire."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from websockets import exceptions
from websockets.client import connect

from tests.bot.serving import Live

SECONDS = 40.0


class Refused(Exception):
    """The server did not let the client in; the argument is what it said."""


class Wire:
    """One connection: events that came, acknowledgements that were waited for."""

    def __init__(self, server: Live) -> None:
        self._url = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
        self._socket: Any = None
        self._reading: asyncio.Task[None] | None = None
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._events: dict[str, asyncio.Queue[Any]] = {}

    async def connect(self, *, auth: object = None, origin: str | None = None) -> None:
        """Connect; raise `Refused`."""
        headers = {"Origin": origin} if origin else {}
        try:
            self._socket = await connect(self._url, extra_headers=headers)
        except exceptions.InvalidStatusCode as error:
            raise Refused(error.status_code) from error
        assert (await self._socket.recv())[0] == "0"
        await self._socket.send("40" + (json.dumps(auth) if auth is not None else ""))
        answer = await self._socket.recv()
        if not answer.startswith("40"):
            await self._socket.close()
            raise Refused(json.loads(answer[2:]))
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(exceptions.ConnectionClosed):
            async for frame in self._socket:
                if frame == "2":
                    await self._socket.send("3")
                elif frame.startswith("42"):
                    name, *content = json.loads(frame[2:])
                    assert len(content) == 1, frame
                    self.queue(name).put_nowait(content[0])
                elif frame.startswith("43"):
                    digits = frame[2 : frame.index("[")]
                    self._acks.pop(int(digits)).set_result(json.loads(frame[2 + len(digits) :]))

    def queue(self, name: str) -> asyncio.Queue[Any]:
        """Return the events of a name that came and were not taken."""
        return self._events.setdefault(name, asyncio.Queue())

    async def next(self, name: str = "bot_uttered") -> Any:
        """Return what the next event of a name says."""
        return await asyncio.wait_for(self.queue(name).get(), SECONDS)

    async def emit(self, name: str, content: object) -> None:
        """Send an event."""
        await self._socket.send("42" + json.dumps([name, content]))

    async def call(self, name: str, content: object) -> Any:
        """Send an event and return what it is acknowledged with, None for nothing."""
        number = len(self._acks) + 1
        self._acks[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(f"42{number}" + json.dumps([name, content]))
        answer = await asyncio.wait_for(self._acks[number], SECONDS)
        return answer[0] if answer else None

    async def open(self, session: object = None, **more: Any) -> Any:
        """Ask for a session and return the one that is confirmed."""
        if self._socket is None:
            await self.connect()
        await self.emit("session_request", {"session_id": session, **more})
        return await self.next("session_confirm")

    async def say(self, text: object, **more: Any) -> Any:
        """Say something and return the acknowledgement."""
        return await self.call("user_uttered", {"message": text, **more})

    async def close(self) -> None:
        """Go, as a page that is left does."""
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await self._reading

    async def leave(self) -> None:
        """Say good-bye, as `socket.disconnect()` does, and go."""
        await self._socket.send("41")
        await self.close()
