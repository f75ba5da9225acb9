"""The roster: people of the house by staff number, compared with a file and taken over all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session, undefer

from actions.desk.workdays import SHANGHAI
from actions.service import accounts
from actions.store import audit
from actions.store.tables.accounts import User
from actions.training.roster_file import Entry, Problem
from knowledge.errors import bad_input

NO_PASSWORD = "-"  # noqa: S105  a hash that no password has: nobody signs in until one is set
LABELS = {"new": "新增", "changed": "更新", "left": "离职", "back": "返岗", "same": "不变"}
_FIELDS = {
    "name": "姓名",
    "department": "部门",
    "job": "岗位",
    "hired_on": "入职日期",
    "left_on": "离职日期",
    "mail": "邮箱",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one person: new, changed, left, back or same; `what` are the fields that change."""

    where: str
    staff_no: str
    name: str
    kind: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import does, or would do; where there are problems it does nothing. `absent` are people of the
    roster that the file does not name; they stay as they are."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    absent: int

    @property
    def counts(self) -> dict[str, int]:
        """Return how many people of each kind there are."""
        found = Counter(one.kind for one in self.changes)
        return {kind: found[kind] for kind in LABELS}


def compare(s: Session, entries: Sequence[Entry], problems: Iterable[Problem], now: datetime) -> Report:
    """Say what an import would do with each person."""
    known = _Known.of(s)
    found = list(problems)
    changes = []
    for entry in entries:
        user = known.whose(entry)
        trouble = _trouble(entry, user, now)
        if trouble:
            found.append(Problem(entry.where, trouble))
        else:
            changes.append(_change(entry, user, now))
    found.sort(key=lambda one: one.row)
    named = {entry.staff_no for entry in entries}
    return Report(tuple(changes), tuple(found), sum(number not in named for number in known.numbers))


def take(
    s: Session, entries: Sequence[Entry], problems: Sequence[Problem], *, actor: str, now: datetime
) -> Report:
    """Take people over by staff number; nothing is changed where any row is wrong.

    Who has left is switched off from the day of leaving on, and what they owe is frozen by the next
    `assignments.refresh`. An account that an administrator switched off stays off.

    Raises:
        WenjinError: 422 `roster_refused` with `problems`, a line each.
    """
    report = compare(s, entries, problems, now)
    if report.problems:
        lines = [f"{one.where}：{one.problem}" for one in report.problems]
        raise bad_input(
            "roster_refused",
            f"名单有 {len(lines)} 行不能导入，没有改动任何人。{lines[0]}{'……' if len(lines) > 1 else ''}",
            problems=lines,
        )
    known = _Known.of(s)
    touched: dict[str, list[str]] = {}
    for entry, change in zip(entries, report.changes, strict=True):
        if change.kind != "same":
            user = _write(s, entry, known.whose(entry), now)
            s.flush()
            touched.setdefault(change.kind, []).append(user.id)
            if change.kind in ("left", "back"):
                accounts.set_active(s, user_id=user.id, active=change.kind == "back", now=now)
    if touched:
        data = {**{kind: len(ids) for kind, ids in touched.items()}, "ids": touched.get("changed", [])}
        audit.record(
            s, actor=actor, action="roster.import", object_type="roster", object_id="", data=data, now=now
        )
    return report


def summary(report: Report, *, done: bool) -> str:
    """Return in one sentence what was done, or would be."""
    counts = "，".join(f"{LABELS[kind]} {count} 人" for kind, count in report.counts.items() if count)
    absent = f"；名单里没有的 {report.absent} 人不变" if report.absent else ""
    if report.problems:
        return f"有 {len(report.problems)} 行不能导入，没有改动任何人，改好后再导入。"
    return f"{'已导入' if done else '试算'}：{counts or '没有变化'}{absent}。"


