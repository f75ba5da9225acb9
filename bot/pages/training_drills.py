"""Drills as pages: a conversation with an upset customer, line by line, and what was missed in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service.accounts import SignedIn
from actions.training import drills
from actions.training.drills import Drill
from bot.deps import CsrfDep, PageUser, RuntimeDep
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found
from knowledge.library import EDITION

router = APIRouter(prefix="/training/drills", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def overview(request: Request, runtime: RuntimeDep, user: PageUser) -> HTMLResponse:
    """Show the drills and how the person's last go at each went."""
    with runtime.db.reading() as s:
        held = drills.runs(s, user.user.id)
    last = {one.drill_id: one for one in reversed(held)}
    return page(
        request,
        "training/drills.html",
        signed_in=user,
        drills=drills.load(runtime.settings.drills_dir).values(),
        last=last,
        now=runtime.now(),
    )


@router.post("/{drill_id}/start", dependencies=[CsrfDep])
def start(runtime: RuntimeDep, user: PageUser, drill_id: str) -> Response:
    """Begin a drill, or go on with the open run."""
    with runtime.db.begin() as s:
        run_id = drills.start(s, user_id=user.user.id, drill=_drill(runtime, drill_id), now=runtime.now()).id
    return RedirectResponse(f"/training/drills/runs/{run_id}#now", 303)


@router.get("/runs/{run_id}", response_class=HTMLResponse)
def run(request: Request, runtime: RuntimeDep, user: PageUser, run_id: str) -> HTMLResponse:
    """Show the conversation so far; at its end the points, what was missed and what was wrong."""
    return _shown(request, runtime, user, run_id)


@router.post("/runs/{run_id}/say", response_class=HTMLResponse, dependencies=[CsrfDep])
def say(
    request: Request,
    runtime: RuntimeDep,
    user: PageUser,
    run_id: str,
    turn: Annotated[int, Form()],
    text: Annotated[str, Form()] = "",
) -> Response:
    """Take a line; one that cannot be taken comes back with what was typed."""
    try:
        with runtime.db.begin() as s:
            drill = _drill(runtime, drills.get(s, run_id, user.user.id).drill_id)
            drills.say(
                s, run_id=run_id, user_id=user.user.id, drill=drill, text=text, turn=turn, now=runtime.now()
            )
    except WenjinError as problem:
        if problem.status not in (409, 422):
            raise
        return _shown(request, runtime, user, run_id, text, problem)
    return RedirectResponse(f"/training/drills/runs/{run_id}#now", 303)


def _drill(runtime: Runtime, drill_id: str) -> Drill:
    found = drills.load(runtime.settings.drills_dir).get(drill_id)
    if found is None:
        raise not_found("unknown_drill", "没有这个演练。")
    return found


def _shown(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    run_id: str,
    typed: str = "",
    problem: WenjinError | None = None,
) -> HTMLResponse:
    with runtime.db.reading() as s:
        row = drills.get(s, run_id, user.user.id)
        drill, lines, passed, score = (
            _drill(runtime, row.drill_id),
            drills.lines_of(row),
            row.passed,
            row.score,
        )
        changed = row.drill_hash != drill.hash
    return page(
        request,
        "training/drill.html",
        signed_in=user,
        status=problem.status if problem else 200,
        run_id=run_id,
        drill=drill,
        state=drills.play(drill, lines),
        turn=len(lines),
        passed=passed,
        score=score,
        changed=changed,
        typed=typed,
        problem=problem.message if problem else "",
        most=drills.MAX_LINE,
        manual=runtime.settings.manual_title,
        edition=EDITION,
    )
