"""Customers who wait for a person: take the conversation, talk, give it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service import handovers
from actions.service.accounts import SignedIn
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.desk import Handler
from bot.pages.desk_case import handover_case, talk
from bot.pages.desk_page import View, desk_page
from bot.pages.desk_queues import WAITING
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found

router = APIRouter(prefix="/desk/handovers", include_in_schema=False)


@router.get("/{handover_id}", response_class=HTMLResponse)
def handover(
    request: Request, runtime: RuntimeDep, user: Handler, handover_id: str, done: str = ""
) -> HTMLResponse:
    """Show a conversation that waits for a person or has one."""
    return _show(request, runtime, user, handover_id, View(WAITING, done=done))


@router.get("/{handover_id}/turns", response_class=HTMLResponse)
def turns(
    request: Request, runtime: RuntimeDep, user: Handler, handover_id: str, after: int = 0
) -> HTMLResponse:
    """Return the turns after a place in the conversation as the page shows them, the state in a header."""
    with runtime.db.reading() as s:
        one = handovers.get(s, handover_id)
        lines = talk(s, one.conversation_id, max(after, 0))
        response = page(request, "desk/turns.html", signed_in=user, steps=lines, now=runtime.now())
    response.headers["X-Handover-State"] = str(one.state)
    return response


@router.post("/{handover_id}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def do(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    handover_id: str,
    act: str,
    text: Annotated[str, Form()] = "",
) -> Response:
    """Take, say or end; what cannot be done comes back with its text."""
    try:
        _do(runtime, act, handover_id, user, text)
    except WenjinError as problem:
        if problem.status not in {409, 422}:
            raise
        view = View(WAITING, problem=problem.message, status=problem.status)
        return _show(request, runtime, user, handover_id, view, text)
    done = {"end": "?done=handover", "say": "?done=say"}.get(act, "")
    return RedirectResponse(f"/desk/handovers/{handover_id}{done}", 303)


def _do(runtime: Runtime, act: str, handover_id: str, user: SignedIn, text: str) -> None:
    with runtime.db.begin() as s:
        match act:
            case "take":
                handovers.take(s, handover_id=handover_id, user=user.user, now=runtime.now())
            case "say":
                handovers.say(s, handover_id=handover_id, user=user.user, text=text, now=runtime.now())
            case "end":
                handovers.end(s, handover_id=handover_id, user=user.user, now=runtime.now())
            case _:
                raise not_found("unknown_act", "没有这项操作，请返回对话重新选择。")


def _show(
    request: Request, runtime: Runtime, user: SignedIn, handover_id: str, view: View, typed: str = ""
) -> HTMLResponse:
    now = runtime.now()
    with runtime.db.reading() as s:
        one = handovers.get(s, handover_id)
        return desk_page(request, s, user, view, now, handover_case(s, one, user.user, now, typed))
