"""One turn from end to end: received and stored, answered in one transaction, never lost and never empty."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.service import absence, conversations, customers, messages_left
from actions.service.messages import check_message
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.base import new_id
from actions.store.context import TurnContext, session_scope
from actions.store.engine import Database
from actions.store.tables.service import Conversation, Mode, Turn
from bot.dialogue import Dialogue
from bot.hub import Hub
from bot.logs import turn_id
from bot.messages import Message, message_of
from bot.metrics import ERRORS, STAGES, TURNS, TURNS_OPEN, rehearsal, stage, whole
from knowledge.errors import WenjinError, too_many

log = logging.getLogger(__name__)
APOLOGY = Reply(
    ReplyKind.ERROR,
    "抱歉，刚才没有处理成功，您的消息已经记下。请稍后再发一次，或转人工。",
    {},
    (Button("转人工", "转人工"),),
)
EMERGENCIES = frozenset({"crisis", "account_security"})
HUMAN_LISTENS = "您的消息已转给人工客服，请稍候回复。"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, and where: the channel's own id of the conversation, the guest, the member of staff."""

    channel: str
    external_id: str
    customer_id: str
    audience: str = "customer"
    user_id: str | None = None


def conversation_of(session: Session, speaker: Speaker, now: datetime) -> Conversation:
    """Return a speaker's conversation, made on first use."""
    return conversations.open_conversation(
        session,
        channel=speaker.channel,
        external_id=speaker.external_id,
        customer_id=speaker.customer_id,
        audience=speaker.audience,
        user_id=speaker.user_id,
        now=now,
    )


