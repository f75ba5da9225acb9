"""Item statistics against an independent computation with numpy, and what they flag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.training.statistics import FEW, Item, item_statistics, paper_statistics

matrices = st.integers(2, 6).flatmap(
    lambda items: st.lists(
        st.lists(st.integers(0, 10), min_size=items, max_size=items), min_size=2, max_size=40
    )
)


def items_of(rows: list[list[int]]) -> list[Item]:
    totals = [float(sum(row)) for row in rows]
    return [Item(f"q{j}", [float(row[j]) for row in rows], totals, 10.0) for j in range(len(rows[0]))]


@given(matrices)
def test_figures_are_those_of_numpy(rows: list[list[int]]) -> None:
    marks = np.array(rows, dtype=float)
    totals = marks.sum(axis=1)
    found = paper_statistics([{f"q{j}": float(v) for j, v in enumerate(row)} for row in rows], items_of(rows))
    assert found.mean == pytest.approx(totals.mean())
    assert found.median == pytest.approx(np.median(totals))
    assert found.deviation == pytest.approx(totals.std(ddof=1))
    whole = totals.var(ddof=1)
    count = marks.shape[1]
    if whole:
        alpha = count / (count - 1) * (1 - marks.var(axis=0, ddof=1).sum() / whole)
        assert found.alpha == pytest.approx(alpha)
    else:
        assert found.alpha is None
    for j, item in enumerate(found.items):
        x, y = marks[:, j], totals - marks[:, j]
        assert item.facility == pytest.approx(x.mean() / 10)
        assert item.deviation == pytest.approx(100 * x.std(ddof=1) / 10)
        if x.var() and y.var():
            assert item.discrimination == pytest.approx(100 * np.corrcoef(x, y)[0, 1])
            most = np.cov(np.sort(x), np.sort(y))[0, 1]
            assert item.efficiency == pytest.approx(100 * np.cov(x, y)[0, 1] / most)
        else:
            assert item.discrimination is None


def test_a_wrong_key_shows() -> None:
    # Nine of ten who know everything else fail this one; those who know nothing pass it.
    marks = [0.0] * 9 + [10.0] * 6
    totals = [100.0] * 9 + [30.0] * 6
    assert "核对答案" in item_statistics(Item("q", marks, totals, 10.0, options=4)).suspect
    good = item_statistics(Item("q", marks[::-1], totals, 10.0, options=4))
    assert good.suspect == ""


def test_below_the_guess_shows_too() -> None:
    marks = [0.0] * 19 + [10.0]
    totals = [50.0] * 19 + [90.0]
    found = item_statistics(Item("q", marks, totals, 10.0, options=4))
    assert found.guess == 0.25 and found.suspect == "答对的比猜的还少，请核对答案"
    several = item_statistics(Item("q", marks, totals, 10.0, options=4, right=2))
    assert several.guess == pytest.approx(1 / 15) and several.suspect == "答对的比猜的还少，请核对答案"


def test_nothing_is_said_of_nothing() -> None:
    empty = paper_statistics([], [Item("q", [], [], 10.0)])
    assert (empty.attempts, empty.mean, empty.alpha, empty.few) == (0, None, None, True)
    assert empty.items[0].facility is None and empty.items[0].suspect == ""
    assert not paper_statistics([{"q": 1.0}] * FEW, []).few


def test_alpha_is_of_what_everybody_had() -> None:
    drawn = [{"a": 1.0, "b": 0.0, "c": 1.0}, {"a": 0.0, "b": 0.0, "d": 1.0}, {"a": 1.0, "b": 1.0, "e": 0.0}]
    marks = np.array([[1, 0], [0, 0], [1, 1]], dtype=float)
    expected = 2 * (1 - marks.var(axis=0, ddof=1).sum() / marks.sum(axis=1).var(ddof=1))
    assert paper_statistics(drawn, []).alpha == pytest.approx(expected)
    assert paper_statistics([{"a": 1.0}, {"b": 1.0}], []).alpha is None
