"""The page that says what went wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse

from bot.pages.render import page

WAYS_ON: Mapping[int, tuple[str, str]] = {
    401: ("/login", "去登录"),
    403: ("/home", "回到首页"),
}


def error_page(request: Request, problem: Mapping[str, object]) -> HTMLResponse:
    """Render a problem (RFC 9457 members, Chinese detail) as a page with its status and request id."""
    status = int(str(problem["status"]))
    href, way_on = WAYS_ON.get(status, ("/", "回到对话"))
    return page(request, "error.html", status=status, problem=problem, href=href, way_on=way_on)
