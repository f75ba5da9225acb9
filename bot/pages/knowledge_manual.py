"""The knowledge page's view of the manual: sections, attached questions, the hit test, imports."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.learning import attachments, faqs, published
from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store import audit
from actions.store.tables.knowledge import Attached
from bot.deps import CsrfDep, RuntimeDep
from bot.importing import diff_lines, report_lines
from bot.pages import knowledge_rows as rows
from bot.pages import knowledge_view as view
from bot.pages.knowledge_page import Admin, Owner, View, knowledge_page
from bot.pages.knowledge_view import AttachCase, AttachedCase, Place, Step, TryCase
from bot.pages.render import page
from bot.runtime import Runtime
from knowledge.document import Audience, Document, Section
from knowledge.errors import WenjinError, not_found
from knowledge.explain import Explanation, explain
from knowledge.supplement import Supplement

router = APIRouter(prefix="/knowledge", include_in_schema=False)
MOST_EXAMPLES = 12


@router.get("/sections/{number}", response_class=HTMLResponse)
def section(request: Request, runtime: RuntimeDep, user: Owner, number: str) -> HTMLResponse:
    """Show a section with the questions of each of its sentences."""
    index = runtime.answerer.get().index
    found = _section(index.document, number)
    with runtime.db.reading() as s:
        case = view.section_case(found, index, published.supplement(s))
        return knowledge_page(request, runtime, s, user, View(rows.SECTIONS, number), case)


@router.get("/attach", response_class=HTMLResponse)
def attach_form(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    source: str = "",
    texts: str = "",
    audience: str = "",
    section: str = "",
    place: str = "",
) -> HTMLResponse:
    """Show where a question may be attached: what the search suggests first, then any section's sentences."""
    with runtime.db.reading() as s:
        if source and not texts:
            found = runtime.work.get(s, source, runtime.now())
            texts = "\n".join(found.texts[:MOST_EXAMPLES])
            audience = audience or str(found.audience)
        case = _attach_case(runtime, texts, audience or "customer", section, place, source)
        return knowledge_page(request, runtime, s, user, View(rows.ATTACHED), case)


@router.post("/attach", response_class=HTMLResponse, dependencies=[CsrfDep])
def attach(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    texts: Annotated[str, Form()] = "",
    audience: Annotated[str, Form()] = "customer",
    section: Annotated[str, Form()] = "",
    place: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
) -> Response:
    """Keep questions with their sentence as a draft; what cannot be kept comes back as it was typed."""
    number, _, sentence = place.partition("|")
    try:
        with runtime.db.begin() as s:
            row = attachments.attach(
                s,
                texts=texts.splitlines(),
                section=number,
                sentence=sentence,
                audience=view.audience_of(audience),
                manual=runtime.answerer.get().index.document,
                user=user.user,
                now=runtime.now(),
            )
            return _to(row, "attached")
    except WenjinError as problem:
        if problem.status not in {404, 422}:
            raise
        message = problem.message if place else "请选择手册里的一句话。"
        with runtime.db.reading() as s:
            case = _attach_case(runtime, texts, audience, section, place, source)
            here = View(rows.ATTACHED, problem=message, status=422)
            return knowledge_page(request, runtime, s, user, here, case)


def _attach_case(
    runtime: Runtime, texts: str, audience: str, section: str, place: str, source: str
) -> AttachCase:
    manual = runtime.answerer.get().index.document
    listed = manual.section(section)
    suggested: list[Place] = []
    first = next((line for line in texts.splitlines() if line.strip()), "")
    if first:
        found = explain(runtime.answerer, first[:200], Audience.STAFF).sections
        suggested = [Place(one.section, one.title, one.sentence, one.audience) for one in found]
    number, _, sentence = place.partition("|")
    chosen = manual.section(number)
    picked = next((p for p in view.places_of(chosen) if p.sentence == sentence), None) if chosen else None
    shown = [p for p in suggested if p.value != place]
    places = [p for p in view.places_of(listed) if p.value != place and p not in shown] if listed else []
    return AttachCase(texts, audience, shown, manual.sections, section, places, picked, place, source)


@router.get("/attached/{attached_id}", response_class=HTMLResponse)
def attached(
    request: Request, runtime: RuntimeDep, user: Owner, attached_id: str, done: str = ""
) -> HTMLResponse:
    """Show attached questions with their sentence."""
    return _attached(request, runtime, user, attached_id, View(rows.ATTACHED, attached_id, done))


