"""The question bank's pages: looked through, changed in new versions, reviewed by somebody else."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from actions.service.accounts import SignedIn
from actions.store.tables.accounts import User
from actions.training import checks, grading, listing, regrades, review
from actions.training.exchange.rows import Raw, question_of
from actions.training.listing import Wanted
from actions.training.questions import TRUE, Content, Difficulty, Question, QuestionType, Status
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages.render import page
from bot.pages.training_view import source_of
from bot.runtime import Runtime
from knowledge.errors import WenjinError, bad_input
from knowledge.library import EDITION

router = APIRouter(prefix="/training/bank", include_in_schema=False)
Manager = Annotated[SignedIn, Depends(require_role("training"))]
JOBS = ("业务", "技术", "风控", "合规法务", "客服")
STATUS_WORDS = {
    Status.DRAFT: "草稿",
    Status.IN_REVIEW: "审核中",
    Status.APPROVED: "已审核",
    Status.RETIRED: "已停用",
}
LEVELS = {Difficulty.EASY: "易", Difficulty.MEDIUM: "中", Difficulty.HARD: "难"}
DONE = {
    "saved": "已保存为新版本的草稿。",
    "submit": "已提交审核，请另一位培训管理员审核。",
    "approve": "已通过审核，新试卷会用这一版。",
    "send_back": "已退回修改。",
    "retire": "已停用，新试卷不再抽这道题。",
    "regrade": "已重新判分，记录见下。",
    "imported": "已导入为草稿，审核后才会进入试卷。",
}


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question as it is typed: options one a line, accepted words with | between."""

    type: str = "single"
    stem: str = ""
    options: str = ""
    answer: str = ""
    tolerance: str = "0"
    explanation: str = ""
    section: str = ""
    sentence: str = ""
    difficulty: str = "medium"
    topic: str = ""
    roles: tuple[str, ...] = ()
    note: str = ""
    seen: str = ""

    def question(self, question_id: str = "") -> Question:
        """Return the draft. Raises 422 `bad_question`."""
        raw = Raw(
            stem=self.stem,
            options=[_bare(line) for line in self.options.splitlines() if line.strip()],
            answer=self.answer,
            type=self.type,
            explanation=self.explanation,
            id=question_id,
            section=self.section,
            sentence=self.sentence,
            difficulty=self.difficulty,
            topic=self.topic,
            roles=self.roles,
            tolerance=self.tolerance,
        )
        try:
            return question_of(raw)
        except ValueError as error:
            raise bad_input("bad_question", f"{error}。") from None


def _bare(line: str) -> str:
    """Return an option without the letter that somebody typed before it."""
    head, mark, rest = line.strip().partition(".") if "." in line[:3] else line.strip().partition("、")
    return rest.strip() if mark and len(head) == 1 and head.upper() in grading.LETTERS else line.strip()


def form_of(question: Question, seen: str) -> QuestionForm:
    """Return a question as it is typed."""
    content = question.content
    match content.type:
        case QuestionType.TRUE_FALSE:
            answer = "对" if content.answer == (TRUE,) else "错"
        case QuestionType.FILL:
            answer = "|".join(content.answer)
        case _:
            answer = "".join(content.answer)
    return QuestionForm(
        type=content.type.value,
        stem=content.stem,
        options="\n".join(text for _, text in content.options),
        answer=answer,
        tolerance=str(content.tolerance),
        explanation=content.explanation,
        section=content.section,
        sentence=content.sentence,
        difficulty=question.difficulty.value,
        topic=question.topic,
        roles=question.roles,
        seen=seen,
    )


async def question_form(request: Request) -> QuestionForm:
    """Return a question's fields as they were typed."""
    sent = await request.form()
    words = {one.name: str(sent.get(one.name, "")) for one in fields(QuestionForm) if one.name != "roles"}
    return QuestionForm(**words, roles=tuple(str(role) for role in sent.getlist("roles")))


FormDep = Annotated[QuestionForm, Depends(question_form)]


