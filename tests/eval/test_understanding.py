"""Tests of the figures on how complaints are understood."""

from __future__ import annotations

import numpy as np
import pytest

from eval.understanding import SIMILAR, _auroc, _calibration, _halves, _rates, _shares, best_limit, read_pairs


def test_accuracy_and_the_first_two() -> None:
    figures = _shares([["a", "b"], ["b", "a"], ["a", "c"]], ["a", "a", "b"])
    assert (figures["n"], figures["accuracy"], figures["top 2"]) == (3, 0.333, 0.667)


def test_a_confidence_that_is_right_has_no_error() -> None:
    ranked, right = [["a"]] * 4, ["a", "a", "a", "b"]
    assert _calibration(ranked, right, np.full(4, 0.75))["ECE"] == 0
    assert _calibration(ranked, right, np.full(4, 0.95))["ECE"] == pytest.approx(0.2)
    assert _calibration(ranked, right, np.full(4, 0.95))["right of these"] == 0.75


def test_a_threshold_tells_apart_what_can_be_told_apart() -> None:
    scores, related = np.array([0.9, 0.8, 0.3, 0.2]), np.array([True, True, False, False])
    limit = best_limit(scores, related)
    assert _rates(scores, related, limit) == {"found": 1.0, "wrong": 0.0}
    assert _auroc(scores, related) == 1.0
    assert _auroc(-scores, related) == 0.0


def test_each_half_has_both_answers() -> None:
    related = np.array([pair.related for pair in read_pairs(SIMILAR) if pair.kind == "incident"])
    tuning = _halves(related)
    for half in (related[tuning], related[~tuning]):
        assert 0 < half.sum() < len(half)
