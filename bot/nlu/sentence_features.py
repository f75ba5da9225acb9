"""Sentence vectors of the shared encoder as features: the same vector serves the intent and the search."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.encoder import Encoder, load_encoder
from knowledge.text import normalise
from knowledge.vectors import VectorCache


def data_dir() -> Path:
    """Return the data folder: of WENJIN_DATA_DIR, or the project's own."""
    return Path(os.environ.get("WENJIN_DATA_DIR") or Path(__file__).resolve().parents[2] / ".wenjin")


def encoder_path(configured: str | None = None) -> str:
    """Return the encoder's folder or name: configured, in use here, set, or the data folder's own."""
    named = os.environ.get("WENJIN_ENCODER_IN_USE") or os.environ.get("WENJIN_ENCODER")
    return configured or named or str(data_dir() / "encoder")


# Where the vectors of training sentences are kept; `bot.dialogue.train` sets its own folder.
vectors_folder: list[Path] = []


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeatures(DenseFeaturizer, GraphComponent):  # type: ignore[misc]
    """Adds one dense vector a message, of length 1."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must stand before this component."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: `encoder` (a folder, or None)."""
        return {**DenseFeaturizer.get_default_config(), "encoder": None}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accept any settings; an encoder that is not there is refused when it is loaded."""

    def __init__(self, config: dict[str, Any], name: str, encoder: Encoder) -> None:
        super().__init__(name, {**self.get_default_config(), **config})
        self._encoder = encoder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeatures:
        """Make the component with the process's one encoder."""
        del model_storage, resource
        return cls(config, execution_context.node_name, load_encoder(encoder_path(config.get("encoder"))))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vector to each message."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                self._add(message, self._encoder.encode_one(normalise(text)).sentence)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to all training examples; what was encoded before comes from the cache."""
        examples = [e for e in training_data.training_examples if e.get(TEXT)]
        texts = [normalise(e.get(TEXT)) for e in examples]
        folder = vectors_folder[0] if vectors_folder else data_dir() / "vectors"
        encoded = VectorCache(folder, self._encoder).encode(texts)
        for example, vectors in zip(examples, encoded, strict=True):
            self._add(example, vectors.sentence)
        return training_data

    def _add(self, message: Message, vector: npt.NDArray[np.float32]) -> None:
        row = vector.reshape(1, -1)
        for kind in (FEATURE_TYPE_SEQUENCE, FEATURE_TYPE_SENTENCE):
            message.add_features(Features(row, kind, TEXT, self._config["alias"]))
