"""Servers to be measured: Wenjin alone on SQLite, Wenjin with workers on PostgreSQL and Redis, stock Rasa."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import psycopg
import redis
from psycopg import sql
from sqlalchemy import make_url

from bot.settings import PROJECT, Settings
from bot.workers import ALL_READY
from eval.load import family, processor_seconds

PREPARED = ("encoder", "vectors", "indexes", "models")
STARTING = 400  # seconds a server may take to start
ENDING = 30
POSTGRES = os.environ.get("WENJIN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("WENJIN_TEST_REDIS", "redis://127.0.0.1:6379/0")
NO_LIMIT = "1000000"  # messages a sender may send in a minute


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers: its port, its processes, and the seconds until it did."""

    port: int
    pids: tuple[int, ...]
    started: float

    def cpu(self) -> float:
        """Return the processor seconds that it has used so far."""
        return processor_seconds(self.pids)


@contextmanager
def wenjin(settings: Settings, *, workers: int = 1, shared: dict[str, str] | None = None) -> Iterator[Served]:
    """Serve a fresh data folder that has what is prepared; `shared` names database and Redis for workers."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        for name in PREPARED:
            (Path(folder) / name).symlink_to(settings.data_dir / name)
        command = [sys.executable, "-m", "bot.cli", "--data-dir", folder, "run", "--port", str(port)]
        environ = {"WENJIN_MESSAGES_PER_MINUTE": NO_LIMIT, "WENJIN_LOG_LEVEL": "WARNING", **(shared or {})}
        command += ["--workers", str(workers)]
        last = ALL_READY.format(workers) if workers > 1 else ""
        with serve(command, port, "/readyz", environ, PROJECT, last=last) as served:
            yield served


@contextmanager
def shared_servers() -> Iterator[dict[str, str] | None]:
    """Yield the settings of an empty PostgreSQL database and of Redis; None where one does not answer."""
    server, name = make_url(POSTGRES).set(drivername="postgresql"), f"wenjin_eval_{uuid.uuid4().hex}"
    try:
        redis.from_url(REDIS).ping()
        connection = psycopg.connect(server.render_as_string(hide_password=False), autocommit=True)
    except (psycopg.OperationalError, redis.RedisError):
        yield None
        return
    with connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = server.set(database=name).render_as_string(hide_password=False)
            yield {"WENJIN_DATABASE_URL": url, "WENJIN_REDIS_URL": REDIS}
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def serve(
    command: Sequence[str], port: int, ready: str, environ: dict[str, str], folder: Path, *, last: str = ""
) -> Iterator[Served]:
    """Run a server as a process of its own until the block ends.

    It is there when the path `ready` answers 200 and it has said `last`.

    Raises:
        RuntimeError: it ended or did not answer in time, with the last it said.
    """
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env={**os.environ, **environ}, stdout=said, stderr=said
        )
        try:
            address = f"http://127.0.0.1:{port}{ready}"
            if not _comes(process, lambda: last in _said(said) and _answers(address)):
                raise RuntimeError(f"the server did not start: {_said(said)[-1000:]}")
            yield Served(port, tuple(family(process.pid)), time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait(ENDING)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _comes(process: subprocess.Popen[bytes], there: Callable[[], bool]) -> bool:
    """Wait until something is there; False when the process ends before, or it takes too long."""
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        if there():
            return True
        time.sleep(0.2)
    return False


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _said(file: IO[bytes]) -> str:
    """Return what a server has written so far, without moving where it writes."""
    return os.pread(file.fileno(), 1_000_000, 0).decode(errors="replace")
