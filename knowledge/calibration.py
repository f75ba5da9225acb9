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
# Folds know less than the whole: .94 of their held-out questions are .96 of those held out from the whole.
KEPT = 0.94
OFFERED = 0.10  # the share of answerable questions that are offered a choice of two readings
FEWEST = 60  # with fewer questions on either side nothing can be calibrated
FOREIGN = 0.95  # without questions: the share of other subjects' questions that is refused
SCALE = 5.0  # unit vectors are stretched before the linear classifiers
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
class Classifiers:
    """Three views of one question: its vector, its projected vector, its wording."""

    raw: Linear
    mapped: Linear
    wording: CharacterModel


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides whether a question is answered.

    `threshold` is the least score that is answered; `close` the margin between the two best sections below
    which both are offered. `stack` weighs the standardised signals; without enough questions there is none:
    then `threshold` is the least MaxSim of the best passage.
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
        return self.stack.score((signals - self.centre) / self.spread)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions to be judged: `spelled` is the best BM25 score, arrays have one row a question."""

    texts: Sequence[str]
    vectors: Floats
    mapped: Floats
    spelled: Floats


def signals_of(view: View, classifiers: Classifiers, asked: Asked) -> Floats:
    """Return what tells answerable from unanswerable, shape (questions, signals)."""
    known, refused = asked.vectors @ view.vectors.T, asked.vectors @ view.refused.T
    near, far = asked.mapped @ view.mapped.T, asked.mapped @ view.refused_mapped.T
    columns = [
        _top(known, 3),
        _top(refused, 3),
        _top(known, 3) - _top(refused, 3),
        _top(near, 3),
        _top(far, 3),
        _top(near, 3) - _top(far, 3),
        _top(near, 8) - _top(far, 8),
        (asked.mapped @ view.unit_mapped.T).max(axis=1),
        asked.spelled,
        classifiers.raw.score(asked.vectors * SCALE),
        classifiers.mapped.score(asked.mapped * SCALE),
        np.array([classifiers.wording.score(text) for text in asked.texts], np.float32),
    ]
    return np.asarray(np.stack(columns, axis=1), np.float32)


def _top(similarities: Floats, count: int) -> Floats:
    kept = min(count, similarities.shape[1])
    return np.asarray(np.partition(similarities, -kept, axis=1)[:, -kept:].mean(axis=1), np.float32)


def enough(view: View) -> bool:
    """Tell whether there are questions enough on both sides to learn from."""
    return view.asks and len(view.vectors) >= FEWEST and len(view.refused) >= FEWEST


def train_classifiers(view: View) -> Classifiers:
    """Fit the three classifiers on the view's own questions."""
    positive, importance = labels_of(view)
    texts = [view.index.attached[i].text for i in view.questions] + list(view.refused_texts)
    return Classifiers(
        _linear(np.concatenate([view.vectors, view.refused]) * SCALE, positive, importance, 10.0),
        _linear(np.concatenate([view.mapped, view.refused_mapped]) * SCALE, positive, importance, 1.0),
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


def train_judge(
    view: View, signals: Floats, positive: Flags, importance: Floats, counted: Flags, margins: Floats
) -> Judge:
    """Return the judge of `view` from signals of held-out questions.

    `counted` marks the answerable questions that this audience itself would ask: the share KEPT of them.
    `margins` are held-out margins between the two best sections.
    """
    centre, spread = signals.mean(axis=0), signals.std(axis=0) + 1e-6
    stack = _linear((signals - centre) / spread, positive, importance, 1.0)
    judge = Judge(0.0, float(np.quantile(margins, OFFERED)), train_classifiers(view), centre, spread, stack)
    kept = judge.score(signals[counted])
    return replace(judge, threshold=float(np.quantile(kept, 1 - KEPT)))


def text_judge(best_of_others: Sequence[float]) -> Judge:
    """Return the judge of a manual without questions, from what questions on other subjects score in it."""
    return Judge(float(np.quantile(best_of_others, FOREIGN)) if len(best_of_others) else 0.9, 0.0)
