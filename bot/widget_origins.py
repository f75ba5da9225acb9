"""Lets pages of the sites that the operator names use the chat: its API and its files, no cookies."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

PATHS = ("/api/chat/", "/api/manuals/", "/api/tickets", "/static/")
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID")
REMEMBERED_SECONDS = 600  # how long a browser needs not ask again


class WidgetOrigins:
    """CORS for some paths and origins; everything else is served as if there were none."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._plain = app
        self._open = CORSMiddleware(
            app, allow_origins=origins, allow_methods=("GET", "POST", "DELETE"), allow_headers=HEADERS,
            allow_credentials=False, max_age=REMEMBERED_SECONDS,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, with the headers of CORS where it may come from elsewhere."""
        crosses = scope["type"] == "http" and scope["path"].startswith(PATHS)
        await (self._open if crosses else self._plain)(scope, receive, send)
