"""The complaint desk: its lists, a ticket, and everything that is done with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.desk import attachments, canned, counts, registry
from actions.desk.attachments import Upload
from actions.desk.duplicates import Similar
from actions.desk.life import Step
from actions.desk.steps import parts_of
from actions.service import handovers
from actions.service.accounts import SignedIn
from actions.store import audit
from actions.store.tables.desk import Ticket, TicketVector
from actions.store.tables.service import HandoverState
from bot import files
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages import desk_steps
from bot.pages.desk_case import Asked, ticket_case
from bot.pages.desk_forms import CANNED
from bot.pages.desk_page import desk_page, mark, sizes
from bot.pages.desk_queues import View, is_unread, view_from, view_of
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.errors import WenjinError, forbidden

router = APIRouter(prefix="/desk", include_in_schema=False)
Handler = Annotated[SignedIn, Depends(require_role("handler"))]
ViewDep = Annotated[View, Depends(view_of)]
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # no page is older
STALE = "这张工单刚被别人更新，下面已是最新经过。您填写的内容还在，请看过后再提交。"


async def form_of(request: Request) -> dict[str, str]:
    """Return the texts of a form by their names."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


FormDep = Annotated[dict[str, str], Depends(form_of)]


@router.get("", response_class=HTMLResponse)
def desk(
    request: Request, runtime: RuntimeDep, user: Handler, view: ViewDep, current: str = ""
) -> HTMLResponse:
    """Show a list; `current` marks the line of a case that the browser shows already."""
    with runtime.db.reading() as s:
        return desk_page(request, s, user, view, runtime.now(), None, current)


@router.get("/news")
def news(
    runtime: RuntimeDep, user: Handler, seen: datetime, known: str = "", case: str = ""
) -> dict[str, Any]:
    """Return the lists' sizes and what has come since the page was made; only a mark where that is `known`.

    `version` is that of the ticket `case`, 0 for none. Who asks is there for the customers they talk with.
    """
    now = runtime.now()
    since = seen if seen.tzinfo and EARLIEST < seen < now else now
    with runtime.db.begin() as s:
        handovers.here(s, user.user, now)
        if mark(s, user.user) == known:
            return {"mark": known}
        waiting = [one for one in handovers.open_handovers(s) if one.requested_at > since]
        new, calls = counts.arrived(s, since), sum(h.state is HandoverState.REQUESTED for h in waiting)
        unread = handovers.unread(s, user.user)
        words = [f"您接待的 {unread} 位客户有新消息"] * bool(unread)
        words += [f"新工单 {new} 张"] * bool(new) + [f"新等待的客户 {calls} 位"] * bool(calls)
        return {
            "counts": sizes(s, user.user, now),
            "words": "，".join(words),
            "mark": mark(s, user.user),
            "version": registry.get_by_number(s, case).version if case else 0,
        }


@router.get("/tickets/{number}", response_class=HTMLResponse)
def ticket(
    request: Request,
    runtime: RuntimeDep,
    user: Handler,
    number: str,
    view: ViewDep,
    step: str = "",
    use: str = "",
) -> HTMLResponse:
    """Show a ticket beside its list; `step` opens a form, `use` starts its text from a canned reply."""
    typed: dict[str, str] = {}
    with runtime.db.begin() as s:
        found = registry.get_by_number(s, number)
        _seen(found, user, runtime.now())
        if use:
            known = canned.values(s, found, user.user, runtime.now())
            typed = {"text": canned.fill(canned.get(s, use).text, known)}
        return _page(request, runtime, s, found, user, view, Asked(step=step, typed=typed))


@router.get("/tickets/{number}/canned", response_class=HTMLResponse)
def canned_for(
    request: Request, runtime: RuntimeDep, user: Handler, number: str, view: ViewDep, step: str = "reply"
) -> HTMLResponse:
    """Show the canned replies, filled from a ticket, to start a text from.

    The customer's name is filled in when the reply is sent: the desk shows it masked.
    """
    with runtime.db.reading() as s:
        found = registry.get_by_number(s, number)
        known = canned.values(s, found, user.user, runtime.now())
        known.pop("customer", None)
        replies = [(one, canned.fill(one.text, known)) for one in canned.listed(s)]
    return page(
        request, "desk/canned_pick.html", signed_in=user, replies=replies, number=found.number,
        step=step if step in CANNED else "reply", view=view,
    )  # fmt: skip


