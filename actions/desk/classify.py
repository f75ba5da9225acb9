"""Which business and cause a complaint is about: learnt from examples at set-up, proposed with a confidence.

A multinomial logistic regression for each axis, on the encoder's sentence vector (which stays as it is), on
runs of one to three letters, and for the business on the words that name one. A model is a file named after
the hash of all that it was made from: it is made once, never changed, and made anew when examples, words,
categories or encoder change.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from actions.desk import categories
from knowledge.encoder import Encoded
from knowledge.errors import bad_input
from knowledge.text import normalise

Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Sequence[Encoded]]
AXES = ("business", "cause")
EXAMPLES = categories.DEFAULT_FILE.with_name("examples.yml")
LONGEST = 3  # letters of a run
# By five-fold cross-validation on the examples; the strength is the inverse of the regularisation.
STRENGTH = {"business": 15.0, "cause": 60.0}
LETTERS_WEIGHT, WORDS_WEIGHT = 2.0, 0.5
# How much a like cause and a like business count beside like words, where two complaints are compared.
LIKE_CAUSE, LIKE_BUSINESS = 0.3, 0.1
_PLAIN_STRENGTH = 2.0
_FORM = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A complaint as somebody types it, with its business and cause."""

    text: str
    business: str
    cause: str


@dataclass(frozen=True, slots=True)
class Guess:
    """One value of an axis and how sure the classifier is of it, from 0 to 1."""

    key: str
    confidence: float


def read_examples(file: Path | None = None) -> list[Example]:
    """Return the examples whose categories are on the list, of the file beside it where none is given.

    Raises:
        WenjinError: 422 `bad_examples`, also where none is left.
    """
    file = file or categories.beside("examples.yml")
    known = {axis: {value.key for value in categories.axes()[axis]} for axis in AXES}
    try:
        rows: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        made = [Example(str(row["text"]), str(row["business"]), str(row["cause"])) for row in rows]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise bad_input("bad_examples", f"投诉例句 {file.name} 不能用：{error}") from None
    fitting = [one for one in made if one.business in known["business"] and one.cause in known["cause"]]
    if not fitting:
        message = f"{file.name} 里没有一条例句的业务和原因在投诉分类表上，请在分类表旁边放一份。"
        raise bad_input("bad_examples", message)
    return fitting


def read_words() -> dict[str, list[str]]:
    """Return the words that name each business on the list; raise 422 `bad_examples`."""
    file = categories.beside("words.yml")
    known = {value.key for value in categories.axes()["business"]}
    try:
        rows: dict[str, str] = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {key: words.split() for key, words in rows.items() if key in known}
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise bad_input("bad_examples", f"投诉用词表 {file.name} 不能用：{error}") from None


