"""The canned replies' page: handlers read them, supervisors change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.desk import canned
from actions.desk.canned import FIELDS, Canned
from actions.service.accounts import SignedIn, may
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.desk import FormDep, Handler
from bot.pages.desk_page import desk_page
from bot.pages.desk_queues import View
from bot.runtime import Runtime
from knowledge.errors import WenjinError

router = APIRouter(prefix="/desk/canned", include_in_schema=False)
NEW = Canned("", "", "", "")


@dataclass(frozen=True, slots=True)
class CannedCase:
    """All replies, and the one that is being changed, as the right-hand pane shows them."""

    replies: Sequence[Canned]
    fields: dict[str, str]
    one: Canned | None
    may_change: bool
    title: str = "常用答复"
    template: str = "desk/canned.html"


@router.get("", response_class=HTMLResponse)
def replies(
    request: Request, runtime: RuntimeDep, user: Handler, key: str = "", new: bool = False, done: str = ""
) -> HTMLResponse:
    """Show the replies, and a form for the one with `key` or a new one."""
    return _show(request, runtime, user, View(done=done), key, NEW if new else None)


@router.post("", response_class=HTMLResponse, dependencies=[CsrfDep])
def save(request: Request, runtime: RuntimeDep, user: Handler, form: FormDep) -> Response:
    """Keep a reply; what cannot be kept comes back with its reason."""
    typed = Canned(
        form.get("key", ""), form.get("title", ""), form.get("text", ""), form.get("when", ""),
        active="active" in form,
    )  # fmt: skip
    try:
        with runtime.db.begin() as s:
            canned.save(
                s, key=typed.key, title=typed.title, text=typed.text, when=typed.when, active=typed.active,
                user=user.user, now=runtime.now(),
            )  # fmt: skip
    except WenjinError as problem:
        if problem.status != 422:
            raise
        return _show(request, runtime, user, View(problem=problem.message, status=422), typed.key, typed)
    return RedirectResponse("/desk/canned?done=canned", 303)


def _show(
    request: Request, runtime: Runtime, user: SignedIn, view: View, key: str, typed: Canned | None
) -> HTMLResponse:
    with runtime.db.reading() as s:
        known = canned.get(s, key) if key else None
        one = replace(typed, changed=bool(known and known.changed)) if typed else known
        leads = may(user.user, "supervisor")
        case = CannedCase(canned.listed(s, inactive=leads), FIELDS, one if leads else None, leads)
        return desk_page(request, s, user, view, runtime.now(), case)
