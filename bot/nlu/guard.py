"""Small talk has its words: a short text that was never seen must not pass for thanks or a yes."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.text import normalise

FALLBACK = {"name": "nlu_fallback", "confidence": 0.5}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class GuardedIntents(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """Turns an intent of `words` into the fallback where the text has none of its words."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `words`, a regular expression for each guarded intent."""
        return {"words": {}}

    def __init__(self, config: dict[str, Any]) -> None:
        self._words = {intent: re.compile(words) for intent, words in config["words"].items()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GuardedIntents:
        """Make the component."""
        del model_storage, resource, execution_context
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Check the intents of the messages."""
        for message in messages:
            words = self._words.get((message.get(INTENT) or {}).get("name", ""))
            if words and not words.search(normalise(message.get(TEXT) or "")):
                message.set(INTENT, dict(FALLBACK), add_to_output=True)
                ranking = [dict(FALLBACK), *message.get(INTENT_RANKING_KEY, [])]
                message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages
