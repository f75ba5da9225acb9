"""Sentences understood word for word: a training sentence is never misread, nor what has a fixed form."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.rules import understand
from knowledge.text import normalise

_FILE = "known.json"
_MARKS = re.compile(r"[\s,.，。!！?？~～、…]+")


def bare(text: str) -> str:
    """Return text as sentences are compared: normalised, without the marks between words."""
    return _MARKS.sub("", normalise(text))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class KnownSentences(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """Overrules the classifiers before it where the whole sentence is known or matches one of `patterns`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `patterns`, an intent for each regular expression of a whole sentence."""
        return {"patterns": {}}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        sentences: dict[str, str] | None = None,
    ) -> None:
        self._storage = model_storage
        self._resource = resource
        self._sentences = sentences or {}
        self._patterns = [(re.compile(p, re.IGNORECASE), intent) for p, intent in config["patterns"].items()]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> KnownSentences:
        """Make an untrained component."""
        del execution_context
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> KnownSentences:
        """Load the sentences that were kept in training."""
        del execution_context, kwargs
        with model_storage.read_from(resource) as folder:
            sentences = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(config, model_storage, resource, sentences)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep each training sentence that has one intent only."""
        intents: dict[str, set[str]] = defaultdict(set)
        for example in training_data.intent_examples:
            intents[bare(example.get(TEXT) or "")].add(example.get(INTENT))
        self._sentences = {text: names.pop() for text, names in intents.items() if text and len(names) == 1}
        with self._storage.write_to(self._resource) as folder:
            (folder / _FILE).write_text(json.dumps(self._sentences, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training data as it is."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent, with confidence 1, of the messages that are known."""
        for message in messages:
            intent = self._intent(bare(message.get(TEXT) or ""))
            if intent:
                understand(message, intent, 1.0)
        return messages

    def _intent(self, text: str) -> str | None:
        known = self._sentences.get(text)
        return known or next((intent for pattern, intent in self._patterns if pattern.fullmatch(text)), None)
