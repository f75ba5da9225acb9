"""What an open window of a conversation is told as it happens: new turns in order, and where things stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from actions.desk import attachments
from actions.service import conversations, handovers, marks, ratings
from actions.service.replies import ReplyKind
from actions.store.tables.service import Turn
from actions.training import disclosure
from bot import presence
from bot.messages import message_of
from bot.runtime import Runtime
from bot.turns import Speaker, conversation_of

LOOK_SECONDS = 15.0  # an open chat looks for itself this often, should a wake-up get lost
HISTORY = 200  # turns at once
COVERED = {
    "kind": "text",
    "text": "这道题在您正在作答的考试里，交卷后才能看解析。",
    "data": {},
    "buttons": [],
}


@dataclass(frozen=True, slots=True)
class News:
    """New turns as messages, in order; `standing` only where it has changed or somebody types."""

    messages: list[dict[str, Any]]
    standing: dict[str, Any] | None = None


async def follow(
    runtime: Runtime, conversation_id: str, after: int, stopping: asyncio.Event
) -> AsyncIterator[News]:
    """Yield what comes after a place, for as long as the window is open and the server runs.

    Something is yielded at least every 15 seconds, if only to let the reader notice that nobody reads.
    """
    told: dict[str, Any] = {}
    while not stopping.is_set():
        waiting = asyncio.ensure_future(runtime.hub.wait(conversation_id, LOOK_SECONDS))
        try:
            await asyncio.sleep(0)  # listening before looking: what is committed in between is not missed
            await presence.comes(runtime.hub, conversation_id)
            messages, standing = await run_in_threadpool(news, runtime, conversation_id, after)
            after = max((int(message["seq"]) for message in messages), default=after)
            if any(message["actor"] == presence.HANDLER for message in messages):
                await presence.stops(runtime.hub, conversation_id, presence.HANDLER)
            standing["typing"] = await presence.is_typing(runtime.hub, conversation_id, presence.HANDLER)
            changed = standing != told or standing["typing"]
            told = standing
            yield News(messages, standing if changed else None)
            if len(messages) < HISTORY:
                await waiting
        finally:
            waiting.cancel()


def news(runtime: Runtime, conversation_id: str, after: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return up to 200 turns after a place, and where the conversation stands."""
    with runtime.db.reading() as s:
        turns = conversations.history(s, conversation_id, after_seq=max(after, 0), limit=HISTORY)
        standing = handovers.standing(s, conversations.get(s, conversation_id), runtime.now())
        return shown(s, turns), asdict(standing)


def shown(s: Session, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return turns as messages; what explains a question of a running exam is covered until that is over."""
    told = {turn.id: place for turn in turns if (place := _explains(turn))}
    covered = disclosure.not_now(s, told.values()) if told else frozenset()
    marked = marks.given(s, turns)
    return [
        {**message_of(turn).to_dict(), **COVERED}
        if told.get(turn.id) in covered
        else _shown(s, turn, marked.get(turn.id))
        for turn in turns
    ]


def _explains(turn: Turn) -> tuple[str, int] | None:
    """Return the attempt and the place of the question that a turn explains."""
    data = turn.data or {}
    if turn.kind != ReplyKind.QUIZ_FEEDBACK or "attempt_id" not in data:
        return None
    return str(data["attempt_id"]), int(data["index"])


def _shown(s: Session, turn: Turn, helpful: bool | None) -> dict[str, Any]:
    """Return a turn as a message; ratings and answers know what was given, a file what became of it."""
    message = message_of(turn).to_dict()
    if helpful is not None:
        message["data"]["helpful"] = helpful
    if message["kind"] == "file":
        message["data"]["place"] = attachments.place_of(s, str(turn.data.get("file_id")))
    given = ratings.rating_of(s, str(turn.data.get("offer_id"))) if message["kind"] == "rating" else None
    if given:
        message["data"]["rating"] = {
            "score": given.score,
            "dimensions": given.dimensions,
            "comment": given.comment,
        }
    return message


def conversation_id_of(runtime: Runtime, speaker: Speaker) -> str:
    """Return the id of the speaker's conversation, made on first use."""
    with runtime.db.begin() as s:
        return conversation_of(s, speaker, runtime.now()).id
