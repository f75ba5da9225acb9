"""Customer-service questions (10jqka): how well the standard question is found with few examples or none."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.runtime import Runtime
from bot.show import Count, Step, steps
from eval import charts, page
from eval.scores import KEPT, auroc
from knowledge.errors import bad_input
from knowledge.faq_matching import Adapted, Encode, Likeness, Matcher, averaged
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache

FILE = "queries_train_dev.csv"
SHOTS, SEEDS = (5, 10), (1, 2, 3)
GOALS = {"0": 0.65, "10": 0.88, "all": 0.92}
PRODUCT = "Wenjin"
Result = dict[str, dict[str, dict[str, float]]]
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions with the number of their standard question; `held` marks answers that may be left out."""

    texts: tuple[str, ...]
    labels: Array
    train: Array
    held: Array
    standard: tuple[str, ...]


def present(folder: Path) -> bool:
    """Tell whether the questions are there; they are no part of the project."""
    return (folder / FILE).is_file()


def load(folder: Path) -> Questions:
    """Read the questions.

    Raises:
        WenjinError: `no_questions` (422).
    """
    if not present(folder):
        raise bad_input("no_questions", f"没有找到客服问句：{folder / FILE}。", file=str(folder / FILE))
    with (folder / FILE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    standard = {row["faq_id"]: normalise(row["standard_question"]) for row in rows}
    ids = sorted(standard, key=int)
    place = {identity: number for number, identity in enumerate(ids)}
    return Questions(
        tuple(normalise(row["query"]) for row in rows),
        np.array([place[row["faq_id"]] for row in rows], np.int64),
        np.array([row["split"] == "train" for row in rows], bool),
        np.array([row["oos_holdout"] == "1" for row in rows], bool),
        tuple(standard[identity] for identity in ids),
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print a table, write faq.json, faq.png and faq.html."""
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with steps() as (step, count):
        result = measure(runtime, arguments.faq, step, count)
    drawn = charts.Charts(out)
    (out / "faq.html").write_text(
        page.page("问津：客服问句", sections_of_page(result, drawn)), encoding="utf-8"
    )
    (out / "faq.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    print(table(result))
    print(f"\n已写入 {out}：faq.html、faq.json、faq.png")
    return 0


def measure(runtime: Runtime, folder: Path, step: Step, count: Count) -> Result:
    """Return {examples: {method: figures}} on the dev questions: "0", "5", "10", "all", "out of scope"."""
    questions = load(folder)
    cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
    step("客服问句：编码")
    every = [*questions.texts, *questions.standard]
    known = dict(zip(every, cache.encode(every, progress=count), strict=True))
    return measure_all(questions, lambda texts: [known[text] for text in texts], step)


def measure_all(questions: Questions, encode: Encode, step: Step, shots: Sequence[int] = SHOTS) -> Result:
    """Measure every number of examples, then what is out of scope."""
    step("客服问句：没有例句")
    result: Result = {"0": _without_examples(questions, encode)}
    for shot in shots:
        runs = []
        for seed in SEEDS:
            step(f"客服问句：每问 {shot} 个例句，第 {seed} 次抽样")
            runs.append(_learned(questions, encode, draw(questions, shot, seed)))
        result[str(shot)] = _mean(runs)
    step("客服问句：全部例句")
    result["all"] = _learned(questions, encode, np.flatnonzero(questions.train))
    step("客服问句：范围外")
    result["out of scope"] = _out_of_scope(questions, encode)
    return result


def draw(questions: Questions, shot: int, seed: int) -> Array:
    """Return the places of `shot` training questions of each standard question, fewer where there are not."""
    rng = np.random.RandomState(seed)
    there = np.flatnonzero(questions.train)
    chosen = [
        rng.permutation(there[questions.labels[there] == answer])[:shot]
        for answer in range(len(questions.standard))
    ]
    return np.concatenate(chosen)


def _texts(questions: Questions, places: Array) -> list[str]:
    return [questions.texts[i] for i in places]


def _without_examples(questions: Questions, encode: Encode) -> dict[str, dict[str, float]]:
    dev = np.flatnonzero(~questions.train)
    asked, right = _texts(questions, dev), questions.labels[dev]
    unlabelled = _texts(questions, np.flatnonzero(questions.train))
    places = np.arange(len(questions.standard))
    alone = Likeness(questions.standard, encode)
    seen = Likeness(questions.standard, encode, unlabelled=unlabelled)
    return {
        "BM25": ranked(_spelled(questions.standard, places, asked), right),
        "encoder": ranked(_cosines(encode, questions.standard, places, asked), right),
        PRODUCT: ranked(alone.scores(asked), right),
        f"{PRODUCT}, unlabelled questions seen": ranked(seen.scores(asked), right),
        f"{PRODUCT}, learned from unlabelled": ranked(Adapted(seen, unlabelled).scores(asked), right),
    }


def _learned(questions: Questions, encode: Encode, examples: Array) -> dict[str, dict[str, float]]:
    dev = np.flatnonzero(~questions.train)
    asked, right = _texts(questions, dev), questions.labels[dev]
    texts, labels = _texts(questions, examples), questions.labels[examples]
    matcher = Matcher(Likeness(questions.standard, encode, unlabelled=texts), texts, labels.tolist())
    every = [*texts, *questions.standard]
    owners = np.concatenate([labels, np.arange(len(questions.standard))])
    parts = matcher.parts(asked)
    return {
        "BM25": ranked(_spelled(every, owners, asked), right),
        "encoder": ranked(_cosines(encode, every, owners, asked), right),
        PRODUCT: ranked(averaged(parts), right),
        **{f"part: {name}": ranked(scores, right) for name, scores in parts.items()},
    }


def _out_of_scope(questions: Questions, encode: Encode) -> dict[str, dict[str, float]]:
    """Leave some answers out of everything that is known, and tell their questions from the others'."""
    known = np.flatnonzero(~np.isin(np.arange(len(questions.standard)), questions.labels[questions.held]))
    place = {int(answer): number for number, answer in enumerate(known)}
    examples = np.flatnonzero(questions.train & ~questions.held)
    standard = [questions.standard[i] for i in known]
    texts = _texts(questions, examples)
    labels = [place[int(answer)] for answer in questions.labels[examples]]
    matcher = Matcher(Likeness(standard, encode, unlabelled=texts), texts, labels)
    dev = np.flatnonzero(~questions.train)
    asked, outside = _texts(questions, dev), questions.held[dev]
    every, owners = [*texts, *standard], np.array([*labels, *range(len(standard))])
    scores = {
        "BM25": _spelled(every, owners, asked).max(axis=1),
        "encoder": _cosines(encode, every, owners, asked).max(axis=1),
        PRODUCT: matcher.scores(asked).max(axis=1),
    }
    return {name: told_apart(values[~outside], values[outside]) for name, values in scores.items()}


def told_apart(inside: Array, outside: Array) -> dict[str, float]:
    """Return AUROC and the share of `outside` below the score that keeps 95 % of `inside`."""
    limit = np.quantile(inside, 1 - KEPT)
    return {"AUROC": round(auroc(inside, outside), 4), "refused": round(float((outside < limit).mean()), 4)}


def ranked(scores: Array, right: Array) -> dict[str, float]:
    """Return R@1, R@3 and MRR; an answer that scores as much as the right one counts as before it."""
    own = scores[np.arange(len(scores)), right]
    rank = (scores >= own[:, None]).sum(axis=1)
    shares = {"R@1": (rank <= 1).mean(), "R@3": (rank <= 3).mean(), "MRR": (1 / rank).mean()}
    return {name: round(float(value), 4) for name, value in shares.items()}


def _spelled(texts: Sequence[str], owners: Array, asked: Sequence[str]) -> Array:
    import bm25s

    ranker: Any = bm25s.BM25(method="lucene")
    ranker.index([words(text) for text in texts], show_progress=False)
    out = np.zeros((len(asked), int(owners.max()) + 1), np.float32)
    for row, text in enumerate(asked):
        known = [word for word in words(text) if word in ranker.vocab_dict]
        if known:
            np.maximum.at(out[row], owners, ranker.get_scores(known))
    # Ties (often no word in common) would all count as before the right one: the first in order wins.
    return out - np.arange(out.shape[1], dtype=np.float32) * 1e-6


def _cosines(encode: Encode, texts: Sequence[str], owners: Array, asked: Sequence[str]) -> Array:
    vectors = np.stack([e.sentence for e in encode(list(texts))])
    similar = np.stack([e.sentence for e in encode(list(asked))]) @ vectors.T
    out = np.full((len(asked), int(owners.max()) + 1), -1.0, np.float32)
    for answer in range(out.shape[1]):
        out[:, answer] = similar[:, owners == answer].max(axis=1)
    return out


def _mean(runs: Sequence[Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Return the mean of several draws, with the spread of R@1."""
    out: dict[str, dict[str, float]] = {}
    for method in runs[0]:
        figures = {
            name: round(float(np.mean([r[method][name] for r in runs])), 4) for name in runs[0][method]
        }
        firsts = [r[method]["R@1"] for r in runs]
        out[method] = {**figures, "spread": round(max(firsts) - min(firsts), 4)}
    return out


def table(result: Result) -> str:
    """Return the figures as text."""
    out = []
    for examples, methods in result.items():
        goal = f"   goal R@1 {GOALS[examples]}" if examples in GOALS else ""
        out.append(f"\n{examples} examples{goal}" if examples != "out of scope" else f"\n{examples}")
        for method, figures in methods.items():
            shown = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            out.append(f"  {method:<40} {shown}")
    return "\n".join(out)


def sections_of_page(result: Result, drawn: charts.Charts) -> list[str]:
    """Return the page's part on these questions, with its chart."""
    lines: dict[str, dict[str, float]] = {}
    for examples, methods in result.items():
        for method, figures in methods.items():
            if "R@1" in figures and not method.startswith("part"):
                lines.setdefault(method, {})[examples] = figures["R@1"]
    charts.by_examples(drawn, lines)
    parts = [page.heading("客服问句（10jqka，300 个标准问，dev）"), page.drawings([drawn.drawn["faq"]])]
    parts.append(page.paragraph(_HOW))
    for examples, methods in result.items():
        names = list(dict.fromkeys(name for figures in methods.values() for name in figures))
        rows = [[method, *(f"{f[n]:.3f}" if n in f else "–" for n in names)] for method, f in methods.items()]
        parts.append(page.table([examples, *names], rows))
    return parts


_HOW = (
    "行组是每个标准问的例句数（0 为没有例句；5 和 10 是三次抽样的平均，spread 是三次 R@1 的极差）。"
    "unlabelled 是不带答案的训练问句。out of scope：60 个标准问连同例句不给系统，"
    "refused 是留住 95 % 可答问句时拒掉的比例。"
)
