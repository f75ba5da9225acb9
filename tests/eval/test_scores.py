"""The figures of a measurement are what their names say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.scores import UNRANKED, Row, auroc, curve, decided, figures, groups, intervals, refused_at, summary


def _row(side: str, *, rank: int = 0, score: float = 1.0, outcome: str = "answered", **more: Any) -> Row:
    return Row("q1", "问", "customer", more.pop("difficulty", "easy"), side, rank, score, outcome, **more)


def test_figures() -> None:
    rows = [
        _row("answerable", right=True, sentence_first=True, sentence_any=True),
        _row("answerable", rank=1, outcome="clarify", sentence_first=False, sentence_any=False),
        _row("answerable", rank=3, outcome="refused", sentence_first=False, sentence_any=False),
        _row("answerable", rank=9, sentence_first=False, sentence_any=True),
        _row("answerable", rank=UNRANKED, sentence_first=None, sentence_any=None),
        _row("near", outcome="handover"),
        _row("near", outcome="answered"),
        _row("account", outcome="refused"),
        _row("closed", outcome="answered"),
    ]
    found = figures(rows)
    assert [found[f"recall@{k}"] for k in (1, 3, 5, 10)] == [0.2, 0.4, 0.6, 0.8]
    assert found["MRR"] == round((1 + 1 / 2 + 1 / 4 + 1 / 10 + 0) / 5, 4)
    assert found["kept"] == 0.8 and found["clarified"] == 0.2
    assert found["wrong section"] == 0.4  # answered, and the right section is not cited
    assert found["sentence first"] == 0.5 and found["sentence any"] == 1.0
    assert found["refused near"] == 0.5 and found["refused account"] == 1.0
    assert found["refused all"] == round(2 / 3, 4)
    assert found["refused closed"] == 0.0


def test_times_are_of_rows_that_were_timed() -> None:
    rows = [_row("answerable", milliseconds=float(ms)) for ms in (1, 2, 3, 0)]
    found = figures(rows)
    assert found["median ms"] == 2.0 and "median search ms" not in found


def test_refusal_at_a_share_kept() -> None:
    asked = [_row("answerable", score=s / 10) for s in range(11)]
    refusable = [_row("far", score=s) for s in (-1.0, 0.0, 0.45, 0.95)]
    rows = [*asked, *refusable]
    assert refused_at(rows, kept=0.5) == 0.75
    assert curve(rows)[-1] == (1.0, 0.25)
    assert curve(asked) == [] == curve(refusable)
    assert figures(rows)["refused far at 95"] == refused_at(rows)


def test_a_system_without_a_decision_gets_one() -> None:
    rows = [_row("answerable", score=float(s)) for s in range(20)] + [_row("near", score=-1.0)]
    outcomes = [row.outcome for row in decided(rows)]
    assert outcomes.count("refused") == 2 and outcomes[-1] == "refused"
    assert decided([_row("near")])[0].outcome == "answered"


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_auroc_counts_pairs(kept: list[int], refused: list[int]) -> None:
    wins = sum((k > r) + (k == r) / 2 for k in kept for r in refused)
    assert auroc(np.array(kept), np.array(refused)) == pytest.approx(wins / (len(kept) * len(refused)))


def test_intervals_hold_the_figure_and_are_the_same_again() -> None:
    rows = [_row("answerable", rank=i % 4, score=i / 50) for i in range(60)]
    rows += [_row("near", score=i / 90, outcome="refused" if i % 3 else "answered") for i in range(30)]
    found = intervals(rows, 200)
    assert found == intervals(rows, 200)
    for name, value in figures(rows).items():
        if name != "questions":
            low, high = found[name]
            assert low <= value <= high, name
    low, high = found["recall@1"]
    deviation = (0.25 * 0.75 / 60) ** 0.5
    assert high - low == pytest.approx(2 * 1.96 * deviation, rel=0.25)


def test_sure_figures_have_no_width() -> None:
    assert intervals([_row("answerable")] * 20, 50)["recall@1"] == (1.0, 1.0)


def test_small_groups_are_left_out() -> None:
    rows = [_row("answerable")] * 14 + [_row("answerable", difficulty="hard")]
    assert set(groups(rows)) == {"all", "audience customer"}
    assert set(summary([_row("answerable")] * 15, 10)) == {"all", "audience customer", "difficulty easy"}
    assert summary([_row("answerable")] * 14, 10) == {}
