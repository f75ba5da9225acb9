"""The callback channel: messages are posted in, replies are posted back as they come, signed both ways."""

from __future__ import annotations

import json
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from pydantic import ValidationError

from actions.service.conversations import CALLBACK
from actions.store.base import new_id
from bot.channels.rest import Incoming, check_token
from bot.delivery import SIGNATURE_HEADER, TIME_HEADER, is_signed
from bot.deps import RuntimeDep
from bot.settings import Settings
from bot.turns import Speaker
from knowledge.errors import not_found, unauthenticated

router = APIRouter(prefix="/webhooks/callback")


@router.get("/")
def health() -> dict[str, str]:
    """Answer as Rasa's channel does."""
    return {"status": "ok"}


@router.post("/webhook", response_class=PlainTextResponse)
async def webhook(request: Request, runtime: RuntimeDep) -> str:
    """Take one message: when this answers, it is stored, and its replies are on their way.

    Raises:
        WenjinError: 404 `no_callback` where no address is set; 401 `bad_signature`, `bad_token`; what
            `TurnService.handle` raises.
    """
    if not runtime.settings.callback_url:
        raise not_found("no_callback", "没有开通回调渠道，请先设置 WENJIN_CALLBACK_URL。")
    body = await request.body()
    _check(request, runtime.settings, body)
    said = _read(body)
    key = str((said.metadata or {}).get("message_id") or new_id())[:100]
    speaker = Speaker(CALLBACK, said.sender, f"{CALLBACK}:{said.sender}")
    await runtime.turns.handle(speaker, said.message, key=key)
    return "success"


def _check(request: Request, settings: Settings, body: bytes) -> None:
    """Refuse a wrong signature; without one, a caller needs the REST channel's token where one is set."""
    given = request.headers.get(SIGNATURE_HEADER)
    if given is None:
        check_token(request, settings.rest_token)
    elif not is_signed(
        settings.callback_secret, request.headers.get(TIME_HEADER, ""), body, given, time.time()
    ):
        raise unauthenticated("bad_signature", "签名不对或已过期，请检查密钥和时间。")


def _read(body: bytes) -> Incoming:
    try:
        content: Any = json.loads(body)
        return Incoming.model_validate(content)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error
    except (ValueError, RecursionError) as error:
        raise RequestValidationError(
            [{"type": "json_invalid", "loc": ("body",), "msg": str(error)}]
        ) from error
