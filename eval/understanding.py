"""Measure how complaints are understood: business and cause on held-out ones, duplicates on a held half."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from actions.desk import classify
from actions.desk.classify import AXES, Classifier, Example, read_examples
from actions.desk.duplicates import ALIKE, SAME, evidence
from bot.runtime import Runtime
from bot.show import steps
from knowledge.text import normalise
from knowledge.vectors import VectorCache

Array = npt.NDArray[Any]
Figures = dict[str, float]
FOLDER = classify.EXAMPLES.parent
HELD_OUT, SIMILAR = FOLDER / "held_out.yml", FOLDER / "similar.yml"
BINS = 10
UNRELATED = 4000  # pairs of examples drawn at random
SEED = 11


@dataclass(frozen=True, slots=True)
class Pair:
    """Two complaints; `related` tells whether they are the same matter, or hit by one event."""

    a: str
    b: str
    kind: str
    related: bool


def run(arguments: argparse.Namespace) -> int:
    """Measure, print tables, write complaints.json."""
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    encode = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder).encode

    def vectors(texts: Sequence[str]) -> Array:
        return np.stack([one.sentence for one in encode([normalise(text) for text in texts])])

    with steps() as (step, _):
        step("学习投诉分类")
        classifier = runtime.classifier
        step("测量分类")
        axes = measure_axes(read_examples(), read_examples(HELD_OUT), classifier, vectors)
        step("测量重复和类似")
        pairs = read_pairs(SIMILAR)
        alike = measure_pairs(pairs, [one.text for one in read_examples()], classifier, vectors)
    print(table(axes, "business and cause, on held_out.yml"))
    print(table(alike, "duplicates, on the held half of similar.yml"))
    result = {"axes": axes, "duplicates": alike}
    (out / "complaints.json").write_text(json.dumps(result, ensure_ascii=False, indent=2), encoding="utf-8")
    return 0


def measure_axes(
    examples: Sequence[Example],
    held: Sequence[Example],
    classifier: Classifier,
    vectors: Callable[[Sequence[str]], Array],
) -> dict[str, Figures]:
    """Return accuracy, top two and calibration of each axis, beside two baselines."""
    rows = vectors([one.text for one in held])
    guessed = [classifier.guess(one.text, row) for one, row in zip(held, rows, strict=True)]
    found: dict[str, Figures] = {}
    for axis in AXES:
        right = [str(getattr(one, axis)) for one in held]
        ranked = [[guess.key for guess in guesses[axis]] for guesses in guessed]
        sure = np.array([guesses[axis][0].confidence for guesses in guessed])
        found[f"{axis}: Wenjin"] = _shares(ranked, right) | _calibration(ranked, right, sure)
        for name, baseline in (("majority class", _majority), ("character n-grams", _spelled)):
            found[f"{axis}: {name}"] = _shares(baseline(examples, held, axis), right)
    return found


def _shares(ranked: Sequence[Sequence[str]], right: Sequence[str]) -> Figures:
    pairs = list(zip(ranked, right, strict=True))
    first, two = (np.mean([key in keys[:n] for keys, key in pairs]) for n in (1, 2))
    half = 1.96 * np.sqrt(first * (1 - first) / len(right))
    return {
        "n": len(right), "accuracy": round(float(first), 3), "±": round(float(half), 3),
        "top 2": round(float(two), 3),
    }  # fmt: skip


def _calibration(ranked: Sequence[Sequence[str]], right: Sequence[str], sure: Array) -> Figures:
    """Return the expected calibration error, and how right the proposals are that say 0.8 and more."""
    hit = np.array([keys[0] == key for keys, key in zip(ranked, right, strict=True)], float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == b).mean() * abs(hit[bins == b].mean() - sure[bins == b].mean())
        for b in range(BINS)
        if (bins == b).any()
    ]
    high = sure >= 0.8
    return {
        "ECE": round(float(sum(gaps)), 3),
        "share ≥ 0.8": round(float(high.mean()), 3),
        "right of these": round(float(hit[high].mean()) if high.any() else 0.0, 3),
    }


def _majority(examples: Sequence[Example], held: Sequence[Example], axis: str) -> list[list[str]]:
    keys = [str(getattr(one, axis)) for one in examples]
    ordered = sorted(set(keys), key=lambda key: (-keys.count(key), key))
    return [ordered] * len(held)


def _spelled(examples: Sequence[Example], held: Sequence[Example], axis: str) -> list[list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    rows = grams.fit_transform([normalise(one.text) for one in examples])
    fitted = LogisticRegression(C=10.0, max_iter=500).fit(rows, [getattr(one, axis) for one in examples])
    shares = fitted.predict_proba(grams.transform([normalise(one.text) for one in held]))
    return [[str(fitted.classes_[i]) for i in np.argsort(-row, kind="stable")] for row in shares]


def read_pairs(file: Path) -> list[Pair]:
    """Return the pairs of a file, with `same` (one customer) or `incident` (two)."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [
        Pair(row["a"], row["b"], kind, bool(row[kind]))
        for row in rows
        for kind in ("same", "incident")
        if kind in row
    ]


