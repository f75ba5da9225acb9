"""A copy of an SQLite database in PostgreSQL, so that both are measured on the same rows."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from actions.store.engine import Database
from bot.show import say

POSTGRES = os.environ.get("WENJIN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@contextmanager
def postgres_copy(
    file: Path,
    tables: Sequence[str],
    more: Callable[[psycopg.Cursor[Any]], None] = lambda _: None,
    *,
    key: bytes = b"",
) -> Iterator[str]:
    """Give the address of a migrated database of its own with the rows of `tables`, dropped afterwards.

    The rows are copied as they are, encrypted: what reads them needs the same `key`. The address is "" where
    no server answers.
    """
    name, server = f"wenjin_eval_{uuid.uuid4().hex}", make_url(POSTGRES).set(drivername="postgresql")
    address = server.render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(address, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError:
        say("没有 PostgreSQL，只测 SQLite。")
        yield ""
        return
    with connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        own = server.set(database=name).render_as_string(hide_password=False)
        try:
            database = Database(own, key)
            database.migrate()
            database.dispose()
            _copy(file, own, tables, more)
            yield own
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(
    file: Path, address: str, tables: Sequence[str], more: Callable[[psycopg.Cursor[Any]], None]
) -> None:
    source = sqlite3.connect(file)
    with psycopg.connect(address, options="-c timezone=UTC") as target, target.cursor() as cursor:
        for table in tables:
            rows = source.execute(f"SELECT * FROM {table}")  # noqa: S608
            flags = _flags(cursor, table)
            names = [column[0] for column in rows.description]
            columns = sql.SQL(", ").join(map(sql.Identifier, names))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
            with cursor.copy(into) as copy:
                for row in rows:
                    copy.write_row(
                        [
                            bool(v) if n in flags and v is not None else v
                            for n, v in zip(names, row, strict=True)
                        ]
                    )
        more(cursor)
    with psycopg.connect(address, autocommit=True) as target:
        target.execute("VACUUM ANALYZE")  # what the server does by itself a minute later
    source.close()


def _flags(cursor: psycopg.Cursor[Any], table: str) -> set[str]:
    """Return the columns that PostgreSQL keeps as boolean and SQLite as a number."""
    found = (
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'boolean'"
    )
    return {name for (name,) in cursor.execute(found, (table,)).fetchall()}
