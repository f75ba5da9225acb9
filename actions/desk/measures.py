"""Improvement measures: what is changed against a cause of complaints, owner, due day, effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.desk import categories
from actions.desk.analysis import midnight
from actions.desk.workdays import SHANGHAI
from actions.service.accounts import may
from actions.service.messages import check_field
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.desk import Measure, MeasureState, Ticket
from knowledge.errors import bad_input, conflict, forbidden, not_found

STATE_LABELS = {
    MeasureState.OPEN: "进行中",
    MeasureState.DONE: "已完成，待看效果",
    MeasureState.CHECKED: "已确认效果",
    MeasureState.DROPPED: "不再做",
}
NEXT = {
    MeasureState.OPEN: (MeasureState.DONE, MeasureState.DROPPED),
    MeasureState.DONE: (MeasureState.CHECKED, MeasureState.OPEN),
    MeasureState.CHECKED: (),
    MeasureState.DROPPED: (MeasureState.OPEN,),
}
COMPARED = timedelta(days=30)  # complaints of the cause before and after a measure was done
MAX_OWNER = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """Complaints of a measure's cause in the days before it was done and in as many days since.

    `days` is how many days both spans have: fewer than 30 while it is fresh.
    """

    before: int
    after: int
    days: int


def add(
    s: Session, *, user: User, cause: str, business: str, text: str, owner: str, due_on: date, now: datetime
) -> Measure:
    """Decide on a measure against a cause; `business` may be "" for all.

    Raises:
        WenjinError: 403 `role_needed`; 422 `unknown_category`, `empty_field`, `field_too_long`.
    """
    _require(user)
    categories.check(cause=cause, **({"business": business} if business else {}))
    made = Measure(
        cause=cause, business=business, text=check_field(text, name="改进措施", required=True),
        owner=check_field(owner, name="责任人", required=True, limit=MAX_OWNER), due_on=due_on,
        created_by=user.id, created_at=now, updated_at=now, state=MeasureState.OPEN, version=1,
    )  # fmt: skip
    s.add(made)
    s.flush()
    _record(s, made, user, "measure.add", now)
    return made


def change(
    s: Session,
    *,
    measure_id: str,
    user: User,
    version: int,
    state: str,
    effect: str = "",
    due_on: date | None = None,
    now: datetime,
) -> Measure:
    """Bring a measure on: another state, its effect in words, another day.

    Raises:
        WenjinError: 403 `role_needed`; 404 `measure_not_found`; 409 `stale_version`, `wrong_state`;
            422 `empty_field` where an effect is confirmed without saying which.
    """
    _require(user)
    wanted = MeasureState(state) if state in set(MeasureState) else None
    if wanted is None:
        raise bad_input("unknown_state", "请选择改进措施的状态。")
    found = s.scalar(select(Measure).where(Measure.id == measure_id).with_for_update())
    if found is None:
        raise not_found("measure_not_found", "没有找到这项改进措施。")
    if found.version != version:
        raise conflict("stale_version", "这项改进措施刚被别人更新，请刷新后再试。", version=found.version)
    if wanted is not found.state and wanted not in NEXT[found.state]:
        raise conflict(
            "wrong_state", f"改进措施{STATE_LABELS[found.state]}，不能改为“{STATE_LABELS[wanted]}”。"
        )
    said = check_field(effect, name="效果", required=wanted is MeasureState.CHECKED)
    if wanted is MeasureState.DONE and found.state is not wanted:
        found.done_on = now.astimezone(SHANGHAI).date()
    found.state, found.effect = wanted, said or found.effect
    found.due_on = due_on or found.due_on
    found.version, found.updated_at = found.version + 1, now
    s.flush()
    _record(s, found, user, "measure.change", now)
    return found


def listed(s: Session, *, cause: str = "", open_only: bool = False) -> Sequence[Measure]:
    """Return measures, those that are due first on top."""
    query = select(Measure).order_by(Measure.due_on, Measure.created_at)
    if cause:
        query = query.where(Measure.cause == cause)
    if open_only:
        query = query.where(Measure.state.in_((MeasureState.OPEN, MeasureState.DONE)))
    return s.scalars(query).all()


def effect_of(s: Session, measure: Measure, today: date) -> Effect | None:
    """Compare complaints before and after a measure was done; None while it is not."""
    if measure.done_on is None or measure.done_on >= today:
        return None
    days = min(COMPARED, today - measure.done_on)
    before = _complaints(s, measure, measure.done_on - days, measure.done_on)
    return Effect(before, _complaints(s, measure, measure.done_on, measure.done_on + days), days.days)


def _complaints(s: Session, measure: Measure, since: date, until: date) -> int:
    of_it = [
        Ticket.cause == measure.cause,
        Ticket.merged_into.is_(None),
        Ticket.created_at >= midnight(since),
        Ticket.created_at < midnight(until),
    ]
    if measure.business:
        of_it.append(Ticket.business == measure.business)
    return s.scalar(select(func.count()).select_from(Ticket).where(*of_it)) or 0


def _require(user: User) -> None:
    if not (may(user, "supervisor") or may(user, "compliance")):
        raise forbidden("role_needed", "改进措施由投诉主管或合规管理员记录。", role="supervisor")


def _record(s: Session, measure: Measure, user: User, action: str, now: datetime) -> None:
    audit.record(
        s, actor=user.id, action=action, object_type="measure", object_id=measure.id,
        data={"cause": measure.cause, "state": str(measure.state), "version": measure.version}, now=now,
    )  # fmt: skip
