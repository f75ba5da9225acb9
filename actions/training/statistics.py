"""Item statistics by Moodle's definitions, of first attempts at one paper.

For an item with marks x (most: `maximum`), attempt totals T and rest y = T - x, over s attempts, variances
and covariances divided by s - 1. A figure is None where it is not defined: fewer than two attempts, or a
variance of zero. Source: Moodle's quiz statistics report ("Quiz statistics calculations").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

FEW = 30  # attempts below which figures are for reference only


@dataclass(frozen=True, slots=True)
class Item:
    """One item's marks in the attempts that had it: `marks` of `maximum`, `totals` of the same attempts.

    `options` is how many options there are to guess from, 0 for none.
    """

    id: str
    marks: Sequence[float]
    totals: Sequence[float]
    maximum: float
    options: int = 0
    right: int = 1


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """What is known of an item.

    `facility` is the mean share of the marks (0 to 1), `discrimination` the index -100 to 100 between x and
    y, `efficiency` 100 times the covariance by the largest that these marks could have, `guess` the share
    that guessing gives. `suspect` says in Chinese why the key may be wrong, "" for no reason.
    """

    id: str
    attempts: int
    facility: float | None
    deviation: float | None
    discrimination: float | None
    efficiency: float | None
    guess: float | None
    suspect: str


@dataclass(frozen=True, slots=True)
class PaperStatistics:
    """A paper's items and what they say together; `alpha` is Cronbach's, 0 to 1, None where undefined."""

    attempts: int
    mean: float | None
    median: float | None
    deviation: float | None
    alpha: float | None
    items: tuple[ItemStatistics, ...]

    @property
    def few(self) -> bool:
        """Tell whether there are so few attempts that the figures are for reference only."""
        return self.attempts < FEW


def item_statistics(item: Item) -> ItemStatistics:
    """Return the figures of one item."""
    rest = [total - mark for total, mark in zip(item.totals, item.marks, strict=True)]
    facility = _mean(item.marks)
    share = None if facility is None else facility / item.maximum
    spread = _covariance(item.marks, item.marks)
    together = _covariance(item.marks, rest)
    found = _discrimination(spread, _covariance(rest, rest), together)
    guess = _guess(item)
    return ItemStatistics(
        item.id,
        len(item.marks),
        share,
        None if spread is None else 100 * sqrt(max(spread, 0.0)) / item.maximum,
        found,
        _efficiency(item.marks, rest, together),
        guess,
        _suspect(len(item.marks), share, found, guess),
    )


def paper_statistics(attempts: Sequence[Mapping[str, float]], items: Sequence[Item]) -> PaperStatistics:
    """Return the figures of a paper; `attempts` are marks by item id, one mapping an attempt.

    Cronbach's alpha is that of the items that every attempt had: with papers drawn at random there may be
    fewer than two, then it is None.
    """
    totals = [sum(marks.values()) for marks in attempts]
    spread = _covariance(totals, totals)
    return PaperStatistics(
        len(attempts),
        _mean(totals),
        _median(totals),
        None if spread is None else sqrt(max(spread, 0.0)),
        _alpha(attempts),
        tuple(item_statistics(item) for item in items),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _median(values: Sequence[float]) -> float | None:
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return None
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _covariance(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return the covariance of two samples, divided by s - 1; None for fewer than two."""
    if len(one) < 2:
        return None
    first, second = sum(one) / len(one), sum(other) / len(other)
    return sum((a - first) * (b - second) for a, b in zip(one, other, strict=True)) / (len(one) - 1)


def _discrimination(x: float | None, y: float | None, together: float | None) -> float | None:
    if x is None or y is None or together is None or x <= 0 or y <= 0:
        return None
    return 100 * together / sqrt(x * y)


def _efficiency(marks: Sequence[float], rest: Sequence[float], together: float | None) -> float | None:
    most = _covariance(sorted(marks), sorted(rest))
    return 100 * together / most if together is not None and most else None


def _alpha(attempts: Sequence[Mapping[str, float]]) -> float | None:
    common = set.intersection(*(set(marks) for marks in attempts)) if attempts else set()
    totals = [sum(marks[item] for item in common) for marks in attempts]
    whole = _covariance(totals, totals)
    if len(common) < 2 or not whole:
        return None
    parts = 0.0
    for item in common:
        column = [marks[item] for marks in attempts]
        parts += _covariance(column, column) or 0.0
    return len(common) / (len(common) - 1) * (1 - parts / whole)


def _guess(item: Item) -> float | None:
    """Return the share that guessing gives: one of n options, or one of all ways to pick some of them."""
    if item.options < 2:
        return None
    return 1 / item.options if item.right == 1 else 1 / (2**item.options - 1)


def _suspect(attempts: int, facility: float | None, discrimination: float | None, guess: float | None) -> str:
    if attempts < 2:
        return ""
    if discrimination is not None and discrimination < 0:
        return "成绩好的人反而答错得多，请核对答案"
    if facility is not None and guess is not None and facility < guess:
        return "答对的比猜的还少，请核对答案"
    return ""
