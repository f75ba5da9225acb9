"""Long complaints: what fits a ticket's fields, and the rest, which is added to it as facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from actions.desk.intake import MAX_PRODUCT
from actions.rasa.complaint_words import DEMAND, MATTER, PRODUCT
from actions.service.messages import MAX_CHARACTERS

SHOWN = 200  # letters of an answer that the summary shows
_LIMITS = {MATTER: MAX_CHARACTERS, PRODUCT: MAX_PRODUCT, DEMAND: MAX_CHARACTERS}


@dataclass(frozen=True, slots=True)
class Fitting:
    """The answers cut to the limits of a ticket, and what was cut off in parts of at most 2,000 letters."""

    said: Mapping[str, str]
    rest: tuple[str, ...]


def fit(said: Mapping[str, str]) -> Fitting:
    """Return the answers as they fit a ticket."""
    kept = {slot: text[: _LIMITS.get(slot, MAX_CHARACTERS)] for slot, text in said.items()}
    rest = [part for slot, text in said.items() for part in parts(text[len(kept[slot]) :])]
    return Fitting(kept, tuple(rest))


def parts(text: str) -> list[str]:
    """Return text in pieces of at most 2,000 letters that have something to read in them."""
    pieces = [text[at : at + MAX_CHARACTERS] for at in range(0, len(text), MAX_CHARACTERS)]
    return [piece for piece in pieces if piece.strip()]


def shown(text: str) -> str:
    """Return an answer as a summary shows it: a long one by its beginning, with its length."""
    if len(text) <= SHOWN:
        return text
    return f"{text[:SHOWN]}……（共 {len(text):,} 字，会完整提交）"