@router.get("/tickets/{number}/show", response_class=HTMLResponse)
def shown(number: str, _user: Handler, view: ViewDep) -> Response:
    """Return to the masked ticket: raw data are shown for one view, and only when asked for."""
    return RedirectResponse(f"/desk/tickets/{number}?{view.query()}", 303)


@router.post("/tickets/{number}/show", response_class=HTMLResponse, dependencies=[CsrfDep])
def show(request: Request, runtime: RuntimeDep, user: Handler, number: str, form: FormDep) -> HTMLResponse:
    """Show a ticket with its personal data in this one view; that somebody looked is recorded."""
    now = runtime.now()
    with runtime.db.begin() as s:
        found = registry.get_by_number(s, number)
        if not parts_of(user.user, found):
            raise forbidden("barred", "您与这张工单有利害关系，已经回避，不能查看原文。")
        audit.record(
            s, actor=user.user.id, action="ticket.show", object_type="ticket", object_id=found.id,
            data={"number": found.number}, now=now,
        )  # fmt: skip
        return _page(request, runtime, s, found, user, view_from(form.get("view", "")), Asked(raw=True))


@router.post("/tickets/{number}/files", response_class=HTMLResponse, dependencies=[CsrfDep])
def upload(
    request: Request, runtime: RuntimeDep, user: Handler, number: str, form: FormDep, file: UploadFile
) -> Response:
    """Keep a file with a ticket for the house alone; a note says so."""
    view = view_from(form.get("view", ""))
    try:
        sent = files.read(file)
        attachments.check(sent.content)  # before the database is held
        with runtime.db.begin() as s:
            _keep_file(s, number, user, form, sent, runtime.now())
    except WenjinError as problem:
        return _refused(request, runtime, user, number, view, problem, Asked())
    return _done(number, view, "files")


@router.post("/tickets/{number}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def do(
    request: Request, runtime: RuntimeDep, user: Handler, number: str, act: str, form: FormDep
) -> Response:
    """Do something with a ticket; what cannot be done comes back with what was typed."""
    step, view = desk_steps.step_of(act), view_from(form.get("view", ""))
    try:
        with runtime.db.begin() as s:
            desk_steps.do(s, step, number, user.user, _version(form), form, runtime.now())
    except WenjinError as problem:
        return _refused(request, runtime, user, number, view, problem, Asked(step=step, typed=form))
    return _done(number, view, act)


def _keep_file(
    s: Session, number: str, user: SignedIn, form: Mapping[str, str], sent: Upload, now: datetime
) -> None:
    found = registry.get_by_number(s, number)
    text = {"text": f"上传了附件：{sent.name or '附件'}"}
    kept = desk_steps.do(s, Step.NOTE, found.number, user.user, _version(form), text, now)
    attachments.add(
        s, sent, customer_id=kept.customer_id, added_by=user.user.id, ticket=kept, internal=True, now=now
    )


def _page(
    request: Request,
    runtime: Runtime,
    s: Session,
    found: Ticket,
    user: SignedIn,
    view: View,
    asked: Asked,
) -> HTMLResponse:
    """Render a ticket beside its list."""
    now = runtime.now()
    known = s.get(TicketVector, found.id) is not None
    similar = runtime.desk_reader.similar(s, found, now) if known else Similar((), 0)
    return desk_page(request, s, user, view, now, ticket_case(s, found, user.user, now, asked, similar))


def _seen(found: Ticket, user: SignedIn, now: datetime) -> None:
    """Note that the handler of a ticket has seen what its customer said."""
    if found.handler_id == user.user.id and is_unread(found):
        found.seen_at = now


def _version(form: Mapping[str, str]) -> int:
    given = form.get("version", "")
    return int(given) if given.isdecimal() else 0


def _done(number: str, view: View, act: str) -> Response:
    return RedirectResponse(f"/desk/tickets/{number}?{view.query(done=act)}", 303)


def _refused(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    number: str,
    view: View,
    problem: WenjinError,
    asked: Asked,
) -> Response:
    """Show the ticket as it is now, why a step was not done, and what was typed for it."""
    if problem.status not in {409, 422}:
        raise problem
    message = STALE if problem.code == "stale_version" else problem.message
    refused = replace(view, problem=message, status=problem.status)
    with runtime.db.reading() as s:
        found = registry.get_by_number(s, number)
        return _page(request, runtime, s, found, user, refused, asked)