def switch_off_leavers(s: Session, now: datetime) -> int:
    """Switch off whoever's day of leaving has come; return how many."""
    day = today(now)
    leaving = s.scalars(
        select(User).where(User.active.is_(True), User.staff_no.is_not(None), User.left_on <= day)
    ).all()
    for user in leaving:
        accounts.set_active(s, user_id=user.id, active=False, now=now)
    return len(leaving)


def people(s: Session, *, also_left: bool = False) -> list[User]:
    """Return the people of the roster by staff number, their mail addresses loaded."""
    query = select(User).where(User.staff_no.is_not(None)).order_by(User.staff_no)
    query = query.options(undefer(User.mail))
    return list(s.scalars(query if also_left else query.where(User.active.is_(True))))


def departments(s: Session) -> list[str]:
    """Return the departments of the roster, those of leavers too."""
    return _different(s, User.department)


def jobs(s: Session) -> list[str]:
    """Return the jobs of the roster, those of leavers too."""
    return _different(s, User.job)


def _different(s: Session, column: InstrumentedAttribute[str]) -> list[str]:
    return sorted(s.scalars(select(column).distinct().where(User.staff_no.is_not(None), column != "")))


def today(now: datetime) -> date:
    """Return the day in China."""
    return now.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is there already, by staff number and by name of the account."""

    numbers: dict[str, User]
    names: dict[str, User]

    @classmethod
    def of(cls, s: Session) -> _Known:
        everybody = s.scalars(select(User).options(undefer(User.mail)).order_by(User.name)).all()
        numbers = {one.staff_no: one for one in everybody if one.staff_no}
        return cls(numbers, {one.name: one for one in everybody})

    def whose(self, entry: Entry) -> User | None:
        """Return whose row it is: by staff number, else the account that it names or would be called by."""
        name = accounts.folded(entry.account or entry.staff_no)
        return self.numbers.get(entry.staff_no) or self.names.get(name)


def _trouble(entry: Entry, user: User | None, now: datetime) -> str:
    """Say why a row cannot be taken, "" where it can."""
    if user is not None and user.staff_no != entry.staff_no:
        if user.staff_no is not None:
            return f"账号 {user.name} 已是工号 {user.staff_no} 的"
        if not entry.account:
            return f"已有名为 {user.name} 的账号；若是同一人，请在“账号”一列写上 {user.name}"
    leaves = _is_gone(entry.left_on, now)
    if user is not None and leaves and user.active and "admin" in user.roles:
        return "这是系统管理员的账号，请先移交管理员权限，再登记离职"
    return ""


def _is_gone(left_on: date | None, now: datetime) -> bool:
    return left_on is not None and left_on <= today(now)


def _change(entry: Entry, user: User | None, now: datetime) -> Change:
    gone = _is_gone(entry.left_on, now)
    if user is None:
        return Change(entry.where, entry.staff_no, entry.name, "new")
    what = tuple(label for field, label in _FIELDS.items() if _differs(entry, user, field))
    if gone and user.active:
        kind = "left"
    elif not gone and not user.active and _is_gone(user.left_on, now):
        kind = "back"
    else:
        kind = "changed" if what or user.staff_no is None else "same"
    return Change(entry.where, entry.staff_no, entry.name, kind, what)


def _differs(entry: Entry, user: User, field: str) -> bool:
    if field not in entry.given:
        return False
    return (getattr(entry, field) or None) != (getattr(user, _COLUMN.get(field, field)) or None)


_COLUMN = {"name": "display_name"}


def _write(s: Session, entry: Entry, user: User | None, now: datetime) -> User:
    if user is None:
        user = User(
            name=accounts.folded(entry.account or entry.staff_no),
            password_hash=NO_PASSWORD,
            roles=["staff"],
            active=not _is_gone(entry.left_on, now),
            created_at=now,
        )
        s.add(user)
    user.staff_no = entry.staff_no
    for field in entry.given:
        value = getattr(entry, field)
        setattr(user, _COLUMN.get(field, field), (value or None) if field == "mail" else value)
    return user
