"""Hold the test conversations over the real HTTP channels and compare them turn by turn."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from actions.service import accounts
from actions.store import trackers
from actions.store.base import new_id
from actions.store.engine import Database
from actions.store.tables.service import Conversation
from bot.settings import PROJECT, Settings
from eval.conversations import Story, Turn, last_turn, read_stories
from eval.serving import PREPARED, free_port, serve

# What a customer must get to see after these actions, by the kind of reply.
KINDS = {
    "action_request_human": "handover",
    "action_account_security": "handover",
    "action_crisis": "handover",
    "action_answer": "answer",
}
Replies = Sequence[Mapping[str, Any]]
Say = Callable[[str], Replies]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one conversation went; `wrong` says turn by turn what differed from the story."""

    story: str
    turns: int
    wrong: tuple[str, ...]


class Channels:
    """A running server as customers and staff reach it, and its database, where trackers are read."""

    def __init__(self, base: str, database: Database) -> None:
        self._base, self._database = base, database

    def hold(self, story: Story) -> Outcome:
        """Have one conversation, anew, and compare each turn."""
        with httpx.Client(base_url=self._base, timeout=60) as client:
            speaker = f"story-{new_id()}"
            say = self._as_staff(client, speaker) if story.staff else _as_customer(client, speaker)
            wrong: list[str] = []
            for place, turn in enumerate(story.turns, 1):
                replies = say(turn.text)
                done = last_turn(self._tracker(speaker))
                wrong += [
                    f"turn {place} 「{turn.text}」: {what}" for what in differences(turn, done, replies)
                ]
        return Outcome(story.name, len(story.turns), tuple(wrong))

    def _tracker(self, speaker: str) -> dict[str, Any]:
        with self._database.begin() as session:
            user = accounts.find_user(session, speaker)
            own = Conversation.user_id == user.id if user else Conversation.external_id == speaker
            found = session.scalars(select(Conversation).where(own)).one()
            return trackers.load(session, found.id) or {}

    def _as_staff(self, client: httpx.Client, name: str) -> Say:
        """Sign a new member of staff in and open the chat as its page does."""
        with self._database.begin() as session:
            password = new_id()
            accounts.add_user(session, name=name, password=password, roles=["staff"], now=datetime.now(UTC))
        client.post("/login", data={"name": name, "password": password, "next": "/home"})
        client.post("/api/chat/session").raise_for_status()

        def say(text: str) -> Replies:
            sent = client.post("/api/chat/messages", json={"text": text, "key": new_id()}).raise_for_status()
            return [message for message in sent.json()["messages"] if message["actor"] != "customer"]

        return say


def _as_customer(client: httpx.Client, sender: str) -> Say:
    """Speak Rasa's REST protocol."""

    def say(text: str) -> Replies:
        sent = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": text})
        return [{**one, **one.get("custom", {})} for one in sent.raise_for_status().json()]

    return say


def differences(wanted: Turn, done: Turn, replies: Replies) -> list[str]:
    """Return what a turn did otherwise than its story says."""
    pairs = (
        ("intent", wanted.intent, wanted.intent if wanted.answers else done.intent),
        ("actions", " ".join(wanted.actions), " ".join(done.actions)),
        ("form", str(wanted.form), str(done.form)),
    )
    found = [f"{name} {got}, wanted {due}" for name, due, got in pairs if got != due]
    kinds = [str(reply.get("kind", "text")) for reply in replies]
    missing = {KINDS[name] for name in wanted.actions if name in KINDS} - set(kinds)
    if missing or any(map(_failed, replies)) or not all(reply.get("text") for reply in replies):
        found.append(f"replies {kinds}, wanted {sorted(missing) or 'texts and no error'}")
    return found


def _failed(reply: Mapping[str, Any]) -> bool:
    """Tell whether a reply is an apology; a polite no, such as for a number that is not found, has a code."""
    return reply.get("kind") == "error" and not (reply.get("code") or reply.get("data", {}).get("code"))


def run(arguments: argparse.Namespace) -> int:
    """Serve a fresh data folder, hold all conversations, print each outcome, write dialogue.json."""
    settings: Settings = arguments.settings
    stories = read_stories()
    started = time.perf_counter()
    with _channels(settings) as channels:
        outcomes = [_told(channels.hold(story)) for story in stories]
    good = sum(not one.wrong for one in outcomes)
    turns = sum(one.turns for one in outcomes)
    seconds = time.perf_counter() - started
    print(
        f"{good} of {len(outcomes)} conversations ({turns} turns) as written, {seconds:.0f} s with the start"
    )
    out = arguments.out or settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) for one in outcomes]
    (out / "dialogue.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0 if good == len(outcomes) else 1


def _told(outcome: Outcome) -> Outcome:
    """Print one outcome."""
    print("failed" if outcome.wrong else "passed", f"{outcome.story} ({outcome.turns})", flush=True)
    for line in outcome.wrong:
        print("      ", line, flush=True)
    return outcome


@contextmanager
def _channels(settings: Settings) -> Iterator[Channels]:
    """Serve a fresh data folder that has what is prepared; its database is read beside the server."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in PREPARED:
            (folder / part).symlink_to((settings.data_dir / part).resolve())
        command = [sys.executable, "-m", "bot.cli", "--data-dir", name, "run", "--port", str(port)]
        with serve(command, port, "/readyz", {}, PROJECT):
            key = (folder / "secret.key").read_bytes().strip()
            database = Database(f"sqlite:///{folder / 'wenjin.db'}", key)
            try:
                yield Channels(f"http://127.0.0.1:{port}", database)
            finally:
                database.dispose()
