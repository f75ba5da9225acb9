"""How large a request may be: little for what is typed, more where files are sent."""

from __future__ import annotations

import re

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from actions.desk.attachments import LARGEST

LARGEST_BODY = 1_000_000
_AROUND = 200_000  # what a form has besides its file
LARGEST_FILE_BODY = LARGEST + _AROUND
LARGEST_FORM_BODY = 3 * LARGEST + _AROUND  # several photos at once
LARGEST_QUESTIONS_BODY = 20_000_000 + _AROUND  # a file of questions
_QUESTIONS = re.compile(r"/training/bank/import")
_FILE = re.compile(r"/api/chat/files|/api/tickets/[^/]+/files|/desk/tickets/[^/]+/files")
_FORM = re.compile(r"/complain|/t/[^/]+/facts")


def largest_body(path: str) -> int:
    """Return how many bytes a request to a path may have."""
    if _FILE.fullmatch(path):
        return LARGEST_FILE_BODY
    if _QUESTIONS.fullmatch(path):
        return LARGEST_QUESTIONS_BODY
    return LARGEST_FORM_BODY if _FORM.fullmatch(path) else LARGEST_BODY


class BodyLimit:
    """Stops reading a request that is longer than its path allows, whatever length it announced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request under its limit."""
        limited = RequestBodyLimitMiddleware(self._app, largest_body(scope.get("path", "")))
        await limited(scope, receive, send)
