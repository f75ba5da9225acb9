"""What the customer just said, as the dialogue understood it: text, intent, entities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.rasa.danger import Danger, danger_in

_QUESTION_WORDS = re.compile(
    r"吗|多久|多长|多少|几天|几时|怎么|咋|怎样|如何|什么|哪|([^不没\W])[不没]\1|有没有|可以.{0,8}么|是否|为何|为什么|[么呢?？]$"
)

_OWN = re.compile(r"我|俺|咱|本人|这笔|那笔|这个月|上个月|尾号|刚才|刚刚")
_OWN_FACTS = ("amount", "date", "order_number", "phone", "ticket_number")


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing said. `entities` has the first value of each kind; a tapped payload has no `text`.

    `also` are further intents of the same sentence. `on` is the day in China on which it was said, where that
    is known.
    """

    text: str = ""
    intent: str = ""
    confidence: float = 0.0
    entities: Mapping[str, str] = field(default_factory=dict)
    tapped: bool = False
    on: str = ""
    also: tuple[str, ...] = ()

    def means(self, *intents: str, at_least: float = 0.6) -> bool:
        """Tell whether the intent is one of these and sure enough."""
        return self.intent in intents and self.confidence >= at_least

    def wishes(self, intent: str) -> bool:
        """Tell whether the sentence, has this wish, mainly or beside another."""
        return intent in (self.intent, *self.also)

    @property
    def danger(self) -> Danger | None:
        """Return the danger that the words speak of."""
        return danger_in(self.text)

    @property
    def asks(self) -> bool:
        """Tell whether the sentence has the form of a question."""
        return bool(_QUESTION_WORDS.search(self.text))

    @property
    def asks_in_general(self) -> bool:
        """Tell whether the question is about how things are done, not about what is the customer's own."""
        return (
            self.asks and not _OWN.search(self.text) and not any(kind in self.entities for kind in _OWN_FACTS)
        )


def heard(message: Mapping[str, Any]) -> Heard:
    """Read Rasa's `latest_message`; `metadata.said` is the text as the customer typed it."""
    metadata = message.get("metadata") or {}
    text = str(metadata.get("said") or message.get("text") or "").strip()
    intent = message.get("intent") or {}
    entities: dict[str, str] = {}
    for entity in message.get("entities") or []:
        entities.setdefault(str(entity.get("entity")), str(entity.get("value")))
    tapped = text.startswith("/") and bool(metadata.get("tapped"))
    return Heard(
        "" if tapped else text,
        str(intent.get("name") or ""),
        float(intent.get("confidence") or 0.0),
        entities,
        tapped,
        str(metadata.get("on") or ""),
        tuple(str(name) for name in message.get("also") or ()),
    )
