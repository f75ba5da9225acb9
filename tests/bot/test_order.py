"""Order and delivery: turns one after another, each once, by many senders, two processes and a sudden death."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from actions.store.base import new_id
from actions.store.tables.service import Actor, Conversation, Turn
from bot.guests import Guests, load_secret
from bot.runtime import Runtime
from bot.settings import PROJECT, Settings
from tests.actions.conftest import scratch_postgres
from tests.bot.receivers import hook_server
from tests.bot.serving import START_SECONDS, clean_environment, free_port
from tests.bot.test_hub import need_redis

SECRET = "the key of the callback channel"
MANY = 10_000  # messages a minute


class Mortal:
    """A server process on given settings."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._port = settings.model_dump_json(), free_port()
        self.base, self.poison = f"http://127.0.0.1:{self._port}", folder / f"poison-{self._port}"
        self._log = folder / f"log-{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mortal:
        """Begin to start."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bot.mortal", self._settings, str(self._port), str(self.poison)],
                cwd=PROJECT, env=clean_environment(), stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self

    def wait(self) -> Mortal:
        """Wait until it is ready."""
        assert self._process
        for _ in range(START_SECONDS * 4):
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.base}/healthz", timeout=5).status_code == 200:
                    return self
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
                raise RuntimeError(self._log.read_text(encoding="utf-8", errors="replace"))
        raise RuntimeError("the server was not ready in time")

    def died(self) -> None:
        """Wait for its death."""
        assert self._process
        assert self._process.wait(60) == -9

    def kill(self) -> None:
        """End it."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)


@contextmanager
def mortals(settings: Settings, folder: Path, count: int) -> Iterator[Sequence[Mortal]]:
    """Run so many servers on the same settings."""
    made = [Mortal(settings, folder).start() for _ in range(count)]
    try:
        yield [one.wait() for one in made]
    finally:
        for one in made:
            one.kill()


def shuffled(keys: Sequence[str], rng: random.Random) -> list[str]:
    """Return each key up to three times, in any order."""
    sent = [key for key in keys for _ in range(rng.randint(1, 3))]
    rng.shuffle(sent)
    return sent


def one_after_another(turns: Sequence[Turn], keys: Sequence[str]) -> None:
    """Check that each message is there once, without gaps, and answered before the next one is taken up."""
    assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
    asked = [turn for turn in turns if turn.actor is Actor.CUSTOMER]
    assert Counter(turn.key for turn in asked) == Counter(keys)
    replies = [turn for turn in turns if turn.actor is Actor.BOT]
    assert {turn.reply_to for turn in replies} == {turn.id for turn in asked}
    places = {turn.id: place for place, turn in enumerate(asked)}
    order = [places[str(turn.reply_to)] for turn in replies]
    assert all(one <= two for one, two in pairwise(order)), "a later message was answered first"


class Sender:
    """A customer with a signed session, on whichever server."""

    def __init__(self, settings: Settings) -> None:
        guests = Guests(load_secret(settings.data_dir))
        self.id = guests.new()
        self.headers = {"authorization": f"Bearer {guests.sign(self.id)}"}

    def at(self, server: Mortal) -> httpx.Client:
        """Return a client of a server."""
        return httpx.Client(base_url=server.base, timeout=120, headers=self.headers)


def say(client: httpx.Client, text: str, key: str) -> list[dict[str, Any]]:
    """Say something under a key and return it with its replies."""
    answer = client.post("/api/chat/messages", json={"text": text, "key": key})
    return list(answer.raise_for_status().json()["messages"])


def turns_of(settings: Settings, external_id: str) -> list[Turn]:
    """Return the turns of a conversation as they are stored."""
    runtime = Runtime(settings)
    with runtime.db.reading() as s:
        rows = select(Turn).join(Conversation).where(Conversation.external_id == external_id)
        found = list(s.scalars(rows.order_by(Turn.seq)))
    runtime.db.dispose()
    return found


