"""A linear classifier on hashed character n-grams: what a question's wording says, beside its meaning."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
BUCKETS = 1 << 15
LONGEST = 3


@dataclass(frozen=True, slots=True)
class CharacterModel:
    """Log-odds of a class from TF-IDF weighted n-grams; `rarity` and `weights` have shape (BUCKETS,)."""

    rarity: Floats
    weights: Floats
    bias: float

    def score(self, text: str) -> float:
        """Return the log-odds of one normalised text."""
        places, counts = _counted(text)
        if not len(places):
            return self.bias
        values = (1 + np.log(counts)) * self.rarity[places]
        return float(values @ self.weights[places] / (np.linalg.norm(values) or 1.0)) + self.bias


def train(texts: Sequence[str], positive: npt.NDArray[np.bool_], importance: Floats) -> CharacterModel:
    """Fit the classifier on normalised texts; `importance` weighs each of them."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    rows = [_counted(text) for text in texts]
    starts = np.cumsum([0, *(len(places) for places, _ in rows)])
    places = np.concatenate([places for places, _ in rows])
    counts = np.concatenate([counts for _, counts in rows])
    seen = np.bincount(places, minlength=BUCKETS)
    rarity = np.asarray(np.log((1 + len(texts)) / (1 + seen)) + 1, np.float32)
    values = (1 + np.log(counts)) * rarity[places]
    for start, end in pairwise(starts):
        values[start:end] /= np.linalg.norm(values[start:end]) or 1.0
    matrix = csr_matrix((values, places, starts), shape=(len(texts), BUCKETS))
    model = LogisticRegression(C=10, max_iter=3000, tol=1e-3).fit(matrix, positive, sample_weight=importance)
    return CharacterModel(rarity, np.asarray(model.coef_[0], np.float32), float(model.intercept_[0]))


def _counted(text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    grams = Counter(
        zlib.crc32(text[i : i + n].encode()) % BUCKETS
        for n in range(1, LONGEST + 1)
        for i in range(len(text) - n + 1)
    )
    ordered = sorted(grams.items())
    return np.array([p for p, _ in ordered], np.int64), np.array([c for _, c in ordered], np.float64)
