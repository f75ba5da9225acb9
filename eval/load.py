"""Turns over Rasa's REST protocol on loopback: one at a time, or by many senders at once."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PATH = "/webhooks/rest/webhook"
TIMEOUT = 60
STAGGER = 0.05  # seconds between the first messages of two senders
TICKS = 1e9  # the kernel counts a task's time in nanoseconds


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: milliseconds by the clock and of the server's processors (0: unknown); whether it failed."""

    text: str
    wall: float
    cpu: float
    failed: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many senders together got: their turns, and how long it took all of them."""

    turns: tuple[Turn, ...]
    seconds: float


class Line:
    """A sender's connection, kept open from turn to turn."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def say(self, sender: str, text: str) -> bool:
        """Send one message; tell whether a reply came that is no apology."""
        body = json.dumps({"sender": sender, "message": text}).encode()
        try:
            self._connection.request("POST", PATH, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            replies = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            return False
        return answer.status == 200 and bool(replies) and not any(_is_apology(one) for one in replies)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _is_apology(reply: dict[str, dict[str, str]]) -> bool:
    return (reply.get("custom") or {}).get("kind") == "error"


def one_by_one(port: int, talks: Sequence[Sequence[str]], cpu: Callable[[], float], name: str) -> list[Turn]:
    """Hold conversations one after another, each by a sender of its own; `cpu` reads the server's seconds."""
    line, turns = Line(port), []
    for number, talk in enumerate(talks):
        for text in talk:
            before, started = cpu(), time.perf_counter()
            done = line.say(f"{name}-{number}", text)
            wall = time.perf_counter() - started
            turns.append(Turn(text, wall * 1000, (cpu() - before) * 1000, not done))
    line.close()
    return turns


def at_once(port: int, talks: Sequence[Sequence[str]], name: str) -> Crowd:
    """Hold as many conversations at once as there are talks, each sender waiting for its reply."""
    turns: list[Turn] = []

    def hold(number: int, talk: Sequence[str]) -> None:
        time.sleep(number * STAGGER)
        line = Line(port)
        for text in talk:
            started = time.perf_counter()
            done = line.say(f"{name}-{number}", text)
            turns.append(Turn(text, (time.perf_counter() - started) * 1000, 0.0, not done))
        line.close()

    threads = [threading.Thread(target=hold, args=pair) for pair in enumerate(talks)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Crowd(tuple(turns), time.perf_counter() - started)


def processor_seconds(pids: Sequence[int]) -> float:
    """Return the processor time of all threads of these processes so far; 0 if the system does not tell."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # a thread that has just ended
                total += int(task.read_text().split()[0])
    return total / TICKS


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, as far as the system tells."""
    found = [pid]
    for known in found:
        for task in Path(f"/proc/{known}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found
