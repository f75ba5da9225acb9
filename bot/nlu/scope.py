"""Whether a message is a matter for this service: its own business, or a move in a conversation about it."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.rules import Ruled

IN_SCOPE = "in_scope"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Scope(Ruled, IntentClassifier):  # type: ignore[misc]
    """Sets `in_scope`: the intent is none of `outside`, and these got at most `most` of the confidence.

    An intent of `courtesy` (greetings, thanks, a yes) is said by people who chat as well: it has to be
    understood with a confidence of `sure`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `outside` and `courtesy`, lists of intents; `most` and `sure`, from 0 to 1."""
        return {"outside": [], "courtesy": [], "most": 0.5, "sure": 0.5}

    def __init__(self, config: dict[str, Any]) -> None:
        self._outside, self._courtesy = frozenset(config["outside"]), frozenset(config["courtesy"])
        self._most, self._sure = float(config["most"]), float(config["sure"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `in_scope` on each message."""
        for message in messages:
            understood = message.get(INTENT) or {}
            ranking = message.get(INTENT_RANKING_KEY) or []
            message.set(IN_SCOPE, self._inside(understood, ranking), add_to_output=True)
        return messages

    def _inside(self, understood: dict[str, Any], ranking: list[dict[str, Any]]) -> bool:
        name, confidence = understood.get("name"), float(understood.get("confidence") or 0.0)
        if name is None or name in self._outside:
            return False
        if confidence == 1.0:  # known word for word
            return True
        if name in self._courtesy and confidence < self._sure:
            return False
        outside = sum(float(one["confidence"]) for one in ranking if one["name"] in self._outside)
        return outside <= self._most