def wanted_of(
    status: str = "",
    section: str = "",
    type: str = "",
    job: str = "",
    stale: int = 0,
    words: str = "",
    page_no: int = 1,
) -> Wanted:
    """Return what of the bank an address asks for."""
    return Wanted(status, section.strip(), type, bool(stale), words.strip(), job, max(1, page_no))


WantedDep = Annotated[Wanted, Depends(wanted_of)]


@router.get("", response_class=HTMLResponse)
def bank(
    request: Request, runtime: RuntimeDep, user: Manager, wanted: WantedDep, done: str = ""
) -> HTMLResponse:
    """List the bank, or the part of it that is asked for."""
    with runtime.db.reading() as s:
        rows, total = listing.rows(s, wanted)
        counts = listing.counts(s)
        jobs = listing.jobs(s)
    names = ("status", "section", "type", "job", "words")
    asked = {**{name: getattr(wanted, name) for name in names}, "stale": "1" if wanted.stale else ""}
    asked = {name: value for name, value in asked.items() if value}
    return page(
        request,
        "training/bank.html",
        signed_in=user,
        rows=rows,
        total=total,
        counts=counts,
        wanted=wanted,
        asked=asked,
        kept=urlencode(asked),
        pages=-(-total // listing.PAGE),
        sections=[(one.number, one.title) for one in runtime.library.edition],
        types=list(QuestionType),
        jobs=[*JOBS, *(one for one in jobs if one not in JOBS)],
        statuses=STATUS_WORDS,
        levels=LEVELS,
        done=DONE.get(done, ""),
    )


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, runtime: RuntimeDep, user: Manager) -> HTMLResponse:
    """Show an empty question."""
    return _form(request, runtime, user, QuestionForm(), "")


@router.post("/new", response_class=HTMLResponse, dependencies=[CsrfDep])
def create(request: Request, runtime: RuntimeDep, user: Manager, form: FormDep) -> Response:
    """Keep a new question as a draft."""
    try:
        question = form.question()
        with runtime.db.begin() as s:
            if review.exists(s, question.id):
                raise bad_input("bad_question", f"题库里已有这道题：{question.id}。")
            review.add(s, [question], user=user.user, note=form.note, now=runtime.now())
    except WenjinError as problem:
        if problem.status != 422:
            raise
        return _form(request, runtime, user, form, "", problem)
    return _to(question.id, "saved")


@router.get("/q/{question_id}", response_class=HTMLResponse)
def question(
    request: Request, runtime: RuntimeDep, user: Manager, question_id: str, done: str = ""
) -> HTMLResponse:
    """Show a question with its checks, its versions and what they change."""
    return _case(request, runtime, user, question_id, done=DONE.get(done, ""))


def _case(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    question_id: str,
    *,
    done: str = "",
    problem: WenjinError | None = None,
    typed: str = "",
) -> HTMLResponse:
    sections = checks.sections_of(runtime.library.edition)
    with runtime.db.reading() as s:
        where = review.standing(s, question_id)
        wrong = review.problems_of(s, where.shown, sections)
        people = _names(s, where)
        made = regrades.of_version(s, [one.id for one in where.versions])
        regraders = {one.made_by: _name(s, one.made_by) for one in made}
    shown, drawn = where.shown.content, where.drawn.content if where.drawn else None
    return page(
        request,
        "training/question_case.html",
        signed_in=user,
        status=problem.status if problem else 200,
        where=where,
        question=where.shown,
        answer=form_of(where.shown, "").answer,
        seen=where.shown.version_id,
        changes=listing.differences(drawn, shown) if drawn and drawn != shown else [],
        history=_history(where.versions),
        problems=wrong,
        source=source_of(runtime.library.edition, shown.section, shown.sentence) if shown.section else None,
        people=people,
        regrades=made,
        regraders=regraders,
        may_approve=where.head.edited_by != user.user.id,
        words=STATUS_WORDS,
        Status=Status,
        levels=LEVELS,
        now=runtime.now(),
        done=done,
        problem=problem.message if problem else "",
        typed=typed,
        manual=runtime.settings.manual_title,
        edition=EDITION,
    )


