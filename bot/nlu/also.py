"""Wishes by their words: 投诉 and 转人工 in one message are both heard, 不要转人工 is the opposite of one."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.guard import FALLBACK
from bot.nlu.rules import Ruled, understand
from knowledge.text import normalise

ALSO = "also"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class AlsoWished(Ruled, IntentClassifier):  # type: ignore[misc]
    """Sets `also`: the other intents that the text names in so many words, in the order of `wishes`.

    An intent whose words are there only to be denied is none: it gives way to another wish, or to `instead`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `wishes`, a pattern for each intent; `denied`, what undoes one; `instead`."""
        return {"wishes": {}, "denied": r"(?!)", "instead": "deny"}

    def __init__(self, config: dict[str, Any]) -> None:
        self._wishes = {intent: re.compile(words) for intent, words in config["wishes"].items()}
        self._denied = re.compile(rf"(?:{config['denied']})$")
        self._instead = str(config["instead"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `also` on each message; it is empty where there is one wish or none."""
        for message in messages:
            understood, text = message.get(INTENT) or {}, normalise(message.get(TEXT) or "")
            named = {name: self._named(name, text) for name in self._wishes}
            wished = [name for name, wishes in named.items() if any(wishes)]
            first = understood.get("name")
            meant = _beside_the_fallback(message) if first == FALLBACK[0] else first
            if named.get(meant) and meant not in wished:
                first = wished[0] if wished else self._instead
                understand(message, first, float(understood["confidence"]))
            message.set(ALSO, [name for name in wished if name != first], add_to_output=True)
        return messages

    def _named(self, name: str, text: str) -> list[bool]:
        """Return for each place where a wish is named whether it is one there, and not denied."""
        return [not self._denied.search(text[: m.start()]) for m in self._wishes[name].finditer(text)]


def _beside_the_fallback(message: Message) -> str:
    """Return what was likeliest where two intents were too close to tell: a wish, and its denial."""
    ranking = message.get(INTENT_RANKING_KEY) or []
    return next((str(one["name"]) for one in ranking if one["name"] != FALLBACK[0]), "")
