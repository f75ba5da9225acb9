"""Buttons may carry an intent; typed text never does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

# The intents that a button may carry, and which values with them. Everything else is text.
ALLOWED: dict[str, frozenset[str]] = {
    "greet": frozenset(),
    "help": frozenset(),
    "complain": frozenset(),
    "check_ticket": frozenset({"ticket_number"}),
    "ask_human": frozenset(),
    "start_quiz": frozenset(),
    "leave_quiz": frozenset(),
    "my_results": frozenset(),
    "rate": frozenset({"score"}),
}
_PAYLOAD = re.compile(r"/(?P<intent>[a-z_]+)(?P<values>\{.{0,500}\})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a tapped button means."""

    intent: str
    values: dict[str, str]

    def parse_data(self, text: str) -> dict[str, Any]:
        """Return the form in which Rasa takes what was understood."""
        understood = {"name": self.intent, "confidence": 1.0}
        entities = [{"entity": name, "value": value} for name, value in self.values.items()]
        return {"text": text, "intent": understood, "intent_ranking": [understood], "entities": entities}


def read_payload(text: str) -> Payload | None:
    """Return the payload that `text` is, or None: then it is ordinary text."""
    match = _PAYLOAD.fullmatch(text.strip())
    if match is None or match["intent"] not in ALLOWED:
        return None
    try:
        values = json.loads(match["values"] or "{}")
    except ValueError:
        return None
    if not set(values) <= ALLOWED[match["intent"]] or not all(
        isinstance(v, str | int) for v in values.values()
    ):
        return None
    return Payload(match["intent"], {name: str(value) for name, value in values.items()})


def as_text(text: str) -> str:
    """Return typed text in a form that Rasa never takes for a command: a leading slash becomes a wide one."""
    stripped = text.lstrip()
    return f"／{stripped[1:]}" if stripped.startswith("/") else text
