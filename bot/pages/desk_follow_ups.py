"""Follow-ups of low ratings: a list for handlers, each closed with what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.desk import registry
from actions.service import accounts, follow_ups
from actions.service.accounts import SignedIn
from actions.service.follow_ups import Case
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.desk import FormDep, Handler
from bot.pages.desk_page import desk_page
from bot.pages.desk_queues import View
from bot.runtime import Runtime
from knowledge.errors import WenjinError

router = APIRouter(prefix="/desk/follow-ups", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FollowUpsCase:
    """What waits and what was done, as the right-hand pane shows them."""

    waiting: Sequence[Case]
    done: Sequence[Case]
    numbers: dict[str, str]
    people: dict[str, str]
    typed: dict[str, str]
    title: str = "低分回访"
    template: str = "desk/follow_ups.html"


@router.get("", response_class=HTMLResponse)
def listed(request: Request, runtime: RuntimeDep, user: Handler, done: str = "") -> HTMLResponse:
    """Show low ratings that wait for somebody, and those that were looked after."""
    return _show(request, runtime, user, View(done=done), {})


@router.post("/{task_id}", response_class=HTMLResponse, dependencies=[CsrfDep])
def finish(request: Request, runtime: RuntimeDep, user: Handler, task_id: str, form: FormDep) -> Response:
    """Close a follow-up; what cannot be closed comes back with its note."""
    note = form.get("note", "")
    try:
        with runtime.db.begin() as s:
            follow_ups.finish(s, task_id=task_id, note=note, user=user.user, now=runtime.now())
    except WenjinError as problem:
        if problem.status not in {404, 409, 422}:
            raise
        view = View(problem=problem.message, status=problem.status)
        return _show(request, runtime, user, view, {task_id: note})
    return RedirectResponse("/desk/follow-ups?done=follow_up", 303)


def _show(
    request: Request, runtime: Runtime, user: SignedIn, view: View, typed: dict[str, str]
) -> HTMLResponse:
    with runtime.db.reading() as s:
        waiting, done = follow_ups.waiting(s), follow_ups.done(s)
        numbers = registry.numbers(s, {one.ticket_id for one in (*waiting, *done) if one.ticket_id})
        people = {one.id: one.called for one in accounts.users(s)}
        case = FollowUpsCase(waiting, done, numbers, people, typed)
        return desk_page(request, s, user, view, runtime.now(), case)
