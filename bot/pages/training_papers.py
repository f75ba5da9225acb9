"""The papers' pages: a blueprint whose lines say what the bank has, opened and closed, time extended."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.service.accounts import SignedIn
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    AttemptState,
    Disclosure,
    PaperState,
    QuizAttempt,
    QuizPaper,
)
from actions.training import blueprints, exam_clock, papers, plans
from actions.training.blueprints import Line
from actions.training.questions import QuestionType
from bot.deps import CsrfDep, RuntimeDep
from bot.pages.render import page
from bot.pages.training_bank import JOBS, LEVELS, Manager
from bot.pages.words import ZONE
from bot.runtime import Runtime
from knowledge.errors import WenjinError, bad_input

router = APIRouter(prefix="/training/papers", include_in_schema=False)
KIND_WORDS = {AttemptKind.EXAM: "考试", AttemptKind.PRACTICE: "练习"}
STATE_WORDS = {PaperState.DRAFT: "草稿", PaperState.OPEN: "开放", PaperState.CLOSED: "已关闭"}
DISCLOSURE_WORDS = {
    Disclosure.AFTER_EACH: "答一题看一题（练习）",
    Disclosure.AFTER_FINISH: "交卷后",
    Disclosure.AFTER_PASS: "合格后；不合格时只标对错",
    Disclosure.AFTER_CLOSE: "截止后",
}
SPARE_LINES = 2
_WHOLE = ("pass_percent", "minutes", "attempts", "cooldown_hours", "valid_days")
_LINE = ("count", "points", "chapter", "section", "topic", "type", "difficulty", "job")


@dataclass
class PaperForm:
    """A paper as it is typed."""

    title: str = ""
    kind: str = "exam"
    pass_percent: str = "80"  # noqa: S105  a share, no password
    minutes: str = "30"
    attempts: str = "0"
    cooldown_hours: str = "0"
    opens_at: str = ""
    closes_at: str = ""
    disclosure: str = "after_pass"
    shuffle_questions: str = "1"
    shuffle_options: str = "1"
    valid_days: str = "0"
    certificate: str = ""
    version: str = "1"
    lines: list[dict[str, str]] = field(default_factory=list)

    def plan(self) -> plans.Plan:
        """Return what the paper is to be. Raises 422 `bad_paper` or `bad_blueprint`."""
        numbers = {name: _number(getattr(self, name)) for name in _WHOLE}
        if self.kind not in KIND_WORDS or self.disclosure not in list(Disclosure):
            raise bad_input("bad_paper", "请选择试卷种类和公布答案的时间。")
        return plans.Plan(
            title=self.title,
            lines=self.read_lines(),
            kind=AttemptKind(self.kind),
            disclosure=Disclosure(self.disclosure),
            opens_at=_moment(self.opens_at),
            closes_at=_moment(self.closes_at),
            shuffle_questions=bool(self.shuffle_questions),
            shuffle_options=bool(self.shuffle_options),
            certificate=bool(self.certificate),
            **numbers,
        )

    def read_lines(self) -> tuple[Line, ...]:
        """Return the lines that have a count. Raises 422 `bad_blueprint`."""
        filled = [line for line in self.lines if line["count"].strip()]
        return blueprints.read(
            [{**one, "count": _number(one["count"]), "points": _number(one["points"])} for one in filled]
        )


def _number(text: str) -> int:
    try:
        return int(text.strip() or "0")
    except ValueError:
        raise bad_input("bad_paper", f"“{text[:20]}”不是整数。") from None


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZONE)
    except ValueError:
        raise bad_input("bad_paper", f"“{text[:20]}”不是时间。") from None


def form_of(paper: QuizPaper) -> PaperForm:
    """Return a paper as it is typed."""
    words: dict[str, Any] = {name: str(getattr(paper, name)) for name in (*_WHOLE, "title", "version")}
    for name in ("opens_at", "closes_at"):
        at = getattr(paper, name)
        words[name] = at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if at else ""
    for name in ("shuffle_questions", "shuffle_options", "certificate"):
        words[name] = "1" if getattr(paper, name) else ""
    lines = [{name: str(line.get(name, "")) for name in _LINE} for line in paper.blueprint]
    return PaperForm(**words, kind=paper.kind.value, disclosure=paper.disclosure.value, lines=lines)


async def paper_form(request: Request) -> PaperForm:
    """Return a paper's fields as they were typed; line fields come once a line."""
    sent = await request.form()
    words = {one.name: str(sent.get(one.name, "")) for one in fields(PaperForm) if one.name != "lines"}
    columns = [[str(value) for value in sent.getlist(f"line_{name}")] for name in _LINE]
    lines = [dict(zip(_LINE, row, strict=True)) for row in zip(*columns, strict=False)]
    return PaperForm(**words, lines=lines)


