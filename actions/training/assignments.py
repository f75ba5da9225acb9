"""Who must pass which paper by when: rules by job, department and day of hire, repeated, kept up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session, aliased

from actions.desk.workdays import SHANGHAI
from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptState,
    DueState,
    QuizAssignment,
    QuizAttempt,
    QuizDue,
    QuizPaper,
)
from actions.training import plans, roster
from actions.training.plans import ROLE
from knowledge.errors import bad_input, conflict, not_found

OPEN, CLOSED = "open", "closed"
NEW_DAYS = 30  # for who joins when the fixed date has gone, where the assignment names no days
MAX_TITLE, MAX_REASON, MAX_DAYS = 100, 500, 3660
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom an assignment is for: the people named, and those of the roster that all conditions fit.

    Without any condition and without names it is for everybody of the roster.
    """

    jobs: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    hired_from: date | None = None
    hired_until: date | None = None
    people: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            key: value.isoformat() if isinstance(value, date) else list(value)
            for key, value in found.items()
            if value
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Rule:
        """Return a rule from what was kept."""
        days = {key: date.fromisoformat(kept[key]) for key in ("hired_from", "hired_until") if key in kept}
        lists = {key: tuple(kept[key]) for key in ("jobs", "departments", "people") if key in kept}
        found: dict[str, Any] = {**lists, **days}
        return cls(**found)

    def where(self, day: date) -> ColumnElement[bool]:
        """Return the condition of the active people whom it is for on a day."""
        conditions: list[ColumnElement[bool]] = []
        if self.jobs:
            conditions.append(User.job.in_(self.jobs))
        if self.departments:
            conditions.append(User.department.in_(self.departments))
        if self.hired_from:
            conditions.append(User.hired_on >= self.hired_from)
        if self.hired_until:
            conditions.append(User.hired_on <= self.hired_until)
        on_roster = and_(User.staff_no.is_not(None), *conditions)
        fits = on_roster if conditions or not self.people else false()
        here = (
            User.active.is_(True),
            or_(User.hired_on.is_(None), User.hired_on <= day),
            or_(User.left_on.is_(None), User.left_on > day),
        )
        return and_(or_(fits, User.id.in_(self.people)), *here)


def create(
    s: Session,
    *,
    paper_id: str,
    rule: Rule,
    title: str = "",
    due_days: int | None = None,
    due_on: date | None = None,
    repeat_days: int = 0,
    user: User,
    now: datetime,
) -> QuizAssignment:
    """Assign a paper, and give everybody whom the rule is for their due date at once.

    `due_days` count from the day somebody comes under the rule (or is hired), `due_on` is one day for all;
    days are over at midnight in China. `repeat_days` later the same is due again.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_paper`; 422 `bad_assignment`.
    """
    accounts.require_role(user, ROLE)
    paper = plans.get(s, paper_id)
    _check(s, rule, title, due_days, due_on, repeat_days, now)
    made = QuizAssignment(
        paper_id=paper.id,
        title=clean(title) or paper.title,
        rule=rule.to_json(),
        due_days=due_days,
        due_on=due_on,
        repeat_days=repeat_days,
        state=OPEN,
        created_by=user.id,
        created_at=now,
    )
    s.add(made)
    s.flush()
    _give(s, made, now)
    _record(s, "quiz_assignment.create", made.id, user, now, paper=paper.id)
    return made


def close(s: Session, assignment_id: str, *, user: User, now: datetime) -> QuizAssignment:
    """End an assignment: what is still open of it is frozen. Twice is harmless.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_assignment`.
    """
    accounts.require_role(user, ROLE)
    found = get(s, assignment_id, lock=True)
    if found.state == OPEN:
        found.state = CLOSED
        for due in s.scalars(
            select(QuizDue).where(QuizDue.assignment_id == found.id, QuizDue.state == DueState.OPEN)
        ):
            due.state = DueState.FROZEN
        _record(s, "quiz_assignment.close", found.id, user, now)
    return found


def exempt(s: Session, due_id: str, *, reason: str, user: User, now: datetime) -> QuizDue:
    """Let somebody off this time, with a reason.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_due`; 409 `due_settled`; 422 `reason_needed`.
    """
    due = _open_due(s, due_id, user)
    due.state, due.exempt_reason = DueState.EXEMPT, _reason(reason)
    _record(s, "quiz_due.exempt", due.id, user, now)
    return due


