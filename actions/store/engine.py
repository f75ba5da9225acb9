"""One database: SQLite in a file by default, PostgreSQL when set; sessions, transactions, migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Pool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from actions.store import tables
from actions.store.crypto import Cipher, use_cipher
from actions.store.migrate import upgrade
from knowledge.errors import WenjinError, bad_input, unavailable

BUSY_MS = 10_000
_READ_ONLY = "wenjin_read_only"
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}

assert tables.__all__  # noqa: S101  the metadata is complete only once the tables are imported


class Database:
    """The installation's database. `key` is the secret from which the encryption key of columns is derived.

    `info` is what every session carries along (`Session.info`), such as the desk's rules.

    Raises:
        WenjinError: 422 `database_url` for an address that is neither SQLite in a file nor PostgreSQL.
    """

    def __init__(self, url: str, key: bytes, *, info: Mapping[str, Any] | None = None) -> None:
        self.url = parse_url(url)
        self._cipher = Cipher(key)
        self.engine = self._make_engine()
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info=dict(info or {}))

    @property
    def dialect(self) -> str:
        """Return "sqlite" or "postgresql"."""
        return self.engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open one transaction that may write: committed at the end, rolled back when the block raises.

        On SQLite it takes the write lock at once, so that it never has to give up half-way; keep it short.
        Raises 503 `database_busy` where the database cannot be reached or stays locked.
        """
        with self._session() as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads, one moment of the database, and waits for no writer.

        Writing raises RuntimeError.
        """
        options: dict[str, Any] = {_READ_ONLY: True}
        if self.dialect == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"  # as SQLite's reading transactions are
        with self._session() as session:
            event.listen(session, "before_flush", _refuse_write)
            session.connection(execution_options=options)
            yield session

    @contextmanager
    def _session(self) -> Iterator[Session]:
        session = self._sessions()
        try:
            yield session
        except OperationalError as error:
            raise unavailable("database_busy", "数据库暂时连不上或正忙，请稍后再试。") from error
        finally:
            session.close()  # rolls back what was not committed

    def migrate(self) -> None:
        """Bring the schema up to date and check the key; safe when many processes start at once.

        Raises 503 `database_unavailable` where there is no answer, 503 `wrong_key` for another secret, 503
        `database_newer` for one that a later version of the program has upgraded.
        """
        engine = self._make_engine(foreign_keys=False, poolclass=NullPool)
        try:
            upgrade(engine)
        except (OperationalError, sqlite3.DatabaseError) as error:
            message = "无法打开数据库。请检查地址是否正确、数据库是否已启动、文件是否损坏、磁盘是否可写。"
            raise unavailable("database_unavailable", message) from error
        finally:
            engine.dispose()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _make_engine(self, *, foreign_keys: bool = True, poolclass: type[Pool] | None = None) -> Engine:
        """Return an engine whose errors quote no values: they end in the log."""
        pool: dict[str, Any] = (
            {"poolclass": poolclass} if poolclass else {"pool_size": 10, "max_overflow": 20}
        )
        if self.url.get_backend_name() == "postgresql":
            engine = create_engine(self.url, pool_pre_ping=True, hide_parameters=True, **pool)
            event.listen(engine, "connect", _plain_postgresql)
        else:
            engine = create_engine(
                self.url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True, **pool
            )
            _tame_sqlite(engine, foreign_keys)
        use_cipher(engine.dialect, self._cipher)
        return engine


def parse_url(text: str) -> URL:
    """Return the address with its driver, and make the folder of an SQLite file.

    Raises:
        WenjinError: 422 `database_url`.
    """
    try:
        url = make_url(text)
        url = url.set(drivername=_DRIVERS[url.drivername.partition("+")[0]])
    except (ArgumentError, KeyError):
        raise _wrong_url() from None
    if url.get_backend_name() == "sqlite":
        _make_folder(url)
    return url


def _make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise _wrong_url()
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"无法建立数据目录 {Path(url.database).parent}。请检查磁盘空间和写权限。"
        raise unavailable("database_unavailable", message) from error


def _wrong_url() -> WenjinError:
    return bad_input(
        "database_url",
        "数据库地址无法识别。请写成 sqlite:///文件路径 或 postgresql://用户:密码@主机:端口/库名。",
    )


def _tame_sqlite(engine: Engine, foreign_keys: bool) -> None:
    """Emit BEGIN ourselves: the driver's own habit leaves reads and DDL outside of the transaction.

    FULL: what is committed is on the disk before a number is told, and a power cut does not take it back.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY_MS}", f"foreign_keys={int(foreign_keys)}", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ_ONLY)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _plain_postgresql(connection: Any, _record: object) -> None:
    """Let the server run queries without compiling them: that takes longer than any of ours."""
    connection.execute("SET jit = off")
    connection.commit()


def _refuse_write(session: Session, *_: object) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("this session only reads: use Database.begin() to write")
