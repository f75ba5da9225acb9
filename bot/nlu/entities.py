"""Things with a fixed form become entities: phone, e-mail, ticket and order numbers, amounts, dates."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.desk.forms import find
from bot.nlu.rules import Ruled

# What says that a sentence is about something of one's own; 周末 alone, or a card, does not.
KINDS = ("ticket_number", "email", "phone", "order_number", "amount", "date", "score")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntities(Ruled, EntityExtractorMixin):  # type: ignore[misc]
    """Adds to each message what `find` finds in it."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add entities to the messages."""
        for message in messages:
            found = [
                {
                    "entity": f.kind,
                    "start": f.start,
                    "end": f.end,
                    "value": f.value,
                    "extractor": type(self).__name__,
                }
                for f in find(message.get(TEXT) or "")
                if f.kind in KINDS
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