def unexempt(s: Session, due_id: str, *, user: User, now: datetime) -> QuizDue:
    """Take an exemption back; the due date stays, and is 30 days from now where it has gone.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_due`; 409 `due_settled`.
    """
    accounts.require_role(user, ROLE)
    due = _due(s, due_id)
    if due.state is not DueState.EXEMPT:
        raise conflict("due_settled", "这个人没有豁免，不用撤销。")
    due.state, due.exempt_reason = DueState.OPEN, ""
    if due.due_at < now:
        due.due_at, due.reminded = end_of(roster.today(now) + NEW_DAYS * _DAY), []
    _record(s, "quiz_due.unexempt", due.id, user, now)
    return due


def extend(s: Session, due_id: str, *, until: date, reason: str, user: User, now: datetime) -> QuizDue:
    """Put a due date off to a later day, with a reason; reminders begin anew.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_due`; 409 `due_settled`; 422 `reason_needed`, `bad_date`.
    """
    due = _open_due(s, due_id, user)
    later = end_of(until)
    if later <= max(due.due_at, now) or until > roster.today(now) + MAX_DAYS * _DAY:
        raise bad_input("bad_date", "新的期限要晚于原来的期限和今天，并在十年以内。")
    before = due.due_at
    due.extended_reason, due.due_at, due.reminded = _reason(reason), later, []
    _record(s, "quiz_due.extend", due.id, user, now, before=before.isoformat(), until=later.isoformat())
    return due


