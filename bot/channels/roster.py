"""The roster as JSON or as a file, for the house's own systems and for training administrators."""

from __future__ import annotations

import hmac
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from actions.service import accounts
from actions.training import assignments, roster, roster_file
from actions.training.plans import ROLE
from actions.training.roster_file import Entry, Problem
from bot.channels.sessions import same_origin
from bot.deps import MaybeUser, RuntimeDep, check_csrf
from bot.runtime import Runtime
from knowledge.errors import bad_input, unauthenticated

router = APIRouter(prefix="/api/training", dependencies=[Depends(same_origin)])
API = "api"  # who did it, in the audit log, where a program did


async def caller_of(request: Request, runtime: RuntimeDep, user: MaybeUser) -> str:
    """Return who may change the roster: a program with the token, or a signed-in training administrator.

    Raises:
        WenjinError: 401 `bad_token`, `sign_in_needed`; 403 `bad_csrf`, `role_needed`.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        wanted = runtime.settings.rest_token
        if not wanted or not hmac.compare_digest(given.strip().encode(), wanted.encode()):
            raise unauthenticated("bad_token", "调用口令不对，请检查 Authorization。")
        return API
    if user is None:
        raise unauthenticated("sign_in_needed", "请先登录，或带上调用口令。")
    await check_csrf(request, user)
    accounts.require_role(user.user, ROLE)
    return user.user.id


@router.post("/roster")
async def import_roster(
    request: Request,
    runtime: RuntimeDep,
    actor: Annotated[str, Depends(caller_of)],
    dry_run: Annotated[bool, Query()] = False,
) -> dict[str, Any]:
    """Take people over: JSON `{"people": [{"staff_no", "name", …}]}`, or a form with `file` (xlsx, csv).

    With `dry_run` nothing is changed, and rows that are wrong are told instead of refused.

    Raises:
        WenjinError: 422 `roster_refused` with `problems`, `bad_file`, `empty_file`, `unknown_format`,
            `file_too_large`.
    """
    entries, problems = await _sent(request)
    return await run_in_threadpool(_import, runtime, entries, problems, actor, dry_run)


async def _sent(request: Request) -> tuple[list[Entry], list[Problem]]:
    if "form" in request.headers.get("content-type", ""):
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile):
            raise bad_input("bad_file", "请用 file 附上名单文件。")
        return roster_file.read(file.filename or "", await file.read())
    try:
        said = json.loads(await request.body())
        people = said["people"]
        if not all(isinstance(one, dict) for one in people):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise bad_input("bad_file", '请发送 {"people": [{"staff_no": …, "name": …}]}。') from error
    return roster_file.from_json(people)


def _import(
    runtime: Runtime, entries: list[Entry], problems: list[Problem], actor: str, dry_run: bool
) -> dict[str, Any]:
    now = runtime.now()
    with runtime.db.begin() as s:
        if dry_run:
            report = roster.compare(s, entries, problems, now)
        else:
            report = roster.take(s, entries, problems, actor=actor, now=now)
            assignments.refresh(s, now)
    return {
        "done": not dry_run,
        "counts": report.counts,
        "absent": report.absent,
        "changes": [
            {"where": one.where, "staff_no": one.staff_no, "kind": one.kind, "what": list(one.what)}
            for one in report.changes
            if one.kind != "same"
        ],
        "problems": [{"where": one.where, "problem": one.problem} for one in report.problems],
    }
