"""The live part of a handler's pane: turns as they come, who types, what was read, passages to quote."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse

from actions.service import accounts, conversations, handovers
from actions.store.tables.accounts import User
from actions.store.tables.service import Actor, Handover, HandoverState
from bot import presence
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.desk import Handler
from bot.pages.handover_view import said
from bot.pages.render import environment
from bot.runtime import Runtime
from knowledge.document import Answer, Audience, Outcome
from knowledge.supplement import FAQ

router = APIRouter(prefix="/desk/handovers", include_in_schema=False)
LOOK_SECONDS = 15.0
LIMIT = 200
MOST = 3  # passages for one message


class Read(BaseModel):
    """How far the handler has read."""

    seq: int = Field(ge=1, lt=2**31)


@dataclass(frozen=True, slots=True)
class _News:
    conversation_id: str
    html: str
    last: int
    customer_spoke: bool
    standing: dict[str, Any]


@router.get("/{handover_id}/events")
async def events(
    request: Request, runtime: RuntimeDep, user: Handler, handover_id: str, after: int = 0
) -> EventSourceResponse:
    """Push new turns and where the conversation stands; while this is open the handler counts as here.

    Raises:
        WenjinError: `handover_not_found` (404).
    """
    conversation_id = await run_in_threadpool(_conversation_id, runtime, handover_id)
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() and len(last) < 10 else max(after, 0)
    pushes = _pushes(request, runtime, user.user.id, handover_id, conversation_id, start)
    return EventSourceResponse(pushes, ping=15)


async def _pushes(
    request: Request, runtime: Runtime, user_id: str, handover_id: str, conversation_id: str, after: int
) -> AsyncIterator[dict[str, str]]:
    stopping: asyncio.Event = request.app.state.stopping
    hub, told = runtime.hub, dict[str, Any]()
    while not stopping.is_set() and not await request.is_disconnected():
        waiting = asyncio.ensure_future(hub.wait(conversation_id, LOOK_SECONDS))
        await asyncio.sleep(0)  # listening before looking: what is committed in between is not missed
        news = await run_in_threadpool(_look, runtime, user_id, handover_id, after)
        if news is None:
            return
        if news.customer_spoke:
            await presence.stops(hub, conversation_id, presence.CUSTOMER)
        if news.html:
            after = news.last
            yield {"event": "turns", "id": str(after), "data": json.dumps(news.html, ensure_ascii=False)}
        standing = {
            **news.standing,
            "here": await presence.is_here(hub, conversation_id),
            "typing": await presence.is_typing(hub, conversation_id, presence.CUSTOMER),
        }
        if standing != told or standing["typing"]:
            told = standing
            yield {"event": "standing", "data": json.dumps(standing, ensure_ascii=False)}
        await waiting


@router.post("/{handover_id}/typing", status_code=204, dependencies=[CsrfDep])
async def typing(runtime: RuntimeDep, user: Handler, handover_id: str) -> None:
    """Tell the customer that the handler who has the conversation types."""
    with_it = await run_in_threadpool(_conversation_of_own, runtime, user.user.id, handover_id)
    if with_it:
        await presence.types(runtime.hub, with_it, presence.HANDLER)


@router.post("/{handover_id}/read", status_code=204, dependencies=[CsrfDep])
def read(seen: Read, runtime: RuntimeDep, user: Handler, handover_id: str) -> None:
    """Note how far the handler has read, for the customer."""
    with runtime.db.begin() as s:
        news = handovers.read_by_handler(s, handover_id=handover_id, user=user.user, seq=seen.seq)
        conversation_id = handovers.get(s, handover_id).conversation_id
    if news:
        runtime.hub.publish(conversation_id)


@router.get("/{handover_id}/suggestions")
def suggestions(runtime: RuntimeDep, user: Handler, handover_id: str, seq: int) -> dict[str, Any]:
    """Return what the manual says to a customer's message, for the handler to quote; nothing is kept.

    What a customer may read is all that is looked through: it is going to be said to one.
    """
    del user
    with runtime.db.reading() as s:
        text = _question(s, handovers.get(s, handover_id), seq)
    answer = runtime.answerer.answer(text, audience=Audience.CUSTOMER) if text else None
    return {"seq": seq, "passages": _passages(runtime, answer) if answer else []}


def _passages(runtime: Runtime, answer: Answer) -> list[dict[str, str]]:
    if answer.outcome is not Outcome.ANSWERED:
        return []
    title = runtime.settings.manual_title
    sentences = {one.sentence: one for one in answer.citations}
    return [
        {
            "text": one.sentence,
            "source": "常见问答" if one.manual == FAQ else f"《{title}》{one.section} {one.title}".strip(),
        }
        for one in list(sentences.values())[:MOST]
    ]


def _question(s: Session, one: Handover, seq: int) -> str:
    """Return what the customer said at a place of the conversation, "" where that is nothing to look up."""
    turn = conversations.turn_at(s, one.conversation_id, seq)
    return turn.text if turn is not None and said(turn).asks else ""


def _look(runtime: Runtime, user_id: str, handover_id: str, after: int) -> _News | None:
    """Return what is new, None for somebody who may no longer see it; note that they are here."""
    with runtime.db.begin() as s:
        user = s.get(User, user_id)
        if user is None or not accounts.may(user, "handler"):
            return None
        one, now = handovers.get(s, handover_id), runtime.now()
        if _unseen(one, user_id, now):
            handovers.here(s, user, now)
        turns = conversations.history(s, one.conversation_id, after_seq=after, limit=LIMIT)
        lines = [said(turn) for turn in turns]
        html = environment().get_template("desk/said.html").render(said=lines, now=now, handover_id=one.id)
        return _News(
            one.conversation_id,
            html if lines else "",
            lines[-1].seq if lines else after,
            any(turn.actor is Actor.CUSTOMER for turn in turns),
            _standing(s, one, user_id),
        )


def _standing(s: Session, one: Handover, user_id: str) -> dict[str, Any]:
    """Return where the conversation stands for the handler who looks at it."""
    return {
        "state": str(one.state),
        "own": one.taken_by == user_id,
        "returned": one.returned,
        "read_seq": one.customer_read_seq,
        "position": handovers.position(s, one),
    }


def _unseen(one: Handover, user_id: str, now: datetime) -> bool:
    """Tell whether it is time to note again that the handler is here."""
    seen = one.handler_seen_at
    own = one.state is HandoverState.TAKEN and one.taken_by == user_id
    return own and (seen is None or now - seen >= handovers.SEEN_EVERY)


def _conversation_id(runtime: Runtime, handover_id: str) -> str:
    with runtime.db.reading() as s:
        return handovers.get(s, handover_id).conversation_id


def _conversation_of_own(runtime: Runtime, user_id: str, handover_id: str) -> str:
    """Return the conversation of a hand-over that somebody has taken, "" where they have not."""
    with runtime.db.reading() as s:
        one = handovers.get(s, handover_id)
        own = one.state is HandoverState.TAKEN and one.taken_by == user_id
        return one.conversation_id if own else ""
