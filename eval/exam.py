"""Measure an exam: many people answer at once, each answer saved by itself; none may be lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from eval.exam_server import CSRF, Seat, kept, seats, settings_of

GOAL_MS = 300.0
STARTING = 90


@dataclass
class Seen:
    """What the clients saw: milliseconds of each saved answer, what was said to be kept, what failed."""

    times: list[float] = field(default_factory=list)
    told: dict[tuple[str, int], tuple[list[str], int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, write `exam.json`; 1 where an answer was lost or the goal was missed."""
    out = arguments.out or arguments.settings.data_dir / "eval"
    result = measure(arguments.people, arguments.answers, arguments.pause, database=arguments.database)
    out.mkdir(parents=True, exist_ok=True)
    (out / "exam.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    for name, value in result.items():
        print(f"{name:>22}  {value}")
    reached = result["lost"] == 0 and result["failed"] == 0 and float(result["p95_ms"]) <= GOAL_MS
    return 0 if reached else 1


def measure(people: int, answers: int, pause: float, *, database: str = "") -> dict[str, float | int | str]:
    """Let `people` answer `answers` questions each, `pause` seconds apart on average, against one process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = settings_of(folder, database)
        sitting = seats(settings, people, questions=min(answers, 40))
        with server(folder, database) as base:
            seen = Seen()
            started = time.perf_counter()
            asyncio.run(_all(base, sitting, answers, pause, seen))
            took = time.perf_counter() - started
        held = kept(settings)
    lost = sum(held.get(place) != told for place, told in seen.told.items())
    return {
        "database": database.partition(":")[0] or "sqlite",
        "people": people,
        "saved_answers": len(seen.times),
        "answers_per_second": round(len(seen.times) / took, 1),
        "median_ms": round(statistics.median(seen.times), 1),
        "p95_ms": round(_percentile(seen.times, 0.95), 1),
        "p99_ms": round(_percentile(seen.times, 0.99), 1),
        "slowest_ms": round(max(seen.times), 1),
        "failed": len(seen.failed),
        "lost": lost,
    }


async def _all(base: str, sitting: Sequence[Seat], answers: int, pause: float, seen: Seen) -> None:
    port = int(base.rsplit(":", 1)[1])
    await asyncio.gather(
        *(_sit(port, seat, number, answers, pause, seen) for number, seat in enumerate(sitting))
    )


async def _sit(port: int, seat: Seat, number: int, answers: int, pause: float, seen: Seen) -> None:
    """Think, answer, and go on, as one person does; the server has closed the last connection by then."""
    rng = random.Random(number)
    count = len(seat.answers)
    for turn in range(answers):
        await asyncio.sleep(rng.uniform(0, 2 * pause))
        index = turn % count + 1
        place = (seat.attempt, index)
        body = {"given": [rng.choice(seat.answers[index - 1])], "seen": seen.told.get(place, ([], 0))[1]}
        started = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_request(seat, index, json.dumps(body).encode()))
            status, told = await _reply(reader)
            writer.close()
        except (OSError, asyncio.IncompleteReadError) as error:
            seen.failed.append(repr(error))
            continue
        seen.times.append((time.perf_counter() - started) * 1000)
        if status != 200:
            seen.failed.append(told.decode())
        else:
            kept_now = json.loads(told)
            seen.told[place] = (kept_now["given"], kept_now["seq"])


def _request(seat: Seat, index: int, body: bytes) -> bytes:
    """Return the bytes of one save: written by hand, for a client library costs more than the server."""
    head = (
        f"PUT /api/training/attempts/{seat.attempt}/items/{index} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-CSRF-Token: {CSRF}\r\nCookie: wenjin_session={seat.token}\r\n\r\n"
    )
    return head.encode() + body


async def _reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return status and body of one reply."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.split("content-length:", 1)[1].split("\r\n", 1)[0])
    return int(head.split(" ", 2)[1]), await reader.readexactly(length)


def _percentile(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


@contextmanager
def server(folder: Path, database: str = "") -> Iterator[str]:
    """Serve in a process of its own; yield its address."""
    port = 20000 + os.getpid() % 9000
    process = begin(folder, port, database)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def begin(folder: Path, port: int, database: str = "") -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers."""
    command = [sys.executable, "-m", "eval.exam_server", str(folder), str(port), database]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.02)
    process.kill()
    raise RuntimeError("the server did not start")
