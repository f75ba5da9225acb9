"""What is answered and what is refused: a decision on several signals, calibrated on the question bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from knowledge import characters
from knowledge.characters import CharacterModel
from knowledge.indexed import Floats
from knowledge.text import normalise
from knowledge.views import View

Flags = npt.NDArray[np.bool_]
# The share of held-out answerable questions that is kept. What people ask is harder than what is held out of
# the bank: .94 of these were .93 of the blind set's dev half (bot/docs/evaluation.md), too few.
KEPT = 0.965
OFFERED = 0.085  # the share of held-out answerable questions that are offered a choice of readings
FEWEST = 60  # with fewer questions on either side nothing can be calibrated
FOREIGN = 0.95  # without questions: the share of other subjects' questions that is refused
SCALE = 5.0  # unit vectors are stretched before the linear classifiers
GAMMA = 2.0  # width of the Gaussian kernels
CLIP = 4.0  # deviations beyond which a signal says no more
CROWD = 20.0  # how fast a question counts less with its distance
CLOSED = 0.5  # weight of questions about sections not to be read, beside the unanswerable ones


@dataclass(frozen=True, slots=True)
class Linear:
    """Log-odds `vector @ weights + bias`."""

    weights: Floats
    bias: float

    def score(self, vectors: Floats) -> Floats:
        """Return the log-odds of each row."""
        return np.asarray(vectors @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A support vector machine with a Gaussian kernel on unit vectors; most of `weights` are zero."""

    weights: Floats
    bias: float

    def score(self, similarities: Floats) -> Floats:
        """Return the margin of each row of cosines to all training vectors."""
        return np.asarray(np.exp(2 * GAMMA * (similarities - 1)) @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, slots=True)
class Classifiers:
    """Views of one question: its vector and its projected vector, straight and curved, and its wording."""

    raw: Linear
    mapped: Linear
    raw_near: Kernel
    mapped_near: Kernel
    wording: CharacterModel


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether a question is answered.

    `threshold` is the least score that is answered; `close` the margin between the two best sections below
    which both are offered. `stack` weighs the standardised signals and their products; without enough
    questions there is none: then `threshold` is the least MaxSim of the best passage.
    """

    threshold: float
    close: float
    classifiers: Classifiers | None = None
    centre: Floats | None = None
    spread: Floats | None = None
    stack: Linear | None = None

    def score(self, signals: Floats) -> Floats:
        """Return the log-odds of being answerable for rows of signals."""
        if self.stack is None or self.centre is None or self.spread is None:
            raise ValueError("This judge was not calibrated on questions.")
        return self.stack.score(_products((signals - self.centre) / self.spread))


def _products(standardised: Floats) -> Floats:
    """Return signals, clipped, with all their products of two: what one says may depend on another."""
    kept = np.clip(standardised, -CLIP, CLIP)
    rows, columns = np.triu_indices(kept.shape[1])
    return np.asarray(np.concatenate([kept, kept[:, rows] * kept[:, columns]], axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions to be judged, one row each.

    `near` are cosines to the view's known questions on the learned map; `sentence` is the best sentence's,
    `spelled` the best BM25 score.
    """

    texts: Sequence[str]
    vectors: Floats
    mapped: Floats
    near: Floats
    sentence: Floats
    spelled: Floats


def signals_of(view: View, classifiers: Classifiers, asked: Asked) -> Floats:
    """Return what tells answerable from unanswerable, shape (questions, signals)."""
    known, refused = asked.vectors @ view.vectors.T, asked.vectors @ view.refused.T
    near, far = asked.near, asked.mapped @ view.refused_mapped.T
    nearest, furthest = _ranked(near, 20), _ranked(far, 20)
    columns = [
        _top(_ranked(known, 3), 3),
        _top(_ranked(refused, 3), 3),
        _top(nearest, 3),
        _top(furthest, 3),
        _top(nearest, 1) - _top(furthest, 1),
        _top(nearest, 8) - _top(furthest, 8),
        _top(nearest, 20) - _top(furthest, 20),
        _crowd(near) - _crowd(far),
        _crowd(2 * known) - _crowd(2 * refused),
        asked.sentence,
        _most(asked.mapped, view.centres),
        _most(asked.mapped, view.refused_centres),
        asked.spelled,
        np.array([len(text) for text in asked.texts], np.float32),
        classifiers.raw.score(asked.vectors * SCALE),
        classifiers.mapped.score(asked.mapped * SCALE),
        classifiers.raw_near.score(np.concatenate([known, refused], axis=1)),
        classifiers.mapped_near.score(np.concatenate([near, far], axis=1)),
        np.array([classifiers.wording.score(text) for text in asked.texts], np.float32),
    ]
    return np.asarray(np.stack(columns, axis=1), np.float32)