FormDep = Annotated[PaperForm, Depends(paper_form)]


@router.get("", response_class=HTMLResponse)
def overview(request: Request, runtime: RuntimeDep, user: Manager) -> HTMLResponse:
    """List the papers with how often they were taken."""
    with runtime.db.reading() as s:
        made = plans.all_papers(s)
        counts = _counts(s)
    return page(
        request,
        "training/papers.html",
        signed_in=user,
        papers=made,
        counts=counts,
        kinds=KIND_WORDS,
        states=STATE_WORDS,
        now=runtime.now(),
    )


def _counts(s: Session) -> dict[str, tuple[int, int, int]]:
    """Return of each paper how many attempts run, are finished, and passed."""
    running = func.count().filter(QuizAttempt.state == AttemptState.OPEN)
    passed = func.count().filter(QuizAttempt.passed.is_(True))
    rows = s.execute(
        select(QuizAttempt.paper_id, running, func.count() - running, passed)
        .where(QuizAttempt.paper_id.is_not(None))
        .group_by(QuizAttempt.paper_id)
    )
    return {str(paper_id): (opened, done, well) for paper_id, opened, done, well in rows}


@router.get("/new", response_class=HTMLResponse)
def new(request: Request, runtime: RuntimeDep, user: Manager) -> HTMLResponse:
    """Show an empty paper."""
    first = {**dict.fromkeys(_LINE, ""), "count": "10", "points": "10"}
    return _form(request, runtime, user, PaperForm(lines=[first]), None)


@router.post("/new", response_class=HTMLResponse, dependencies=[CsrfDep])
def create(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    form: FormDep,
    what: Annotated[str, Form()] = "save",
) -> Response:
    """Keep a new paper, or count again what its lines could draw."""
    if what == "count":
        return _form(request, runtime, user, form, None)
    try:
        with runtime.db.begin() as s:
            made = plans.create(s, form.plan(), user=user.user, now=runtime.now())
    except WenjinError as problem:
        if problem.status != 422:
            raise
        return _form(request, runtime, user, form, None, problem)
    return RedirectResponse(f"/training/papers/{made.id}?done=saved", 303)


@router.get("/{paper_id}", response_class=HTMLResponse)
def paper(
    request: Request, runtime: RuntimeDep, user: Manager, paper_id: str, done: str = ""
) -> HTMLResponse:
    """Show a paper to be changed, and who is writing it now."""
    with runtime.db.reading() as s:
        found = plans.get(s, paper_id)
    told = {"saved": "已保存。", "open": "已开放。", "closed": "已关闭。", "extended": "已延时，原因已记录。"}
    return _form(request, runtime, user, form_of(found), found, done=told.get(done, ""))


@router.post("/{paper_id}", response_class=HTMLResponse, dependencies=[CsrfDep])
def change(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    paper_id: str,
    form: FormDep,
    what: Annotated[str, Form()] = "save",
) -> Response:
    """Change a paper, or count again what its lines could draw."""
    with runtime.db.reading() as s:
        found = plans.get(s, paper_id)
    if what == "count":
        return _form(request, runtime, user, form, found)
    try:
        with runtime.db.begin() as s:
            plans.change(
                s, paper_id, form.plan(), version=_number(form.version), user=user.user, now=runtime.now()
            )
    except WenjinError as problem:
        if problem.status not in (409, 422):
            raise
        return _form(request, runtime, user, form, found, problem)
    return RedirectResponse(f"/training/papers/{paper_id}?done=saved", 303)


