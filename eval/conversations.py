"""The test conversations in Rasa's own format: read as turns with what is to happen in each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.settings import PROJECT

FOLDER = PROJECT / "tests" / "conversations"
LISTEN = "action_listen"
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True, slots=True)
class Turn:
    """One sentence of the customer: its intent, the actions that follow, the form that is open after them.

    `answers` tells that an open form takes the sentence: it reads it by itself, the intent decides nothing.
    """

    text: str
    intent: str
    actions: tuple[str, ...]
    form: str | None
    answers: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One conversation; `staff` tells that a signed-in member of staff has it."""

    name: str
    turns: tuple[Turn, ...]
    staff: bool


def read_stories(folder: Path = FOLDER) -> list[Story]:
    """Return the conversations of all files `test_*.yml`, those of `test_staff.yml` as the staff's."""
    return [
        Story(str(one["story"]), tuple(_turns(one["steps"])), file.stem == "test_staff")
        for file in sorted(folder.glob("test_*.yml"))
        for one in yaml.safe_load(file.read_text(encoding="utf-8"))["stories"]
    ]


def _turns(steps: Sequence[Mapping[str, Any]]) -> Iterator[Turn]:
    starts = [place for place, step in enumerate(steps) if "user" in step]
    form: str | None = None
    for start, end in zip(starts, [*starts[1:], len(steps)], strict=True):
        part = steps[start:end]
        before, forms = form, [step["active_loop"] for step in part if "active_loop" in step]
        form = forms[-1] if forms else before
        actions = tuple(str(step["action"]) for step in part if "action" in step)
        answers = before is not None and actions[:1] == (before,)
        yield Turn(plain(str(part[0]["user"])), str(part[0]["intent"]), actions, form, answers)


def plain(text: str) -> str:
    """Return a sentence without the marks of its entities: [13812345678](phone) is 13812345678."""
    return _ENTITY.sub(r"\1", text).strip()


def last_turn(payload: Mapping[str, Any]) -> Turn:
    """Return the last turn of a stored tracker: what was understood and done."""
    events: list[Mapping[str, Any]] = payload["events"]
    said = max(place for place, event in enumerate(events) if event["event"] == "user")
    forms = [payload["loop"], *(e["name"] for e in events if e["event"] == "active_loop")]
    done = (str(e["name"]) for e in events[said:] if e["event"] == "action")
    heard = events[said]
    intent = str((heard["parse_data"].get("intent") or {}).get("name"))
    return Turn(str(heard["text"]), intent, tuple(name for name in done if name != LISTEN), forms[-1])
