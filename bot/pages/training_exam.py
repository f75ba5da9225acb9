"""Papers that are marked at their end: begun, written with every answer saved at once, handed in."""

from __future__ import annotations

import hmac
import secrets
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from actions.service import accounts
from actions.store.tables.training import AttemptKind
from actions.training import attempts, exams, plans
from actions.training.questions import QuestionType
from actions.training.views import Attempt
from bot.deps import SESSION_COOKIE, CsrfDep, PageUser, RuntimeDep, bad_csrf
from bot.pages.render import page
from bot.pages.training_view import seconds_left, time_words
from bot.runtime import Runtime
from knowledge.errors import WenjinError, unauthenticated
from knowledge.library import EDITION

router = APIRouter(include_in_schema=False)
SEED_BITS = 63
SAVERS = 4  # at once, where the database can do so


class Answer(BaseModel):
    """What a page saves: an answer (null: none new), a flag, and the number of what it last saw."""

    given: list[Annotated[str, Field(max_length=400)]] | None = Field(default=None, max_length=26)
    flagged: bool | None = None
    seen: int | None = None


@router.post("/training/papers/{paper_id}/start", dependencies=[CsrfDep])
def start(runtime: RuntimeDep, user: PageUser, paper_id: str) -> Response:
    """Begin a paper, or go on with it."""
    settle(runtime, user.user.id)
    with runtime.db.begin() as s:
        attempt = exams.start(
            s,
            paper_id=paper_id,
            user_id=user.user.id,
            seed=secrets.randbits(SEED_BITS),
            manual_version=runtime.library.version(EDITION),
            now=runtime.now(),
        )
    return RedirectResponse(address(attempt), 303)


def address(attempt: Attempt) -> str:
    """Return where an attempt goes on."""
    return f"/training/{'attempts' if attempt.marked_at_once else 'exams'}/{attempt.id}"


def settle(runtime: Runtime, user_id: str) -> None:
    """End what is over; a transaction of its own, so that no error undoes it."""
    with runtime.db.reading() as s:
        over = exams.has_overdue(s, user_id=user_id, now=runtime.now())
    if over:
        with runtime.db.begin() as s:
            exams.settle(s, user_id=user_id, now=runtime.now())


@router.get("/training/exams/{attempt_id}", response_class=HTMLResponse)
def write(
    request: Request, runtime: RuntimeDep, user: PageUser, attempt_id: str, q: int = 0, problem: str = ""
) -> Response:
    """Show the paper, one question at a time; without a script the others are a link away."""
    settle(runtime, user.user.id)
    who = {"attempt_id": attempt_id, "user_id": user.user.id}
    with runtime.db.reading() as s:
        sheet = exams.sheet(s, **who)
        if sheet.attempt.marked_at_once or not sheet.attempt.is_open:
            rest = "" if sheet.attempt.is_open else "/result"
            return RedirectResponse(f"/training/attempts/{attempt_id}{rest}", 303)
        asked = exams.asked(s, **who)
        title = plans.get(s, str(sheet.attempt.paper_id)).title
    first = next((one.index for one in sheet.places if not one.answered), 1)
    left = seconds_left(sheet.attempt.deadline_at, runtime.now())
    return page(
        request,
        "training/exam.html",
        signed_in=user,
        attempt=sheet.attempt,
        title=title,
        is_exam=sheet.attempt.kind is AttemptKind.EXAM,
        asked=asked,
        answered=sheet.answered,
        here_q=q if 1 <= q <= sheet.attempt.total else first,
        left=left,
        left_words=time_words(left),
        kind=QuestionType,
        problem=problem,
    )


@router.post("/training/exams/{attempt_id}/items/{index}", dependencies=[CsrfDep])
def save_form(
    runtime: RuntimeDep,
    user: PageUser,
    attempt_id: str,
    index: int,
    given: Annotated[list[str] | None, Form()] = None,
    flag: Annotated[str, Form()] = "",
    go: Annotated[int, Form()] = 0,
) -> Response:
    """Save an answer without a script and go on to another question."""
    try:
        with runtime.db.begin() as s:
            exams.save(
                s,
                attempt_id=attempt_id,
                user_id=user.user.id,
                index=index,
                given=given or [],
                flagged=bool(flag),
                now=runtime.now(),
            )
    except WenjinError as problem:
        if problem.code in ("time_over", "attempt_finished"):
            settle(runtime, user.user.id)
            return RedirectResponse(f"/training/attempts/{attempt_id}/result", 303)
        if problem.status != 422:
            raise
        return RedirectResponse(f"/training/exams/{attempt_id}?q={index}&problem=unread", 303)
    return RedirectResponse(f"/training/exams/{attempt_id}?q={go or index}", 303)


