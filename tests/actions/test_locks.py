"""Locked rows: read anew once in a transaction, kept until it ends, never older than the lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from actions.store import trackers
from actions.store.engine import Database
from actions.store.locks import locked
from actions.store.tables.dialogue import DialogueTracker
from tests.actions.conftest import NOW


@contextmanager
def reads(db: Database) -> Iterator[list[str]]:
    """Collect the statements that read trackers."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT") and "dialogue_trackers" in statement:
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def saved(db: Database, key: str = "a") -> None:
    """Save a tracker."""
    with db.begin() as s:
        trackers.save(s, key, {"n": 1}, NOW)


def rename(s: Session, version: int) -> None:
    """Change a tracker's version past the session's memory."""
    s.execute(text("UPDATE dialogue_trackers SET version = :v"), {"v": version})


def test_a_held_row_is_read_once_in_a_transaction(db: Database) -> None:
    saved(db)
    with reads(db) as seen:
        for _ in range(2):
            with db.begin() as s:
                assert trackers.load(s, "a") == {"n": 1}
                trackers.save(s, "a", {"n": 1}, NOW)
                assert locked(s, DialogueTracker, "a") is not None
        assert len(seen) == 2


def test_what_the_session_knew_before_the_lock_is_read_anew(db: Database) -> None:
    saved(db)
    with db.begin() as s:
        before = s.get_one(DialogueTracker, "a")
        rename(s, 7)
        assert before.version == 1
        assert locked(s, DialogueTracker, "a") is before
        assert before.version == 7


def test_what_is_not_written_yet_is_not_read_over(db: Database) -> None:
    saved(db)
    with db.begin() as s:
        s.get_one(DialogueTracker, "a").version = 5
        held = locked(s, DialogueTracker, "a")
        assert held is not None and held.version == 5


def test_a_lock_within_a_savepoint_does_not_count_after_it(db: Database) -> None:
    saved(db)
    with db.begin() as s, reads(db) as seen:
        with s.begin_nested() as savepoint:
            locked(s, DialogueTracker, "a")
            savepoint.rollback()
        locked(s, DialogueTracker, "a")
        locked(s, DialogueTracker, "a")
        assert len(seen) == 2


def test_a_row_that_is_deleted_or_absent_is_none(db: Database) -> None:
    saved(db)
    with db.begin() as s:
        held = locked(s, DialogueTracker, "a")
        assert held is not None
        s.delete(held)
        s.flush()
        assert locked(s, DialogueTracker, "a") is None
        assert locked(s, DialogueTracker, "b") is None


def test_who_holds_a_row_is_waited_for(db: Database) -> None:
    saved(db)
    holds, order = threading.Event(), []

    def other() -> None:
        holds.wait(60)
        with db.begin() as s:
            found = locked(s, DialogueTracker, "a")
            assert found is not None
            order.append(found.version)

    thread = threading.Thread(target=other)
    thread.start()
    with db.begin() as s:
        locked(s, DialogueTracker, "a")
        holds.set()
        thread.join(0.2)
        order.append(0)
        rename(s, 9)
    thread.join(60)
    assert order == [0, 9]
