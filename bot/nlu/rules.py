"""What the components share that follow rules: how they are made, and how they say what they understood."""

from __future__ import annotations

from typing import Any, Self

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message


class Ruled(GraphComponent):  # type: ignore[misc]
    """A component that is made from its settings alone: it is not trained and keeps nothing."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Take the settings; this one has none."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        """Make the component."""
        del model_storage, resource, execution_context
        return cls(config)


def understand(message: Message, name: str, confidence: float) -> None:
    """Set what a message means: its intent, from 0 to 1, which also comes first in its ranking."""
    understood = {"name": name, "confidence": confidence}
    others = [one for one in message.get(INTENT_RANKING_KEY) or [] if one["name"] != name]
    message.set(INTENT, understood, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [understood, *others], add_to_output=True)
