"""Comparing measurements: what is chance is the same, what is more is better or worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.measures import Measure, change, compare, from_json
from eval.parts import parts
from eval.whole import changes_table, read, row, table
from knowledge.errors import WenjinError


def share(value: float, n: int, better: int = 1) -> Measure:
    return Measure("x", "x", value, better, n=n)


@pytest.mark.parametrize(
    ("before", "after", "n", "better", "verdict"),
    [
        (0.80, 0.82, 150, 1, "same"), (0.80, 0.95, 150, 1, "better"), (0.95, 0.80, 150, 1, "worse"),
        (0.80, 0.82, 20_000, 1, "better"), (0.02, 0.10, 500, -1, "worse"), (0.10, 0.02, 500, -1, "better"),
    ],
)  # fmt: skip
def test_shares_differ_beyond_what_so_many_items_do_by_chance(
    before: float, after: float, n: int, better: int, verdict: str
) -> None:
    assert change(share(before, n, better), share(after, n, better)).verdict == verdict


def test_the_same_items_are_compared_in_pairs() -> None:
    """Two points more, all of them on items that were wrong before: pairs see it, numbers alone do not."""
    items = {str(n): float(n % 5 != 0) for n in range(500)}
    mended = {**items, **{str(n): 1.0 for n in range(0, 60, 5)}}
    before = Measure("x", "x", 0.8, 1, n=500, samples=items)
    after = Measure("x", "x", 0.824, 1, n=500, samples=mended)
    found = change(before, after)
    assert found.verdict == "better" and found.low <= found.gain <= found.high
    assert change(share(0.8, 500), share(0.824, 500)).verdict == "same"
    assert change(before, before).verdict == "same"


@pytest.mark.parametrize(
    ("value", "beside", "verdict"), [(50, 4, "same"), (25, 1, "worse"), (25, 4, "better"), (26, 2, "same")]
)
def test_times_are_compared_beside_their_run(value: float, beside: float, verdict: str) -> None:
    """A machine that is half as fast makes everything slow, the baseline too."""
    before = Measure("t", "t", 25, -1, "ms", beside=2)
    assert change(before, Measure("t", "t", value, -1, "ms", beside=beside)).verdict == verdict


def test_intervals_are_compared_by_their_width() -> None:
    before = Measure("f1", "f1", 0.80, 1, interval=(0.77, 0.83))
    assert change(before, Measure("f1", "f1", 0.82, 1, interval=(0.79, 0.85))).verdict == "same"
    assert change(before, Measure("f1", "f1", 0.70, 1, interval=(0.67, 0.73))).verdict == "worse"


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    one = Measure(
        "a", "甲", 0.5, 1, goal=0.6, interval=(0.4, 0.6), baselines={"BM25": 0.2}, samples={"q": 1.0}
    )
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"parts": {"甲": [one.to_json()]}}), encoding="utf-8")
    assert read(path) == [one] == [from_json(one.to_json())]
    assert row(one) == ("甲", "0.500", "≥ 0.600", "未达", "BM25 0.200")
    assert "未达" in table({"甲": [one]})
    told = changes_table(compare([one], [share(0.9, 5)]) + compare([one], [one]))
    assert "1 项，0 项变差" in told
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(WenjinError, match=r"all\.json"):
        read(path)


def test_every_part_is_a_command() -> None:
    from bot.cli import parser

    for part in [*parts(part="dev", with_rasa=False), *parts(part="test", with_rasa=True, epochs=30)]:
        parser().parse_args(["eval", *part.arguments])
