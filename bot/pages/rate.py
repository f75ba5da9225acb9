"""A rating behind its link, for channels without cards; the same form stands on a ticket's page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.service import rating_links, ratings
from actions.service.ratings import DIMENSIONS
from actions.store.tables.service import Rating
from bot.channels.sessions import same_origin
from bot.deps import RuntimeDep
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError

router = APIRouter(prefix="/r/{token}", include_in_schema=False)
Typed = dict[str, str]


@router.get("")
def show(token: str, request: Request, runtime: RuntimeDep, done: str = "") -> Response:
    """Show what is asked and what was given; raise 404 `offer_not_found` for a token that is not one."""
    with runtime.db.reading() as s:
        return _page(request, runtime, s, token, done=bool(done))


@router.post("", dependencies=[Depends(same_origin)])
async def rate(token: str, request: Request, runtime: RuntimeDep) -> Response:
    """Keep a rating; the same again changes nothing, another within the window replaces it."""
    form = await typed_in(request)
    return await run_in_threadpool(_rate, request, runtime, token, form)


def _rate(request: Request, runtime: Runtime, token: str, form: Typed) -> Response:
    try:
        with runtime.db.begin() as s:
            asked = rating_links.by_token(s, token)
            ratings.rate(
                s, offer_id=asked.id, conversation_id=asked.conversation_id, now=runtime.now(),
                **marks_of(form),
            )  # fmt: skip
    except WenjinError as problem:
        if problem.status not in {409, 422}:
            raise
        with runtime.db.reading() as s:
            return _page(request, runtime, s, token, problem=problem, typed=form)
    return RedirectResponse(f"{rating_links.PATH}{token}?done=1", 303)


def _page(
    request: Request,
    runtime: Runtime,
    s: Session,
    token: str,
    *,
    done: bool = False,
    problem: WenjinError | None = None,
    typed: Typed | None = None,
) -> Response:
    asked = rating_links.by_token(s, token)
    given = ratings.rating_of(s, asked.id)
    return page(
        request, "case/rate.html", status=problem.status if problem else 200,
        base=f"{rating_links.PATH}{token}", what=ratings.ASKED[asked.subject],
        at=asked.offered_at, now=runtime.now(), done=done,
        problem=problem.message if problem else "", dimensions=DIMENSIONS, rated=shown(given, typed),
        given=given is not None,
    )  # fmt: skip


async def typed_in(request: Request) -> Typed:
    """Return the fields of a form."""
    return {name: str(value) for name, value in (await request.form()).items()}


def marks_of(form: Typed) -> dict[str, Any]:
    """Return score, dimensions and comment of a form; a score that is none is 0."""
    return {
        "score": _score(form, "score"),
        "dimensions": {name: _score(form, name) for name in DIMENSIONS if form.get(name)},
        "comment": form.get("comment", ""),
    }


def shown(given: Rating | None, typed: Typed | None) -> Typed:
    """Return what the form shows: what was just typed, else what was given."""
    if typed or given is None:
        return typed or {}
    scores = {name: str(score) for name, score in given.dimensions.items()}
    return {"score": str(given.score), "comment": given.comment, **scores}


def _score(form: Typed, name: str) -> int:
    given = form.get(name, "")
    return int(given) if given.isdecimal() and len(given) == 1 else 0
