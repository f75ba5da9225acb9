"""The chat page itself; what is said goes through the chat API."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.deps import MaybeUser, RuntimeDep
from bot.pages.render import page
from knowledge.library import EDITION

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def chat(request: Request, runtime: RuntimeDep, user: MaybeUser) -> HTMLResponse:
    """Show the chat."""
    return page(request, "chat.html", signed_in=user, manual=runtime.settings.manual_title, edition=EDITION)
