"""Assigning papers: to whom, by when, and what is agreed with single people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import or_, select

from actions.service import accounts
from actions.service.accounts import SignedIn
from actions.store.tables.accounts import User
from actions.store.tables.training import DueState, PaperState, QuizDue
from actions.training import assignments, plans, reports
from actions.training.assignments import Rule
from bot.deps import CsrfDep, RuntimeDep, require_role
from bot.pages.render import page
from bot.pages.training_manage import Viewer, choices, wanted_of
from bot.runtime import Runtime
from knowledge.errors import WenjinError, bad_input

router = APIRouter(prefix="/training/manage", include_in_schema=False)
Manager = Annotated[SignedIn, Depends(require_role(plans.ROLE))]
PATH = "/training/manage/assignments"
SHOWN = 500


@dataclass
class Typed:
    """An assignment as it is typed."""

    paper_id: str = ""
    title: str = ""
    jobs: list[str] = field(default_factory=list)
    departments: list[str] = field(default_factory=list)
    hired_from: str = ""
    hired_until: str = ""
    people: str = ""
    due_days: str = "30"
    due_on: str = ""
    repeat_days: str = "0"


def typed(
    paper_id: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    jobs: Annotated[list[str] | None, Form()] = None,
    departments: Annotated[list[str] | None, Form()] = None,
    hired_from: Annotated[str, Form()] = "",
    hired_until: Annotated[str, Form()] = "",
    people: Annotated[str, Form()] = "",
    due_days: Annotated[str, Form()] = "",
    due_on: Annotated[str, Form()] = "",
    repeat_days: Annotated[str, Form()] = "",
) -> Typed:
    """Return the form as it was sent."""
    return Typed(
        paper_id, title, jobs or [], departments or [], hired_from, hired_until, people, due_days, due_on,
        repeat_days,
    )  # fmt: skip


@router.get("/assign", response_class=HTMLResponse)
def form(request: Request, runtime: RuntimeDep, user: Manager, paper: str = "") -> HTMLResponse:
    """Show the form of a new assignment."""
    return _form(request, runtime, user, Typed(paper_id=paper))


@router.post("/assign", response_class=HTMLResponse, dependencies=[CsrfDep])
def assign(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    said: Annotated[Typed, Depends(typed)],
    really: Annotated[str, Form()] = "",
) -> Response:
    """Say how many people it is for, or assign; what is wrong comes back as it was typed."""
    try:
        rule, due_days, due_on, repeat_days = _read(runtime, said)
        if not really:
            with runtime.db.reading() as s:
                count = assignments.reached(s, rule, runtime.now())
            return _form(request, runtime, user, said, count=count)
        with runtime.db.begin() as s:
            made = assignments.create(
                s,
                paper_id=said.paper_id,
                rule=rule,
                title=said.title,
                due_days=due_days,
                due_on=due_on,
                repeat_days=repeat_days,
                user=user.user,
                now=runtime.now(),
            )
            made_id = made.id
    except WenjinError as problem:
        if problem.status not in (404, 422):
            raise
        return _form(request, runtime, user, said, problem=problem.message)
    return RedirectResponse(f"{PATH}/{made_id}", 303)


@router.get("/assignments/{assignment_id}", response_class=HTMLResponse)
def assignment(request: Request, runtime: RuntimeDep, user: Viewer, assignment_id: str) -> HTMLResponse:
    """Show an assignment: its coverage, and everybody with what was agreed."""
    return _assignment(request, runtime, user, assignment_id)


@router.post("/assignments/{assignment_id}/close", dependencies=[CsrfDep])
def close(runtime: RuntimeDep, user: Manager, assignment_id: str) -> Response:
    """End an assignment."""
    with runtime.db.begin() as s:
        assignments.close(s, assignment_id, user=user.user, now=runtime.now())
    return RedirectResponse(f"{PATH}/{assignment_id}", 303)


@router.post("/dues/{due_id}", response_class=HTMLResponse, dependencies=[CsrfDep])
def agree(
    request: Request,
    runtime: RuntimeDep,
    user: Manager,
    due_id: str,
    act: Annotated[str, Form()],
    reason: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Exempt somebody, take that back, or put the date off."""
    now = runtime.now()
    with runtime.db.reading() as s:
        due = s.get(QuizDue, due_id)
        home = due.assignment_id if due else ""
    try:
        with runtime.db.begin() as s:
            if act == "exempt":
                assignments.exempt(s, due_id, reason=reason, user=user.user, now=now)
            elif act == "unexempt":
                assignments.unexempt(s, due_id, user=user.user, now=now)
            else:
                day = _day(until, "新的期限")
                if day is None:
                    raise bad_input("bad_date", "请选择新的期限。")
                assignments.extend(s, due_id, until=day, reason=reason, user=user.user, now=now)
    except WenjinError as problem:
        if problem.status not in (409, 422):
            raise
        said = {"due": due_id, "reason": reason, "until": until}
        return _assignment(request, runtime, user, home, problem=problem, said=said)
    return RedirectResponse(f"{PATH}/{home}#due-{due_id}", 303)


