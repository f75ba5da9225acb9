"""Where answering ends and refusing begins: thresholds taken from the question bank itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
NEIGHBOURS = 3
OFFERED = 0.08  # the share of answerable questions that are offered a choice of two readings
KEPT = 0.95  # the share of answerable questions that must be kept
FEWEST = 30  # with fewer questions on either side nothing can be calibrated
_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Calibration:
    """`threshold` is the least gap between known answerable and unanswerable questions that is still answered.

    `close` is the margin between the two best sections below which both are offered as a choice.
    """

    threshold: float
    close: float
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


def calibrate(answerable: Floats, unanswerable: Floats, sections: Ints) -> Calibration:
    """Choose the thresholds so that 95 % of the bank's answerable questions are kept and 8 % offered a choice.

    Each question is compared with all others; `sections` numbers the section of each answerable one.
    """
    if len(answerable) < FEWEST or len(unanswerable) < FEWEST:
        return Calibration(0.0, 0.0, calibrated=False)
    gaps, margins = [], []
    for start in range(0, len(answerable), _BLOCK):
        block = answerable[start : start + _BLOCK]
        own = block @ answerable.T
        own[np.arange(len(block)), start + np.arange(len(block))] = -1.0  # not its own neighbour
        gaps.append(gap(own, block @ unanswerable.T))
        margins.append(_margins(own, sections))
    threshold = float(np.quantile(np.concatenate(gaps), 1 - KEPT))
    return Calibration(threshold, float(np.quantile(np.concatenate(margins), OFFERED)), calibrated=True)


def best_by_section(similarities: Floats, sections: Ints) -> Floats:
    """Return the mean of each section's best three similarities, shape (queries, sections that have questions)."""
    return np.stack([_top_mean(similarities[:, sections == s]) for s in np.unique(sections)], axis=1)


def _margins(similarities: Floats, sections: Ints) -> Floats:
    best = np.sort(best_by_section(similarities, sections), axis=1)
    if best.shape[1] < 2:
        return np.ones(len(best), np.float32)
    return np.asarray(best[:, -1] - best[:, -2], np.float32)