def _history(versions: tuple[Any, ...]) -> list[tuple[Any, list[listing.Change]]]:
    """Return the versions, newest first, each with what it changed."""
    contents = [Content.from_json(one.content) for one in versions]
    before = [*contents[1:], None]
    return [
        (one, listing.differences(old, new) if old else [])
        for one, new, old in zip(versions, contents, before, strict=True)
    ]


def _names(s: Session, where: review.Standing) -> dict[str, str]:
    ids = {one.created_by for one in where.versions} | {where.head.edited_by, where.head.reviewed_by}
    return {one: _name(s, one) for one in ids if one}


def _name(s: Session, user_id: str) -> str:
    found = s.get(User, user_id)
    return found.called if found else "题库文件"


@router.get("/q/{question_id}/edit", response_class=HTMLResponse)
def edit_form(request: Request, runtime: RuntimeDep, user: Manager, question_id: str) -> HTMLResponse:
    """Show a question to be changed."""
    with runtime.db.reading() as s:
        shown = review.standing(s, question_id).shown
    return _form(request, runtime, user, form_of(shown, shown.version_id), question_id)


@router.post("/q/{question_id}/edit", response_class=HTMLResponse, dependencies=[CsrfDep])
def edit(request: Request, runtime: RuntimeDep, user: Manager, question_id: str, form: FormDep) -> Response:
    """Make a new version; one that cannot be kept comes back as it was typed."""
    try:
        changed = form.question(question_id)
        with runtime.db.begin() as s:
            review.edit(s, changed, seen=form.seen, note=form.note, user=user.user, now=runtime.now())
    except WenjinError as problem:
        if problem.status not in (409, 422):
            raise
        return _form(request, runtime, user, form, question_id, problem)
    return _to(question_id, "saved")


@router.post("/q/{question_id}/act", response_class=HTMLResponse, dependencies=[CsrfDep])
def act(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    question_id: str,
    what: Annotated[str, Form()],
    seen: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Submit, approve, send back or retire."""
    now = runtime.now()
    try:
        with runtime.db.begin() as s:
            match what:
                case "submit":
                    review.submit(s, question_id, user=user.user, now=now)
                case "approve":
                    sections = checks.sections_of(runtime.library.edition)
                    review.approve(s, question_id, seen=seen, user=user.user, sections=sections, now=now)
                case "send_back":
                    review.send_back(s, question_id, reason=reason, user=user.user, now=now)
                case "retire":
                    review.retire(s, question_id, user=user.user, now=now)
                case _:
                    raise bad_input("bad_request", "没有这个操作。")
    except WenjinError as problem:
        if problem.status == 404 or problem.code == "role_needed":
            raise
        return _case(request, runtime, user, question_id, problem=problem, typed=reason)
    return _to(question_id, what)


@router.post("/q/{question_id}/regrade", response_class=HTMLResponse, dependencies=[CsrfDep])
def regrade(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    question_id: str,
    version: Annotated[str, Form()],
    how: Annotated[str, Form()],
    answer: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Mark a version by another key, in all attempts."""
    try:
        with runtime.db.begin() as s:
            if version not in {one.id for one in review.standing(s, question_id).versions}:
                raise bad_input("bad_request", "请选择这道题的一个版本。")
            regrades.regrade(
                s,
                version_id=version,
                answer=answer,
                everyone=how == "everyone",
                reason=reason,
                user=user.user,
                now=runtime.now(),
            )
    except WenjinError as problem:
        if problem.status != 422:
            raise
        return _case(request, runtime, user, question_id, problem=problem, typed=reason)
    return _to(question_id, "regrade")


def _to(question_id: str, done: str) -> RedirectResponse:
    return RedirectResponse(f"/training/bank/q/{question_id}?done={done}", 303)


def _form(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    form: QuestionForm,
    question_id: str,
    problem: WenjinError | None = None,
) -> HTMLResponse:
    return page(
        request,
        "training/question_form.html",
        signed_in=user,
        status=problem.status if problem else 200,
        form=form,
        question_id=question_id,
        problem=problem.message if problem else "",
        jobs=[*JOBS, *(role for role in form.roles if role not in JOBS)],
        types=list(QuestionType),
        levels=LEVELS,
        sections=[(one.number, one.title) for one in runtime.library.edition],
    )
