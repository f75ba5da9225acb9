"""A plain WebSocket for apps, /api/chat/ws: JSON frames both ways, each turn by its place."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from actions.service import handovers
from bot import presence
from bot.channels.sessions import Opened, customer_speaker, may_come_from, named
from bot.follow import conversation_id_of, follow
from bot.runtime import Runtime
from bot.turns import Speaker, conversation_of
from knowledge.errors import WenjinError, bad_input, unauthenticated

log = logging.getLogger(__name__)
router = APIRouter()
LARGEST = 100_000  # characters of a frame
OPEN_SECONDS = 20.0  # for the first frame
UNKNOWN_SESSION, BAD_FRAME = 4401, 4400


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Open(_Frame):
    """The first frame: an earlier session, the host's token, or neither; what comes after `after` is sent."""

    type: Literal["open"]
    session: str = Field("", max_length=1000)
    token: str = Field("", max_length=8192)
    after: int = Field(0, ge=0, lt=2**31)


class Say(_Frame):
    """A message; `key` makes sending it again harmless."""

    type: Literal["say"]
    key: str = Field(min_length=8, max_length=100)
    text: Any = None


class Typing(_Frame):
    """The customer is typing."""

    type: Literal["typing"]


class Read(_Frame):
    """How far the customer has read."""

    type: Literal["read"]
    seq: int = Field(ge=1, lt=2**31)


_FRAMES: TypeAdapter[Open | Say | Typing | Read] = TypeAdapter(
    Annotated[Open | Say | Typing | Read, Field(discriminator="type")]
)


@router.websocket("/api/chat/ws")
async def talk(socket: WebSocket) -> None:
    """Hold one conversation until the client goes or the server stops."""
    runtime: Runtime = socket.app.state.wenjin
    origin = socket.headers.get("origin")
    host = socket.headers.get("host", "")
    if origin is not None and not may_come_from(origin, host, runtime.settings.widget_sites):
        await socket.close()  # before it was accepted: HTTP 403
        return
    await socket.accept()
    with suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: sent to a client that has just gone
        await _Talk(socket, runtime).run()


class _Talk:
    def __init__(self, socket: WebSocket, runtime: Runtime) -> None:
        self._socket, self._runtime = socket, runtime
        self._speaker = Speaker("web", "", "")
        self._conversation_id = ""

    async def run(self) -> None:
        try:
            opened, after = await self._open()
        except WenjinError as error:
            await self._fail(error)
            await self._socket.close(UNKNOWN_SESSION)
            return
        except TimeoutError:
            await self._socket.close(BAD_FRAME)
            return
        self._speaker = opened.speaker
        self._conversation_id = await run_in_threadpool(conversation_id_of, self._runtime, self._speaker)
        await self._send("opened", session=opened.signed, conversation_id=self._conversation_id)
        telling = asyncio.create_task(self._tell(after))
        try:
            while True:
                await self._hear()
        finally:
            telling.cancel()

    async def _open(self) -> tuple[Opened, int]:
        frame = await asyncio.wait_for(self._frame(), OPEN_SECONDS)
        if not isinstance(frame, Open):
            raise bad_input("open_first", "请先发送 open，再发送其他内容。")
        runtime = self._runtime
        if frame.token:
            return await named(runtime, frame.token, runtime.guests.read(frame.session)), frame.after
        customer_id = runtime.guests.read_any(frame.session, runtime.now())
        if customer_id is not None:
            return Opened(customer_speaker(customer_id), frame.session), frame.after
        if frame.session:
            raise unauthenticated("unknown_session", "会话已失效，请重新开始。")
        guest = runtime.guests.new()
        return Opened(customer_speaker(guest), runtime.guests.sign(guest)), 0

    async def _tell(self, after: int) -> None:
        """Send what happens in the conversation, in order."""
        code = 1012
        try:
            stopping: asyncio.Event = self._socket.app.state.stopping
            async for news in follow(self._runtime, self._conversation_id, after, stopping):
                for message in news.messages:
                    await self._send("message", message=message)
                if news.standing:
                    await self._send("standing", standing=news.standing)
                elif not news.messages:
                    await self._send("ping")
        except (WebSocketDisconnect, RuntimeError):
            return
        except Exception:
            log.exception("a window could not be told")
            code = 1011
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code)

    async def _hear(self) -> None:
        try:
            frame = await self._frame()
            await self._do(frame)
        except WenjinError as error:
            await self._fail(error)

    async def _do(self, frame: Open | Say | Typing | Read) -> None:
        hub = self._runtime.hub
        if isinstance(frame, Say):
            await self._say(frame)
        elif isinstance(frame, Typing):
            await presence.types(hub, self._conversation_id, presence.CUSTOMER)
        elif isinstance(frame, Read):
            if await run_in_threadpool(self._read, frame.seq):
                await run_in_threadpool(hub.publish, self._conversation_id)
        else:
            raise bad_input("open_once", "会话已经打开，不用再发送 open。")

    async def _say(self, frame: Say) -> None:
        """Take a message; the acknowledgement says that it is stored, its replies come in their order."""
        try:
            done = await self._runtime.turns.handle(self._speaker, frame.text, key=frame.key)
        except WenjinError as error:
            await self._fail(error, key=frame.key)
        else:
            await self._send("ack", key=frame.key, seq=done[0].seq)

    def _read(self, seq: int) -> bool:
        with self._runtime.db.begin() as s:
            conversation = conversation_of(s, self._speaker, self._runtime.now())
            return bool(handovers.read_by_customer(s, conversation_id=conversation.id, seq=seq))

    async def _frame(self) -> Open | Say | Typing | Read:
        """Return the next frame; raise 422 `bad_frame` for one that is none."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text") or ""
        try:
            if len(text) > LARGEST:
                raise ValueError("too long")
            return _FRAMES.validate_python(json.loads(text))
        except (ValueError, ValidationError, RecursionError) as error:
            raise bad_input("bad_frame", "这一帧读不出来，请按协议发送 JSON 文本。") from error

    async def _send(self, kind: str, **content: Any) -> None:
        await self._socket.send_text(json.dumps({"type": kind, **content}, ensure_ascii=False))

    async def _fail(self, error: WenjinError, **more: Any) -> None:
        await self._send("error", code=error.code, message=error.message, **more)
