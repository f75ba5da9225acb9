"""Targets as an operator writes them."""

from __future__ import annotations

import pytest

from actions.figures.overview import FIGURES
from actions.figures.targets import reached, targets


def test_shares_are_written_in_per_cent_and_times_in_seconds() -> None:
    found = targets("csat=85, human_time=180,bot_time=0.5,backlog=40,")
    assert found == {"csat": 0.85, "human_time": 180, "bot_time": 500, "backlog": 40}
    assert targets("") == {}


@pytest.mark.parametrize("text", ["weather=3", "csat", "csat=viel", "csat=-1", "csat=nan", "messages=3"])
def test_what_is_no_target_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="指标"):
        targets(text)


@pytest.mark.parametrize(
    ("key", "value", "target", "expected"),
    [
        ("csat", 0.9, 0.85, True), ("csat", 0.85, 0.85, True), ("csat", 0.8, 0.85, False),
        ("human_time", 100.0, 180.0, True), ("human_time", 200.0, 180.0, False),
        ("csat", None, 0.85, None), ("csat", 0.9, None, None),
    ],
)  # fmt: skip
def test_better_is_more_or_less(
    key: str, value: float | None, target: float | None, expected: bool | None
) -> None:
    assert reached(FIGURES[key], value, target) is expected
