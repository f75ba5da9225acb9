"""A database for each test: an SQLite file, and PostgreSQL where it runs."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from actions.service import accounts, conversations
from actions.store.base import Base
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation

T = TypeVar("T")
KEY = b"a secret that only tests know"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
POSTGRES = os.environ.get("WENJIN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
FULL_COST = accounts._hasher()
PASSWORD = "correct horse battery"
BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgres", id="postgres", marks=pytest.mark.postgres),
]


class Servers:
    """Makes empty and migrated databases; the migrations run once for each kind.

    SQLite files are copied. On PostgreSQL all tests share one database, and each leaves it empty: making and
    dropping one takes longer than most tests.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._migrated: dict[str, str] = {}

    @contextmanager
    def empty(self, kind: str, folder: Path) -> Iterator[str]:
        """Give the address of an empty database."""
        if kind == "sqlite":
            yield f"sqlite:///{folder / 'wenjin.db'}"
        else:
            with scratch_postgres() as url:
                yield url

    @contextmanager
    def migrated(self, kind: str, folder: Path) -> Iterator[str]:
        """Give the address of a migrated database."""
        if kind == "sqlite":
            shutil.copy(make_url(self._template(kind)).database or "", folder / "wenjin.db")
            yield f"sqlite:///{folder / 'wenjin.db'}"
        else:
            yield self._template(kind)
            empty_postgres(self._template(kind))

    def _template(self, kind: str) -> str:
        if kind not in self._migrated:
            url = create_postgres() if kind == "postgres" else f"sqlite:///{self._folder / 'template.db'}"
            self._migrated[kind] = url
            database = Database(url, KEY)
            database.migrate()
            database.dispose()
        return self._migrated[kind]

    def close(self) -> None:
        """Drop what outlives a test."""
        if "postgres" in self._migrated:
            drop_postgres(self._migrated["postgres"])


@contextmanager
def scratch_postgres() -> Iterator[str]:
    """Make a PostgreSQL database and drop it afterwards."""
    url = create_postgres()
    try:
        yield url
    finally:
        drop_postgres(url)


def create_postgres() -> str:
    """Make a PostgreSQL database and return its address; without a server fail in CI, skip elsewhere."""
    name = f"wenjin_test_{uuid.uuid4().hex}"
    try:
        server = psycopg.connect(_address("postgres"), autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        reason = f"PostgreSQL is not there: {str(error).splitlines()[0]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _address(name)


def empty_postgres(url: str) -> None:
    """Delete all rows but those that the migrations made."""
    with psycopg.connect(url) as server:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in ("audit_head", "key_check"):
                server.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        server.execute("UPDATE audit_head SET seq = 0, hash = ''")


def drop_postgres(url: str) -> None:
    """Drop a database that `create_postgres` made."""
    with psycopg.connect(_address("postgres"), autocommit=True) as server:
        server.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(make_url(url).database or ""))
        )


def _address(name: str) -> str:
    url = make_url(POSTGRES).set(drivername="postgresql")
    return (url if name == "postgres" else url.set(database=name)).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """What makes databases."""
    made = Servers(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    with servers.empty(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=BOTH)
def db(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> Iterator[Database]:
    """A migrated database, once of each kind."""
    with servers.migrated(request.param, tmp_path) as url:
        database = Database(url, KEY)
        yield database
        database.dispose()


@pytest.fixture(autouse=True)
def quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with argon2id at its lowest cost."""
    monkeypatch.setattr(
        accounts, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    """One transaction on the database."""
    with db.begin() as s:
        yield s


@pytest.fixture
def add_user(session: Session) -> Callable[..., User]:
    """Add a user with the given roles, a handler where none is named."""

    def add(name: str, *roles: str) -> User:
        made, _ = accounts.add_user(
            session, name=name, password=PASSWORD, roles=roles or ("handler",), now=NOW
        )
        return made

    return add


@pytest.fixture
def conversation(session: Session) -> Conversation:
    """A guest's conversation in the browser."""
    return open_guest(session, "guest-1")


def open_guest(s: Session, guest: str) -> Conversation:
    """Open the web conversation of a guest."""
    return conversations.open_conversation(
        s, channel="web", external_id=guest, customer_id=guest, audience="customer", now=NOW
    )


def at_once(count: int, run: Callable[[int], T]) -> list[T]:
    """Run `run(0)`, `run(1)`… in threads that start together, and return what each returned."""
    gate = threading.Barrier(count)

    def one(number: int) -> T:
        gate.wait()
        return run(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
