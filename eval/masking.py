"""Measure masking: what is found of made-up personal data in all disguises, what is starred without need."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from actions.figures.satisfaction import wilson
from actions.store.masking import mask
from eval.masking_data import Case, hard, negatives, positives

Mask = Callable[[str], str]
Counts = dict[str, dict[str, float]]
SEEDS = {"tune": 1, "report": 2}
HARD_COUNT = 600


def run(arguments: argparse.Namespace) -> int:
    """Measure one part, print tables, write masking.json."""
    out: Path = arguments.out or arguments.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    part, seed = arguments.part, arguments.seed or SEEDS[arguments.part]
    result = measure(mask, part, arguments.count, seed)
    for title, figures in result.items():
        print(table(title, figures))
    if arguments.missed:
        print(*shown_failures(mask, part, arguments.count, seed), sep="\n")
    (out / "masking.json").write_text(json.dumps(result, ensure_ascii=False, indent=2), encoding="utf-8")
    return 0


def measure(masking: Mask, part: str, count: int, seed: int) -> dict[str, Counts]:
    """Return recall by kind and by disguise, and false alarms by kind; `excess` is what else was starred.

    "beyond the rules" are disguises that no rule is made for; they count nowhere else.
    """
    found = list(positives(part, count, seed))
    plain = list(negatives(part, count, seed))
    return {
        "recall by kind": shares(masking, found, lambda case: case.kind),
        "recall by disguise": shares(masking, found, lambda case: case.disguise),
        "beyond the rules": shares(masking, hard(part, HARD_COUNT, seed), lambda case: case.disguise),
        "false alarms": shares(masking, plain, lambda case: case.kind),
    }


def shares(masking: Mask, cases: Iterable[Case], key: Callable[[Case], str]) -> Counts:
    """Return for each key, and for all, n, the share that was right with its interval, and excess."""
    counted: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for case in cases:
        one = hidden(masking, case), starred_beside(masking, case)
        counted[key(case)].append(one)
        counted["all"].append(one)
    return {name: _figures(rows) for name, rows in counted.items()}


def hidden(masking: Mask, case: Case) -> bool:
    """Tell whether every position that must be starred is."""
    masked = masking(case.text)
    return all(masked[at] == "*" for at in case.secret)


def starred_beside(masking: Mask, case: Case) -> bool:
    """Tell whether anything outside of the value is starred."""
    return any(char == "*" and at not in case.value for at, char in enumerate(masking(case.text)))


def _figures(rows: list[tuple[bool, bool]]) -> dict[str, float]:
    right, beside = sum(one for one, _ in rows), sum(extra for _, extra in rows)
    low, high = wilson(right, len(rows)) or (0.0, 1.0)
    return {
        "n": len(rows),
        "hidden": round(right / len(rows), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "excess": round(beside / len(rows), 4),
    }


def table(title: str, figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return figures as lines of text."""
    alarms = title == "false alarms"
    lines = [f"\n{title}"]
    for name, row in figures.items():
        first = "" if alarms else f"hidden {row['hidden']:.2%} ({row['low']:.1%} to {row['high']:.1%})  "
        lines.append(f"  {name:<22} n {row['n']:>5.0f}  {first}starred without need {row['excess']:.2%}")
    return "\n".join(lines)


def shown_failures(masking: Mask, part: str, count: int, seed: int) -> list[str]:
    """Return what was missed and what was starred without need, one a line."""
    lines = []
    for case in (*positives(part, count, seed), *negatives(part, count, seed)):
        missed, beside = not hidden(masking, case), starred_beside(masking, case)
        if missed or beside:
            why = "missed" if missed else "excess"
            lines.append(f"{why} {case.kind}/{case.disguise}: {case.text!r} → {masking(case.text)!r}")
    return lines
