"""Power cuts: a server is killed 200 times while complaints come in, are answered and notices go out."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from actions.desk import proof, tickets
from actions.service import accounts
from actions.store.base import new_id
from actions.store.tables.desk import Notice, Ticket
from bot.guests import COOKIE
from bot.runtime import Runtime
from bot.sender import Sender, channels_of
from bot.settings import PROJECT, Settings
from tests.bot.killed import HANDLER
from tests.bot.receivers import Hook, hook_server
from tests.bot.serving import PASSWORD, clean_environment

KILLS = 200
STILLBORN = 0.2  # of all, killed while they start
LONGEST_START, LONGEST_LIFE = 0.4, 0.25  # seconds until the cut, from the birth or from the first answer
CUSTOMERS = 2
SECRET = "a secret of the receiver"
NO_TLS = ssl.SSLContext()  # a client that would read all authorities is slow to make
Record = Callable[[str, object], None]


class Victim:
    """A server that lives for a random while, again and again, on the same database and port."""

    def __init__(self, folder: Path, hook: Hook, log: Path) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._log = log.open("wb")
        fd = self._listening.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bot.killed", str(folder), str(fd), hook.url, SECRET],
            cwd=PROJECT, env=clean_environment(), pass_fds=[fd], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip

    def birth(self) -> int:
        """Start the next one and return its process id."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._said())

    def kill(self, pid: int) -> None:
        """End one as a power cut would."""
        os.kill(pid, signal.SIGKILL)
        assert self._said() == "gone"

    def end(self) -> None:
        """End them all."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)
        self._listening.close()
        self._log.close()

    def _said(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        assert line, "the server that makes servers is gone"
        return line


class Customer(threading.Thread):
    """Complains, retries until there is an answer, and lets the handler answer; then complains again."""

    def __init__(self, base: str, runtime: Runtime, served: threading.Event, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self._base, self._runtime, self._served, self._finished = base, runtime, served, done
        self.numbers: defaultdict[str, set[str]] = defaultdict(set)  # by customer, all that was answered
        self.replies: dict[str, str] = {}  # what the handler was told to have said, by number
        self.retries = 0
        self.trouble: list[str] = []

    def run(self) -> None:
        """Go on until everything is over; what was begun is finished."""
        while not self._finished.is_set():
            guest = self._runtime.guests.new()
            body = {"matter": f"扣了两次钱 {guest}", "contact": "13812345678"}
            key = {"Idempotency-Key": new_id(), "cookie": f"{COOKIE}={self._runtime.guests.sign(guest)}"}
            for _ in range(2):  # the second time as somebody who did not see the answer
                made = self._insist("/api/tickets", body, key)
                self._expect(made.status_code in (200, 201), made)
                self.numbers[guest].add(str(made.json().get("number")))
            number = str(made.json().get("number"))
            text = f"已退款 {number}"
            done = self._insist(f"/handler/{number}", {"text": text}, {})
            known = done.status_code == 409 and done.json()["code"] == "stale_version"
            self._expect(done.status_code == 200 or known, done)
            self.replies[number] = text

    def _insist(self, path: str, body: Mapping[str, object], headers: dict[str, str]) -> httpx.Response:
        """Send the same until somebody answers."""
        while True:
            try:
                with httpx.Client(base_url=self._base, timeout=10, verify=NO_TLS, trust_env=False) as http:
                    answer = http.post(path, json=body, headers=headers)
                self._served.set()
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            except httpx.TransportError:
                pass
            self.retries += 1

    def _expect(self, true: bool, answer: httpx.Response) -> None:
        if not true:
            self.trouble.append(f"{answer.status_code} {answer.text}")


@contextmanager
def victim(folder: Path, hook: Hook, log: Path) -> Iterator[Victim]:
    made = Victim(folder, hook, log)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """The same installation as seen by whoever looks at it in the end, when all claims have run out."""
    folder = tmp_path / "data"
    made = Runtime(Settings(data_dir=folder), clock=lambda: datetime.now(UTC) + timedelta(hours=7))
    with made.db.begin() as s:
        accounts.add_user(s, name=HANDLER, password=PASSWORD, roles=("handler",), now=datetime.now(UTC))
    yield made
    made.db.dispose()


def test_nothing_is_lost_and_nothing_happens_twice(
    runtime: Runtime, tmp_path: Path, record_property: Record
) -> None:
    rng, served, done = random.Random(4), threading.Event(), threading.Event()
    with hook_server() as hook, victim(runtime.settings.data_dir, hook, tmp_path / "log") as server:
        customers = [Customer(server.base, runtime, served, done) for _ in range(CUSTOMERS)]
        for customer in customers:
            customer.start()
        for _ in range(KILLS):
            served.clear()
            pid = server.birth()
            longest = LONGEST_START
            if rng.random() > STILLBORN:
                assert served.wait(60), "nobody was served"
                longest = LONGEST_LIFE
            time.sleep(rng.uniform(0, longest))  # the point of the cut is what is random here
            server.kill(pid)
        last = server.birth()
        done.set()
        for customer in customers:
            customer.join(60)
        server.kill(last)
        _send_the_rest(runtime, hook)
        assert [line for customer in customers for line in customer.trouble] == []
        assert sum(customer.retries for customer in customers) > 20, "the cuts hit nobody"
        _tickets_are_right(runtime, customers, record_property)
        _notices_are_right(runtime, hook, record_property)
    assert list(proof.problems(runtime.db)) == []


def _send_the_rest(runtime: Runtime, hook: Hook) -> None:
    settings = runtime.settings.model_copy(update={"webhook_url": hook.url, "webhook_secret": SECRET})

    async def drain() -> None:
        sender = Sender(runtime, channels_of(settings))
        while await sender.once():
            pass

    asyncio.run(drain())


def _tickets_are_right(runtime: Runtime, customers: list[Customer], record: Record) -> None:
    """Each complaint that was told a number exists once under it, with what was answered once."""
    numbers = {guest: told for customer in customers for guest, told in customer.numbers.items()}
    replies = {number: text for customer in customers for number, text in customer.replies.items()}
    assert all(len(told) == 1 for told in numbers.values())
    with runtime.db.reading() as s:
        rows = s.execute(select(Ticket.customer_id, Ticket.number)).all()
        assert Counter(guest for guest, _ in rows) == Counter(list(numbers))
        assert {guest: {number} for guest, number in rows} == numbers
        for number, text in replies.items():
            steps = tickets.timeline(s, tickets.get_by_number(s, number).id)
            said = [step.data["text"] for step in steps if step.type == "reply"]
            assert said == [text]
            assert [step.type for step in steps] == ["created", "take", "reply"]
    assert len(rows) > KILLS / 2, "too little happened between the cuts"
    record("tickets", len(rows))
    record("replies", len(replies))


def _notices_are_right(runtime: Runtime, hook: Hook, record: Record) -> None:
    """Each notice arrived, under its own id and no other."""
    arrived: defaultdict[tuple[str, int, str], set[str]] = defaultdict(set)
    for headers, body in hook.calls:
        news = json.loads(body)
        assert news["id"] == headers["x-wenjin-id"]
        arrived[news["number"], news["version"], news["event"]].add(news["id"])
    assert all(len(ids) == 1 for ids in arrived.values())
    with runtime.db.reading() as s:
        notices = list(s.scalars(select(Notice)))
    assert all(notice.done_at is not None and not notice.failed for notice in notices)
    assert {notice.id for notice in notices} == {next(iter(ids)) for ids in arrived.values()}
    record("notices", len(notices))
    record("arrivals", len(hook.calls))
