"""Read what a customer complains about: what is in it, what it is about, and whether it was told before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from actions.desk import categories, duplicates, found
from actions.desk.classify import Classifier, Guess
from actions.desk.duplicates import Similar, Vector
from actions.desk.triage import triage
from actions.store.tables.desk import Priority, Ticket
from knowledge.encoder import Encoder
from knowledge.text import normalise

# Where a ticket comes in, as keys of the axis "channel".
_CAME_BY = {"chat": "web", "form": "web", "api": "app", "desk": "phone"}
_SURE, _NAMED = 0.9, 0.7  # by rule, not measured: where it came in, what the text names instead
OTHERS = 2  # further proposals of an axis
LEVELS = ((Decimal(10_000), 3), (Decimal(1_000), 2))  # impact by the largest sum that is named


@dataclass(frozen=True, slots=True)
class Reading:
    """What a complaint's text says; the three parts go into a `TicketDraft` as they are."""

    found: dict[str, Any]
    proposed: dict[str, Any]
    vector: Vector


class DeskReader:
    """Reads complaints with this process's encoder and classifier, loaded when first asked for."""

    def __init__(
        self, encoder: Callable[[], Encoder], classifier: Callable[[], Classifier], today: Callable[[], date]
    ) -> None:
        self._encoder, self._classifier, self._today = encoder, classifier, today

    def read(
        self,
        text: str,
        source: str,
        *,
        on: date | None = None,
        known_days: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Reading:
        """Return what a complaint says that came in by `source` (chat, form, api, desk).

        `on` is the day it was said, today where it is not given; `known_days` as in `found.find`.
        """
        vector = self.vector(text)
        recognised = found.find(text, on or self._today(), known_days)
        guessed = self._classifier().guess(text, vector.values)
        proposed = {axis: _proposal(guesses) for axis, guesses in guessed.items()}
        proposed["channel"] = channel(recognised, source)
        proposed["levels"] = levels(text, recognised)
        return Reading(recognised, proposed, vector)

    def vector(self, text: str) -> Vector:
        """Return a text's sentence vector; one that was encoded a moment ago is not encoded again."""
        encoder = self._encoder()
        return Vector(encoder.fingerprint, encoder.encode_one(normalise(text)).sentence)

    def same_matter(self, s: Session, customer_id: str, text: str, now: datetime) -> Ticket | None:
        """Return the customer's own pending ticket about the same matter, as `duplicates.same_matter`."""
        return duplicates.same_matter(
            s, customer_id, self.vector(text), text, now, compare_by=self._classifier().compare_by
        )

    def similar(self, s: Session, ticket: Ticket, now: datetime, *, limit: int = 5) -> Similar:
        """Return what other customers complain about likewise, as `duplicates.similar`."""
        return duplicates.similar(s, ticket, now, compare_by=self._classifier().compare_by, limit=limit)


def _proposal(guesses: list[Guess]) -> dict[str, Any]:
    first, *others = guesses
    return {
        "key": first.key,
        "confidence": first.confidence,
        "others": [{"key": one.key, "confidence": one.confidence} for one in others[:OTHERS]],
    }


def channel(recognised: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the channel by rule: what the text names where it names one, else where it came in."""
    listed = [value.key for value in categories.axes()["channel"]]
    came_by = next((key for key in (_CAME_BY.get(source), "other") if key in listed), listed[0])
    places = [place for place in recognised.get("places", []) if place in listed]
    if len(places) == 1 and places[0] != came_by:
        return {
            "key": places[0],
            "confidence": _NAMED,
            "others": [{"key": came_by, "confidence": round(1 - _NAMED, 3)}],
        }
    return {"key": came_by, "confidence": _SURE, "others": []}


def levels(text: str, recognised: Mapping[str, Any]) -> dict[str, int]:
    """Return levels to start from, by rule: urgency by queue, impact by the largest sum that is named."""
    urgent = triage(text).priority is Priority.HIGH
    largest = found.largest_amount(recognised)
    impact = next((level for least, level in LEVELS if largest >= least), 1)
    return {"urgency": 3 if urgent else 1, "impact": impact}