@router.post("/{paper_id}/state", response_class=HTMLResponse, dependencies=[CsrfDep])
def state(
    request: Request, runtime: RuntimeDep, user: Manager, paper_id: str, to: Annotated[PaperState, Form()]
) -> Response:
    """Open or close a paper; one that the bank cannot fill says which line."""
    try:
        with runtime.db.begin() as s:
            plans.set_state(s, paper_id, to, user=user.user, now=runtime.now())
    except WenjinError as problem:
        if problem.code != "blueprint_unmet":
            raise
        with runtime.db.reading() as s:
            found = plans.get(s, paper_id)
        return _form(request, runtime, user, form_of(found), found, problem)
    return RedirectResponse(f"/training/papers/{paper_id}?done={to.value}", 303)


@router.post("/{paper_id}/extend", response_class=HTMLResponse, dependencies=[CsrfDep])
def extend(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    paper_id: str,
    attempt: Annotated[str, Form()],
    minutes: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Give one person more time, with a reason."""
    try:
        with runtime.db.begin() as s:
            exam_clock.extend(
                s,
                attempt_id=attempt,
                minutes=_number(minutes),
                reason=reason,
                user=user.user,
                now=runtime.now(),
            )
    except WenjinError as problem:
        if problem.status not in (409, 422):
            raise
        with runtime.db.reading() as s:
            found = plans.get(s, paper_id)
        return _form(request, runtime, user, form_of(found), found, problem)
    return RedirectResponse(f"/training/papers/{paper_id}?done=extended", 303)


def _form(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    form: PaperForm,
    found: QuizPaper | None,
    problem: WenjinError | None = None,
    *,
    done: str = "",
) -> HTMLResponse:
    with runtime.db.reading() as s:
        bank = papers.candidates(s)
        running = _running(s, found.id) if found else []
    spare = [dict.fromkeys(_LINE, "") for _ in range(SPARE_LINES)]
    filled = [line for line in form.lines if any(value.strip() for value in line.values())]
    return page(
        request,
        "training/paper_form.html",
        signed_in=user,
        status=problem.status if problem else 200,
        form=form,
        paper=found,
        lines=[(line, _available(bank, line)) for line in [*filled, *spare]],
        total=sum(_safe(line["count"]) for line in filled),
        most=sum(_safe(line["count"]) * _safe(line["points"]) for line in filled),
        running=running,
        topics=[(one, one) for one in sorted({one.topic for one in bank if one.topic})],
        sections=[(one.number, one.title) for one in runtime.library.edition],
        types=[(one.value, one.label) for one in QuestionType],
        levels=LEVELS,
        jobs=[(job, job) for job in sorted({*JOBS, *(job for one in bank for job in one.jobs)})],
        kinds=KIND_WORDS,
        states=STATE_WORDS,
        disclosures=DISCLOSURE_WORDS,
        problem=problem.message if problem else "",
        done=done,
        now=runtime.now(),
    )


def _available(bank: list[papers.Candidate], line: dict[str, str]) -> int | None:
    """Return how many questions fit a line, None where it is empty or makes no sense."""
    if not line["count"].strip():
        return None
    try:
        read = blueprints.read([{**line, "count": 1, "points": 1}])
    except WenjinError:
        return None
    return blueprints.available(bank, read)[0]


def _safe(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 0


def _running(s: Session, paper_id: str) -> list[tuple[QuizAttempt, str]]:
    """Return who is writing a paper now."""
    rows = s.execute(
        select(QuizAttempt, User)
        .join(User, User.id == QuizAttempt.user_id)
        .where(QuizAttempt.paper_id == paper_id, QuizAttempt.state == AttemptState.OPEN)
        .order_by(QuizAttempt.started_at)
        .limit(100)
    )
    return [(attempt, user.called) for attempt, user in rows]
