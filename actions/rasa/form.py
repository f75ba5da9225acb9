"""What the two forms share: does a pass of the form hear an answer, or come back from an interruption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.forms import REQUESTED_SLOT

from actions.rasa.danger import Danger
from actions.rasa.heard import Heard

LISTEN = "action_listen"


def answers_now(events: Sequence[Mapping[str, Any]], form: str) -> bool:
    """Tell whether the form runs straight after the customer spoke, not after another action."""
    for event in reversed(events):
        if event.get("event") == "action" and event.get("name") != form:
            return bool(event.get("name") == LISTEN)
        if event.get("event") == "user":
            return True
    return False


def opens_now(events: Sequence[Mapping[str, Any]], form: str) -> bool:
    """Tell whether the form was opened by the sentence that was just said."""
    for event in reversed(events):
        if event.get("event") == "active_loop" and event.get("name") == form:
            return True
        if event.get("event") == "user":
            return False
    return False


def keeps_silent(heard: Heard) -> bool:
    """Tell whether a form must not ask anything now: a life is in danger, or a fraud is under way."""
    return heard.means("crisis", at_least=0.5) or heard.danger in (Danger.LIFE, Danger.FRAUD)


def request(slot: str | None) -> dict[str, Any]:
    """Return the event that asks for a slot next; None ends the form."""
    event: dict[str, Any] = SlotSet(REQUESTED_SLOT, slot)
    return event
