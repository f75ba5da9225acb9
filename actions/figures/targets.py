"""What figures should be, as the operator has set it: per cent of shares, seconds of durations, counts."""

from __future__ import annotations

from collections.abc import Mapping

from actions.figures.overview import FIGURES, Definition, Unit

# In which unit people write a target, by the figure's unit: times this gives the figure's own.
_WRITTEN = {Unit.SHARE: 0.01, Unit.MILLISECONDS: 1000.0, Unit.SECONDS: 1.0, Unit.COUNT: 1.0}


def targets(text: str) -> Mapping[str, float]:
    """Return targets by figure from "csat=85,human_time=180": per cent, seconds, counts.

    Raises:
        ValueError: for an unknown figure or a value that is no number, in words for the operator.
    """
    found: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        key, _, value = (one.strip() for one in part.partition("="))
        if key not in FIGURES or not FIGURES[key].better:
            known = "、".join(key for key, one in FIGURES.items() if one.better)
            raise ValueError(f"没有可以设目标的指标“{key}”，可用的有 {known}")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"指标 {key} 的目标要写成数字") from None
        if not 0 <= number < float("inf"):
            raise ValueError(f"指标 {key} 的目标不能是负数")
        found[key] = number * _WRITTEN[FIGURES[key].unit]
    return found


def reached(one: Definition, value: float | None, target: float | None) -> bool | None:
    """Tell whether a figure is as good as its target, None where either is missing."""
    if value is None or target is None:
        return None
    return value >= target if one.better > 0 else value <= target