@router.post("/attached/{attached_id}/{act}", response_class=HTMLResponse, dependencies=[CsrfDep])
def act_on_attached(
    request: Request, runtime: RuntimeDep, user: Owner, attached_id: str, act: str
) -> Response:
    """Publish or retire attached questions."""
    try:
        with runtime.db.begin() as s:
            match act:
                case "publish":
                    row = attachments.publish(s, attached_id=attached_id, user=user.user, now=runtime.now())
                    return _to(row, "published")
                case "retire":
                    row = attachments.retire(s, attached_id=attached_id, user=user.user, now=runtime.now())
                    return _to(row, "retired")
                case _:
                    raise not_found("unknown_act", "没有这项操作，请返回重新选择。")
    except WenjinError as problem:
        if problem.status != 409:
            raise
        shown = View(rows.ATTACHED, attached_id, problem=problem.message, status=409)
        return _attached(request, runtime, user, attached_id, shown)


def _attached(
    request: Request, runtime: Runtime, user: SignedIn, attached_id: str, shown: View
) -> HTMLResponse:
    manual = runtime.answerer.get().index.document
    with runtime.db.reading() as s:
        row = attachments.get(s, attached_id)
        names = {one.id: one.called for one in accounts.users(s)}
        steps = [
            Step(one.at, names.get(one.actor, "系统"), view.STEPS.get(one.action, one.action))
            for one in audit.entries(s, object_type="attached", object_id=row.id)
        ]
        found = manual.section(row.section)
        title = f"{row.section} {found.title}" if found else row.section
        case = AttachedCase(row, title, rows.attached_tags(row, manual), steps)
        return knowledge_page(request, runtime, s, user, shown, case)


@router.get("/try", response_class=HTMLResponse)
def hit_test(
    request: Request,
    runtime: RuntimeDep,
    user: Owner,
    question: str = "",
    audience: str = "customer",
    context: str = "",
    faq: str = "",
    attached: str = "",
    part: str = "",
) -> HTMLResponse:
    """Ask as a customer or a member of staff would and show why the answer is what it is.

    `faq` and `attached` name a draft that is tried as if it were published. `part` asks for the panel alone.
    """
    with runtime.db.reading() as s:
        explained, problem = _explained(runtime, s, question, audience, context, faq, attached)
        case = TryCase(question, audience, context, faq, attached, explained, problem)
        if part:
            return page(request, "knowledge/try.html", signed_in=user, case=case, readers=rows.READERS)
        return knowledge_page(request, runtime, s, user, View(rows.OPEN), case)


def _explained(
    runtime: Runtime, s: Session, question: str, audience: str, context: str, faq: str, attached: str
) -> tuple[Explanation | None, str]:
    if not question.strip():
        return None, ""
    try:
        reader = view.audience_of(audience)
        extra = _draft(s, faq, attached)
        return explain(runtime.answerer, question, reader, context=context, extra=extra), ""
    except WenjinError as problem:
        return None, problem.message


def _draft(s: Session, faq: str, attached: str) -> Supplement | None:
    """Return the entry that is tried out, in its newest version."""
    if faq.isdecimal():
        entry = faqs.get(s, int(faq))
        return Supplement(faqs=(published.entry(faqs.newest(s, entry), entry.number, ""),))
    if attached:
        return Supplement(attached=tuple(published.questions(attachments.get(s, attached))))
    return None


@router.get("/manuals/{name}", response_class=HTMLResponse)
def manual(
    request: Request, runtime: RuntimeDep, user: Admin, name: str, old: str = "", new: str = ""
) -> HTMLResponse:
    """Show an import's report and what changed between two versions of a manual."""
    library = runtime.library
    document = library.document(name)
    versions = next(info.versions for info in library.manuals() if info.name == name)
    changes, problem = _changes(runtime, name, old, new)
    case = view.ManualCase(
        name,
        document.title,
        versions,
        old or (versions[-2] if len(versions) > 1 else ""),
        new or versions[-1],
        report_lines(library, name),
        changes,
        problem,
    )
    with runtime.db.reading() as s:
        return knowledge_page(request, runtime, s, user, View(rows.MANUALS, name), case)


def _changes(runtime: Runtime, name: str, old: str, new: str) -> tuple[list[str], str]:
    try:
        return diff_lines(runtime.library, name, old or None, new or None), ""
    except WenjinError as problem:
        return [], problem.message


def _section(document: Document, number: str) -> Section:
    found = document.section(number)
    if found is None:
        raise not_found("unknown_section", "正在使用的手册里没有这一节，请回到列表重新选择。")
    return found


def _to(row: Attached, done: str) -> RedirectResponse:
    return RedirectResponse(f"/knowledge/attached/{row.id}?{urlencode({'done': done})}", 303)
