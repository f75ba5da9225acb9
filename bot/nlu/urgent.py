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

from actions.rasa.danger import INTENTS, Danger, danger_in, only_sounds_dangerous
from bot.nlu.guard import FALLBACK

# A complaint about a theft opens the complaint, which calls a person too.
_KEEP = ("complain",)
LEAST = 0.3  # below it nothing was understood


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
            if danger is None and before == INTENTS[Danger.LIFE]:
                self._doubt(message)
            if danger is None or (danger is Danger.STOLEN and before in _KEEP):
                continue
            understood = {"name": INTENTS[danger], "confidence": 1.0}
            others = [one for one in message.get(INTENT_RANKING_KEY, []) if one["name"] != understood["name"]]
            message.set(INTENT, understood, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [understood, *others], add_to_output=True)
        return messages

    def _doubt(self, message: Message) -> None:
        """Take what is likeliest beside it where a price or a lamp was taken for a life in danger."""
        if not only_sounds_dangerous(message.get(TEXT) or ""):
            return
        ranking = message.get(INTENT_RANKING_KEY) or []
        others = [one for one in ranking if one["name"] != INTENTS[Danger.LIFE]]
        likely = bool(others) and float(others[0]["confidence"]) >= LEAST
        understood = others[0] if likely else dict(FALLBACK)
        message.set(INTENT, understood, add_to_output=True)
        message.set(INTENT_RANKING_KEY, others if likely else [understood, *others], add_to_output=True)
