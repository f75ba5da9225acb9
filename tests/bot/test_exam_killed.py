"""A server that is killed in the middle of an exam loses no saved answer and takes nobody's time."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from actions.store.tables.training import AttemptState, QuizAttempt
from bot.runtime import Runtime
from bot.settings import Settings
from eval.exam_server import CSRF, Seat, kept, seats, serve, settings_of
from tests.bot.serving import free_port

KILLS = 50
OUTAGE = timedelta(seconds=30)
Place = tuple[str, int]


class Writer(threading.Thread):
    """One person who answers without a pause, and remembers what the server said it has kept."""

    def __init__(self, base: str, seat: Seat, number: int) -> None:
        super().__init__(daemon=True)
        self.base, self.seat, self.rng = base, seat, random.Random(number)
        self.told: dict[Place, list[str]] = {}
        self.unsure: dict[Place, list[list[str]]] = {}  # sent since, without a reply
        self.saved = 0
        self.done = threading.Event()

    def run(self) -> None:
        headers = {"X-CSRF-Token": CSRF, "Cookie": f"wenjin_session={self.seat.token}"}
        with closing(httpx.Client(base_url=self.base, headers=headers, timeout=5)) as client:
            while not self.done.is_set():
                index = self.rng.randrange(1, len(self.seat.answers) + 1)
                place = (self.seat.attempt, index)
                picked = [self.rng.choice(self.seat.answers[index - 1])]
                self.unsure.setdefault(place, []).append(picked)
                try:
                    path = f"/api/training/attempts/{self.seat.attempt}/items/{index}"
                    reply = client.put(path, json={"given": picked})
                except httpx.TransportError:
                    self.done.wait(0.02)
                    continue
                assert reply.status_code == 200, reply.text
                self.told[place] = reply.json()["given"]
                self.unsure[place] = []
                self.saved += 1


def deadlines(settings: Settings) -> dict[str, datetime]:
    """Return when each attempt ends; none has ended."""
    runtime = Runtime(settings)
    with runtime.db.reading() as s:
        rows = s.query(QuizAttempt).all()
    runtime.db.dispose()
    assert {row.state for row in rows} == {AttemptState.OPEN}
    return {row.id: row.deadline_at for row in rows if row.deadline_at}


def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    sitting = seats(settings, 3, questions=8)
    before = deadlines(settings)
    fresh = multiprocessing.get_context("forkserver")
    fresh.set_forkserver_preload(["tests.bot.preloaded"])
    rng, port = random.Random(50), free_port()
    writers = [Writer(f"http://127.0.0.1:{port}", seat, number) for number, seat in enumerate(sitting)]
    for writer in writers:
        writer.start()
    for kill in range(KILLS):
        server = fresh.Process(target=serve, args=(tmp_path, port, "", OUTAGE.total_seconds() * kill))
        server.start()
        goal, end = sum(writer.saved for writer in writers) + rng.randrange(1, 6), time.monotonic() + 60
        while sum(writer.saved for writer in writers) < goal:
            assert server.is_alive() and all(writer.is_alive() for writer in writers)
            assert time.monotonic() < end
            threading.Event().wait(rng.random() * 0.01)
        server.kill()
        server.join()
    for writer in writers:
        writer.done.set()
        writer.join()
    held = kept(settings)
    for writer in writers:
        assert writer.saved
        for place, told in writer.told.items():
            assert held[place][0] in [told, *writer.unsure[place]], "neither what was kept nor came after"
    after = deadlines(settings)
    for attempt, deadline in before.items():
        assert after[attempt] - deadline >= OUTAGE * (KILLS - 1)
