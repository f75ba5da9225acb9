"""Figures of measurements that can be compared: value, goal, baselines of the same run, noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

RESAMPLES, SEED = 4000, 5
SURE = (2.5, 97.5)  # percentiles between which 95 % lie
SLOWER = 1.3  # times beside the baseline of the same run that count as another speed


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of one part.

    `better` is 1 or -1. `baselines` are the same figure of other systems in the same run. Its noise is known
    by `samples` (a value an item, by the item's id), by `n` (a share of so many), or by `interval` (95 %); a
    time has none of them and is compared beside `beside`, a time of the same run.
    """

    key: str
    title: str
    value: float
    better: int
    unit: str = "share"
    goal: float | None = None
    n: int = 0
    interval: tuple[float, float] | None = None
    beside: float | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)
    samples: Mapping[str, float] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Tell whether the goal is reached, None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better > 0 else self.value <= self.goal

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def from_json(content: Mapping[str, Any]) -> Measure:
    """Return what `to_json` gave."""
    interval = content.get("interval")
    return Measure(**{**content, "interval": tuple(interval) if interval else None})


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after; `gain` is how much better it got, `low` and `high` its 95 % interval.

    `verdict` is "better", "worse" or "same": within what chance alone does.
    """

    key: str
    title: str
    before: float
    after: float
    gain: float
    low: float
    high: float
    verdict: str


def compare(before: Sequence[Measure], after: Sequence[Measure]) -> list[Change]:
    """Return the changes of all figures that both have, in the order of the first."""
    later = {one.key: one for one in after}
    return [change(one, later[one.key]) for one in before if one.key in later]


def change(before: Measure, after: Measure) -> Change:
    """Return how a figure changed, and whether that is more than chance."""
    gain, low, high = _gain(before, after)
    verdict = "better" if low > 0 else "worse" if high < 0 else "same"
    return Change(before.key, before.title, before.value, after.value, gain, low, high, verdict)


def _gain(before: Measure, after: Measure) -> tuple[float, float, float]:
    gain = before.better * (after.value - before.value)
    shared = sorted(before.samples.keys() & after.samples.keys())
    if shared:
        pairs = np.array([after.samples[key] - before.samples[key] for key in shared]) * before.better
        draws = np.random.default_rng(SEED).integers(0, len(pairs), (RESAMPLES, len(pairs)))
        return (float(pairs.mean()), *_between(pairs[draws].mean(axis=1)))
    if before.n and after.n:
        rng = np.random.default_rng(SEED)
        drawn = [rng.binomial(one.n, one.value, RESAMPLES) / one.n for one in (before, after)]
        return (gain, *_between(before.better * (drawn[1] - drawn[0])))
    if before.interval and after.interval:
        reach = float(np.hypot(*(np.ptp(one.interval or (0, 0)) / 2 for one in (before, after))))
        return gain, gain - reach, gain + reach
    return _gain_of_times(before, after, gain)


def _gain_of_times(before: Measure, after: Measure, gain: float) -> tuple[float, float, float]:
    """Compare times beside the baseline of their run: another machine, or a busy one, is no change."""
    if not (before.beside and after.beside and before.value and after.value):
        return gain, -float("inf"), float("inf")
    ratio = (after.value / after.beside) / (before.value / before.beside)
    better = ratio if before.better > 0 else 1 / ratio
    return gain, better - SLOWER, better - 1 / SLOWER


def _between(values: Any) -> tuple[float, float]:
    low, high = np.percentile(values, SURE)
    return float(low), float(high)
