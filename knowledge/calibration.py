"""Where answering ends and refusing begins: thresholds taken from the question bank itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
NEIGHBOURS = 3
KEPT = 0.95  # the share of answerable questions that must be kept
FEWEST = 30  # with fewer questions on either side nothing can be calibrated
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Calibration:
    """`threshold` is the least gap between known answerable and unanswerable questions that is still answered."""

    threshold: float
    calibrated: bool


def gap(answerable: Floats, unanswerable: Floats) -> Floats:
    """Return the mean of the best three answerable minus the mean of the best three unanswerable similarities.

    Both are shape (queries, known questions).
    """
    return _top_mean(answerable) - _top_mean(unanswerable)


def _top_mean(similarities: Floats) -> Floats:
    count = min(NEIGHBOURS, similarities.shape[1])
    if count == 0:
        return np.zeros(similarities.shape[0], np.float32)
    return np.asarray(np.partition(similarities, -count, axis=1)[:, -count:].mean(axis=1), np.float32)


def calibrate(answerable: Floats, unanswerable: Floats) -> Calibration:
    """Choose the threshold that keeps 95 % of the bank's answerable questions, each compared with all others."""
    if len(answerable) < FEWEST or len(unanswerable) < FEWEST:
        return Calibration(0.0, calibrated=False)
    gaps = []
    for start in range(0, len(answerable), _BLOCK):
        block = answerable[start : start + _BLOCK]
        own = block @ answerable.T
        own[np.arange(len(block)), start + np.arange(len(block))] = -1.0  # not its own neighbour
        gaps.append(gap(own, block @ unanswerable.T))
    return Calibration(float(np.quantile(np.concatenate(gaps), 1 - KEPT)), calibrated=True)