def _form(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    said: Typed,
    *,
    problem: str = "",
    count: int | None = None,
) -> HTMLResponse:
    with runtime.db.reading() as s:
        groups = choices(s)
        papers = [one for one in plans.all_papers(s) if one.state is not PaperState.CLOSED]
    return page(
        request,
        "manage/assign.html",
        signed_in=user,
        status=422 if problem else 200,
        said=said,
        papers=papers,
        problem=problem,
        count=count,
        today=runtime.today(),
        **groups,
    )


def _read(runtime: Runtime, said: Typed) -> tuple[Rule, int | None, date | None, int]:
    rule = Rule(
        tuple(said.jobs),
        tuple(said.departments),
        _day(said.hired_from, "入职日期"),
        _day(said.hired_until, "入职日期"),
        _people(runtime, said.people),
    )
    due_on = _day(said.due_on, "截止日期")
    due_days = _number(said.due_days, "期限天数")
    return rule, due_days, due_on, _number(said.repeat_days, "重复周期") or 0


def _people(runtime: Runtime, text: str) -> tuple[str, ...]:
    """Return the ids of people named by staff number or account."""
    named = list(dict.fromkeys(text.replace("，", " ").replace(",", " ").replace("、", " ").split()))
    if not named:
        return ()
    with runtime.db.reading() as s:
        accounts_named = [accounts.folded(one) for one in named]
        query = select(User).where(or_(User.staff_no.in_(named), User.name.in_(accounts_named)))
        found = list(s.scalars(query))
    known = {one.staff_no for one in found} | {one.name for one in found}
    missing = [one for one in named if one not in known and accounts.folded(one) not in known]
    if missing:
        raise bad_input("bad_assignment", f"没有找到：{'、'.join(missing[:10])}。请写工号或账号。")
    return tuple(sorted(one.id for one in found))


def _day(text: str, what: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise bad_input("bad_date", f"{what}认不出，请重新选择。") from None


def _number(text: str, what: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_input("bad_assignment", f"{what}要是整数。") from None


def _assignment(
    request: Request,
    runtime: Runtime,
    user: SignedIn,
    assignment_id: str,
    *,
    problem: WenjinError | None = None,
    said: dict[str, str] | None = None,
) -> HTMLResponse:
    wanted = wanted_of({**request.query_params, "assignment": assignment_id}, runtime.today())
    with runtime.db.reading() as s:
        one = assignments.get(s, assignment_id)
        paper = plans.get(s, one.paper_id)
        table = reports.people(s, one, paper, wanted.filters)
        groups = reports.coverage_by_group(s, wanted.filters, one.id)
        found = s.scalars(select(QuizDue).where(QuizDue.assignment_id == one.id))
        states = {due.id: due.state for due in found}
    return page(
        request,
        "manage/assignment.html",
        signed_in=user,
        status=problem.status if problem else 200,
        one=one,
        paper=paper,
        rule=_rule_words(one.rule),
        table=table,
        groups=groups,
        states=states,
        DueState=DueState,
        wanted=wanted,
        shown=SHOWN,
        problem=problem.message if problem else "",
        said=said or {},
        may_change=accounts.may(user.user, plans.ROLE),
        today=runtime.today(),
    )


def _rule_words(kept: dict[str, object]) -> str:
    """Return a rule in words."""
    rule = Rule.from_json(kept)
    said = [
        "岗位 " + "、".join(rule.jobs) if rule.jobs else "",
        "部门 " + "、".join(rule.departments) if rule.departments else "",
        f"{rule.hired_from} 起入职" if rule.hired_from else "",
        f"{rule.hired_until} 前入职" if rule.hired_until else "",
    ]
    groups = "，".join(part for part in said if part)
    named = f"指名 {len(rule.people)} 人" if rule.people else ""
    return "；另".join(part for part in (groups, named) if part) or "名单上全部在职人员"
