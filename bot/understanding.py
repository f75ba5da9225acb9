"""What was understood of a text, as programs read it and as people do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from actions.desk import forms, found

_NUMBERS = (
    "card",
    "id_number",
)  # the desk keeps their last digits; whoever asks with the text gets them whole


@dataclass(frozen=True, slots=True)
class Ranked:
    """An intent with its confidence, from 0 to 1."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that the text names, in a plain form, and where: characters from `start` to before `end`."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understood:
    """The intent, all that came near it (best first), the entities, and whether it is a matter for us.

    `also` are the other intents that the text names in so many words (投诉 and 转人工 in one message).
    """

    intent: str
    confidence: float
    ranking: tuple[Ranked, ...]
    entities: tuple[Entity, ...]
    in_scope: bool
    also: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """Return the form that other programs rely on."""
        return {name: value for name, value in asdict(self).items() if name != "also"}


def read(text: str, parsed: Mapping[str, Any]) -> Understood:
    """Return what the dialogue's `understand` gave for a text, with all that the text names."""
    ranking = tuple(_ranked(one) for one in parsed["intent_ranking"])
    first = _ranked(parsed["intent"])
    scope, also = bool(parsed["in_scope"]), tuple(parsed["also"])
    return Understood(first.intent, first.confidence, ranking, entities(text), scope, also)


def entities(text: str) -> tuple[Entity, ...]:
    """Return what a text names, in reading order, by the desk's own rules and words."""
    named = [_entity(text, one) for one in forms.find(text)]
    named += [
        Entity("product", name, start, end)
        for kind, name, start, end in found.spots(forms.half_width(text))
        if kind == "products"
    ]
    return tuple(sorted(named, key=lambda one: (one.start, one.end)))


def _entity(text: str, one: forms.Found) -> Entity:
    kind = "date" if one.kind == "day" else one.kind
    whole = re.sub(r"[^\dX]", "", forms.half_width(text[one.start : one.end]).upper())
    return Entity(kind, whole if kind in _NUMBERS else one.value, one.start, one.end)


def _ranked(one: Mapping[str, Any]) -> Ranked:
    return Ranked(str(one["name"]), round(float(one["confidence"]), 4))


NOTHING = Understood("nlu_fallback", 0.0, (), (), False)  # of a text in which nothing can be read
