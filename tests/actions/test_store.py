"""The store: transactions, types, encryption, migrations, the turn's context."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from actions.store import trackers
from actions.store.base import Base, new_id
from actions.store.context import TurnContext, current_session, current_turn, session_scope
from actions.store.engine import Database, parse_url
from actions.store.tables.accounts import LoginFailure, User
from actions.store.tables.audit import AuditHead
from knowledge.errors import WenjinError
from tests.actions.conftest import KEY, NOW


def failure(name: str = "li", at: datetime = NOW) -> LoginFailure:
    return LoginFailure(name=name, failed_at=at)


def count(db: Database) -> int:
    with db.begin() as s:
        return s.scalar(sa.select(sa.func.count()).select_from(LoginFailure)) or 0


def test_a_transaction_is_kept_at_its_end_and_undone_by_an_error(db: Database) -> None:
    with db.begin() as s:
        s.add(failure())
    with pytest.raises(ZeroDivisionError), db.begin() as s:
        s.add(failure())
        s.flush()
        raise ZeroDivisionError
    assert count(db) == 1


def test_a_savepoint_undone_leaves_the_rest(db: Database) -> None:
    with db.begin() as s:
        s.add(failure("kept"))
        s.flush()
        with pytest.raises(ZeroDivisionError), s.begin_nested():
            s.add(failure("lost"))
            s.flush()
            raise ZeroDivisionError
    with db.begin() as s:
        assert list(s.scalars(sa.select(LoginFailure.name))) == ["kept"]


def test_reading_sees_what_is_there_and_refuses_to_write(db: Database) -> None:
    with db.begin() as s:
        s.add(failure())
    with db.reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(LoginFailure)) == 1
    with pytest.raises(RuntimeError), db.reading() as s:
        s.add(failure())
        s.flush()


def test_reading_does_not_wait_for_a_writer(db: Database) -> None:
    with db.begin() as writer:
        writer.add(failure())
        writer.flush()
        with db.reading() as reader:
            assert reader.scalar(sa.select(sa.func.count()).select_from(LoginFailure)) == 0


def test_reading_sees_one_moment(db: Database) -> None:
    """What is proven or counted in several looks must not change in between; the next reading sees it."""
    with db.reading() as reader:
        before = reader.scalar(sa.select(sa.func.count()).select_from(LoginFailure))
        with db.begin() as writer:
            writer.add(failure())
        assert reader.scalar(sa.select(sa.func.count()).select_from(LoginFailure)) == before == 0
    with db.begin() as s:  # the connection is an ordinary one again
        assert s.scalar(sa.select(sa.func.count()).select_from(LoginFailure)) == 1
        if db.dialect == "postgresql":
            assert s.scalar(sa.text("SHOW transaction_isolation")) == "read committed"


def test_foreign_keys_are_enforced(db: Database) -> None:
    from actions.store.tables.desk import TicketEvent

    with pytest.raises(IntegrityError), db.begin() as s:
        s.add(
            TicketEvent(
                ticket_id=new_id(), seq=1, type="x", actor="x", actor_kind="x", data={}, created_at=NOW,
                prev_hash="", hash="",
            )
        )  # fmt: skip


def test_sqlite_is_set_up_for_many_readers_and_one_writer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new folder' / 'wenjin.db'}", KEY)
    database.migrate()
    with database.begin() as s:
        read = {name: s.scalar(sa.text(f"PRAGMA {name}")) for name in PRAGMAS}
    database.dispose()
    assert read == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000, "synchronous": 2}


def test_times_come_back_aware_in_utc(db: Database) -> None:
    in_beijing = datetime(2026, 3, 2, 17, 30, 15, 123_456, tzinfo=timezone(timedelta(hours=8)))
    with db.begin() as s:
        s.add(failure(at=in_beijing))
    with db.begin() as s:
        at = s.scalars(sa.select(LoginFailure.failed_at)).one()
    assert at == in_beijing
    assert at.tzinfo is UTC


def test_a_naive_time_is_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="time zone"), db.begin() as s:
        s.add(failure(at=datetime(2026, 3, 2)))  # noqa: DTZ001


def test_encrypted_text_is_unreadable_in_the_file_and_readable_with_the_key(tmp_path: Path) -> None:
    path = tmp_path / "wenjin.db"
    database = Database(f"sqlite:///{path}", KEY)
    database.migrate()
    with database.begin() as s:
        trackers.save(s, "a", {"说": "我叫王小明"}, NOW)
    with sqlite3.connect(path) as raw:
        (stored,) = raw.execute("SELECT payload FROM dialogue_trackers").fetchone()
    assert "王小明" not in stored
    assert "\\u738b" not in stored
    with database.begin() as s:
        assert trackers.load(s, "a") == {"说": "我叫王小明"}
    database.dispose()


def test_a_database_of_a_later_version_is_refused_and_left_as_it_is(db: Database) -> None:
    with db.begin() as s:
        s.add(failure())
        ours = s.scalar(sa.text("SELECT version_num FROM alembic_version"))
    rename = sa.text("UPDATE alembic_version SET version_num = :name")
    with db.begin() as s:
        s.execute(rename, {"name": "9999_later"})
    try:
        with pytest.raises(WenjinError) as told:
            db.migrate()
    finally:  # on PostgreSQL the schema is shared with other tests
        with db.begin() as s:
            s.execute(rename, {"name": ours})
    assert (told.value.code, told.value.status) == ("database_newer", 503)
    assert count(db) == 1


def test_another_secret_is_told_at_once_and_when_reading(db: Database) -> None:
    with db.begin() as s:
        trackers.save(s, "a", {"x": 1}, NOW)
    other = Database(db.url.render_as_string(hide_password=False), b"another secret")
    with pytest.raises(WenjinError) as told:
        other.migrate()
    assert (told.value.code, told.value.status) == ("wrong_key", 503)
    with pytest.raises(WenjinError, match="密钥"), other.begin() as s:
        trackers.load(s, "a")
    other.dispose()


def test_no_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WenjinError) as told:
        Database(f"sqlite:///{tmp_path / 'wenjin.db'}", b"")
    assert told.value.code == "no_key"


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "just words"])
def test_an_address_that_is_none_of_ours_is_refused(url: str) -> None:
    with pytest.raises(WenjinError) as told:
        parse_url(url)
    assert told.value.code == "database_url"


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg2://h/d"])
def test_postgresql_is_reached_by_one_driver(url: str) -> None:
    assert parse_url(url).drivername == "postgresql+psycopg"


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WenjinError) as told:
        Database("postgresql://nobody@127.0.0.1:1/none", KEY).migrate()
    assert told.value.code == "database_unavailable"
    broken = tmp_path / "wenjin.db"
    broken.write_bytes(b"this is not a database" * 100)
    with pytest.raises(WenjinError) as told:
        Database(f"sqlite:///{broken}", KEY).migrate()
    assert told.value.code == "database_unavailable"


def test_the_migrations_make_exactly_the_tables(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(db: Database) -> None:
    with db.begin() as s:
        s.add(failure())
        s.get_one(AuditHead, 1).seq = 0
    db.migrate()
    assert count(db) == 1


def _migrate(url: str, start: Any, done: Any) -> None:
    start.wait()
    database = Database(url, KEY)
    try:
        database.migrate()
        done.put("ok")
    except Exception as error:
        done.put(repr(error))


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    fresh = multiprocessing.get_context("spawn")
    start, done = fresh.Event(), fresh.Queue()
    processes = [fresh.Process(target=_migrate, args=(empty_url, start, done)) for _ in range(3)]
    for process in processes:
        process.start()
    start.set()
    assert [done.get(timeout=60) for _ in processes] == ["ok"] * 3
    for process in processes:
        process.join(timeout=60)
    database = Database(empty_url, KEY)
    with database.begin() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(AuditHead)) == 1
    database.dispose()


def test_the_turn_is_found_inside_its_scope_only(session: Session) -> None:
    turn = TurnContext("c", "guest", "customer", None, "t", NOW, random.Random(1), "web")
    with pytest.raises(LookupError):
        current_session()
    with session_scope(session, turn):
        assert current_session() is session
        assert current_turn() is turn
        with session_scope(session), pytest.raises(LookupError):
            current_turn()
        assert current_turn() is turn
    with pytest.raises(LookupError):
        current_turn()


def test_rows_written_once_stay(session: Session, add_user: Callable[..., User]) -> None:
    from actions.store.tables.audit import AuditRow

    add_user("li")
    row = session.scalars(sa.select(AuditRow)).first()
    assert row is not None
    row.action = "something.else"
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()
    session.rollback()
    add_user("wang")
    session.delete(session.scalars(sa.select(AuditRow)).one())
    with pytest.raises(RuntimeError, match="append-only"):
        session.flush()
    session.rollback()
