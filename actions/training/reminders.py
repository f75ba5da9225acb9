"""Reminders of what is due in training: before and after the day, each once, through the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from actions.desk.notices import MAIL, WEBHOOK
from actions.desk.rules import rules_of
from actions.desk.workdays import SHANGHAI
from actions.store.tables.accounts import User
from actions.store.tables.desk import Notice
from actions.store.tables.training import DueState, QuizAssignment, QuizDue
from actions.training.assignments import OPEN
from actions.training.roster_file import is_address

BEFORE, AFTER = (7, 1), (0, 7, 14, 28)  # days
_DAY = timedelta(days=1)


def remind(s: Session, now: datetime) -> int:
    """Write the reminders that fall due now and return how many people were reminded; repeating adds none.

    Mail goes to the address of the roster, else to an account that is named by one; the house's own systems
    are told of all by webhook. Who comes late to several marks is told of the last one only.
    """
    near = s.execute(
        select(QuizDue, QuizAssignment, User)
        .join(QuizAssignment, QuizAssignment.id == QuizDue.assignment_id)
        .join(User, User.id == QuizDue.user_id)
        .where(
            QuizDue.state == DueState.OPEN,
            QuizDue.due_at <= now + max(BEFORE) * _DAY,
            QuizDue.due_at > now - (max(AFTER) + 1) * _DAY,
            QuizAssignment.state == OPEN,
            User.active.is_(True),
        )
        .options(undefer(User.mail))
        .order_by(QuizDue.id)
        .with_for_update(of=QuizDue, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    told = 0
    for due, assignment, user in near:
        marks = marks_reached(due.due_at, now)
        if marks and marks[-1] not in due.reminded:
            due.reminded = sorted({*due.reminded, *marks})
            _tell(s, due, assignment, user, marks[-1], now)
            told += 1
    s.flush()
    return told


def marks_reached(due_at: datetime, now: datetime) -> list[str]:
    """Return the marks that have been reached, the last one last: "before-7", "before-1", "after-0"…"""
    before = [f"before-{days}" for days in sorted(BEFORE, reverse=True) if due_at - days * _DAY <= now]
    return before + [f"after-{days}" for days in sorted(AFTER) if due_at + days * _DAY <= now]


def _tell(s: Session, due: QuizDue, assignment: QuizAssignment, user: User, mark: str, now: datetime) -> None:
    rules = rules_of(s)
    late = mark.startswith("after")
    key = f"due:{due.id}:{due.due_at:%Y%m%d}:{mark}"
    if rules.webhook:
        payload = {
            "event": "training.overdue" if late else "training.due_soon",
            "due": due.id,
            "assignment": assignment.id,
            "title": assignment.title,
            "account": user.name,
            "staff_no": user.staff_no,
            "due_at": due.due_at.isoformat(),
            "mark": mark,
            "at": now.isoformat(),
        }
        _put(s, f"{key}:{WEBHOOK}", WEBHOOK, "", payload, now)
    address = user.mail or (user.name if is_address(user.name) else "")
    if rules.mail and address:
        last = (due.due_at - timedelta(seconds=1)).astimezone(SHANGHAI)
        day = f"{last.year}年{last.month}月{last.day}日"
        state = f"应在{day}前合格，现在已经逾期" if late else f"请在{day}结束前合格"
        where = f"\n\n开始：{rules.public_url.rstrip('/')}/training" if rules.public_url else ""
        text = f"{user.called}，您的培训“{assignment.title}”{state}。{where}"
        subject = f"培训{'已逾期' if late else '快到期'}：{assignment.title}"
        _put(s, f"{key}:{MAIL}", MAIL, address, {"subject": subject, "text": text}, now)


def _put(
    s: Session, key: str, channel: str, address: str, payload: dict[str, str | None], now: datetime
) -> None:
    if s.scalar(select(Notice.id).where(Notice.key == key)) is None:
        s.add(
            Notice(
                key=key, channel=channel, address=address, payload=payload, created_at=now, next_at=now
            )
        )  # fmt: skip
        s.flush()
