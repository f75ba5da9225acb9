"""Several processes on one port: refused without shared servers; one dies, the others go on, all end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.settings import PROJECT, Settings
from bot.workers import ALL_READY, check
from knowledge.errors import WenjinError
from tests.bot.serving import free_port

PATIENCE = 300  # seconds, for machines that do much else
POSTGRES_URL, REDIS_URL = "postgresql://db/wenjin", "redis://cache"


@pytest.mark.parametrize(
    ("database", "redis"), [("", ""), ("", REDIS_URL), (POSTGRES_URL, ""), ("sqlite:////tmp/a.db", REDIS_URL)]
)
def test_many_processes_need_servers_that_they_share(database: str, redis: str) -> None:
    with pytest.raises(WenjinError) as raised:
        check(Settings(workers=2, database_url=database, redis_url=redis))
    assert raised.value.code == "workers_need_servers"
    assert "WENJIN_DATABASE_URL" in raised.value.message


def test_one_process_needs_none_and_with_both_there_may_be_more() -> None:
    check(Settings())
    check(Settings(workers=8, database_url=POSTGRES_URL, redis_url=REDIS_URL))


@contextmanager
def supervised(how: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """Run a supervisor with two processes; yield it, its address and what it says."""
    port, log = free_port(), folder / "said"
    command = [sys.executable, "-m", "tests.bot.supervised", str(port), how]
    (folder / "metrics").mkdir()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics")}
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=said, stderr=said)
    try:
        yield process, f"http://127.0.0.1:{port}/", log
    finally:
        process.kill()
        process.wait(PATIENCE)


def wait_for(there: Callable[[], bool]) -> None:
    """Wait until something is so; fail when it is not for long."""
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


def who_answers(address: str) -> int:
    """Return the number of the process that answers on a new connection."""
    return int(httpx.get(address, timeout=PATIENCE, trust_env=False).raise_for_status().text)


def is_there(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_dies_is_replaced_while_the_other_answers(tmp_path: Path) -> None:
    with supervised("answering", tmp_path) as (_, address, log):
        wait_for(lambda: ALL_READY.format(2) in log.read_text(encoding="utf-8"))
        first = who_answers(address)
        os.kill(first, signal.SIGKILL)
        second = who_answers(address)  # the new one, or the other one: nobody waits in vain
        assert second != first
        os.kill(second, signal.SIGKILL)
        assert who_answers(address) not in {first, second}


def test_what_a_dead_process_had_in_hand_is_not_counted_any_more(tmp_path: Path) -> None:
    with supervised("answering", tmp_path) as (_, address, log):
        wait_for(lambda: ALL_READY.format(2) in log.read_text(encoding="utf-8"))
        holder = who_answers(f"{address}busy")
        assert _text(f"{address}in-hand") == "1.0"
        os.kill(holder, signal.SIGKILL)
        wait_for(lambda: f"process {holder} has ended and is replaced" in log.read_text(encoding="utf-8"))
        wait_for(lambda: _text(f"{address}in-hand") == "0.0")


def _text(address: str) -> str:
    return httpx.get(address, timeout=PATIENCE, trust_env=False).raise_for_status().text


def test_a_process_whose_event_loop_hangs_is_replaced(tmp_path: Path) -> None:
    with supervised("answering", tmp_path) as (_, address, log):
        wait_for(lambda: ALL_READY.format(2) in log.read_text(encoding="utf-8"))
        with pytest.raises(httpx.RemoteProtocolError):  # the connection ends with the process
            httpx.get(f"{address}hang", timeout=PATIENCE, trust_env=False)
        assert "is stuck and is replaced" in log.read_text(encoding="utf-8")
        assert who_answers(address)


def test_asked_to_end_all_end(tmp_path: Path) -> None:
    with supervised("answering", tmp_path) as (process, address, log):
        wait_for(lambda: ALL_READY.format(2) in log.read_text(encoding="utf-8"))
        worker = who_answers(address)
        process.terminate()
        assert process.wait(PATIENCE) == 0
        assert not is_there(worker)


def test_processes_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with supervised("answering", tmp_path) as (process, address, log):
        wait_for(lambda: ALL_READY.format(2) in log.read_text(encoding="utf-8"))
        worker = who_answers(address)
        process.kill()
        wait_for(lambda: not is_there(worker))


def test_what_cannot_start_ends_with_an_error_and_is_not_tried_for_ever(tmp_path: Path) -> None:
    with supervised("broken", tmp_path) as (process, _, log):
        assert process.wait(PATIENCE) == 1
        assert "nothing to serve" in log.read_text(encoding="utf-8")
