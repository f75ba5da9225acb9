"""The knowledge page: open questions first, then FAQ entries; each is written, tried, published."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.learning import asked, faqs
from actions.service.accounts import SignedIn
from actions.store.tables.knowledge import Faq
from bot.deps import CsrfDep, RuntimeDep
from bot.pages import knowledge_rows as rows
from bot.pages import knowledge_view as view
from bot.pages.knowledge_page import Owner, View, knowledge_page
from bot.pages.knowledge_view import FaqCase, FaqForm
from bot.runtime import Runtime
from knowledge.errors import WenjinError, forbidden, not_found
from knowledge.explain import explain

router = APIRouter(prefix="/knowledge", include_in_schema=False)
STALE = "这条问答刚被别人改过，下面是最新的内容。请看过后再操作。"
STALE_FORM = "这条问答刚被别人改过，见下面的经过。您填写的内容还在，请看过后再提交。"
MOST_EXAMPLES = 12


async def faq_form(request: Request) -> FaqForm:
    """Return an entry's fields as they were typed."""
    sent = await request.form()
    return FaqForm(**{one.name: str(sent.get(one.name, "")) for one in fields(FaqForm)})


FormDep = Annotated[FaqForm, Depends(faq_form)]


@router.get("", response_class=HTMLResponse)
def overview(
    request: Request, runtime: RuntimeDep, user: Owner, view: str = "", done: str = ""
) -> HTMLResponse:
    """Show a list; the open questions come first."""
    if view == rows.MANUALS and "admin" not in user.user.roles:
        raise forbidden("role_needed", "导入与版本只有管理员可以看，请联系管理员。")
    with runtime.db.reading() as s:
        return knowledge_page(request, runtime, s, user, View(view, done=done), None)


@router.get("/questions/{key}", response_class=HTMLResponse)
def question(request: Request, runtime: RuntimeDep, user: Owner, key: str) -> HTMLResponse:
    """Show a cluster of open questions."""
    return _cluster(request, runtime, user, key, View(rows.OPEN))


@router.post("/questions/{key}/dismiss", response_class=HTMLResponse, dependencies=[CsrfDep])
def dismiss(
    request: Request, runtime: RuntimeDep, user: Owner, key: str, reason: Annotated[str, Form()] = ""
) -> Response:
    """Put a cluster aside for good."""
    try:
        with runtime.db.begin() as s:
            found = runtime.work.get(s, key, runtime.now())
            asked.dismiss(s, questions=found.asked, reason=reason, user=user.user, now=runtime.now())
    except WenjinError as problem:
        if problem.status != 422:
            raise
        shown = View(rows.OPEN, problem=problem.message, status=422)
        return _cluster(request, runtime, user, key, shown, reason)
    return RedirectResponse("/knowledge?done=dismissed", 303)


def _cluster(
    request: Request, runtime: Runtime, user: SignedIn, key: str, shown: View, typed: str = ""
) -> HTMLResponse:
    with runtime.db.reading() as s:
        found = runtime.work.get(s, key, runtime.now())
        near = explain(runtime.answerer, found.title, found.audience).sections[:3]
        case = view.ClusterCase(found, rows.cluster_tags(found), near, typed)
        here = View(rows.OPEN, found.key, shown.done, shown.problem, shown.status)
        return knowledge_page(request, runtime, s, user, here, case)


@router.get("/faq/new", response_class=HTMLResponse)
def new_faq(request: Request, runtime: RuntimeDep, user: Owner, source: str = "") -> HTMLResponse:
    """Show an empty entry, or one filled from a cluster."""
    with runtime.db.reading() as s:
        form = FaqForm(owner=user.user.id)
        if source:
            found = runtime.work.get(s, source, runtime.now())
            question, *others = found.texts[: MOST_EXAMPLES + 1]
            form = FaqForm(question, "\n".join(others), "", str(found.audience), user.user.id)
        case = FaqCase(form, faqs.owners(s), source=source, editing=True)
        return knowledge_page(request, runtime, s, user, View(rows.FAQS), case)


@router.post("/faq", response_class=HTMLResponse, dependencies=[CsrfDep])
def create_faq(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    form: FormDep,
) -> Response:
    """Keep a new entry as a draft; one that cannot be kept comes back as it was typed."""
    try:
        with runtime.db.begin() as s:
            made = faqs.create(s, draft=form.draft(), user=user.user, now=runtime.now())
            return _to(made, "saved")
    except WenjinError as problem:
        if problem.status != 422:
            raise
        with runtime.db.reading() as s:
            case = FaqCase(form, faqs.owners(s), editing=True)
            here = View(rows.FAQS, problem=problem.message, status=422)
            return knowledge_page(request, runtime, s, user, here, case)


@router.get("/faq/{number}", response_class=HTMLResponse)
def faq(request: Request, runtime: RuntimeDep, user: Owner, number: int, done: str = "") -> HTMLResponse:
    """Show an entry with its history."""
    return _faq(request, runtime, user, number, View(rows.FAQS, str(number), done))


@router.post("/faq/{number}/revise", response_class=HTMLResponse, dependencies=[CsrfDep])
def revise_faq(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    number: int,
    version: Annotated[int, Form()],
    form: FormDep,
) -> Response:
    """Keep what was changed as a new version."""
    try:
        with runtime.db.begin() as s:
            by: dict[str, Any] = {"user": user.user, "now": runtime.now()}
            return _to(faqs.revise(s, number=number, version=version, draft=form.draft(), **by), "revised")
    except WenjinError as problem:
        return _faq(request, runtime, user, number, _refused(problem, number, typed=True), form)


@router.post("/faq/{number}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def act_on_faq(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    number: int,
    act: str,
    version: Annotated[int, Form()],
) -> Response:
    """Publish or retire an entry."""
    try:
        with runtime.db.begin() as s:
            by: dict[str, Any] = {"number": number, "version": version, "user": user.user}
            return _act(s, runtime, act, by)
    except WenjinError as problem:
        return _faq(request, runtime, user, number, _refused(problem, number))


def _act(s: Session, runtime: Runtime, act: str, by: dict[str, Any]) -> Response:
    match act:
        case "publish":
            return _to(faqs.publish(s, **by, now=runtime.now(), today=runtime.today()), "published")
        case "retire":
            return _to(faqs.retire(s, **by, now=runtime.now()), "retired")
        case _:
            raise not_found("unknown_act", "没有这项操作，请返回重新选择。")


def _refused(problem: WenjinError, number: int, *, typed: bool = False) -> View:
    """Return what to show with a refusal; raise what no form can mend."""
    if problem.status not in {409, 422}:
        raise problem
    stale = STALE_FORM if typed else STALE
    message = stale if problem.code == "stale_version" else problem.message
    return View(rows.FAQS, str(number), problem=message, status=problem.status)


def _faq(
    request: Request, runtime: Runtime, user: SignedIn, number: int, shown: View, form: FaqForm | None = None
) -> HTMLResponse:
    with runtime.db.reading() as s:
        case = view.faq_case(s, faqs.get(s, number), runtime.today(), form)
        return knowledge_page(request, runtime, s, user, shown, case)


def _to(faq: Faq, done: str) -> RedirectResponse:
    return RedirectResponse(f"/knowledge/faq/{faq.number}?{urlencode({'done': done})}", 303)
