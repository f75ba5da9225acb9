"""The complaint desk: queues and tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.desk import tickets, work
from actions.service.accounts import SignedIn
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages import desk_queues as queues
from bot.pages.desk_case import ticket_case
from bot.pages.desk_page import View, desk_page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found

router = APIRouter(prefix="/desk", include_in_schema=False)
Handler = Annotated[SignedIn, Depends(require_role("handler"))]
STALE = "这张工单刚被别人更新，下面已是最新经过。您填写的内容还在，请看过后再提交。"


@router.get("", response_class=HTMLResponse)
def desk(request: Request, runtime: RuntimeDep, user: Handler, queue: str = "", q: str = "") -> HTMLResponse:
    """Show a queue."""
    with runtime.db.reading() as s:
        return desk_page(request, s, user, View(queue, q[:100]), runtime.now(), None)


@router.get("/news")
def news(runtime: RuntimeDep, user: Handler, seen: datetime) -> dict[str, Any]:
    """Return the queues' counts and, in words, what has come since the page was made."""
    now = runtime.now()
    with runtime.db.reading() as s:
        counted = queues.counts(s, user.user, now)
        new, waiting = queues.arrived(s, seen if seen.tzinfo else now)
    words = [f"新工单 {new} 张"] * bool(new) + [f"新等待的客户 {waiting} 位"] * bool(waiting)
    return {"counts": counted, "words": "，".join(words)}


@router.get("/tickets/{number}", response_class=HTMLResponse)
def ticket(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    number: str,
    queue: str = "",
    q: str = "",
    done: str = "",
) -> HTMLResponse:
    """Show a ticket beside its queue."""
    return _show(request, runtime, user, number, View(queue, q[:100], done), {})


@router.post("/tickets/{number}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def do(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    number: str,
    act: str,
    version: Annotated[int, Form()],
    text: Annotated[str, Form()] = "",
    queue: Annotated[str, Form()] = "",
) -> Response:
    """Do something with a ticket; what cannot be done comes back with its text."""
    try:
        with runtime.db.begin() as s:
            _do(s, act, tickets.get_by_number(s, number).id, user, version, text, runtime.now())
    except WenjinError as problem:
        if problem.status not in {409, 422}:
            raise
        message = STALE if problem.code == "stale_version" else problem.message
        view = View(queue, problem=message, status=problem.status)
        return _show(request, runtime, user, number, view, {act: text} if text else {})
    query = urlencode({"queue": queues.known(queue), "done": act})
    return RedirectResponse(f"/desk/tickets/{number}?{query}", 303)


def _do(s: Session, act: str, ticket_id: str, user: SignedIn, version: int, text: str, now: datetime) -> None:
    by: dict[str, Any] = {"ticket_id": ticket_id, "user": user.user, "version": version, "now": now}
    match act:
        case "take":
            work.take(s, **by)
        case "reply":
            work.reply(s, text=text, **by)
        case "note":
            work.note(s, text=text, **by)
        case "close":
            work.close(s, resolution=text, **by)
        case _:
            raise not_found("unknown_act", "没有这项操作，请返回工单重新选择。")


def _show(
    request: Request, runtime: Runtime, user: SignedIn, number: str, view: View, typed: Mapping[str, str]
) -> HTMLResponse:
    now = runtime.now()
    with runtime.db.reading() as s:
        found = tickets.get_by_number(s, number)
        return desk_page(request, s, user, view, now, ticket_case(s, found, user.user, now, typed))
