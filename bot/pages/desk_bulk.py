"""Several tickets at once: each in its own transaction, so that one that cannot be done stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.desk import export, registry
from actions.desk.life import Step
from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store import audit
from bot.deps import CsrfDep, RuntimeDep
from bot.pages import desk_steps
from bot.pages.desk import FormDep, Handler
from bot.pages.desk_page import desk_page
from bot.pages.desk_queues import view_from
from bot.runtime import Runtime
from knowledge.errors import WenjinError, bad_input, not_found

router = APIRouter(prefix="/desk/bulk", include_in_schema=False)
MOST = 200
DONE = {Step.TAKE: "已受理", Step.ASSIGN: "已分派", Step.MOVE: "已转队列"}
STALE = "刚被别人更新，没有处理。请看过最新经过再办。"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticket."""

    number: str
    words: str
    done: bool


@dataclass(frozen=True, slots=True)
class BulkCase:
    """What became of all that was chosen, as the right-hand pane shows it."""

    results: Sequence[Result]
    title: str = "批量办理的结果"
    template: str = "desk/bulk.html"

    @property
    def done(self) -> int:
        """Return how many were done."""
        return sum(result.done for result in self.results)


@router.get("")
def lists(_user: Handler) -> Response:
    """Go to the lists: a result is shown once."""
    return RedirectResponse("/desk", 303)


@router.post("/export", dependencies=[CsrfDep])
def download(runtime: RuntimeDep, user: Handler, pick: Annotated[list[str], Form()] = []) -> Response:  # noqa: B006
    """Return the chosen tickets as a CSV file, masked; that they left the house is recorded."""
    numbers, now = [number for number, _ in _picked(pick)], runtime.now()
    with runtime.db.begin() as s:
        names = {one.id: one.called for one in accounts.users(s)}
        rows = [export.row(registry.get_by_number(s, number), names, now) for number in numbers]
        audit.record(
            s, actor=user.user.id, action="ticket.export", object_type="ticket", object_id="chosen",
            data={"numbers": numbers}, now=now,
        )  # fmt: skip
    headers = {"Content-Disposition": 'attachment; filename="tickets.csv"', "Cache-Control": "no-store"}
    return Response(b"".join(export.as_csv(rows)), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def do(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    act: str,
    form: FormDep,
    pick: Annotated[list[str], Form()] = [],  # noqa: B006
) -> HTMLResponse:
    """Do the same with each chosen ticket and say of each what became of it."""
    view, step = view_from(form.get("view", "")), _step(act)
    results = [_one(runtime, step, number, version, user, form) for number, version in _picked(pick)]
    with runtime.db.reading() as s:
        return desk_page(request, s, user, view, runtime.now(), BulkCase(results))


def _step(act: str) -> Step:
    if act not in DONE:
        raise not_found("unknown_act", "没有这项操作，请返回列表重新选择。")
    return Step(act)


def _picked(pick: Sequence[str]) -> list[tuple[str, int]]:
    """Return numbers and versions of what was chosen; raise 422 `nothing_chosen`, `too_many_chosen`."""
    if not pick:
        raise bad_input("nothing_chosen", "请先在列表里勾选工单。")
    if len(pick) > MOST:
        raise bad_input("too_many_chosen", f"一次最多办 {MOST} 张，请分几次。")
    parts = [one.partition(":") for one in dict.fromkeys(pick)]
    return [(number, int(version) if version.isdecimal() else 0) for number, _, version in parts]


def _one(
    runtime: Runtime, step: Step, number: str, version: int, user: SignedIn, form: Mapping[str, str]
) -> Result:
    try:
        with runtime.db.begin() as s:
            desk_steps.do(s, step, number, user.user, version, form, runtime.now())
    except WenjinError as problem:
        return Result(number, STALE if problem.code == "stale_version" else problem.message, done=False)
    return Result(number, DONE[step], done=True)
