"""Rows that a transaction changes for certain, locked when they are first read, and read only once; what one
process does at a time.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from actions.store.base import Base

T = TypeVar("T", bound=Base)
_HELD = "wenjin_held"


def locked(s: Session, kind: type[T], key: str) -> T | None:
    """Return a row by its primary key, locked until the transaction ends, or None.

    The first call reads it anew, whatever the session knew of it; later ones return what is held. A lock that
    was taken within a savepoint may end with it, so that such a row is read and locked again.
    """
    held = _held(s)
    found: T | None = held.get((kind, key))
    if found is None or found not in s:
        s.flush()  # what is to be written is not to be read over
        found = s.get(kind, key, with_for_update={"key_share": True}, populate_existing=True)
        if found is not None and not s.in_nested_transaction():
            _held(s)[kind, key] = found
    return found


class Task(IntEnum):
    """What one process does at a time; the value is the number of its lock on PostgreSQL.

    The one that ends in 951 is that of migrations.
    """

    BANK = 7_266_746_952  # bringing the quiz bank in
    DAYS = 7_266_746_953  # summing days of service


def alone(s: Session, task: Task) -> None:
    """Wait until no other transaction does this task, and keep others from it until this one ends.

    On SQLite a transaction that may write is the only one anyway.
    """
    if s.get_bind().dialect.name == "postgresql":
        s.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": int(task)})


def _held(s: Session) -> dict[tuple[type[Base], str], Any]:
    """Return what this session's present transaction holds."""
    rows: dict[tuple[type[Base], str], Any]
    transaction, rows = s.info.get(_HELD, (None, {}))
    if transaction is None or transaction is not s.get_transaction():
        rows = {}
        s.info[_HELD] = (s.get_transaction(), rows)
    return rows
