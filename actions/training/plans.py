"""Papers as their makers see them: made, changed, opened and closed, each step audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptKind, Disclosure, PaperState, QuizPaper
from actions.training import blueprints, papers
from actions.training.blueprints import Line
from knowledge.errors import bad_input, conflict, not_found

ROLE = "training"
MAX_TITLE = 100
_LIMITS = {
    "minutes": (600, "时长（分钟）"),
    "attempts": (100, "次数"),
    "cooldown_hours": (24 * 60, "间隔（小时）"),
    "valid_days": (3660, "有效期（天）"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a paper is to be; 0 minutes, attempts, hours or days: no limit."""

    title: str
    lines: Sequence[Line]
    kind: AttemptKind = AttemptKind.EXAM
    pass_percent: int = 80
    minutes: int = 0
    attempts: int = 0
    cooldown_hours: int = 0
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    disclosure: Disclosure = Disclosure.AFTER_PASS
    shuffle_questions: bool = True
    shuffle_options: bool = True
    valid_days: int = 0
    certificate: bool = False


def create(s: Session, plan: Plan, *, user: User, now: datetime) -> QuizPaper:
    """Keep a new paper as a draft.

    Raises:
        WenjinError: 403 `role_needed`, 422 `bad_paper`.
    """
    accounts.require_role(user, ROLE)
    _check(plan)
    paper = QuizPaper(created_by=user.id, created_at=now, updated_at=now, state=PaperState.DRAFT, version=1)
    _write(paper, plan)
    s.add(paper)
    s.flush()
    _record(s, paper, "quiz_paper.create", user, now)
    return paper


def change(s: Session, paper_id: str, plan: Plan, *, version: int, user: User, now: datetime) -> QuizPaper:
    """Change a paper; attempts that were begun keep what they were begun with.

    Raises:
        WenjinError: 403 `role_needed`, 404 `unknown_paper`, 409 `changed_meanwhile`, 422 `bad_paper`.
    """
    accounts.require_role(user, ROLE)
    _check(plan)
    paper = get(s, paper_id, lock=True)
    if paper.version != version:
        raise conflict("changed_meanwhile", "这份试卷刚被别人改过，请刷新后再改。")
    if paper.state is PaperState.OPEN:
        blueprints.draw(papers.candidates(s), plan.lines, seed=0)
    _write(paper, plan)
    paper.version, paper.updated_at = version + 1, now
    _record(s, paper, "quiz_paper.change", user, now)
    return paper


def set_state(s: Session, paper_id: str, state: PaperState, *, user: User, now: datetime) -> QuizPaper:
    """Open or close a paper; one that the bank cannot fill is not opened.

    Raises:
        WenjinError: 403 `role_needed`, 404 `unknown_paper`, 409 `blueprint_unmet`.
    """
    accounts.require_role(user, ROLE)
    paper = get(s, paper_id, lock=True)
    if state is PaperState.OPEN:
        blueprints.draw(papers.candidates(s), lines_of(paper), seed=0)
    if paper.state is not state:
        paper.state, paper.updated_at = state, now
        _record(s, paper, f"quiz_paper.{state.value}", user, now)
    return paper


def get(s: Session, paper_id: str, *, lock: bool = False) -> QuizPaper:
    """Return a paper; raise 404 `unknown_paper`."""
    query = select(QuizPaper).where(QuizPaper.id == paper_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    paper = s.scalar(query)
    if paper is None:
        raise not_found("unknown_paper", "没有这份试卷，可能已经删除。")
    return paper


def all_papers(s: Session) -> list[QuizPaper]:
    """Return all papers, the newest first."""
    return list(s.scalars(select(QuizPaper).order_by(QuizPaper.created_at.desc(), QuizPaper.id)))


def lines_of(paper: QuizPaper) -> tuple[Line, ...]:
    """Return the lines of a paper's blueprint."""
    return blueprints.read(paper.blueprint)


def _check(plan: Plan) -> None:
    def refuse(why: str) -> Exception:
        return bad_input("bad_paper", why)

    blueprints.read([line.to_json() for line in plan.lines])
    if not 1 <= len(clean(plan.title)) <= MAX_TITLE:
        raise refuse(f"试卷名要有 1 到 {MAX_TITLE} 个字。")
    if not 1 <= plan.pass_percent <= 100:
        raise refuse("合格线要在 1% 到 100% 之间。")
    for name, (most, called) in _LIMITS.items():
        if not 0 <= getattr(plan, name) <= most:
            raise refuse(f"{called}要在 0 到 {most} 之间，0 表示不限。")
    if plan.opens_at and plan.closes_at and plan.opens_at >= plan.closes_at:
        raise refuse("截止时间要晚于开放时间。")
    if plan.kind is AttemptKind.EXAM and plan.disclosure is Disclosure.AFTER_EACH:
        raise refuse("考试不能答一题就公布答案，请选交卷后、合格后或截止后。")
    if plan.disclosure is Disclosure.AFTER_CLOSE and plan.closes_at is None:
        raise refuse("截止后公布答案，需要填写截止时间。")


def _write(paper: QuizPaper, plan: Plan) -> None:
    paper.title = clean(plan.title)
    paper.blueprint = [line.to_json() for line in plan.lines]
    for name in (
        "kind", "pass_percent", "minutes", "attempts", "cooldown_hours", "opens_at", "closes_at",
        "disclosure", "shuffle_questions", "shuffle_options", "valid_days", "certificate",
    ):  # fmt: skip
        setattr(paper, name, getattr(plan, name))


def _record(s: Session, paper: QuizPaper, action: str, user: User, now: datetime) -> None:
    data = {"version": paper.version, "state": paper.state.value}
    audit.record(
        s, actor=user.id, action=action, object_type="quiz_paper", object_id=paper.id, data=data, now=now
    )
