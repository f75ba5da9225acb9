"""The live part of the chat page's API: who types, what was read, and no longer waiting."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from actions.service import handovers
from bot import presence
from bot.channels.sessions import SpeakerDep, chat_origin
from bot.deps import RuntimeDep
from bot.follow import conversation_id_of
from bot.turns import conversation_of

router = APIRouter(prefix="/api/chat", dependencies=[Depends(chat_origin)])


class Read(BaseModel):
    """How far the customer has read."""

    seq: int = Field(ge=1, lt=2**31)


@router.post("/typing", status_code=204)
async def typing(speaker: SpeakerDep, runtime: RuntimeDep) -> None:
    """Tell the person who talks with the customer that something is being typed."""
    conversation_id = await run_in_threadpool(conversation_id_of, runtime, speaker)
    await presence.types(runtime.hub, conversation_id, presence.CUSTOMER)


@router.post("/read", status_code=204)
def read(seen: Read, speaker: SpeakerDep, runtime: RuntimeDep) -> None:
    """Note how far the customer has read, for the person who talks with them."""
    with runtime.db.begin() as s:
        conversation = conversation_of(s, speaker, runtime.now())
        news = handovers.read_by_customer(s, conversation_id=conversation.id, seq=seen.seq)
    if news:
        runtime.hub.publish(conversation.id)


@router.delete("/waiting")
def stop_waiting(speaker: SpeakerDep, runtime: RuntimeDep) -> dict[str, Any]:
    """Stop waiting for a person, and return where the conversation stands.

    Raises:
        WenjinError: `handover_taken` (409) where a person has just come.
    """
    with runtime.db.begin() as s:
        conversation = conversation_of(s, speaker, runtime.now())
        handovers.cancel(s, conversation=conversation, now=runtime.now())
        return asdict(handovers.standing(s, conversation, runtime.now()))
