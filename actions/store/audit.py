"""The audit log: who did what to which thing, append-only and hash-chained."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.chain import link_hash, problems
from actions.store.tables.audit import AuditHead, AuditRow


def record(
    s: Session,
    *,
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    data: dict[str, Any] | None = None,
    now: datetime,
) -> AuditRow:
    """Append one row. `data` holds ids, states and numbers, never what a person wrote.

    Locks the chain's end until the transaction is over: take the locks of other rows before.
    """
    head = s.get_one(AuditHead, 1, with_for_update=True, populate_existing=True)
    row = AuditRow(
        seq=head.seq + 1, at=now, actor=actor, action=action, object_type=object_type, object_id=object_id,
        data=data or {}, prev_hash=head.hash,
    )  # fmt: skip
    row.hash = link_hash(row.prev_hash, row.content())
    head.seq, head.hash = row.seq, row.hash
    s.add(row)
    s.flush()
    return row


def verify(s: Session) -> list[str]:
    """Read the whole chain and return what was changed, removed or re-ordered, in Chinese; [] when whole."""
    head = s.get_one(AuditHead, 1, populate_existing=True)
    rows = s.scalars(
        select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=500, populate_existing=True)
    )
    return problems(rows, last_seq=head.seq, last_hash=head.hash)


def entries(s: Session, *, object_type: str, object_id: str) -> list[AuditRow]:
    """Return what was recorded about one thing, oldest first."""
    of_it = (AuditRow.object_type == object_type, AuditRow.object_id == object_id)
    return list(s.scalars(select(AuditRow).where(*of_it).order_by(AuditRow.seq)))
