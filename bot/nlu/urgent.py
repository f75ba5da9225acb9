"""Words that cannot wait are understood whatever the classifier makes of the sentence around them."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.rasa.danger import INTENTS, Danger, danger_in, only_sounds_dangerous
from bot.nlu.guard import FALLBACK
from bot.nlu.rules import Ruled, understand

# A complaint about a theft opens the complaint, which calls a person too.
_KEEP = ("complain",)
LEAST = 0.3  # below it nothing was understood


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UrgentWords(Ruled, IntentClassifier):  # type: ignore[misc]
    """Sets the intent, with confidence 1, of the sentences that speak of a danger."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Overrule the classifiers before it where words say enough."""
        for message in messages:
            danger = danger_in(message.get(TEXT) or "")
            before = (message.get(INTENT) or {}).get("name")
            if danger is None and before == INTENTS[Danger.LIFE]:
                self._doubt(message)
            if danger is None or (danger is Danger.STOLEN and before in _KEEP):
                continue
            understand(message, INTENTS[danger], 1.0)
        return messages

    def _doubt(self, message: Message) -> None:
        """Take what is likeliest beside it where a price or a lamp was taken for a life in danger."""
        if not only_sounds_dangerous(message.get(TEXT) or ""):
            return
        ranking = message.get(INTENT_RANKING_KEY) or []
        others = [one for one in ranking if one["name"] != INTENTS[Danger.LIFE]]
        message.set(INTENT_RANKING_KEY, others, add_to_output=True)
        likely = bool(others) and float(others[0]["confidence"]) >= LEAST
        name, confidence = (others[0]["name"], others[0]["confidence"]) if likely else FALLBACK
        understand(message, name, confidence)
