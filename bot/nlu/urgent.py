"""Words that cannot wait are understood whatever the classifier makes of the sentence around them."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.rasa.danger import INTENTS, Danger, danger_in

# A complaint about a theft opens the complaint, which calls a person too.
_KEEP = ("complain",)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UrgentWords(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """Sets the intent, with confidence 1, of the sentences that speak of a danger."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> UrgentWords:
        """Make the component; it has no settings."""
        del config, model_storage, resource, execution_context
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Overrule the classifiers before it where words say enough."""
        for message in messages:
            danger = danger_in(message.get(TEXT) or "")
            before = (message.get(INTENT) or {}).get("name")
            if danger is None or (danger is Danger.STOLEN and before in _KEEP):
                continue
            understood = {"name": INTENTS[danger], "confidence": 1.0}
            others = [one for one in message.get(INTENT_RANKING_KEY, []) if one["name"] != understood["name"]]
            message.set(INTENT, understood, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [understood, *others], add_to_output=True)
        return messages