def get(s: Session, assignment_id: str, *, lock: bool = False) -> QuizAssignment:
    """Return an assignment; raise 404 `unknown_assignment`."""
    query = select(QuizAssignment).where(QuizAssignment.id == assignment_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = s.scalar(query)
    if found is None:
        raise not_found("unknown_assignment", "没有这项培训任务，可能已经删除。")
    return found


def listed(s: Session, *, also_closed: bool = True) -> list[tuple[QuizAssignment, QuizPaper]]:
    """Return assignments with their papers: the open ones first, the newest first."""
    query = select(QuizAssignment, QuizPaper).join(QuizPaper, QuizPaper.id == QuizAssignment.paper_id)
    if not also_closed:
        query = query.where(QuizAssignment.state == OPEN)
    ordered = query.order_by(QuizAssignment.state.desc(), QuizAssignment.created_at.desc(), QuizAssignment.id)
    return [(one, paper) for one, paper in s.execute(ordered)]


def reached(s: Session, rule: Rule, now: datetime) -> int:
    """Return how many people a rule is for now."""
    return len(s.scalars(select(User.id).where(rule.where(roster.today(now)))).all())


def end_of(day: date) -> datetime:
    """Return the midnight in China that ends a day."""
    return datetime.combine(day + _DAY, time(), SHANGHAI).astimezone(UTC)


def refresh(s: Session, now: datetime) -> dict[str, int]:
    """Bring everybody's dues up to date; repeating it changes nothing, and processes wait for each other.

    New people get theirs, repeated ones their next cycle, leavers are frozen and returners thawed. Returns
    how many of each: "left", "frozen", "thawed", "met" and "reopened" (by a regrade), "given", "again".
    """
    done = {"left": roster.switch_off_leavers(s, now), "given": 0, "again": 0}
    running = s.scalars(
        select(QuizAssignment)
        .where(QuizAssignment.state == OPEN)
        .order_by(QuizAssignment.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    done["frozen"], done["thawed"] = _freeze(s), _thaw(s, running, now)
    done["met"], done["reopened"] = _meet(s), _reopen(s)
    for assignment in running:
        done["given"] += _give(s, assignment, now)
        done["again"] += _repeat(s, assignment, now)
    return {kind: count for kind, count in done.items() if count}


def _give(s: Session, assignment: QuizAssignment, now: datetime) -> int:
    """Give a first due date to everybody under the rule who has none."""
    day = roster.today(now)
    has = select(QuizDue.id).where(QuizDue.assignment_id == assignment.id, QuizDue.user_id == User.id)
    rule = Rule.from_json(assignment.rule)
    new = s.scalars(select(User.id).where(rule.where(day), ~has.exists())).all()
    if new:
        paper = plans.get(s, assignment.paper_id)
        valid = paper.valid_days or assignment.repeat_days
        passes = _passes(s, assignment.paper_id, now - valid * _DAY if valid else None)
        for user_id in new:
            _put(s, assignment, user_id, 1, first_due(assignment, day), now, passes.get(user_id))
        s.flush()
    return len(new)


def first_due(assignment: QuizAssignment, start: date) -> datetime:
    """Return when somebody must have passed first who comes under an assignment on a day."""
    if assignment.due_on is not None and assignment.due_on >= start:
        return end_of(assignment.due_on)
    return end_of(start + (assignment.due_days or NEW_DAYS) * _DAY)


def _repeat(s: Session, assignment: QuizAssignment, now: datetime) -> int:
    """Begin the next cycle of whoever's last one has ended, where the rule is still for them."""
    if not assignment.repeat_days:
        return 0
    later = aliased(QuizDue)
    newer = select(later.id).where(
        later.assignment_id == QuizDue.assignment_id,
        later.user_id == QuizDue.user_id,
        later.cycle > QuizDue.cycle,
    )
    ended = s.scalars(
        select(QuizDue)
        .join(User, User.id == QuizDue.user_id)
        .where(
            QuizDue.assignment_id == assignment.id,
            QuizDue.due_at <= now,
            QuizDue.state != DueState.FROZEN,
            ~newer.exists(),
            Rule.from_json(assignment.rule).where(roster.today(now)),
        )
    ).all()
    period = assignment.repeat_days * _DAY
    since = min((due.due_at for due in ended), default=now)
    passes = _passes(s, assignment.paper_id, since) if ended else {}
    for due in ended:
        missed = (now - due.due_at) // period
        last = passes.get(due.user_id)
        met = last if last and last[1] > due.due_at else None
        _put(s, assignment, due.user_id, due.cycle + 1, due.due_at + (missed + 1) * period, now, met)
    s.flush()
    return len(ended)


def _passes(s: Session, paper_id: str, since: datetime | None) -> dict[str, tuple[str, datetime]]:
    """Return the last pass of a paper by person: the attempt and when."""
    query = select(QuizAttempt.user_id, QuizAttempt.id, QuizAttempt.finished_at).where(
        QuizAttempt.paper_id == paper_id,
        QuizAttempt.state == AttemptState.FINISHED,
        QuizAttempt.passed.is_(True),
    )
    if since is not None:
        query = query.where(QuizAttempt.finished_at > since)
    found = s.execute(query.order_by(QuizAttempt.finished_at, QuizAttempt.id))
    return {whose: (attempt_id, at) for whose, attempt_id, at in found if at is not None}


def _put(
    s: Session,
    assignment: QuizAssignment,
    user_id: str,
    cycle: int,
    due_at: datetime,
    now: datetime,
    met: tuple[str, datetime] | None,
) -> None:
    """Add a due; `met` is the attempt, and its time, that meets it at once."""
    due = QuizDue(
        assignment_id=assignment.id, user_id=user_id, cycle=cycle, due_at=due_at, state=DueState.OPEN,
        created_at=now,
    )  # fmt: skip
    if met is not None:
        due.state, (due.met_attempt_id, due.met_at) = DueState.MET, met
    s.add(due)


def _freeze(s: Session) -> int:
    """Freeze what people owe who are no longer active."""
    query = select(QuizDue).join(User, User.id == QuizDue.user_id)
    found = s.scalars(query.where(QuizDue.state == DueState.OPEN, User.active.is_(False))).all()
    for due in found:
        due.state = DueState.FROZEN
    return len(found)


def _meet(s: Session) -> int:
    """Mark as met what a regrade has made a pass, after the fact."""
    found = s.execute(
        select(QuizDue, QuizAttempt.id, QuizAttempt.finished_at)
        .join(QuizAssignment, QuizAssignment.id == QuizDue.assignment_id)
        .join(
            QuizAttempt,
            and_(QuizAttempt.user_id == QuizDue.user_id, QuizAttempt.paper_id == QuizAssignment.paper_id),
        )
        .where(
            QuizDue.state == DueState.OPEN,
            QuizAttempt.passed.is_(True),
            QuizAttempt.finished_at >= QuizDue.created_at,
        )
        .order_by(QuizAttempt.finished_at.desc(), QuizAttempt.id)
    ).all()
    for due, attempt_id, at in found:  # the earliest comes last and stays
        due.state, due.met_attempt_id, due.met_at = DueState.MET, attempt_id, at
    s.flush()
    return len({due.id for due, _, _ in found})


def _reopen(s: Session) -> int:
    """Open again what a pass had met that a regrade has unmade."""
    found = s.scalars(
        select(QuizDue)
        .join(QuizAttempt, QuizAttempt.id == QuizDue.met_attempt_id)
        .where(QuizDue.state == DueState.MET, QuizAttempt.passed.is_(False))
    ).all()
    for due in found:
        due.state, due.met_attempt_id, due.met_at = DueState.OPEN, None, None
    return len(found)


def _thaw(s: Session, assignments: Collection[QuizAssignment], now: datetime) -> int:
    """Give back what people owe who are active again; what was due meanwhile gets a new date."""
    by_id = {one.id: one for one in assignments}
    found = s.scalars(
        select(QuizDue)
        .join(User, User.id == QuizDue.user_id)
        .where(
            QuizDue.state == DueState.FROZEN, User.active.is_(True), QuizDue.assignment_id.in_(list(by_id))
        )
    ).all()
    for due in found:
        due.state = DueState.OPEN
        if due.due_at <= now:
            due.due_at, due.reminded = first_due(by_id[due.assignment_id], roster.today(now)), []
    return len(found)


def _check(
    s: Session,
    rule: Rule,
    title: str,
    due_days: int | None,
    due_on: date | None,
    repeat_days: int,
    now: datetime,
) -> None:
    def refuse(why: str) -> Exception:
        return bad_input("bad_assignment", why)

    if len(clean(title)) > MAX_TITLE:
        raise refuse(f"任务名最多 {MAX_TITLE} 个字。")
    if due_days is None and due_on is None:
        raise refuse("请填写期限：几天内，或一个截止日期。")
    if due_days is not None and not 1 <= due_days <= MAX_DAYS:
        raise refuse(f"期限要在 1 到 {MAX_DAYS} 天之间。")
    if due_on is not None and not roster.today(now) <= due_on <= roster.today(now) + MAX_DAYS * _DAY:
        raise refuse("截止日期不能早于今天，也不能晚于十年后。")
    if not 0 <= repeat_days <= MAX_DAYS:
        raise refuse(f"重复周期要在 0 到 {MAX_DAYS} 天之间，0 表示不重复。")
    if rule.hired_from and rule.hired_until and rule.hired_from > rule.hired_until:
        raise refuse("入职日期的起止写反了。")
    known = set(s.scalars(select(User.id).where(User.id.in_(rule.people)))) if rule.people else set()
    if missing := set(rule.people) - known:
        raise refuse(f"有 {len(missing)} 个人不在名单里。")


def _due(s: Session, due_id: str) -> QuizDue:
    query = select(QuizDue).where(QuizDue.id == due_id).with_for_update(key_share=True)
    due = s.scalar(query.execution_options(populate_existing=True))
    if due is None:
        raise not_found("unknown_due", "没有这个人的这项任务，请刷新页面。")
    return due


def _open_due(s: Session, due_id: str, user: User) -> QuizDue:
    accounts.require_role(user, ROLE)
    due = _due(s, due_id)
    if due.state is not DueState.OPEN:
        raise conflict("due_settled", "这个人已经合格、已豁免或已离职，不用再改。")
    return due


def _reason(text: str) -> str:
    reason = clean(text)
    if not 1 <= len(reason) <= MAX_REASON:
        raise bad_input("reason_needed", f"请写明原因，最多 {MAX_REASON} 个字。")
    return reason


def _record(s: Session, action: str, thing: str, user: User, now: datetime, **data: object) -> None:
    kind = action.partition(".")[0]
    audit.record(s, actor=user.id, action=action, object_type=kind, object_id=thing, data=data, now=now)
