"""Rasa's REST channel: POST /webhooks/rest/webhook, as unmodified clients speak it."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from actions.store.base import new_id
from bot.channels.rasa_forms import rest_form
from bot.deps import RuntimeDep
from bot.turns import HUMAN_LISTENS, Speaker
from knowledge.errors import unauthenticated

router = APIRouter()
PATH = "/webhooks/rest"


class Incoming(BaseModel):
    """What a client sends; `metadata.message_id` makes a retry harmless."""

    sender: str = Field("default", min_length=1, max_length=200)
    message: Any = None
    metadata: dict[str, Any] | None = None


@router.get(f"{PATH}/")
def health() -> dict[str, str]:
    """Answer as Rasa's channel does."""
    return {"status": "ok"}


@router.post(f"{PATH}/webhook", response_model=None)
async def webhook(
    body: Incoming, request: Request, runtime: RuntimeDep, stream: bool = False
) -> list[dict[str, Any]] | StreamingResponse:
    """Run one turn and return its replies in Rasa's form, never an empty list."""
    check_token(request, runtime.settings.rest_token)
    key = str((body.metadata or {}).get("message_id") or new_id())[:100]
    speaker = Speaker("rest", body.sender, f"rest:{body.sender}")
    messages = await runtime.turns.handle(speaker, body.message, key=key)
    title = runtime.settings.manual_title
    replies = [rest_form(m.to_dict(), body.sender, title) for m in messages if m.actor != "customer"]
    if not replies:
        replies = [{"recipient_id": body.sender, "text": HUMAN_LISTENS}]
    return StreamingResponse(_lines(replies), media_type="text/event-stream") if stream else replies


async def _lines(replies: list[dict[str, Any]]) -> AsyncIterator[str]:
    for reply in replies:
        yield json.dumps(reply, ensure_ascii=False) + "\n"


def check_token(request: Request, wanted: str) -> None:
    """Refuse a caller without the token, where one is set; raise 401 `bad_token`."""
    if not wanted:
        return
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    given = request.query_params.get("token") or bearer
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise unauthenticated("bad_token", "调用口令不对，请检查 token。")
