"""Customers who wait for a person: take the conversation, talk, pass it on, give it back."""

from __future__ import annotations

import random
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from actions.desk import attachments, from_chat
from actions.desk.intake import DESK, TicketDraft
from actions.service import conversations, handovers
from actions.service.accounts import SignedIn
from actions.store.tables.accounts import User
from bot import files, intake
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.desk import Handler
from bot.pages.desk_page import desk_page
from bot.pages.desk_queues import WAITING, View
from bot.pages.handover_view import live_case, said
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found

router = APIRouter(prefix="/desk/handovers", include_in_schema=False)
LIMIT = 200
DONE = {"say": "?done=say", "end": "?done=handover", "ticket": "?done=ticket", "transfer": "?done=transfer"}


class Typed:
    """What the forms of the pane send; each act reads its own fields."""

    def __init__(
        self,
        text: Annotated[str, Form()] = "",
        key: Annotated[str, Form(max_length=100)] = "",
        to: Annotated[str, Form(max_length=64)] = "",
        matter: Annotated[str, Form()] = "",
        product: Annotated[str, Form()] = "",
        demand: Annotated[str, Form()] = "",
        contact: Annotated[str, Form()] = "",
        agreed: Annotated[str, Form()] = "",
    ) -> None:
        self.text, self.key, self.to, self.agreed = text, key, to, bool(agreed)
        self.draft = TicketDraft(matter, product, demand, contact)

    def back(self) -> dict[str, str]:
        """Return what was typed, to be shown again."""
        draft = self.draft
        return {
            "text": self.text,
            "key": self.key,
            "matter": draft.matter,
            "product": draft.product,
            "demand": draft.demand,
            "contact": draft.contact,
        }


@router.get("/{handover_id}", response_class=HTMLResponse)
def handover(
    request: Request, runtime: RuntimeDep, user: Handler, handover_id: str, done: str = ""
) -> HTMLResponse:
    """Show a conversation that waits for a person or has one."""
    return _show(request, runtime, user, handover_id, View(WAITING, done=done), {})


@router.get("/{handover_id}/turns", response_class=HTMLResponse)
def turns(
    request: Request, runtime: RuntimeDep, user: Handler, handover_id: str, after: int = 0
) -> HTMLResponse:
    """Return the turns after a place as the pane shows them, the state in a header; the handler is here."""
    with runtime.db.begin() as s:
        handovers.here(s, user.user, runtime.now())
        one = handovers.get(s, handover_id)
        state = str(one.state)
        news = conversations.history(s, one.conversation_id, after_seq=max(after, 0), limit=LIMIT)
        lines = [said(turn) for turn in news]
        response = page(
            request, "desk/said.html", signed_in=user, now=runtime.now(), said=lines, handover_id=handover_id
        )
    response.headers["X-Handover-State"] = state
    return response


@router.get("/{handover_id}/files/{file_id}")
def file(runtime: RuntimeDep, user: Handler, handover_id: str, file_id: str) -> Response:
    """Return a file that the customer sent in this conversation; raise 404 `file_not_found` for any other."""
    del user
    with runtime.db.reading() as s:
        one = handovers.get(s, handover_id)
        found = attachments.get(s, file_id)
        if found.conversation_id != one.conversation_id or found.internal:
            raise attachments.missing()
        return files.download(found)


@router.post("/{handover_id}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def do(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    handover_id: str,
    act: str,
    typed: Annotated[Typed, Depends()],
) -> Response:
    """Take, say, pass on, register or end; what cannot be done comes back with its text.

    A script that says so gets JSON and no page.
    """
    wants_json = "application/json" in request.headers.get("accept", "")
    try:
        done = _do(runtime, act, handover_id, user.user, typed)
    except WenjinError as problem:
        if wants_json or problem.status not in {409, 422}:
            raise
        view = View(WAITING, problem=problem.message, status=problem.status)
        return _show(request, runtime, user, handover_id, view, typed.back())
    if wants_json:
        return JSONResponse(done)
    return RedirectResponse(f"/desk/handovers/{handover_id}{DONE.get(act, '')}", 303)


def _do(runtime: Runtime, act: str, handover_id: str, user: User, typed: Typed) -> dict[str, Any]:
    now = runtime.now()
    by: dict[str, Any] = {"handover_id": handover_id, "user": user, "now": now}
    draft = intake.read(runtime, typed.draft, DESK) if act == "ticket" else typed.draft
    with runtime.db.begin() as s:
        match act:
            case "take":
                handovers.take(s, **by)
            case "say":
                return {"seq": handovers.say(s, text=typed.text, key=typed.key or None, **by).seq}
            case "end":
                handovers.end(s, **by)
            case "transfer":
                kind, _, target = typed.to.partition(":")
                if kind == "user":
                    handovers.transfer(s, to=s.get(User, target) or user, **by)
                else:
                    handovers.transfer(s, queue=target, **by)
            case "ticket":
                rng = random.SystemRandom()
                from_chat.register(s, draft=draft, agreed=typed.agreed, key=typed.key, rng=rng, **by)
            case _:
                raise not_found("unknown_act", "没有这项操作，请返回对话重新选择。")
    return {}


def _show(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    handover_id: str,
    view: View,
    typed: dict[str, str],
) -> HTMLResponse:
    now = runtime.now()
    with runtime.db.reading() as s:
        case = live_case(s, handovers.get(s, handover_id), user, now, typed)
        return desk_page(request, s, user, view, now, case)
