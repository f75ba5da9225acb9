"""A customer's wish for deletion (PIPL, article 47): what can go goes now, the rest later, and it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from actions.desk import holds, steps
from actions.desk.life import OVER
from actions.retention import files, talks
from actions.retention.periods import LEAST_FILE, Periods
from actions.retention.runs import empty_log, overwrite
from actions.service import conversations
from actions.service.accounts import require_role
from actions.store import audit
from actions.store.crypto import cipher_of
from actions.store.engine import Database
from actions.store.erased import ON_REQUEST
from actions.store.tables.accounts import User
from actions.store.tables.desk import Attachment, Ticket
from actions.store.tables.service import Conversation, Customer
from knowledge.errors import not_found

LABELS = {"turns": "对话消息", "customers": "客户资料", "files": "没有登记投诉的附件", "tickets": "投诉"}


@dataclass
class Forgotten:
    """What was erased, counted by kind, and what was kept: what it is, and why."""

    erased: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[str, str]] = field(default_factory=list)


def forget(
    db: Database, customer_ids: Sequence[str], periods: Periods, *, user: User, now: datetime
) -> Forgotten:
    """Erase what is kept of a customer, but for what a rule or an open matter needs; audited without the id.

    What is kept is marked and erased by a later run, once nothing needs it. Doing it again goes on where it
    stopped.

    Raises:
        WenjinError: 403 `role_needed`; 404 `customer_not_found`.
    """
    require_role(user, holds.ROLE)
    with db.reading() as s:
        tickets = _ids(s, Ticket, customer_ids, Ticket.erased_at.is_(None))
        talked = _ids(s, Conversation, customer_ids)
        if not (tickets or talked or _is_known(s, customer_ids)):
            raise not_found("customer_not_found", "没有找到这位客户的资料，请核对客户编号或工单号。")
    done, whom = Forgotten(), _Whom(db, customer_ids[0], user, now)
    whom.record("customer.forget", {"tickets": len(tickets), "conversations": len(talked)})
    for ticket_id in tickets:
        with db.begin() as s:
            overwrite(s)
            _ticket(s, ticket_id, periods, done, user, now)
    for conversation_id in talked:
        with db.begin() as s:
            overwrite(s)
            _conversation(s, conversation_id, done, now)
    with db.begin() as s:
        overwrite(s)
        _contact(s, customer_ids, done)
    done.erased = +done.erased
    empty_log(db)
    whom.record("customer.forgotten", {"erased": dict(done.erased), "kept": len(done.kept)})
    return done


def _ticket(s: Session, ticket_id: str, periods: Periods, done: Forgotten, user: User, now: datetime) -> None:
    ticket = steps.locked(s, ticket_id)
    ticket.forget_at = ticket.forget_at or now
    s.flush()
    reason = _why_kept(s, ticket, periods, now)
    if not reason:
        files.erase(s, ticket, ON_REQUEST, now, actor=user.id)
        done.erased["tickets"] += 1
        return
    if ticket.state in OVER and ticket.held_at is None:
        files.hide(s, ticket)  # kept because a rule says so, and used for nothing else
    done.kept.append((f"投诉 {ticket.number}", reason))


def _why_kept(s: Session, ticket: Ticket, periods: Periods, now: datetime) -> str:
    """Return why a complaint stays for now, "" where it does not."""
    if ticket.held_at is not None:
        return "已保全，解除后按期限删除"
    if ticket.state not in OVER:
        return f"还没有办结；办结满 {_years(periods)} 后删除"
    if ticket.closed_at is None or ticket.closed_at >= periods.file_before(now):
        return f"投诉档案办结后至少保存 {_years(periods)}，期满删除；已从检索中移除"
    ripe = files.ripe(periods, now)
    busy = holds.families_in_use(s, Ticket.closed_at.is_(None), ~ripe)
    return "与另一张还要保存的工单合并办理，随它一起删除" if busy.get(ticket.id) else ""


def _years(periods: Periods) -> str:
    days = min(periods.tickets or LEAST_FILE, LEAST_FILE)
    return "3 年" if days == LEAST_FILE else f"{days} 天"


def _conversation(s: Session, conversation_id: str, done: Forgotten, now: datetime) -> None:
    conversation = conversations.lock(s, conversation_id)
    used = s.scalar(
        select(Conversation.id).where(Conversation.id == conversation_id, holds.in_use(conversation_id))
    )
    if used is None:
        done.erased["turns"] += talks.forget(s, conversation, now, now)
        return
    conversation.forget_at = now
    done.kept.append(("对话", "里面有没有办结或已保全的投诉，或正在转人工；结束后删除"))


def _contact(s: Session, customer_ids: Sequence[str], done: Forgotten) -> None:
    gone = delete(Customer).where(Customer.id.in_(customer_ids)).returning(Customer.id)
    done.erased["customers"] += len(s.scalars(gone).all())
    loose = (Attachment.customer_id.in_(customer_ids), Attachment.ticket_id.is_(None))
    free = or_(Attachment.conversation_id.is_(None), ~holds.in_use(Attachment.conversation_id))
    done.erased["files"] += len(
        s.scalars(delete(Attachment).where(*loose, free).returning(Attachment.id)).all()
    )


def _ids(
    s: Session,
    table: type[Ticket] | type[Conversation],
    customer_ids: Sequence[str],
    *more: ColumnElement[bool],
) -> list[str]:
    found = select(table.id).where(table.customer_id.in_(customer_ids), *more).order_by(table.id)
    return list(s.scalars(found))


def _is_known(s: Session, customer_ids: Sequence[str]) -> bool:
    for table in (Customer.id, Attachment.customer_id):
        if s.scalar(select(table).where(table.in_(customer_ids)).limit(1)) is not None:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Whom:
    """Writes the audit under a word that only the holder of the installation's secret can lead back."""

    db: Database
    customer_id: str
    user: User
    now: datetime

    def record(self, action: str, data: dict[str, Any]) -> None:
        with self.db.begin() as s:
            proof = cipher_of(s.get_bind().dialect).proof(b"forgotten customer " + self.customer_id.encode())
            audit.record(
                s, actor=self.user.id, action=action, object_type="customer", object_id=proof.hex(),
                data=data, now=self.now,
            )  # fmt: skip
