"""Training: what there is to do, practice one question a screen with its source, results."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store.tables.training import PaperState
from actions.training import attempts, exams, plans
from actions.training.disclosure import Seen
from actions.training.questions import QuestionType
from actions.training.views import Attempt, ShownItem
from bot.deps import CsrfDep, PageUser, RuntimeDep
from bot.pages.render import page
from bot.pages.training_exam import SEED_BITS, settle
from bot.pages.training_view import choices, minutes, paper_rows, seconds_left, source_of, time_words
from bot.runtime import Runtime
from knowledge.errors import WenjinError, not_found
from knowledge.library import EDITION

router = APIRouter(prefix="/training", include_in_schema=False)
HAS_REVIEW = find_spec("bot.pages.training_review") is not None


@router.get("", response_class=HTMLResponse)
def overview(request: Request, runtime: RuntimeDep, user: PageUser) -> HTMLResponse:
    """Show what is due and what is open, a way to practise, and past results."""
    settle(runtime, user.user.id)
    now = runtime.now()
    with runtime.db.reading() as s:
        running = attempts.open_practice(s, user.user.id)
        past = attempts.results(s, user.user.id)
        papers = plans.all_papers(s)
        standings = [
            exams.standing(s, one, user.user.id, now) for one in papers if one.state is PaperState.OPEN
        ]
    return page(
        request,
        "training/overview.html",
        signed_in=user,
        running=running,
        past=past[:20],
        titles={one.id: one.title for one in papers},
        papers=paper_rows(standings, now),
        manages=accounts.may(user.user, "training"),
        reports=any(accounts.may(user.user, role) for role in ("training", "compliance", "supervisor")),
        has_review=HAS_REVIEW,
        size=runtime.settings.quiz_size,
        pass_percent=runtime.settings.pass_percent,
        now=now,
    )


@router.post("/start", dependencies=[CsrfDep])
def start(runtime: RuntimeDep, user: PageUser) -> Response:
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
def question(request: Request, runtime: RuntimeDep, user: PageUser, attempt_id: str) -> Response:
    """Show the question that is next; a finished attempt goes to its result."""
    settle(runtime, user.user.id)
    with runtime.db.reading() as s:
        running = attempts.open_by_id(s, attempt_id, user.user.id)
        if running and not running.marked_at_once:
            return RedirectResponse(f"/training/exams/{attempt_id}", 303)
        item = attempts.current_item(s, running) if running else None
    if running is None or item is None:
        return _to(attempt_id, "/result")
    return _ask(request, runtime, user, running, item)


@router.post("/attempts/{attempt_id}/answer", response_class=HTMLResponse, dependencies=[CsrfDep])
def answer(
    request: Request,
    runtime: RuntimeDep,
    user: PageUser,
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
        if problem.code == "time_over":
            return _to(attempt_id)
        if problem.code == "already_answered":
            return _to(attempt_id, f"/items/{index}?again=1")
        if problem.status != 422:
            raise
        return _ask_again(request, runtime, user, attempt_id, picked, problem)
    return _to(attempt_id, f"/items/{index}")


@router.get("/attempts/{attempt_id}/items/{index}", response_class=HTMLResponse)
def feedback(
    request: Request, runtime: RuntimeDep, user: PageUser, attempt_id: str, index: int, again: int = 0
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
def result(request: Request, runtime: RuntimeDep, user: PageUser, attempt_id: str) -> Response:
    """Show the marks of a finished paper and all its questions."""
    settle(runtime, user.user.id)
    with runtime.db.reading() as s:
        if attempts.open_by_id(s, attempt_id, user.user.id):
            return _to(attempt_id)
        found = next((one for one in attempts.results(s, user.user.id) if one.attempt_id == attempt_id), None)
        if found is None:
            raise not_found("unknown_attempt", "没有找到这次测验，请回到培训页重新开始。")
        items = attempts.review(s, attempt_id=attempt_id, user_id=user.user.id, now=runtime.now())
        paper = plans.get(s, found.paper_id) if found.paper_id else None
        again = exams.standing(s, paper, user.user.id, runtime.now()) if paper else None
    manual = runtime.library.edition
    return page(
        request,
        "training/result.html",
        signed_in=user,
        result=found,
        paper=paper,
        again=again,
        seen=min((one.seen for one in items), default=Seen.KEYS),
        Seen=Seen,
        reviewed=[
            (
                one,
                choices(one.item.options, one.given, one.answer),
                source_of(manual, one.section, one.sentence) if one.section else None,
            )
            for one in items
        ],
        now=runtime.now(),
        manual=runtime.settings.manual_title,
        edition=EDITION,
    )


def _to(attempt_id: str, rest: str = "") -> RedirectResponse:
    return RedirectResponse(f"/training/attempts/{attempt_id}{rest}", 303)


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
        left_words=time_words(seconds_left(attempt.deadline_at, runtime.now())),
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
        running = attempts.open_by_id(s, attempt_id, user.user.id)
        item = attempts.current_item(s, running) if running else None
    if running is None or item is None:
        raise problem
    return _ask(request, runtime, user, running, item, picked, problem)
