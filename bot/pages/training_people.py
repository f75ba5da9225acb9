"""The people of the roster: taken over from a file, found, and what each has done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service import accounts, kept_files
from actions.service.accounts import SignedIn
from actions.training import assignments, certificates, plans, reports, roster, roster_file
from actions.training.roster import LABELS, Report
from bot.deps import CsrfDep, RuntimeDep
from bot.pages import tried_files
from bot.pages.render import page
from bot.pages.training_assign import Manager
from bot.pages.training_manage import Viewer, wanted_of
from knowledge.errors import WenjinError, bad_input

router = APIRouter(prefix="/training/manage", include_in_schema=False)
SHOWN, ROSTER = 200, "roster"


@router.get("/people", response_class=HTMLResponse)
def people(request: Request, runtime: RuntimeDep, user: Viewer) -> HTMLResponse:
    """Show the people of the roster, those that a word is part of."""
    wanted = wanted_of(request.query_params, runtime.today())
    with runtime.db.reading() as s:
        table = reports.house(s, wanted.q)
    return page(
        request,
        "manage/people.html",
        signed_in=user,
        table=table,
        wanted=wanted,
        shown=SHOWN,
        may_change=accounts.may(user.user, plans.ROLE),
    )


@router.get("/people/{user_id}", response_class=HTMLResponse)
def person(request: Request, runtime: RuntimeDep, user: Viewer, user_id: str) -> HTMLResponse:
    """Show what one person had to do and has done."""
    wanted = wanted_of({"person": user_id}, runtime.today())
    with runtime.db.reading() as s:
        found = accounts.get_user(s, user_id)
        tables = reports.transcript(s, found, runtime.now())
    return page(
        request,
        "manage/person.html",
        signed_in=user,
        person=found,
        tables=tables,
        wanted=wanted,
        may_change=accounts.may(user.user, plans.ROLE),
    )


@router.post("/certificates/{serial}/revoke", dependencies=[CsrfDep])
def revoke(runtime: RuntimeDep, user: Manager, serial: str, reason: Annotated[str, Form()] = "") -> Response:
    """Revoke a certificate."""
    with runtime.db.begin() as s:
        found = certificates.revoke(s, serial, reason=reason, user=user.user, now=runtime.now())
        whose = found.user_id
    return RedirectResponse(f"/training/manage/people/{whose}", 303)


@router.get("/roster", response_class=HTMLResponse)
def roster_form(request: Request, runtime: RuntimeDep, user: Manager) -> HTMLResponse:
    """Show the form by which a roster is taken over."""
    del runtime
    return _roster_page(request, user)


@router.post("/roster", response_class=HTMLResponse, dependencies=[CsrfDep])
def take_roster(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    file: UploadFile | None = None,
    really: Annotated[str, Form()] = "",
    kept: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Say what would become of each person, or take them over where no row is wrong.

    The file comes with the form, or is the one that was tried before, by its word `kept`.
    """
    name, report, word = "", None, ""
    try:
        name, content = tried_files.content_of(runtime, user, ROSTER, file, kept)
        entries, wrong = roster_file.read(name, content)
        with runtime.db.reading() as s:
            report = roster.compare(s, entries, wrong, runtime.now())
        if report.problems and really:
            raise bad_input("roster_refused", "有不能导入的行，没有改动任何人。请改好后再传一次。")
        if really:
            with runtime.db.begin() as s:
                report = roster.take(s, entries, wrong, actor=user.user.id, now=runtime.now())
                assignments.refresh(s, runtime.now())
                kept_files.drop(s, user_id=user.user.id, purpose=ROSTER)
        elif not report.problems and _changes(report):
            word = tried_files.keep(runtime, user, ROSTER, name, content)
    except WenjinError as error:
        if error.status != 422:
            raise
        return _roster_page(request, user, report, name=name, problem=error.message)
    return _roster_page(request, user, report, name=name, kept=word, done=bool(really))


def _changes(report: Report) -> bool:
    return any(one.kind != "same" for one in report.changes)


def _roster_page(
    request: Request,
    user: SignedIn,
    report: Report | None = None,
    *,
    name: str = "",
    kept: str = "",
    problem: str = "",
    done: bool = False,
) -> HTMLResponse:
    return page(
        request,
        "manage/roster.html",
        signed_in=user,
        status=422 if problem else 200,
        report=report,
        name=name,
        kept=kept,
        problem=problem,
        labels=LABELS,
        said=roster.summary(report, done=done) if report else "",
        shown=SHOWN,
    )