def _crowd(similarities: Floats) -> Floats:
    """Return the log of how many are near, each counted by how near it is."""
    return np.asarray(np.log(np.exp(similarities * CROWD).sum(axis=1)), np.float32)


def _most(vectors: Floats, others: Floats) -> Floats:
    if not len(others):
        return np.zeros(len(vectors), np.float32)
    return np.asarray((vectors @ others.T).max(axis=1), np.float32)


def _ranked(similarities: Floats, count: int) -> Floats:
    """Return the highest of each row, at most `count` of them, the highest last."""
    kept = min(count, similarities.shape[1])
    return np.sort(np.partition(similarities, -kept, axis=1)[:, -kept:], axis=1)


def _top(ranked: Floats, count: int) -> Floats:
    return np.asarray(ranked[:, -count:].mean(axis=1), np.float32)


def enough(view: View) -> bool:
    """Tell whether there are questions enough on both sides to learn from."""
    return view.asks and len(view.vectors) >= FEWEST and len(view.refused) >= FEWEST


def train_classifiers(view: View) -> Classifiers:
    """Fit the three classifiers on the view's own questions."""
    positive, importance = labels_of(view)
    texts = [view.index.attached[i].text for i in view.questions] + list(view.refused_texts)
    raw, mapped = (
        np.concatenate([view.vectors, view.refused]),
        np.concatenate([view.mapped, view.refused_mapped]),
    )
    return Classifiers(
        _linear(raw * SCALE, positive, importance, 10.0),
        _linear(mapped * SCALE, positive, importance, 1.0),
        _kernel(raw, positive, importance),
        _kernel(mapped, positive, importance),
        characters.train([normalise(text) for text in texts], positive, importance),
    )


def labels_of(view: View) -> tuple[Flags, Floats]:
    """Return which of the view's questions are answerable, and weights of mean 1 that balance the sides."""
    positive = np.arange(len(view.vectors) + len(view.refused)) < len(view.vectors)
    closed = len(view.refused) - len(view.index.unanswerable)
    weights = np.concatenate(
        [
            np.full(len(view.vectors), 1 / len(view.vectors)),
            np.full(len(view.index.unanswerable), 1 / max(len(view.index.unanswerable), 1)),
            np.full(closed, CLOSED / max(closed, 1)),
        ]
    )
    return positive, np.asarray(weights / weights.mean(), np.float32)


def _linear(rows: Floats, positive: Flags, importance: Floats, freedom: float) -> Linear:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=freedom, max_iter=3000, tol=1e-3).fit(
        rows, positive, sample_weight=importance
    )
    return Linear(np.asarray(model.coef_[0], np.float32), float(model.intercept_[0]))


def _kernel(rows: Floats, positive: Flags, importance: Floats) -> Kernel:
    from sklearn.svm import SVC

    model = SVC(C=3.0, gamma=GAMMA, cache_size=400, tol=1e-2).fit(rows, positive, sample_weight=importance)
    weights = np.zeros(len(rows), np.float32)
    weights[model.support_] = model.dual_coef_[0]
    return Kernel(weights, float(model.intercept_[0]))


def train_judge(
    view: View, signals: Floats, positive: Flags, importance: Floats, counted: Flags, margins: Floats
) -> Judge:
    """Return the judge of `view` from signals of held-out questions.

    `counted` marks the answerable questions that this audience itself would ask: the share KEPT of them.
    `margins` are held-out margins between the two best sections.
    """
    centre, spread = signals.mean(axis=0), signals.std(axis=0) + 1e-6
    stack = _stack(_products((signals - centre) / spread), positive, importance)
    judge = Judge(0.0, float(np.quantile(margins, OFFERED)), train_classifiers(view), centre, spread, stack)
    kept = judge.score(signals[counted])
    return replace(judge, threshold=float(np.quantile(kept, 1 - KEPT)))


def _stack(rows: Floats, positive: Flags, importance: Floats) -> Linear:
    """Fit on standardised rows and fold the scale into the weights."""
    centre, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    fitted = _linear((rows - centre) / spread, positive, importance, 0.1)
    weights = fitted.weights / spread
    return Linear(weights, fitted.bias - float(weights @ centre))


def text_judge(best_of_others: Sequence[float]) -> Judge:
    """Return the judge of a manual without questions, from what questions on other subjects score in it."""
    return Judge(float(np.quantile(best_of_others, FOREIGN)) if len(best_of_others) else 0.9, 0.0)
