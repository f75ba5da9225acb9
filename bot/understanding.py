"""What was understood of a text, as programs read it and as people do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


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


def read(parsed: Mapping[str, Any]) -> Understood:
    """Return what the dialogue's `understand` gave, in plain form."""
    ranking = tuple(_ranked(one) for one in parsed["intent_ranking"])
    first = _ranked(parsed["intent"])
    entities = tuple(
        Entity(str(one["entity"]), str(one["value"]), int(one["start"]), int(one["end"]))
        for one in parsed["entities"]
    )
    scope, also = bool(parsed["in_scope"]), tuple(parsed["also"])
    return Understood(first.intent, first.confidence, ranking, entities, scope, also)


def _ranked(one: Mapping[str, Any]) -> Ranked:
    return Ranked(str(one["name"]), round(float(one["confidence"]), 4))


NOTHING = Understood("nlu_fallback", 0.0, (), (), False)  # of a text in which nothing can be read
