"""What the dialogue keeps of what was said: masked, but for what an open flow still needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from actions.store.masking import mask

# Slots that only remember what was said; Rasa keeps the first message's metadata in the second.
SAID = frozenset({"last_question", "session_started_metadata"})
# A complaint that is opened later takes its contact from what was said before it.
REACHED_BY = frozenset({"phone", "email"})

_NAME = re.compile(
    r"[a-z_]*"
)  # of an intent, an entity, a key: nothing personal, and hundreds of them a turn


def discreet(event: dict[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as it is kept: a customer's words masked, and slots that hold something else by now."""
    kind = event.get("event")
    if kind == "user":
        return {key: _masked(value) for key, value in event.items()}
    if kind == "slot":
        return {**event, "value": discreet_slot(str(event["name"]), event["value"], held)}
    return event


def discreet_slot(name: str, value: Any, held: Mapping[str, Any]) -> Any:
    """Return a slot's value whole where a flow still holds it, else masked."""
    return value if name not in SAID and held.get(name) == value else _masked(value)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return value if _NAME.fullmatch(value) else _mask(value)
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if isinstance(value, dict):
        kept = {"value"} if value.get("entity") in REACHED_BY else set()
        return {key: one if key in kept else _masked(one) for key, one in value.items()}
    return value


@lru_cache(maxsize=2048)
def _mask(text: str) -> str:
    """Mask a text once: the turns that are kept are written again with each new one."""
    return mask(text)
