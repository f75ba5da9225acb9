"""The chat's API for 有用 and 没用 under an answer."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from actions.service import marks
from bot.channels.sessions import SpeakerDep, chat_origin
from bot.deps import RuntimeDep
from bot.turns import conversation_of

router = APIRouter(prefix="/api/chat", dependencies=[Depends(chat_origin)])


class Marked(BaseModel):
    """One answer, by its message's id, and whether it helped."""

    id: str = Field(min_length=1, max_length=64)
    helpful: bool


@router.post("/marks")
def mark(given: Marked, speaker: SpeakerDep, runtime: RuntimeDep) -> dict[str, bool]:
    """Keep whether an answer helped; the last word counts.

    Raises:
        WenjinError: 404 `answer_not_found`.
    """
    with runtime.db.begin() as s:
        conversation = conversation_of(s, speaker, runtime.now())
        kept = marks.mark(
            s, conversation_id=conversation.id, turn_id=given.id, helpful=given.helpful, now=runtime.now()
        )
        return {"helpful": kept.helpful}
