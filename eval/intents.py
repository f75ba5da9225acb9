"""Measure how customers are understood: our classifier, plain ones and stock Rasa on the same lines."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from bot.assistant import ensure_model
from bot.dialogue import Dialogue
from bot.nlu.intents import learn
from bot.runtime import Runtime
from bot.settings import PROJECT
from bot.show import Count, Step, steps
from eval import rasa_baseline
from knowledge.errors import bad_input
from knowledge.faq_matching import PARTS, Wording, averaged, train_head, unit
from knowledge.text import normalise
from knowledge.vectors import VectorCache

Array = npt.NDArray[Any]
DATA = PROJECT / "training_data"
FOLDERS = {"dev": DATA / "nlu_dev", "test": DATA / "nlu_test"}
CUSTOMERS = (
    "complain", "dissatisfied", "ask_human", "account_fees", "account_identity", "account_refund",
    "account_repayment", "account_security",
)  # fmt: skip
OUTSIDE = ("chitchat", "abuse", "injection", "foreign", "nlu_fallback")
CHAT = "chitchat"
LEAST = 0.3  # stock Rasa's FallbackClassifier: below it nothing was understood
NEAREST, STRENGTH, SEED, RESAMPLES = 3, 10.0, 11, 1000
SHARE, OURS = 2.0, 0.3  # as in bot/rasa/config.yml
WHOLE = "Wenjin"
Names = Sequence[str]


@dataclass(frozen=True, slots=True)
class Lines:
    """Texts with the intent that their writer meant."""

    texts: tuple[str, ...]
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one system made of the lines: an intent each, whether it is in scope, milliseconds a line."""

    intents: tuple[str, ...]
    inside: tuple[bool, ...]
    ms: float


def read(folder: Path) -> Lines:
    """Return the lines of a folder of NLU data; raise 422 `no_lines` where there are none."""
    pairs = [
        (line.removeprefix("- ").strip(), str(part["intent"]))
        for file in sorted(folder.glob("*.yml"))
        for part in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
        for line in part["examples"].splitlines()
        if line.strip()
    ]
    if not pairs:
        raise bad_input("no_lines", f"{folder} 里没有例句。", folder=str(folder))
    return Lines(tuple(text for text, _ in pairs), tuple(intent for _, intent in pairs))


