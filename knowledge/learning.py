"""Learn from the question bank how to search one manual and what to refuse, judged on held-out questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from knowledge.calibration import (
    CLOSED,
    Asked,
    Classifiers,
    Judge,
    enough,
    signals_of,
    text_judge,
    train_classifiers,
    train_judge,
)
from knowledge.document import Audience
from knowledge.encoder import Encoded, Progress
from knowledge.indexed import Floats, Index, Ints
from knowledge.projection import project, train
from knowledge.text import normalise
from knowledge.views import Query, View

FOLDS = 3
SEED = 13
MARGINS = 80  # held-out questions of a fold whose margin is measured
OTHERS = 150  # questions on other subjects that a manual without questions is tried with
STEPS = 2 * FOLDS + 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """The encoded questions: `answerable` as attached, `unanswerable`, and `others` that found no place."""

    answerable: Sequence[Encoded]
    unanswerable: Sequence[Encoded]
    others: Sequence[Encoded]


@dataclass(frozen=True, slots=True)
class _Held:
    """Signals of one fold's held-out questions; `own` marks answerable ones asked by this audience itself."""

    signals: Floats
    positive: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    importance: Floats
    margins: Floats


def learn(index: Index, known: Known, progress: Progress | None = None) -> Index:
    """Return the index with its projection and a judge for each audience; three minutes on two cores."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, STEPS)

    folds = _folds(len(known.answerable)), _folds(len(known.unanswerable))
    held: dict[Audience, list[_Held]] = {audience: [] for audience in Audience}
    views = {audience: View(index, audience) for audience in Audience}
    spelled = {audience: _Spelled(view) for audience, view in views.items()}
    final, learned = index, any(enough(view) for view in views.values())
    if learned:
        final = replace(index, projection=train(*_examples(index)))
        views = {audience: View(final, audience) for audience in Audience}
    step()
    for fold in range(FOLDS if learned else 0):
        part = _without(index, folds[0] == fold, folds[1] == fold)
        step()
        parts = {audience: View(part, audience) for audience in Audience}

        def tried(audience: Audience, fold: int = fold, parts: dict[Audience, View] = parts) -> list[_Held]:
            if not enough(parts[audience]):
                return []
            return [_try(parts[audience], spelled[audience], index, known, folds, fold)]

        for audience, new in _each(tried).items():
            held[audience] += new
        step()
    judges = _each(lambda audience: _judge(views[audience], held[audience], known))
    if progress:
        progress(STEPS, STEPS)
    return replace(final, judges=judges)


def _each(work: Callable[[Audience], T]) -> dict[Audience, T]:
    """Do the same for both audiences side by side; the fitting runs outside of Python's lock."""
    with ThreadPoolExecutor(len(Audience)) as pool:
        return dict(zip(Audience, pool.map(work, Audience), strict=True))


def _folds(count: int) -> Ints:
    return np.random.RandomState(SEED).permutation(count) % FOLDS


def _examples(index: Index) -> tuple[Floats, Ints, Ints]:
    """Return vectors with sentence and section classes: questions, unanswerable ones by kind, sentences."""
    sections = {section.number: i for i, section in enumerate(index.document)}
    kinds = {kind: i for i, kind in enumerate(sorted(set(index.kinds)))}
    known, refused, units = len(index.attached), len(index.kinds), len(index.units)
    section = [sections[a.section] for a in index.attached]
    unit = [a.unit if a.unit >= 0 else units + s for a, s in zip(index.attached, section, strict=True)]
    kind = [-1 - kinds[k] for k in index.kinds]
    vectors = np.concatenate(
        [index.question_vectors, index.unanswerable_vectors, np.asarray(index.unit_vectors)]
    )
    fine = np.array([*unit, *kind, *range(units)], np.int64)
    coarse = np.array([*section, *kind, *(sections[u.section] for u in index.units)], np.int64)
    if not known + refused:
        return vectors[:0], fine[:0], coarse[:0]
    return vectors, fine, coarse


