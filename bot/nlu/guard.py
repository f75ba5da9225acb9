"""Small talk has its words: a short text that was never seen must not pass for thanks or a yes."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.rules import Ruled, understand
from knowledge.text import normalise

FALLBACK = ("nlu_fallback", 0.5)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class GuardedIntents(Ruled, IntentClassifier):  # type: ignore[misc]
    """Turns an intent of `words` that is not sure into the fallback where the text has none of its words."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings.

        `words` is a pattern for each guarded intent; from the confidence `sure` on none is needed. `least` is
        the confidence that an intent needs by itself: nobody is called rude on a guess.
        """
        return {"words": {}, "sure": 1.0, "least": {}}

    def __init__(self, config: dict[str, Any]) -> None:
        self._least = {intent: float(least) for intent, least in config["least"].items()}
        self._sure = float(config["sure"])
        self._words = {intent: re.compile(words) for intent, words in config["words"].items()}

    def process(self, messages: list[Message]) -> list[Message]:
        """Check the intents of the messages."""
        for message in messages:
            understood = message.get(INTENT) or {}
            if understood.get("name") and self._doubted(understood, message.get(TEXT) or ""):
                understand(message, *FALLBACK)
        return messages

    def _doubted(self, understood: dict[str, Any], text: str) -> bool:
        name, confidence = understood["name"], understood["confidence"]
        if confidence < self._least.get(name, 0.0):
            return True
        words = self._words.get(name)
        return words is not None and confidence < self._sure and not words.search(normalise(text))
