"""Run Alembic from within the program, once at a time."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from actions.store.tables.audit import AuditHead
from actions.store.tables.dialogue import KeyCheck
from knowledge.errors import unavailable

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 7_266_746_951  # any fixed number: the name of our advisory lock on PostgreSQL
_WORD = "wenjin"
_WAL_TRIES, _WAL_PAUSE = 100, 0.05


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision in one transaction that one process holds at a time; check the key."""
    if engine.dialect.name == "sqlite":
        _write_ahead(engine)
    with engine.begin() as connection:  # on SQLite this is BEGIN IMMEDIATE: the second process waits here
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _refuse_newer(connection)
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            _first_rows(session)
            session.commit()


def config(connection: Connection) -> Config:
    """Return Alembic's configuration for migrations on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _refuse_newer(connection: Connection) -> None:
    """Raise 503 `database_newer` for a database of a later version of the program: nothing leads back."""
    known = {
        revision.revision for revision in ScriptDirectory.from_config(config(connection)).walk_revisions()
    }
    if not known.issuperset(MigrationContext.configure(connection).get_current_heads()):
        message = "数据库已由更新版本的问津升级，这个版本不能使用。请换回新版本，或恢复升级前的备份。"
        raise unavailable("database_newer", message)


def _first_rows(session: Session) -> None:
    """Start the audit chain and leave the key's proof; raise 503 `wrong_key` where it cannot be read."""
    if session.get(AuditHead, 1) is None:
        session.add(AuditHead(id=1, seq=0, hash=""))
    proof = session.get(KeyCheck, 1)
    if proof is None:
        session.add(KeyCheck(id=1, word=_WORD))
    session.flush()


def _write_ahead(engine: Engine) -> None:
    """Switch the file to WAL; SQLite does not wait by itself when two processes switch at once."""
    for left in range(_WAL_TRIES, 0, -1):
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or left == 1:
                raise
            time.sleep(_WAL_PAUSE)
        finally:
            connection.close()