def ensure(folder: Path, encoder: str, encode: Encode, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return the model of the present examples in `folder`, trained where it is absent.

    `encoder` is the encoder's fingerprint, `encode` gives the vectors of normalised texts.
    """
    examples, words = read_examples(), read_words()
    model = folder / f"complaints-{fingerprint(examples, words, encoder)}.npz"
    if not model.is_file():
        say("学习投诉分类")
        folder.mkdir(parents=True, exist_ok=True)
        vectors = [one.sentence for one in encode([normalise(one.text) for one in examples])]
        draft = model.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as file:
            np.savez(file, **learn(examples, words, np.stack(vectors)))
        draft.replace(model)
        _forget_others(model)
    return model


def fingerprint(examples: Iterable[Example], words: Mapping[str, Sequence[str]], encoder: str) -> str:
    """Return a hash of everything that a model is made of."""
    settings = [_FORM, STRENGTH, LETTERS_WEIGHT, WORDS_WEIGHT]
    content = [settings, encoder, words, [asdict(one) for one in examples]]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]


def _forget_others(model: Path) -> None:
    """Keep the newest two: another process may still be loading the one before."""
    models = sorted(model.parent.glob("complaints-*.npz"), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in models[2:]:
        old.unlink(missing_ok=True)


def learn(
    examples: Sequence[Example], words: Mapping[str, Sequence[str]], vectors: Floats
) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a model, from examples and their sentence vectors (examples, dimension)."""
    letters = _Letters.of([one.text for one in examples])
    mean = vectors.mean(axis=0)
    model: dict[str, npt.NDArray[Any]] = {
        "grams": np.array(list(letters.places)), "idf": letters.idf, "mean": mean,
        "size": np.linalg.norm(vectors - mean, axis=1).mean(),
        "words": np.array([json.dumps(list(of_one), ensure_ascii=False) for of_one in words.values()], str),
    }  # fmt: skip
    half = Classifier(model)
    for axis in AXES:
        keys = [str(getattr(one, axis)) for one in examples]
        rows = [half.features(axis, e.text, v) for e, v in zip(examples, vectors, strict=True)]
        model |= _fitted(axis, np.stack(rows), keys, STRENGTH[axis])
        model |= _fitted(f"{axis}_plain", (vectors - mean) / model["size"], keys, _PLAIN_STRENGTH)
    return model


def _fitted(name: str, rows: Floats, keys: Sequence[str], strength: float) -> dict[str, npt.NDArray[Any]]:
    """Return the regression's arrays, a row for each key; of two keys scikit-learn keeps the second alone."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    known = sorted(set(keys))
    weights, bias = np.zeros((len(known), rows.shape[1]), np.float32), np.zeros(len(known), np.float32)
    if len(known) > 1:
        fitted = LogisticRegression(C=strength, max_iter=500).fit(csr_matrix(rows), list(keys))
        first = len(known) - len(fitted.coef_)
        weights[first:], bias[first:] = fitted.coef_, fitted.intercept_
    return {f"{name}_keys": np.array(known), f"{name}_weights": weights, f"{name}_bias": bias}


class Classifier:
    """A model that `learn` made."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._arrays = arrays
        places = {str(gram): place for place, gram in enumerate(arrays["grams"])}
        self._letters = _Letters(places, arrays["idf"])
        self._words: list[list[str]] = [json.loads(str(of_one)) for of_one in arrays["words"]]

    @classmethod
    def load(cls, model: Path) -> Classifier:
        """Load a model's file."""
        with np.load(model, allow_pickle=False) as arrays:
            return cls({name: arrays[name] for name in arrays.files})

    def guess(self, text: str, vector: Floats) -> dict[str, list[Guess]]:
        """Return the values of each axis, the likeliest first, from a text and its sentence vector."""
        found: dict[str, list[Guess]] = {}
        for axis in AXES:
            shares = self._shares(axis, self.features(axis, text, vector)[None])[0]
            keys = self._arrays[f"{axis}_keys"]
            order = np.argsort(-shares, kind="stable")
            found[axis] = [Guess(str(keys[i]), round(float(shares[i]), 3)) for i in order]
        return found

    def features(self, axis: str, text: str, vector: Floats) -> Floats:
        """Return the row that an axis is decided by."""
        row = [
            (vector - self._arrays["mean"]) / self._arrays["size"],
            LETTERS_WEIGHT * self._letters.weigh(text),
        ]
        if axis == "business":
            plain = normalise(text)
            hits = [sum(word in plain for word in of_one) for of_one in self._words]
            row.append(WORDS_WEIGHT * np.log1p(np.array(hits, np.float32)))
        features: Floats = np.concatenate(row).astype(np.float32)
        return features

    def compare_by(self, vectors: Floats) -> Floats:
        """Return rows whose products tell how alike complaints are, from sentence vectors (n, dimension).

        What all complaints share is taken out of the vectors; what they seem to be about is put beside.
        """
        centred = (vectors.astype(np.float32) - self._arrays["mean"]) / self._arrays["size"]
        parts = [_unit(centred)]
        for axis, weight in (("cause", LIKE_CAUSE), ("business", LIKE_BUSINESS)):
            parts.append(np.sqrt(weight) * _unit(self._shares(f"{axis}_plain", centred)))
        rows: Floats = np.hstack(parts).astype(np.float32)
        return rows

    def _shares(self, name: str, rows: Floats) -> Floats:
        scores = rows @ self._arrays[f"{name}_weights"].T + self._arrays[f"{name}_bias"]
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.where(lengths > 0, lengths, 1.0)
    return unit


@dataclass(frozen=True, slots=True)
class _Letters:
    """Runs of letters, weighed by how rare they are among the examples."""

    places: dict[str, int]
    idf: Floats

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Letters:
        counts = Counter(gram for text in texts for gram in set(_grams(text)))
        idf = np.array([np.log((1 + len(texts)) / (1 + count)) + 1 for count in counts.values()])
        return cls({gram: place for place, gram in enumerate(counts)}, idf.astype(np.float32))

    def weigh(self, text: str) -> Floats:
        """Return the text's row: logarithmic counts times rarity, of length 1."""
        row = np.zeros(len(self.places), np.float32)
        for gram, count in Counter(_grams(text)).items():
            place = self.places.get(gram)
            if place is not None:
                row[place] = (1 + np.log(count)) * self.idf[place]
        length = float(np.linalg.norm(row))
        return row / length if length else row


def _grams(text: str) -> list[str]:
    plain = normalise(text)
    return [plain[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(plain) - n + 1)]