class TurnService:
    """Runs turns on the dialogue's own thread, one at a time for each conversation.

    `ahead` reads a message on another thread while it is being stored, so that its vector is there when the
    dialogue asks for it.
    """

    def __init__(
        self,
        database: Database,
        dialogue: Dialogue,
        hub: Hub,
        *,
        per_minute: int,
        clock: Callable[[], datetime],
        ahead: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._database, self._dialogue, self._hub = database, dialogue, hub
        self._per_minute, self._clock = per_minute, clock
        self._rng = random.SystemRandom()
        self._ahead, self._reader = ahead, ThreadPoolExecutor(1, "ahead")

    async def handle(
        self, speaker: Speaker, text: object, *, key: str, metadata: dict[str, Any] | None = None
    ) -> list[Message]:
        """Take one message and return it with its replies; the same `key` again returns the same messages.

        Raises:
            WenjinError: `empty_message`, `message_too_long` (422), `too_many_messages` (429).
        """
        said = check_message(text)
        if not await self._hub.allow(f"{speaker.channel}:{speaker.external_id}", self._per_minute):
            raise too_many("too_many_messages", "您发得太快了，请稍等一分钟再发。")
        self._reader.submit(self._ahead, said)
        work = self._turn(speaker, said, key, metadata or {}, time.perf_counter())
        with TURNS_OPEN.track_inprogress():
            return await self._dialogue.run(work)

    async def join(self, guest: str, customer_id: str) -> None:
        """Give a customer what they said and did here before they were known; their chats are woken."""
        conversation_id = await self._dialogue.run(self._join(guest, customer_id))
        if conversation_id:
            self._hub.publish(conversation_id)

    async def _join(self, guest: str, customer_id: str) -> str:
        first, second = sorted((f"web:{guest}", f"web:{customer_id}"))
        async with self._hub.lock(first), self._hub.lock(second):
            with self._database.begin() as session:
                return customers.join(session, guest=guest, customer_id=customer_id, now=self._clock())

    def warm(self) -> None:
        """Run turns that are rolled back, so that the first customer waits for nothing."""
        self._dialogue.submit(self._rehearse()).result()

    async def _rehearse(self) -> None:
        speaker = Speaker("web", f"rehearsal:{new_id()}", "rehearsal")
        for text in ("您好", "投诉一般多久能处理完", "tousu duojiu chuli wan"):
            with self._database.begin() as session:
                conversation = self.open(session, speaker)
                with rehearsal(), session_scope(session, self._context(conversation, None)):
                    await self._dialogue.respond(text, conversation.id, {})
                session.rollback()

    def close(self) -> None:
        """End the dialogue's thread after the turn that is running."""
        self._dialogue.close()
        self._reader.shutdown(cancel_futures=True)

    async def _turn(
        self, speaker: Speaker, said: str, key: str, metadata: dict[str, Any], came: float
    ) -> list[Message]:
        async with self._hub.lock(f"{speaker.channel}:{speaker.external_id}"):
            STAGES.labels("queue").observe(time.perf_counter() - came)
            stored = self._receive(speaker, said, key)
            turn_id.set(stored.turn_id)
            if stored.messages:
                log.info("turn heard: for a person, or answered before")
                return stored.messages
            replied = await self._reply(stored, said, metadata, came)
            log.info("turn answered in %.0f ms", (time.perf_counter() - came) * 1000)
            return [stored.asked, *replied]

    @stage("store")
    def _receive(self, speaker: Speaker, said: str, key: str) -> _Stored:
        now = self._clock()
        with self._database.begin() as session:
            conversation = conversation_of(session, speaker, now)
            turn, new = conversations.receive(session, conversation=conversation, text=said, key=key, now=now)
            asked = message_of(turn)
            earlier = [] if new else [message_of(reply) for reply in conversations.replies_to(session, turn)]
            if new and conversation.mode is Mode.HUMAN:
                absence.put_back_if_away(session, conversation, now)
            human = conversation.mode is Mode.HUMAN
            done = [asked, *earlier] if earlier or human else []
            return _Stored(conversation.id, turn, asked, done)

    def open(self, session: Session, speaker: Speaker) -> Conversation:
        """Return the speaker's conversation, made on first use."""
        return conversation_of(session, speaker, self._clock())

    async def _reply(
        self, stored: _Stored, said: str, metadata: dict[str, Any], came: float
    ) -> list[Message]:
        try:
            return await self._answer(stored, said, metadata, came)
        except Exception as error:
            if not isinstance(error, WenjinError):
                ERRORS.labels("turn").inc()
                log.exception("turn %s failed", stored.turn_id)
            return self._apologise(stored, error, came)

    async def _answer(
        self, stored: _Stored, said: str, metadata: dict[str, Any], came: float
    ) -> list[Message]:
        with self._database.begin() as session:
            conversation = conversations.lock(session, stored.conversation_id)
            left = self._left(session, conversation, stored, said)
            if left is not None:
                return self._store(session, conversation, stored, [left], came)
            with session_scope(session, self._context(conversation, stored.turn_id)):
                replies = await self._dialogue.respond(said, conversation.id, metadata)
            return self._store(session, conversation, stored, replies, came)

    def _left(self, session: Session, conversation: Conversation, stored: _Stored, said: str) -> Reply | None:
        """Return the reply to what is left for a person, or None; emergencies never wait."""
        if not messages_left.is_one(session, stored.turn):
            return None
        if self._dialogue.understand(said)["intent"]["name"] in EMERGENCIES:
            return None
        return messages_left.hear(session, conversation=conversation, turn=stored.turn, now=self._clock())

    def _context(self, conversation: Conversation, turn_id: str | None) -> TurnContext:
        return TurnContext(
            conversation_id=conversation.id,
            customer_id=conversation.customer_id,
            audience=conversation.audience,
            user_id=conversation.user_id,
            turn_id=turn_id,
            now=self._clock(),
            rng=self._rng,
            channel=conversation.channel,
        )

    def _apologise(self, stored: _Stored, error: Exception, came: float) -> list[Message]:
        reply = APOLOGY
        if isinstance(error, WenjinError):
            reply = Reply(ReplyKind.ERROR, error.message, {"code": error.code}, ())
        with self._database.begin() as session:
            conversation = conversations.get(session, stored.conversation_id)
            return self._store(session, conversation, stored, [reply], came)

    @stage("store")
    def _store(
        self,
        session: Session,
        conversation: Conversation,
        stored: _Stored,
        replies: Sequence[Reply],
        came: float,
    ) -> list[Message]:
        latency = (time.perf_counter() - came) * 1000
        whole(latency / 1000)
        out = []
        for reply in replies:
            outcome = _outcome(reply)
            turn = conversations.add_reply(
                session,
                conversation=conversation,
                reply=reply,
                reply_to=stored.turn_id,
                actor="bot",
                outcome=outcome,
                latency_ms=latency,
                now=self._clock(),
            )
            TURNS.labels(outcome or "other", conversation.channel).inc()
            out.append(message_of(turn))
        return out


@dataclass(frozen=True, slots=True)
class _Stored:
    conversation_id: str
    turn: Turn
    asked: Message
    messages: list[Message]

    @property
    def turn_id(self) -> str:
        return self.turn.id


_OUTCOME_OF_KIND = {
    ReplyKind.TICKET: "ticket",
    ReplyKind.QUIZ_ITEM: "quiz",
    ReplyKind.QUIZ_FEEDBACK: "quiz",
    ReplyKind.QUIZ_RESULT: "quiz",
    ReplyKind.HANDOVER: "handover",
    ReplyKind.ERROR: "error",
}


def _outcome(reply: Reply) -> str | None:
    """Return what a reply counts as; the reply's own word comes first."""
    own = reply.data.get("outcome")
    return str(own) if own else _OUTCOME_OF_KIND.get(reply.kind, "smalltalk")
