"""What the complaint form has written down so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.desk import found
from actions.desk.workdays import SHANGHAI
from actions.rasa.complaint_words import DEMAND, FIELDS, MATTER
from actions.rasa.talk import Talk

KEY, NOTICE, DAYS = "complaint_key", "complaint_notice", "complaint_days"
# The number of the customer's ticket that may be of the same matter; APART once they said that it is not.
EARLIER, APART = "complaint_earlier", "apart"
SHORT = 40


def filled(talk: Talk) -> dict[str, str]:
    """Return the answers that there are, by slot."""
    return {slot: str(talk.slot(slot)) for slot in FIELDS if talk.slot(slot)}


def recognised(talk: Talk, said: Mapping[str, str]) -> dict[str, Any]:
    """Return what matter and demand name; a day stays what it was when it was said."""
    text = f"{said[MATTER]}；{said.get(DEMAND, '')}"
    return found.find(text, talk.now.astimezone(SHANGHAI).date(), talk.slot(DAYS) or {})


def shorten(text: str) -> str:
    """Return at most 40 characters of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[:SHORT]}…"
