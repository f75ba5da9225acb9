"""Judges to files and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.calibration import Classifiers, Judge, Kernel, Linear
from knowledge.characters import CharacterModel


def save(judge: Judge, path: Path) -> None:
    """Write a judge to one npz file."""
    arrays: dict[str, npt.NDArray[Any]] = {"limits": np.array([judge.threshold, judge.close], np.float64)}
    if judge.classifiers and judge.stack and judge.centre is not None and judge.spread is not None:
        c = judge.classifiers
        arrays |= {"centre": judge.centre, "spread": judge.spread, "rarity": c.wording.rarity}
        arrays |= {"stack": judge.stack.weights, "raw": c.raw.weights, "mapped": c.mapped.weights}
        arrays |= {"wording": c.wording.weights}
        arrays |= {"raw_near": c.raw_near.weights, "mapped_near": c.mapped_near.weights}
        biases = [
            judge.stack.bias,
            c.raw.bias,
            c.mapped.bias,
            c.raw_near.bias,
            c.mapped_near.bias,
            c.wording.bias,
        ]
        arrays |= {"biases": np.array(biases, np.float64)}
    np.savez(path, **arrays)


def load(path: Path) -> Judge:
    """Read a judge back."""
    with np.load(path) as stored:
        threshold, close = (float(x) for x in stored["limits"])
        if "stack" not in stored:
            return Judge(threshold, close)
        stack, raw, mapped, raw_near, mapped_near, wording = (float(x) for x in stored["biases"])
        classifiers = Classifiers(
            Linear(stored["raw"], raw),
            Linear(stored["mapped"], mapped),
            Kernel(stored["raw_near"], raw_near),
            Kernel(stored["mapped_near"], mapped_near),
            CharacterModel(stored["rarity"], stored["wording"], wording),
        )
        return Judge(
            threshold, close, classifiers, stored["centre"], stored["spread"], Linear(stored["stack"], stack)
        )
