"""Rasa's Socket.IO channel at /socket.io: rasa-webchat and clients like it, on signed sessions of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import socketio
from fastapi.concurrency import run_in_threadpool

from actions.service import conversations
from actions.store.base import new_id
from bot.channels.places import Place, certain
from bot.channels.rasa_forms import socket_form
from bot.channels.sessions import customer_speaker, may_come_from, named
from bot.follow import conversation_id_of, follow
from bot.runtime import Runtime
from knowledge.errors import WenjinError

log = logging.getLogger(__name__)
PATH = "/socket.io"
PING_SECONDS, PONG_SECONDS = 10, 20  # what was sent longer ago than both together has arrived
BLINK_SECONDS = 5.0  # what was sent just before a line broke may not have been shown yet
RETRY_SECONDS = 2.0
LARGEST = 100_000  # bytes of one message
_BROKEN = {
    "ping timeout": float(PING_SECONDS + PONG_SECONDS),
    "client disconnect": 0.0,
    "server disconnect": 0.0,
}


@dataclass
class Window:
    """One connection: its host's token, its session, what follows the conversation, what was sent."""

    token: str = ""
    session: str = ""
    customer_id: str = ""
    following: asyncio.Task[None] | None = None
    place: Place = field(default_factory=Place)


class RasaSocket:
    """The channel's events; a connection talks in the session that was confirmed to it, whatever it says."""

    def __init__(self, runtime: Runtime, stopping: asyncio.Event) -> None:
        self._runtime, self._stopping = runtime, stopping
        self._windows: dict[str, Window] = {}
        self.server = socketio.AsyncServer(
            async_mode="asgi", async_handlers=False, cors_allowed_origins=self._is_welcome,
            cors_credentials=False, ping_interval=PING_SECONDS, ping_timeout=PONG_SECONDS,
            max_http_buffer_size=LARGEST,
        )  # fmt: skip
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        self.server.on("session_request", self._session_request)
        self.server.on("user_uttered", self._user_uttered)
        self.app = socketio.ASGIApp(self.server, socketio_path=None)

    def _is_welcome(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        """Tell whether a page may connect: our own, and those of the sites that the operator names."""
        return may_come_from(
            origin or "", str(environ.get("HTTP_HOST", "")), self._runtime.settings.widget_sites
        )

    async def _connect(self, sid: str, _environ: Mapping[str, Any], auth: Any = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if token:
            try:
                self._runtime.identities.read(token, self._runtime.now())
            except WenjinError as error:
                raise socketio.exceptions.ConnectionRefusedError(
                    error.message, {"code": error.code}
                ) from error
        self._windows[sid] = Window(token=str(token or ""))

    async def _session_request(self, sid: str, data: Any = None) -> None:
        window, said = self._windows[sid], data if isinstance(data, dict) else {}
        given = said.get("session_id")
        await self._told(
            sid, self._open(sid, window, given if isinstance(given, str) else "", said.get("after"))
        )

    async def _open(self, sid: str, window: Window, given: str, after: object = None) -> None:
        """Confirm a session, the given one where it was issued here, and follow its conversation."""
        if window.following:
            window.following.cancel()
        runtime, known = self._runtime, False
        customer_id = runtime.guests.read_any(given, runtime.now())
        if window.token:
            opened = await named(runtime, window.token, runtime.guests.read(given))
            known = customer_id == opened.speaker.customer_id
            session = given if known else opened.signed
            customer_id = opened.speaker.customer_id
        else:
            known = customer_id is not None
            customer_id = customer_id or runtime.guests.new()
            session = given if known else runtime.guests.sign(customer_id)
        window.session, window.customer_id = session, customer_id
        conversation_id = await run_in_threadpool(conversation_id_of, runtime, customer_speaker(customer_id))
        window.place = await run_in_threadpool(self._place, conversation_id, known, after)
        await self.server.emit("session_confirm", session, to=sid)
        window.following = asyncio.create_task(self._follow(sid, window))

    def _place(self, conversation_id: str, known: bool, after: object) -> Place:
        """Return where to go on: where the client says, else behind what has arrived, else at the end."""
        with self._runtime.db.reading() as s:
            last = conversations.last_seq(s, conversation_id)
            kept = conversations.get(s, conversation_id).delivered_seq if known else last
        said = isinstance(after, int) and not isinstance(after, bool)
        return Place(conversation_id, min(max(int(str(after)), 0), last) if said else kept)

    async def _follow(self, sid: str, window: Window) -> None:
        """Send what happens in the conversation; a failure is waited out, and nothing is passed over."""
        while not self._stopping.is_set():
            try:
                await self._send_on(sid, window.place)
            except Exception:
                log.exception("a window could not be told")
                await asyncio.sleep(RETRY_SECONDS)

    async def _send_on(self, sid: str, place: Place) -> None:
        async for news in follow(self._runtime, place.conversation_id, place.seq, self._stopping):
            for message in news.messages:
                if message["actor"] != "customer":
                    await self.server.emit("bot_uttered", socket_form(message, self._title), to=sid)
                place.sent(int(message["seq"]))
            await self._keep(place, float(PING_SECONDS + PONG_SECONDS))

    @property
    def _title(self) -> str:
        return self._runtime.settings.manual_title

    async def _keep(self, place: Place, seconds: float) -> None:
        """Write down what was sent so long ago that it has arrived."""
        seq = place.arrived(seconds)
        if seq is not None:
            await run_in_threadpool(certain, self._runtime, place.conversation_id, seq)

    async def _user_uttered(self, sid: str, data: Any = None) -> dict[str, Any] | None:
        window, said = self._windows[sid], data if isinstance(data, dict) else {}
        text = said.get("message")
        if text is None:  # a widget says so when it is opened
            return None
        given = said.get("session_id")
        if not window.session:
            await self._told(sid, self._open(sid, window, given if isinstance(given, str) else ""))
        return await self._told(sid, self._say(window, text, str(said.get("message_id") or new_id())))

    async def _say(self, window: Window, text: object, key: str) -> dict[str, Any]:
        """Run a turn; its replies come by following, where they are in order with what others say."""
        done = await self._runtime.turns.handle(customer_speaker(window.customer_id), text, key=key[:100])
        return {"seq": done[0].seq, "id": done[0].id}

    async def _told(
        self, sid: str, work: Coroutine[Any, Any, dict[str, Any] | None]
    ) -> dict[str, Any] | None:
        """Return what work returns; what goes wrong is told as a message that is kept nowhere."""
        try:
            return await work
        except WenjinError as error:
            await self.server.emit("bot_uttered", {"text": error.message}, to=sid)
            return {"error": error.code}

    async def _disconnect(self, sid: str, reason: str = "") -> None:
        window = self._windows.pop(sid, None)
        if window is None or window.following is None:
            return
        window.following.cancel()
        await self._keep(window.place, _BROKEN.get(reason, BLINK_SECONDS))