def measure_pairs(
    pairs: Sequence[Pair],
    examples: Sequence[str],
    classifier: Classifier,
    vectors: Callable[[Sequence[str]], Array],
) -> dict[str, Figures]:
    """Return for each kind what its threshold finds in the held half, and what the tuning half would choose.

    Every other pair is for tuning. `unrelated` is the share of random pairs of examples above the threshold.
    """
    score = scorer(classifier, vectors)
    scores = score([(pair.a, pair.b) for pair in pairs])
    rng = np.random.default_rng(SEED)
    drawn = [(examples[i], examples[j]) for i, j in rng.integers(0, len(examples), (UNRELATED, 2)) if i != j]
    unrelated = score(drawn)
    found: dict[str, Figures] = {}
    for kind, limit in (("same", SAME), ("incident", ALIKE)):
        of_kind = [i for i, pair in enumerate(pairs) if pair.kind == kind]
        related = np.array([pairs[i].related for i in of_kind])
        of_it = scores[of_kind]
        tuning = _halves(related)
        found[kind] = {
            "threshold": limit,
            "chosen by tuning half": best_limit(of_it[tuning], related[tuning]),
            **{
                f"tuning {name}": value
                for name, value in _rates(of_it[tuning], related[tuning], limit).items()
            },
            **{
                f"held {name}": value
                for name, value in _rates(of_it[~tuning], related[~tuning], limit).items()
            },
            "held AUROC": _auroc(of_it[~tuning], related[~tuning]),
            "unrelated": round(float((unrelated >= limit).mean()), 4),
        }
    return found


def scorer(
    classifier: Classifier, vectors: Callable[[Sequence[str]], Array]
) -> Callable[[Iterable[tuple[str, str]]], Array]:
    """Return what scores pairs of texts as `actions.desk.duplicates` does."""

    def score(pairs: Iterable[tuple[str, str]]) -> Array:
        given = list(pairs)
        # Stored vectors are float16.
        left, right = (
            classifier.compare_by(vectors([p[side] for p in given]).astype(np.float16)) for side in (0, 1)
        )
        scores: Array = np.sum(left * right, axis=1) + np.array([evidence(a, b) for a, b in given])
        return scores

    return score


def _halves(related: Array) -> Array:
    """Return which pairs are for tuning: every other one of each answer."""
    tuning = np.zeros(len(related), bool)
    for answer in (True, False):
        tuning[np.flatnonzero(related == answer)[::2]] = True
    return tuning


def best_limit(scores: Array, related: Array) -> float:
    """Return the threshold with the largest share of related pairs found less unrelated ones."""
    limits = np.unique(np.round(scores, 2))
    gains = [(scores[related] >= x).mean() - (scores[~related] >= x).mean() for x in limits]
    return float(limits[int(np.argmax(gains))])


def _rates(scores: Array, related: Array, limit: float) -> Figures:
    found, wrong = (scores[related] >= limit).mean(), (scores[~related] >= limit).mean()
    return {"found": round(float(found), 3), "wrong": round(float(wrong), 3)}


def _auroc(scores: Array, related: Array) -> float:
    above = scores[related][:, None] - scores[~related][None]
    return round(float((above > 0).mean() + (above == 0).mean() / 2), 3)


def table(figures: Mapping[str, Figures], title: str) -> str:
    """Return figures as lines of text."""
    lines = [f"\n{title}"]
    for name, values in figures.items():
        lines.append(f"  {name:<28} " + "  ".join(f"{key} {value:g}" for key, value in values.items()))
    return "\n".join(lines)
