"""The chat page's own API: session, history, messages, pushes, ratings, and the passage behind a citation."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse

from actions.learning import faqs
from actions.service import conversations, handovers, ratings
from actions.store.tables.knowledge import EntryState, Faq, FaqVersion
from bot.channels.sessions import OpenedDep, ReaderDep, SpeakerDep, chat_origin
from bot.deps import RuntimeDep
from bot.follow import HISTORY, conversation_id_of, follow, news, shown
from bot.runtime import Runtime
from bot.turns import Speaker
from knowledge.document import Audience
from knowledge.errors import WenjinError, not_found
from knowledge.library import EDITION
from knowledge.supplement import FAQ

router = APIRouter(prefix="/api")
LAST_PLACE = 2**31 - 1  # what the database counts turns with
Place = Annotated[int, Query(le=LAST_PLACE)]


class Said(BaseModel):
    """One message of the page; `key` makes a retry harmless."""

    text: Any = None
    key: str = Field(min_length=8, max_length=100)


class Rated(BaseModel):
    """One rating: 1–5, the four dimensions and a comment optional."""

    offer_id: str = Field(min_length=1, max_length=64)
    score: int = Field(ge=1, le=5)
    dimensions: dict[str, int] = Field(default_factory=dict)
    comment: str = Field("", max_length=2000)


@router.post("/chat/session", dependencies=[Depends(chat_origin)])
def session(opened: OpenedDep, runtime: RuntimeDep) -> dict[str, Any]:
    """Open the visitor's conversation: what was said before, and the session of clients without cookies."""
    speaker = opened.speaker
    offered = runtime.suggestions.offer(Audience(speaker.audience))
    with runtime.db.begin() as db:
        conversation = runtime.turns.open(db, speaker)
        earlier = shown(db, conversations.history(db, conversation.id, limit=HISTORY))
        return {
            "conversation_id": conversation.id,
            "session": opened.signed,
            "audience": speaker.audience,
            "staff": speaker.audience == "staff",
            "manual_title": runtime.settings.manual_title,
            "edition": EDITION,
            "messages": earlier,
            "standing": asdict(handovers.standing(db, conversation, runtime.now())),
            "suggestions": offered,
        }


@router.get("/chat/messages")
def messages(speaker: SpeakerDep, runtime: RuntimeDep, after: Place = 0) -> dict[str, Any]:
    """Return the turns after a place in the conversation."""
    messages, standing = news(runtime, conversation_id_of(runtime, speaker), after)
    return {"messages": messages, "standing": standing}


@router.post("/chat/messages", dependencies=[Depends(chat_origin)])
async def say(said: Said, speaker: SpeakerDep, runtime: RuntimeDep) -> dict[str, Any]:
    """Take one message and return it with its replies."""
    done = await runtime.turns.handle(speaker, said.text, key=said.key)
    return {"messages": [message.to_dict() for message in done]}


@router.get("/chat/events")
async def events(
    request: Request, speaker: SpeakerDep, runtime: RuntimeDep, after: Place = 0
) -> EventSourceResponse:
    """Push new turns as they are committed; a reconnect goes on after the last one seen."""
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() and len(last) < 10 else max(after, 0)
    return EventSourceResponse(_pushes(request, runtime, speaker, start), ping=15)


async def _pushes(
    request: Request, runtime: Runtime, speaker: Speaker, after: int
) -> AsyncIterator[dict[str, str]]:
    conversation_id = await run_in_threadpool(conversation_id_of, runtime, speaker)
    async for new in follow(runtime, conversation_id, after, request.app.state.stopping):
        for message in new.messages:
            yield _event("message", message, id=str(message["seq"]))
        if new.standing:
            yield _event("standing", new.standing)
        if await request.is_disconnected():
            return


def _event(name: str, data: dict[str, Any], **more: str) -> dict[str, str]:
    return {"event": name, "data": json.dumps(data, ensure_ascii=False), **more}


@router.post("/chat/ratings", dependencies=[Depends(chat_origin)])
def rate(rated: Rated, speaker: SpeakerDep, runtime: RuntimeDep) -> dict[str, Any]:
    """Keep a rating; the same again changes nothing, another within the window replaces it."""
    with runtime.db.begin() as db:
        conversation = runtime.turns.open(db, speaker)
        rating = ratings.rate(
            db,
            offer_id=rated.offer_id,
            conversation_id=conversation.id,
            score=rated.score,
            dimensions=rated.dimensions,
            comment=rated.comment,
            now=runtime.now(),
        )
        return {"ok": True, "score": rating.score}


@router.get("/manuals/{manual}/sections/{number}")
def section(
    manual: str, number: str, runtime: RuntimeDep, reader: ReaderDep, version: str = ""
) -> dict[str, Any]:
    """Return a section for the side sheet; a staff section does not exist for a customer.

    Raises:
        WenjinError: `unknown_section` (404).
    """
    if manual == FAQ:
        return _faq(runtime, number, version, reader)
    try:
        found = runtime.library.document(manual, version or None).section(number)
    except WenjinError:  # it would name the manuals that there are
        found = None
    if found is None or not reader.may_read(found.audience):
        raise not_found("unknown_section", "手册里没有这一节。")
    return {
        "manual": manual,
        "manual_title": runtime.settings.manual_title,
        "version": version if manual != EDITION and version else runtime.library.version(manual),
        "number": found.number,
        "title": found.title,
        "chapter_title": found.chapter_title,
        "paragraphs": [
            {"text": p.text, "heading": p.heading, "kind": str(p.kind), "page": p.page}
            for p in found.paragraphs
        ],
    }


def _faq(runtime: Runtime, number: str, version: str, reader: Audience) -> dict[str, Any]:
    """Return an FAQ entry for the side sheet; one that is not for this reader does not exist."""
    place = re.fullmatch(rf"{FAQ}-(\d{{1,9}})", number)
    wanted = int(version) if version.isdecimal() and len(version) < 10 else None
    with runtime.db.reading() as db:
        found = faqs.cited(db, int(place[1]), wanted, reader) if place else None
    if found is None:
        raise not_found("unknown_section", "没有这条问答。")
    entry, content = found
    return {
        "manual": FAQ,
        "manual_title": "常见问答",
        "version": str(content.version),
        "number": number,
        "title": content.question,
        "chapter_title": "",
        "note": _faq_note(entry, content, runtime.today()),
        "paragraphs": [
            {"text": line, "heading": "", "kind": "text"}
            for line in content.answer.splitlines()
            if line.strip()
        ],
    }


def _faq_note(entry: Faq, content: FaqVersion, today: date) -> str:
    """Say what a reader of an older citation should know, "" where the answer stands as it is."""
    if entry.state is not EntryState.PUBLISHED:
        return "这条问答已停用，内容可能已经变化。"
    if content.version != entry.published:
        return "这条问答后来有修改，再问一次可以得到新的答复。"
    if content.valid_until and content.valid_until < today:
        return f"这条问答的有效期到 {content.valid_until.isoformat()} 为止。"
    return ""
