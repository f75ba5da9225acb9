"""From rows of asked questions to figures: recall, reciprocal rank, quoting, refusal by share kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np

KEPT = 0.95
_KEPT_OUTCOMES = ("answered", "clarify")
FEWEST = 15  # smaller groups are not shown


@dataclass(frozen=True, slots=True)
class Row:
    """One question that was asked.

    `side` is answerable, near or far (unanswerable), or closed (answered only where this audience may not
    read); `rank` counts from 0; `sentence` tells whether the right sentence is cited first, `quoted` whether
    it is cited at all.
    """

    question: str
    audience: str
    style: str
    side: str
    rank: int
    score: float
    outcome: str
    sentence: bool = False
    quoted: bool = False
    reason: bool = False
    milliseconds: float = 0.0


def summary(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return figures of all rows and of groups that are large enough."""
    groups: dict[str, Callable[[Row], bool]] = {"all": lambda _: True}
    groups |= {a: lambda r, a=a: r.audience == a for a in sorted({r.audience for r in rows})}  # type: ignore[misc]
    styles = sorted({r.style for r in rows if r.style})
    groups |= {f"style {s}": lambda r, s=s: r.style == s for s in styles}  # type: ignore[misc]
    chosen = {name: [r for r in rows if belongs(r)] for name, belongs in groups.items()}
    return {name: figures(found) for name, found in chosen.items() if len(found) >= FEWEST}


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """Return the figures of one group; shares are 0 … 1."""
    asked = [r for r in rows if r.side == "answerable"]
    refusable = [r for r in rows if r.side in ("near", "far")]
    out = {"questions": float(len(rows))}
    if asked:
        out |= {f"first {k}": _mean(r.rank < k for r in asked) for k in (1, 3, 5)}
        out["MRR"] = _mean(1 / (1 + r.rank) for r in asked)
        out["kept"] = _mean(r.outcome in _KEPT_OUTCOMES for r in asked)
        out["clarified"] = _mean(r.outcome == "clarify" for r in asked)
        answered = [r for r in asked if r.outcome == "answered"]
        out["sentence"] = _mean(r.sentence for r in answered)
        out["quoted"] = _mean(r.quoted for r in answered)
    for side in ("near", "far", "closed"):
        of_side = [r for r in rows if r.side == side]
        if of_side:
            out[f"{side} refused"] = _mean(r.outcome not in _KEPT_OUTCOMES for r in of_side)
            if asked:
                out[f"{side} at 95"] = refused_at(asked, of_side)
    if refusable:
        out["reason"] = _mean(r.reason for r in refusable)
    took = [r.milliseconds for r in rows if r.milliseconds]
    if took:
        out["median ms"] = float(np.median(took))
    return out


def refused_at(asked: Sequence[Row], refusable: Sequence[Row], kept: float = KEPT) -> float:
    """Return the share of `refusable` below the score that keeps `kept` of the answerable questions."""
    limit = np.quantile([r.score for r in asked], 1 - kept)
    return _mean(r.score < limit for r in refusable)


def curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return (share kept, share refused) points of the refusal decision."""
    asked = [r for r in rows if r.side == "answerable"]
    refusable = [r for r in rows if r.side in ("near", "far")]
    if not asked or not refusable:
        return []
    return [(k, refused_at(asked, refusable, k)) for k in np.linspace(0.5, 1.0, 51).tolist()]


def share(name: str, value: float) -> str:
    """Return a figure as it is printed: counts whole, times with one decimal, shares with three."""
    if name == "questions":
        return f"{value:.0f}"
    return f"{value:.1f}" if name.endswith("ms") else f"{value:.3f}"


def _mean(values: Iterable[SupportsFloat]) -> float:
    found = [float(value) for value in values]
    return round(float(np.mean(found)), 4) if found else 0.0
