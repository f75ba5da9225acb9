"""The review book: what is due today, where somebody is weak, and the five minutes of a day."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.training import cards, daily
from bot.deps import CsrfDep, PageUser, RuntimeDep
from bot.pages.render import page
from bot.pages.training_exam import SEED_BITS, settle
from knowledge.errors import WenjinError
from knowledge.library import EDITION

router = APIRouter(prefix="/training/review", include_in_schema=False)


@router.get("", response_class=HTMLResponse)
def book(request: Request, runtime: RuntimeDep, user: PageUser) -> HTMLResponse:
    """Show what is due, weak topics and the whole book."""
    return _book(request, runtime, user)


@router.post("/start", dependencies=[CsrfDep])
def start(request: Request, runtime: RuntimeDep, user: PageUser) -> Response:
    """Start today's set, or go on with the open one; where there is nothing to ask, say so."""
    settle(runtime, user.user.id)
    try:
        with runtime.db.begin() as s:
            begun = daily.start(
                s,
                user_id=user.user.id,
                pass_percent=runtime.settings.pass_percent,
                seed=secrets.randbits(SEED_BITS),
                manual_version=runtime.library.version(EDITION),
                now=runtime.now(),
            )
    except WenjinError as problem:
        if problem.code != "nothing_to_review":
            raise
        return _book(request, runtime, user, problem)
    return RedirectResponse(f"/training/attempts/{begun.id}", 303)


def _book(
    request: Request, runtime: RuntimeDep, user: PageUser, problem: WenjinError | None = None
) -> HTMLResponse:
    now = runtime.now()
    with runtime.db.reading() as s:
        standing = daily.standing(s, user.user.id, now)
    return page(
        request,
        "training/review.html",
        signed_in=user,
        status=problem.status if problem else 200,
        standing=standing,
        problem=problem.message if problem else "",
        size=daily.SIZE,
        needed=cards.RIGHT_DAYS,
        now=now,
    )