def some(lines: Lines, count: int) -> Lines:
    """Return at most `count` lines of each intent, drawn with a fixed seed."""
    order = np.random.default_rng(SEED).permutation(len(lines.texts))
    kept: dict[str, list[int]] = {}
    for place in order:
        own = kept.setdefault(lines.intents[place], [])
        if len(own) < count:
            own.append(int(place))
    places = sorted(place for own in kept.values() for place in own)
    return Lines(tuple(lines.texts[i] for i in places), tuple(lines.intents[i] for i in places))


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a table, write understanding.json."""
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    examples, held = read(DATA / "nlu"), read(FOLDERS[arguments.part])
    if arguments.examples:
        examples = some(examples, arguments.examples)
    with steps() as (step, count):
        heard = {} if arguments.examples else {WHOLE: _ours(runtime, held, step)}
        heard |= _parts(runtime, examples, held, step)
        if not arguments.no_rasa:
            heard |= _stock(runtime, examples, held, arguments.rasa_epochs, step, count)
    result = {name: figures(held.intents, one) for name, one in heard.items()}
    kept = {"part": arguments.part, "examples": len(examples.texts), "lines": len(held.texts), **result}
    (out / "understanding.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{arguments.part}: {len(held.texts)} lines, {len(examples.texts)} examples\n" + table(result))
    print(by_intent(held.intents, next(iter(heard.values())).intents))
    return 0


def _ours(runtime: Runtime, held: Lines, step: Step) -> Heard:
    dialogue = Dialogue.load(ensure_model(runtime.settings, step))
    step("问津")
    started = time.perf_counter()
    parsed = [dialogue.understand(text) for text in held.texts]
    ms = (time.perf_counter() - started) * 1000 / len(parsed)
    dialogue.close()
    return Heard(
        tuple(str(one["intent"]["name"]) for one in parsed),
        tuple(bool(one["in_scope"]) for one in parsed),
        ms,
    )


def _parts(runtime: Runtime, examples: Lines, held: Lines, step: Step) -> dict[str, Heard]:
    """Return what plain classifiers make of the lines; their times leave the encoding out."""
    cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
    step("编码")
    known, asked = ([normalise(text) for text in one.texts] for one in (examples, held))
    encoded, heard = cache.encode(known), cache.encode(asked)
    names = sorted(set(examples.intents))
    wanted = np.array([names.index(intent) for intent in examples.intents], np.int64)

    def ready(rows: Callable[[Any], Array]) -> tuple[Array, Array]:
        ours, theirs = (np.stack([rows(one) for one in part]) for part in (encoded, heard))
        centre = ours.mean(axis=0)
        return unit(ours - centre), unit(theirs - centre)

    sentences, strongest = ready(lambda one: one.sentence), ready(lambda one: one.tokens.max(axis=0))
    step("各种分类器")
    letters = Wording(known, wanted)
    parts: dict[str, Callable[[], Array]] = {
        "meaning": _head(*sentences, wanted, len(names)),
        "tokens": _head(*strongest, wanted, len(names)),
        "wording": lambda: letters.scores(asked, len(names)),
    }
    ours = learn(
        known, np.stack([one.sentence for one in encoded]), examples.intents, share=SHARE, strength=OURS
    )
    systems: dict[str, Callable[[], Array]] = {
        "Wenjin, the linear model alone": lambda: np.stack(
            [ours.margins(text, one.sentence) for text, one in zip(asked, heard, strict=True)]
        ),
        "logistic regression, vectors": _regression(*sentences, wanted),
        "support vectors, letters": parts["wording"],
        f"nearest {NEAREST} examples, vectors": lambda: _nearest(*sentences, wanted, len(names)),
        "question matching (two heads, letters)": lambda: averaged({name: parts[name]() for name in PARTS}),
    }
    return {name: _heard(scores, names, len(asked)) for name, scores in systems.items()}


def _head(ours: Array, theirs: Array, wanted: Array, count: int) -> Callable[[], Array]:
    means = unit(np.stack([ours[wanted == one].mean(axis=0) for one in range(count)]))
    head = train_head(ours, wanted, means)
    return lambda: head.scores(theirs)


def _regression(ours: Array, theirs: Array, wanted: Array) -> Callable[[], Array]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=STRENGTH, max_iter=500).fit(ours, wanted)
    return lambda: np.asarray(fitted.predict_log_proba(theirs))


def _nearest(ours: Array, theirs: Array, wanted: Array, count: int) -> Array:
    alike = theirs @ ours.T
    best = [np.sort(alike[:, wanted == one], axis=1)[:, -NEAREST:].mean(axis=1) for one in range(count)]
    return np.stack(best, axis=1)


def _heard(scores: Callable[[], Array], names: Names, lines: int) -> Heard:
    started = time.perf_counter()
    first = [names[i] for i in scores().argmax(axis=1)]
    ms = (time.perf_counter() - started) * 1000 / lines
    return Heard(tuple(first), tuple(intent not in OUTSIDE for intent in first), ms)


def _stock(
    runtime: Runtime, examples: Lines, held: Lines, epochs: int, step: Step, count: Count
) -> dict[str, Heard]:
    step("训练原版 Rasa（很慢；训练好的会留着）")
    pairs = sorted(set(zip(examples.texts, examples.intents, strict=True)))
    home = rasa_baseline.trained(pairs, runtime.settings.data_dir / "eval" / "rasa", epochs, count)
    step("原版 Rasa")
    found = rasa_baseline.rankings(home, {str(i): text for i, text in enumerate(held.texts)}, count)
    firsts = [found[str(i)]["ranking"][0] for i in range(len(held.texts))]
    ms = float(np.mean([one["ms"] for one in found.values()]))
    inside = tuple(name not in OUTSIDE and confidence >= LEAST for name, confidence in firsts)
    return {f"Rasa, DIET {epochs} epochs": Heard(tuple(str(name) for name, _ in firsts), inside, ms)}


def figures(meant: Names, heard: Heard, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Return {figure: [value, low, high]}, with 95 % intervals by drawing lines again, and ms a line.

    accuracy: all intents; macro-F1 over all intents, and over those of customers with all other lines present
    (`customers`) or only their own (`customers alone`); chat accepted, and customers' lines accepted, as a
    matter for the service.
    """
    right, got, inside = np.array(meant), np.array(heard.intents), np.array(heard.inside)
    rng = np.random.default_rng(SEED)
    whole = _shares(right, got, inside)
    drawn: list[dict[str, float]] = []
    for _ in range(resamples):
        rows = rng.integers(0, len(right), len(right))
        drawn.append(_shares(right[rows], got[rows], inside[rows]))
    spread = {name: np.nanquantile([one[name] for one in drawn], [0.025, 0.975]) for name in whole}
    shown = {name: [round(float(v), 3) for v in (whole[name], *spread[name])] for name in whole}
    return {**shown, "ms": round(heard.ms, 2)}


def _shares(right: Array, got: Array, inside: Array) -> dict[str, float]:
    ours, chat = np.isin(right, CUSTOMERS), right == CHAT
    return {
        "accuracy": float((right == got).mean()),
        "macro-F1": macro_f1(right, got, sorted(set(right))),
        "customers": macro_f1(right, got, CUSTOMERS),
        "customers alone": macro_f1(right[ours], got[ours], CUSTOMERS),
        "chat accepted": float(inside[chat].mean()) if chat.any() else float("nan"),
        "customers accepted": float(inside[ours].mean()) if ours.any() else float("nan"),
    }


def macro_f1(right: Array, got: Array, names: Names) -> float:
    """Return the mean of F1 over those of `names` that were meant or understood, 0 without any."""
    scores = []
    for name in names:
        meant, understood = right == name, got == name
        both = int((meant & understood).sum())
        if meant.any() or understood.any():
            scores.append(2 * both / (int(meant.sum()) + int(understood.sum())))
    return float(np.mean(scores)) if scores else 0.0


def table(result: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the systems with their figures as lines of text."""
    lines = []
    for name, values in result.items():
        shown = [f"{key} {_figure(value)}" for key, value in values.items()]
        lines.append(f"{name}\n    " + "\n    ".join(shown))
    return "\n".join(lines)


def _figure(value: Any) -> str:
    if isinstance(value, list):
        share, low, high = value
        return f"{share:.3f} ({low:.3f}–{high:.3f})"
    return f"{value:g}"


def by_intent(meant: Names, got: Names) -> str:
    """Return F1 and number of lines of each intent."""
    right, understood = np.array(meant), np.array(got)
    rows = [(macro_f1(right, understood, [name]), name) for name in sorted(set(meant))]
    return "\n".join(f"  {name:<18} {score:.3f}  {int((right == name).sum())}" for score, name in rows)
