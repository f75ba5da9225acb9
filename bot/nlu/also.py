"""Several wishes in one message: 投诉 and 转人工 together are both heard, whichever comes first."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from knowledge.text import normalise

ALSO = "also"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class AlsoWished(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """Sets `also`: the other intents that the text names in so many words, in the order of `wishes`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `wishes`, a pattern for each intent, and `denied`, what undoes one."""
        return {"wishes": {}, "denied": r"(?!)"}

    def __init__(self, config: dict[str, Any]) -> None:
        self._wishes = {intent: re.compile(words) for intent, words in config["wishes"].items()}
        self._denied = re.compile(rf"(?:{config['denied']})$")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> AlsoWished:
        """Make the component."""
        del model_storage, resource, execution_context
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `also` on each message; it is empty where there is one wish or none."""
        for message in messages:
            first = (message.get(INTENT) or {}).get("name")
            text = normalise(message.get(TEXT) or "")
            others = [name for name in self._wishes if name != first and self._wished(name, text)]
            message.set(ALSO, others, add_to_output=True)
        return messages

    def _wished(self, name: str, text: str) -> bool:
        return any(not self._denied.search(text[: m.start()]) for m in self._wishes[name].finditer(text))
