"""The intent classifier: one linear model on the sentence's vector and on its letters together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.letters import rarities, weights
from knowledge.text import normalise

Floats = npt.NDArray[np.float32]
_ARRAYS, _NAMES = "intents.npz", "intents.json"
SEED = 13


@dataclass(frozen=True, slots=True)
class Model:
    """A linear model: margins are `unit(vector - centre) @ meaning + letters' rows + bias`.

    `rarity` holds each known piece with its rarity and, by its order, the row of `letters` that is its own.
    """

    names: tuple[str, ...]
    rarity: dict[str, float]
    rows: dict[str, int]
    centre: Floats
    meaning: Floats
    letters: Floats
    bias: Floats

    def margins(self, text: str, vector: Floats) -> Floats:
        """Return the margin of each intent, shape (intents,), of a normalised text with its vector."""
        out = _unit(vector - self.centre) @ self.meaning + self.bias
        known = weights(text, self.rarity)
        if known:
            out = out + np.fromiter(known.values(), np.float32) @ self.letters[[self.rows[p] for p in known]]
        return np.asarray(out, np.float32)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), np.float32)


def learn(
    texts: Sequence[str], vectors: Floats, intents: Sequence[str], *, share: float, strength: float
) -> Model:
    """Fit one-against-the-rest support vector machines on normalised texts and their vectors.

    `share` is the length of the letters' part beside the vector's 1, `strength` the inverse regularisation.
    """
    from scipy import sparse
    from sklearn.svm import LinearSVC

    rarity = rarities(texts)
    rows = {piece: row for row, piece in enumerate(rarity)}
    found = [weights(text, rarity) for text in texts]
    starts = np.cumsum([0, *(len(one) for one in found)])
    columns = [rows[piece] for one in found for piece in one]
    values = np.array([value for one in found for value in one.values()], np.float32) * share
    letters = sparse.csr_matrix((values, columns, starts), shape=(len(texts), len(rarity)))
    centre = vectors.mean(axis=0)
    fitted = LinearSVC(C=strength, random_state=SEED).fit(
        sparse.hstack([sparse.csr_matrix(_unit(vectors - centre)), letters]).tocsr(), list(intents)
    )
    learned = np.asarray(fitted.coef_.T, np.float32)
    width = vectors.shape[1]
    names = tuple(str(name) for name in fitted.classes_)
    bias = np.asarray(fitted.intercept_, np.float32)
    return Model(names, rarity, rows, centre, learned[:width], learned[width:] * np.float32(share), bias)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntents(IntentClassifier, GraphComponent):  # type: ignore[misc]
    """Sets intent and ranking; needs the vector of `SentenceFeatures`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings; `sharpness` turns margins into confidences by a softmax."""
        return {"share": 2.0, "strength": 0.3, "sharpness": 3.0, "ranking_length": 10}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Model | None = None,
    ) -> None:
        self._config, self._storage, self._resource, self._model = config, model_storage, resource, model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntents:
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
    ) -> LinearIntents:
        """Load what was learned."""
        del execution_context, kwargs
        with model_storage.read_from(resource) as folder:
            said = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
            arrays = np.load(folder / _ARRAYS)
            parts = [np.asarray(arrays[name]) for name in ("centre", "meaning", "letters", "bias")]
        rows = {piece: row for row, piece in enumerate(said["rarity"])}
        return cls(config, model_storage, resource, Model(tuple(said["names"]), said["rarity"], rows, *parts))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from all examples that have an intent."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        model = learn(
            [normalise(e.get(TEXT)) for e in examples],
            np.stack([_vector(e) for e in examples]),
            [e.get(INTENT) for e in examples],
            share=self._config["share"],
            strength=self._config["strength"],
        )
        with self._storage.write_to(self._resource) as folder:
            said = {"names": model.names, "rarity": model.rarity}
            (folder / _NAMES).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
            np.savez(
                folder / _ARRAYS,
                centre=model.centre,
                meaning=model.meaning,
                letters=model.letters,
                bias=model.bias,
            )
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of the messages that have a text."""
        for message in messages:
            text = normalise(message.get(TEXT) or "")
            if text and self._model is not None:
                ranking = self._ranking(self._model, text, _vector(message))
                message.set(INTENT, dict(ranking[0]), add_to_output=True)
                message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _ranking(self, model: Model, text: str, vector: Floats) -> list[dict[str, Any]]:
        sharp = self._config["sharpness"] * model.margins(text, vector)
        shares = np.exp(sharp - sharp.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")[: self._config["ranking_length"]]
        return [{"name": model.names[i], "confidence": float(shares[i])} for i in order]


def _vector(message: Message) -> Floats:
    _, sentence = message.get_dense_features(TEXT, [])
    return np.asarray(sentence.features[0], np.float32)
