"""How long things took: count, mean, median and nine tenths, exact, also of values counted by frequency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


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


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of single values."""
    ordered = sorted(values)
    if not ordered:
        return NOTHING
    mean = sum(ordered) / len(ordered)
    return Spread(len(ordered), mean, quantile(ordered, 0.5), quantile(ordered, 0.9))


def spread_of(frequencies: Mapping[int, int]) -> Spread:
    """Return the spread of values of which each is given with how often it came."""
    count = sum(frequencies.values())
    if not count:
        return NOTHING
    ordered = sorted(frequencies.items())
    mean = sum(value * times for value, times in ordered) / count
    return Spread(count, mean, _among(ordered, count, 0.5), _among(ordered, count, 0.9))


def quantile(ordered: list[float], share: float) -> float:
    """Return a quantile of ordered values, of which there is one at least."""
    below, rest = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * rest


def _among(ordered: list[tuple[int, int]], count: int, share: float) -> float:
    below, rest = divmod(share * (count - 1), 1)
    low = _at(ordered, int(below))
    return low + (_at(ordered, min(int(below) + 1, count - 1)) - low) * rest


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    """Return the value at a place, from 0, of all values in order."""
    for value, times in ordered:
        place -= times
        if place < 0:
            return value
    raise IndexError(place)