def storm(clients: Sequence[httpx.Client], keys: Sequence[str], rng: random.Random) -> None:
    """Send each key up to three times, in any order, by many at once; the same key is always the same answer."""
    sent = list(enumerate(shuffled(keys, rng)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: say(clients[one[0] % len(clients)], one[1][:6], one[1]), sent))
    by_key: dict[str, list[str]] = {}
    for (_, key), answer in zip(sent, answers, strict=True):
        ids = [message["id"] for message in answer]
        assert by_key.setdefault(key, ids) == ids


def test_many_senders_with_duplicates_in_any_order_make_each_message_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", messages_per_minute=MANY)
    with mortals(settings, tmp_path, 1) as (server,):
        for seed in range(10):
            sender, keys = Sender(settings), [new_id() for _ in range(6)]
            with sender.at(server) as client:
                storm([client], keys, random.Random(seed))
            one_after_another(turns_of(settings, sender.id), keys)


@pytest.mark.postgres
@pytest.mark.redis
def test_two_processes_keep_the_order_and_wake_each_others_windows(tmp_path: Path) -> None:
    redis_url = need_redis()
    with scratch_postgres() as url:
        settings = Settings(
            data_dir=tmp_path / "data", database_url=url, redis_url=redis_url, messages_per_minute=MANY
        )
        with mortals(settings, tmp_path, 2) as servers:
            sender, keys = Sender(settings), [new_id() for _ in range(12)]
            clients = [sender.at(one) for one in servers]
            pushed, listening = _listen(clients[1], 3 * len(keys))
            storm(clients, keys, random.Random(7))
            listening.join(60)
            turns = turns_of(settings, sender.id)
    one_after_another(turns, keys)
    assert pushed == [turn.seq for turn in turns]


def test_who_dies_between_storing_and_sending_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with hook_server() as hook:
        settings = Settings(data_dir=tmp_path / "data", callback_url=hook.url, callback_secret=SECRET)
        with mortals(settings, tmp_path, 1) as (server,):
            sender, key, caller = Sender(settings), new_id(), new_id()
            client = sender.at(server)
            server.poison.touch()
            with pytest.raises(httpx.TransportError):
                say(client, "我要投诉", key)
            server.died()
            server.start().wait()
            with pytest.raises(httpx.TransportError):
                call_back(server, caller, key)
            server.died()
            server.poison.unlink()
            server.start().wait()
            again = say(client, "我要投诉", key)
            assert [message["text"] for message in again] == [
                "我要投诉",
                "听到了：我要投诉",
                "说完了：我要投诉",
            ]
            assert client.get("/api/chat/messages").json()["messages"] == again
            hook.wait_for(2)
            assert call_back(server, caller, key).text == "success"
        assert [turn.key for turn in turns_of(settings, caller)] == [key, None, None]
    arrived = {json.loads(body)["id"]: json.loads(body)["seq"] for _, body in hook.calls}
    assert list(arrived.values()) == [2, 3]


def call_back(server: Mortal, caller: str, key: str) -> httpx.Response:
    """Post a message into the callback channel."""
    body = {"sender": caller, "message": "您好", "metadata": {"message_id": key}}
    return httpx.post(f"{server.base}/webhooks/callback/webhook", json=body, timeout=120)


def _listen(client: httpx.Client, count: int) -> tuple[list[int], threading.Thread]:
    """Follow a conversation on one process until so many turns have come; return their places as they come."""
    seen: list[int] = []

    def follow() -> None:
        with client.stream("GET", "/api/chat/events", params={"after": 0}) as stream:
            lines = stream.iter_lines()
            for line in lines:
                if line == "event: message":
                    data = next(line for line in lines if line.startswith("data:"))
                    seen.append(int(json.loads(data.removeprefix("data:"))["seq"]))
                    if len(seen) >= count:
                        return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    return seen, thread
