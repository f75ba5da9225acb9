"""Questions imported from a file: tried first, then taken over with one click, all or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from actions.service import kept_files
from actions.service.accounts import SignedIn
from actions.training import importing
from actions.training.exchange.reading import DryRun
from bot.deps import CsrfDep, RuntimeDep
from bot.pages import tried_files
from bot.pages.render import page
from bot.pages.training_bank import Manager
from knowledge.errors import WenjinError

router = APIRouter(prefix="/training/bank/import", include_in_schema=False)
PURPOSE = "questions"
SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """A file that was tried: what became of it, and the word under which it is kept."""

    name: str = ""
    run: DryRun | None = None
    digest: str = ""


@router.get("", response_class=HTMLResponse)
def form(request: Request, user: Manager) -> HTMLResponse:
    """Show how files are imported."""
    return _page(request, user, Tried())


@router.post("", response_class=HTMLResponse, dependencies=[CsrfDep])
def tried(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    file: UploadFile | None = None,
    really: Annotated[str, Form()] = "",
    kept: Annotated[str, Form()] = "",
) -> Response:
    """Say what would become of each row; import all of them where none is refused and it is asked for.

    The file comes with the form, or is the one that was tried before, by its word `kept`.
    """
    now, shown = runtime.now(), Tried()
    try:
        name, content = tried_files.content_of(runtime, user, PURPOSE, file, kept)
        shown = Tried(name)
        with runtime.db.reading() as s:
            run = importing.attempt(s, name, content)
        shown = Tried(name, run, kept)
        if really:
            with runtime.db.begin() as s:
                again = importing.attempt(s, name, content)
                importing.take(s, again, name=name, user=user.user, now=now)
                kept_files.drop(s, user_id=user.user.id, purpose=PURPOSE)
            if again.taken:
                return RedirectResponse("/training/bank?status=draft&done=imported", 303)
        elif run.taken and not run.refused:
            shown = Tried(name, run, tried_files.keep(runtime, user, PURPOSE, name, content))
    except WenjinError as error:
        if error.status not in (409, 422):
            raise
        return _page(request, user, shown, error)
    return _page(request, user, shown)


def _page(request: Request, user: SignedIn, shown: Tried, problem: WenjinError | None = None) -> HTMLResponse:
    return page(
        request,
        "training/import.html",
        signed_in=user,
        status=problem.status if problem else 200,
        tried=shown,
        run=shown.run,
        problem=problem.message if problem else "",
        shown=SHOWN_ROWS,
    )