def _without(index: Index, asked: npt.NDArray[np.bool_], refused: npt.NDArray[np.bool_]) -> Index:
    """Return the index that does not know the marked questions, trained anew."""
    part = replace(
        index,
        attached=tuple(a for a, out in zip(index.attached, asked, strict=True) if not out),
        question_vectors=index.question_vectors[~asked],
        kinds=tuple(k for k, out in zip(index.kinds, refused, strict=True) if not out),
        unanswerable=tuple(t for t, out in zip(index.unanswerable, refused, strict=True) if not out),
        unanswerable_vectors=index.unanswerable_vectors[~refused],
    )
    return replace(part, projection=train(*_examples(part)))


class _Spelled:
    """The best BM25 score of a text in one view, each text scored once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, float] = {}

    def __call__(self, text: str) -> float:
        if text not in self._known:
            scores = self._view.word_scores(text)
            self._known[text] = float(scores.max()) if len(scores) else 0.0
        return self._known[text]


def _try(
    view: View, spelled: _Spelled, index: Index, known: Known, folds: tuple[Ints, Ints], fold: int
) -> _Held:
    """Return what the held-out questions of a fold score in a view that does not know them."""
    readable = set(view.sections)
    asked = np.flatnonzero(folds[0] == fold)
    is_open = np.array([index.attached[i].section in readable for i in asked], bool)
    here, closed, refused = asked[is_open], asked[~is_open], np.flatnonzero(folds[1] == fold)
    texts = [index.attached[i].text for i in (*here, *closed)] + [index.unanswerable[i] for i in refused]
    folded = [normalise(text) for text in texts]
    vectors = np.concatenate(
        [index.question_vectors[np.append(here, closed)], index.unanswerable_vectors[refused]]
    )
    best = np.array([spelled(text) for text in folded], np.float32)
    classifiers: Classifiers = train_classifiers(view)
    mapped = project(vectors, view.index.projection)
    near, sentence = mapped @ view.mapped.T, view.sentences.most(mapped)
    signals = signals_of(view, classifiers, Asked(folded, vectors, mapped, near, sentence, best))
    positive = np.arange(len(texts)) < len(here)
    own = [view.audience is Audience.STAFF or index.attached[i].audience is view.audience for i in here]
    weights = [1 / max(len(here), 1)] * len(here) + [CLOSED / max(len(closed), 1)] * len(closed)
    weights += [1 / max(len(refused), 1)] * len(refused)
    return _Held(
        signals,
        positive,
        np.array([*own, *([False] * (len(texts) - len(here)))], bool),
        np.asarray(np.array(weights) / np.mean(weights), np.float32),
        _margins(
            view, [(folded[k], known.answerable[here[k]]) for k in np.argsort(~np.array(own), kind="stable")]
        ),
    )


def _margins(view: View, asked: Sequence[tuple[str, Encoded]]) -> Floats:
    out = []
    for text, one in asked[:MARGINS]:
        scores = np.sort(view.evidence(query_of(view.index, text, one)).sections)
        out.append(float(scores[-1] - scores[-2]) if len(scores) > 1 else 1.0)
    return np.array(out, np.float32)


def query_of(index: Index, text: str, encoded: Encoded) -> Query:
    """Return an encoded question with its projected vector."""
    return Query(text, encoded.sentence, encoded.tokens, project(encoded.sentence[None], index.projection)[0])


def _judge(view: View, held: Sequence[_Held], known: Known) -> Judge:
    if not held or not enough(view):
        return _judge_by_text(view, known)
    parts = {name: np.concatenate([getattr(h, name) for h in held]) for name in _Held.__slots__}
    counted = parts["own"] if parts["own"].sum() >= 2 * MARGINS else parts["positive"]
    return train_judge(
        view, parts["signals"], parts["positive"], parts["importance"], counted, parts["margins"]
    )


def _judge_by_text(view: View, known: Known) -> Judge:
    others = [*known.others, *known.unanswerable]
    chosen = np.random.RandomState(SEED).permutation(len(others))[:OTHERS]
    scores = [view.evidence(query_of(view.index, "", others[i])).best_passage for i in chosen]
    return text_judge(scores)
