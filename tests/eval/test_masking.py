"""Tests of the measurement of masking: its data are what they say, its figures can fall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actions.figures.satisfaction import wilson
from actions.store.masking import mask
from eval.masking import measure
from eval.masking_data import PARTS, negatives, positives, sentences


def test_no_sentence_is_in_both_parts() -> None:
    for group in sentences().values():
        for parts in group.values():
            assert set(parts) == set(PARTS)
            assert not set(parts["tune"]) & set(parts["report"])
            assert all(form.count("{x}") == 1 for part in parts.values() for form in part)


def test_what_must_be_hidden_lies_within_the_value() -> None:
    for case in positives("report", 600, seed=3):
        assert case.secret
        assert case.secret <= case.value
        assert max(case.value) < len(case.text)


def test_the_same_seed_makes_the_same_sentences() -> None:
    assert list(positives("tune", 200, 5)) == list(positives("tune", 200, 5))
    assert list(negatives("tune", 200, 5)) != list(negatives("tune", 200, 6))


@pytest.mark.parametrize(
    ("masking", "hidden", "excess"),
    [(lambda text: text, 0.0, 0.0), (lambda text: "*" * len(text), 1.0, 1.0)],
)
def test_doing_nothing_and_starring_all_are_told_apart(
    masking: Callable[[str], str], hidden: float, excess: float
) -> None:
    figures = measure(masking, "report", 300, seed=2)
    assert figures["recall by kind"]["all"]["hidden"] == hidden
    assert figures["false alarms"]["all"]["excess"] == excess


def test_masking_reaches_its_aims() -> None:
    figures = measure(mask, "report", 1500, seed=4)
    assert all(row["hidden"] >= 0.97 for row in figures["recall by kind"].values())
    assert figures["recall by kind"]["all"]["hidden"] >= 0.99
    assert figures["false alarms"]["all"]["excess"] <= 0.01


def test_an_interval_narrows_with_more() -> None:
    few, many = wilson(9, 10), wilson(900, 1000)
    assert few is not None and many is not None
    assert few[0] < many[0] < 0.9 < many[1] < few[1]
