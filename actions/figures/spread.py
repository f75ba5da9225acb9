"""How long things took: count, mean, median and nine tenths, exact whatever the order of the values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `count` values the mean, the median and the value under which nine in ten lie; None of none.

    Quantiles are interpolated between neighbours (Hyndman and Fan's type 7, as PostgreSQL's percentile_cont).
    """

    count: int
    mean: float | None
    median: float | None
    p90: float | None


NOTHING = Spread(0, None, None, None)


def spread(values: Iterable[float] | NDArray[Any]) -> Spread:
    """Return the spread of values; the mean is that of their exact sum."""
    ordered = np.sort(values if isinstance(values, np.ndarray) else np.fromiter(values, np.float64))
    if not len(ordered):
        return NOTHING
    mean = _sum(ordered) / len(ordered)
    return Spread(len(ordered), mean, quantile(ordered, 0.5), quantile(ordered, 0.9))


def quantile(ordered: NDArray[Any], share: float) -> float:
    """Return a quantile of ordered values, of which there is one at least."""
    below, rest = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(below)].item(), ordered[min(int(below) + 1, len(ordered) - 1)].item()
    return float(low + (high - low) * rest)


def _sum(values: NDArray[Any]) -> float:
    whole = np.issubdtype(values.dtype, np.integer)
    return int(values.sum()) if whole else fsum(values.tolist())
