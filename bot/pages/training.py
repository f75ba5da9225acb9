"""Training: a ten-question paper, one question a screen, with explanations and their source."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.service.accounts import SignedIn
from actions.training import attempts
from actions.training.questions import QuestionType
from actions.training.views import Attempt, ShownItem
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages.render import page
from bot.pages.training_view import choices, minutes, source_of
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found
from knowledge.library import EDITION

router = APIRouter(prefix="/training", include_in_schema=False)
Learner = Annotated[SignedIn, Depends(require_role("staff", "handler", "knowledge"))]
SEED_BITS = 63


@router.get("", response_class=HTMLResponse)
def overview(request: Request, runtime: RuntimeDep, user: Learner) -> HTMLResponse:
    """Show what is open, a way to start, and past results."""
    with runtime.db.reading() as s:
        running = attempts.open_attempt(s, user.user.id)
        past = attempts.results(s, user.user.id)
    return page(
        request,
        "training/overview.html",
        signed_in=user,
        running=running,
        past=past[:20],
        size=runtime.settings.quiz_size,
        pass_percent=runtime.settings.pass_percent,
        now=runtime.now(),
    )


@router.post("/start", dependencies=[CsrfDep])
def start(runtime: RuntimeDep, user: Learner) -> Response:
    """Start a paper, or go on with the open one."""
    settings = runtime.settings
    with runtime.db.begin() as s:
        begun = attempts.start(
            s,
            user_id=user.user.id,
            size=settings.quiz_size,
            pass_percent=settings.pass_percent,
            seed=secrets.randbits(SEED_BITS),
            manual_version=runtime.library.version(EDITION),
            now=runtime.now(),
        )
    return _to(begun.id)


@router.get("/attempts/{attempt_id}", response_class=HTMLResponse)
def question(request: Request, runtime: RuntimeDep, user: Learner, attempt_id: str) -> Response:
    """Show the question that is next; a finished attempt goes to its result."""
    with runtime.db.reading() as s:
        running = attempts.open_attempt(s, user.user.id)
        item = attempts.current_item(s, running) if running and running.id == attempt_id else None
    if running is None or item is None:
        return _to(attempt_id, "/result")
    return _ask(request, runtime, user, running, item)


@router.post("/attempts/{attempt_id}/answer", response_class=HTMLResponse, dependencies=[CsrfDep])
def answer(
    request: Request,
    runtime: RuntimeDep,
    user: Learner,
    attempt_id: str,
    index: Annotated[int, Form()],
    given: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Mark an answer and show how it went; an unreadable one comes back with what was typed."""
    picked = given or []
    try:
        with runtime.db.begin() as s:
            item = attempts.item(s, attempt_id=attempt_id, user_id=user.user.id, item_index=index)
            attempts.answer(
                s,
                attempt_id=attempt_id,
                user_id=user.user.id,
                item_index=index,
                given=picked if item.type.has_options else "".join(picked),
                now=runtime.now(),
            )
    except WenjinError as problem:
        if problem.code == "already_answered":
            return _to(attempt_id, f"/items/{index}?again=1")
        if problem.status != 422:
            raise
        return _ask_again(request, runtime, user, attempt_id, picked, problem)
    return _to(attempt_id, f"/items/{index}")


@router.get("/attempts/{attempt_id}/items/{index}", response_class=HTMLResponse)
def feedback(
    request: Request, runtime: RuntimeDep, user: Learner, attempt_id: str, index: int, again: int = 0
) -> Response:
    """Show how an answer went, why, and where the manual says so."""
    with runtime.db.reading() as s:
        item = attempts.item(s, attempt_id=attempt_id, user_id=user.user.id, item_index=index)
        told = attempts.feedback(s, attempt_id=attempt_id, user_id=user.user.id, item_index=index)
    if told is None:
        return _to(attempt_id)
    return page(
        request,
        "training/feedback.html",
        signed_in=user,
        item=item,
        told=told,
        choices=choices(item.options, told.given, told.answer),
        source=source_of(runtime.library.edition, told.section, told.sentence),
        again=bool(again),
        manual=runtime.settings.manual_title,
        edition=EDITION,
    )


@router.get("/attempts/{attempt_id}/result", response_class=HTMLResponse)
def result(request: Request, runtime: RuntimeDep, user: Learner, attempt_id: str) -> Response:
    """Show the marks of a finished paper and all its questions."""
    with runtime.db.reading() as s:
        if _is_open(s, user, attempt_id):
            return _to(attempt_id)
        found = next((one for one in attempts.results(s, user.user.id) if one.attempt_id == attempt_id), None)
        if found is None:
            raise not_found("unknown_attempt", "没有找到这次测验，请回到培训页重新开始。")
        items = attempts.review(s, attempt_id=attempt_id, user_id=user.user.id)
    manual = runtime.library.edition
    return page(
        request,
        "training/result.html",
        signed_in=user,
        result=found,
        reviewed=[
            (
                one,
                choices(one.item.options, one.given, one.answer),
                source_of(manual, one.section, one.sentence),
            )
            for one in items
        ],
        now=runtime.now(),
        manual=runtime.settings.manual_title,
        edition=EDITION,
    )


def _to(attempt_id: str, rest: str = "") -> RedirectResponse:
    return RedirectResponse(f"/training/attempts/{attempt_id}{rest}", 303)


def _is_open(s: Session, user: SignedIn, attempt_id: str) -> bool:
    running = attempts.open_attempt(s, user.user.id)
    return running is not None and running.id == attempt_id


def _ask(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    attempt: Attempt,
    item: ShownItem,
    picked: list[str] | None = None,
    problem: WenjinError | None = None,
) -> HTMLResponse:
    return page(
        request,
        "training/question.html",
        signed_in=user,
        status=problem.status if problem else 200,
        attempt=attempt,
        item=item,
        kind=QuestionType,
        picked=picked or [],
        problem=_words(problem, picked),
        spent=minutes(attempt.started_at, runtime.now()),
    )


def _words(problem: WenjinError | None, picked: list[str] | None) -> str:
    if problem is None:
        return ""
    return problem.message if any(picked or []) else "请先选出或写下答案，再提交。"


def _ask_again(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    attempt_id: str,
    picked: list[str],
    problem: WenjinError,
) -> Response:
    with runtime.db.reading() as s:
        running = attempts.open_attempt(s, user.user.id)
        item = attempts.current_item(s, running) if running and running.id == attempt_id else None
    if running is None or item is None:
        raise problem
    return _ask(request, runtime, user, running, item, picked, problem)