@router.put("/api/training/attempts/{attempt_id}/items/{index}")
async def save(
    request: Request, runtime: RuntimeDep, attempt_id: str, index: int, body: Answer
) -> JSONResponse:
    """Save one answer in one short transaction and say what is kept and how much time is left."""
    token, csrf = request.cookies.get(SESSION_COOKIE), request.headers.get("x-csrf-token", "")
    work = partial(_save, runtime, token, csrf, attempt_id, index, body)
    return JSONResponse(await to_thread.run_sync(work, limiter=_line(request, runtime)))


def _line(request: Request, runtime: Runtime) -> CapacityLimiter:
    """Return the line in which saves wait: SQLite writes one at a time, waiting here is fair and quick."""
    found: CapacityLimiter | None = getattr(request.app.state, "saving", None)
    if found is None:
        found = request.app.state.saving = CapacityLimiter(1 if runtime.db.dialect == "sqlite" else SAVERS)
    return found


def _save(
    runtime: Runtime, token: str | None, csrf: str, attempt_id: str, index: int, body: Answer
) -> dict[str, Any]:
    now, user_id = runtime.now(), ""
    try:
        with runtime.db.begin() as s:
            who = accounts.by_token(s, token, now)
            if who is None:
                raise unauthenticated("sign_in_needed", "登录已过期，请重新登录；答案已记在本机，会再保存。")
            if not hmac.compare_digest(csrf.encode(), who.csrf.encode()):
                raise bad_csrf()
            user_id = who.user.id
            kept = exams.save(
                s,
                attempt_id=attempt_id,
                user_id=user_id,
                index=index,
                given=body.given,
                flagged=body.flagged,
                seen=body.seen,
                now=now,
            )
    except WenjinError as problem:
        if problem.code == "time_over":
            settle(runtime, user_id)
        raise
    return _told(kept, runtime)


def _told(kept: exams.Kept, runtime: Runtime) -> dict[str, Any]:
    return {
        "given": list(kept.given),
        "flagged": kept.flagged,
        "seq": kept.seq,
        "saved_at": kept.saved_at.isoformat() if kept.saved_at else None,
        "left": seconds_left(kept.deadline_at, runtime.now()),
    }


@router.get("/training/exams/{attempt_id}/hand-in", response_class=HTMLResponse)
def before_end(request: Request, runtime: RuntimeDep, user: PageUser, attempt_id: str) -> Response:
    """Ask once more before the paper is handed in, and name what is open or flagged."""
    settle(runtime, user.user.id)
    with runtime.db.reading() as s:
        sheet = exams.sheet(s, attempt_id=attempt_id, user_id=user.user.id)
    if not sheet.attempt.is_open:
        return RedirectResponse(f"/training/attempts/{attempt_id}/result", 303)
    left = seconds_left(sheet.attempt.deadline_at, runtime.now())
    return page(
        request,
        "training/hand_in.html",
        signed_in=user,
        sheet=sheet,
        missing=[one.index for one in sheet.places if not one.answered],
        flagged=[one.index for one in sheet.places if one.flagged],
        left=left,
        left_words=time_words(left),
    )


@router.post("/training/exams/{attempt_id}/hand-in", dependencies=[CsrfDep])
def end(runtime: RuntimeDep, user: PageUser, attempt_id: str) -> Response:
    """Hand the paper in; twice is harmless."""
    with runtime.db.begin() as s:
        sheet = exams.sheet(s, attempt_id=attempt_id, user_id=user.user.id)
        if not sheet.attempt.marked_at_once:
            attempts.finish(s, attempt_id=attempt_id, user_id=user.user.id, now=runtime.now())
    return RedirectResponse(f"/training/attempts/{attempt_id}/result", 303)
