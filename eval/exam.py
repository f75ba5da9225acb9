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
    limits = httpx.Limits(max_connections=len(sitting), max_keepalive_connections=len(sitting))
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=30) as client:
        await asyncio.gather(
            *(_sit(client, seat, number, answers, pause, seen) for number, seat in enumerate(sitting))
        )


async def _sit(
    client: httpx.AsyncClient, seat: Seat, number: int, answers: int, pause: float, seen: Seen
) -> None:
    """Think, answer, and go on, as one person does."""
    rng = random.Random(number)
    headers = {"X-CSRF-Token": CSRF, "Cookie": f"wenjin_session={seat.token}"}
    count = len(seat.answers)
    for turn in range(answers):
        await asyncio.sleep(rng.uniform(0, 2 * pause))
        index = turn % count + 1
        place = (seat.attempt, index)
        picked = [rng.choice(seat.answers[index - 1])]
        before = seen.told.get(place, ([], 0))
        started = time.perf_counter()
        try:
            reply = await client.put(
                f"/api/training/attempts/{seat.attempt}/items/{index}",
                json={"given": picked, "seen": before[1]},
                headers=headers,
            )
        except httpx.HTTPError as error:
            seen.failed.append(repr(error))
            continue
        seen.times.append((time.perf_counter() - started) * 1000)
        if reply.status_code != 200:
            seen.failed.append(reply.text)
            continue
        told = reply.json()
        seen.told[place] = (told["given"], told["seq"])


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
