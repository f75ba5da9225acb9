"""From rows of asked questions to figures: recall, reciprocal rank, quoting, refusal, and their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Figures = dict[str, float]
DEPTHS = (1, 3, 5, 10)
KEPT = 0.95
RESAMPLES = 1000
SEED = 13
FEWEST = 15  # smaller groups are not shown
UNRANKED = 1_000_000
REFUSABLE = ("near", "account", "far")
SIDES = ("answerable", "closed", *REFUSABLE)
KEPT_OUTCOMES = ("answered", "clarify")


@dataclass(frozen=True, slots=True)
class Row:
    """One question that was asked of one system.

    `side` is answerable, near, account or far (kinds of unanswerable), or closed (answered only where this
    audience may not read). `rank` counts from 0, UNRANKED where the section is not ranked at all. `right`
    tells whether the right section is cited; `sentence_first` and `sentence_any` whether the first or any
    cited sentence contains the right one, None where nothing can be told. `search_ms` leaves the encoder out.
    """

    id: str
    question: str
    audience: str
    difficulty: str
    side: str
    rank: int
    score: float
    outcome: str
    right: bool = False
    sentence_first: bool | None = None
    sentence_any: bool | None = None
    milliseconds: float = 0.0
    search_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as arrays, so that a thousand resamples take seconds; NaN is what cannot be told."""

    side: Array
    rank: Array
    score: Array
    kept: Array
    clarified: Array
    wrong: Array
    first: Array
    any: Array
    milliseconds: Array
    search_ms: Array

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        """Return the table of some rows."""
        answered = np.array([r.outcome == "answered" for r in rows], bool)
        return cls(
            side=np.array([r.side for r in rows], object),
            rank=np.array([r.rank for r in rows], np.int64),
            score=np.array([r.score for r in rows], np.float64),
            kept=np.array([r.outcome in KEPT_OUTCOMES for r in rows], bool),
            clarified=np.array([r.outcome == "clarify" for r in rows], bool),
            wrong=answered & ~np.array([r.right for r in rows], bool),
            first=_told(answered, [r.sentence_first for r in rows]),
            any=_told(answered, [r.sentence_any for r in rows]),
            milliseconds=np.array([r.milliseconds or np.nan for r in rows], np.float64),
            search_ms=np.array([r.search_ms or np.nan for r in rows], np.float64),
        )

    def take(self, places: Array) -> Table:
        """Return the rows at `places`, in that order, repeated ones again."""
        return Table(*(getattr(self, name)[places] for name in Table.__slots__))


def _told(answered: Array, values: Sequence[bool | None]) -> Array:
    told = np.array([np.nan if v is None else float(v) for v in values], np.float64)
    return np.where(answered, told, np.nan)


def figures(rows: Sequence[Row] | Table) -> Figures:
    """Return the figures of one group; shares are 0 … 1.

    `sentence first` and `any` are shares of the answered questions whose right sentence is known.
    """
    table = rows if isinstance(rows, Table) else Table.of(rows)
    asked = table.side == "answerable"
    out = {"questions": float(len(table.side))}
    if asked.any():
        out |= _of_answerable(table, asked)
    out |= _of_refused(table, asked)
    for name, values in (("ms", table.milliseconds), ("search ms", table.search_ms)):
        told = values[~np.isnan(values)]
        if len(told):
            out |= {f"median {name}": float(np.median(told)), f"p95 {name}": float(np.quantile(told, 0.95))}
    return {name: round(value, 4) for name, value in out.items()}


def _of_answerable(table: Table, asked: Array) -> Figures:
    rank = table.rank[asked]
    out = {f"recall@{k}": float((rank < k).mean()) for k in DEPTHS}
    out["MRR"] = float(np.where(rank < UNRANKED, 1 / (1.0 + rank), 0.0).mean())
    decisions = (("kept", table.kept), ("clarified", table.clarified), ("wrong section", table.wrong))
    out |= {name: float(values[asked].mean()) for name, values in decisions}
    for name, values in (("sentence first", table.first), ("sentence any", table.any)):
        told = values[asked & ~np.isnan(values)]
        if len(told):
            out[name] = float(told.mean())
    return out


def _of_refused(table: Table, asked: Array) -> Figures:
    out: Figures = {}
    sides = {**{side: table.side == side for side in ("closed", *REFUSABLE)}, "all": _refusable(table)}
    limit = np.quantile(table.score[asked], 1 - KEPT) if asked.any() else None
    for side, there in sides.items():
        if there.any():
            out[f"refused {side}"] = float((~table.kept[there]).mean())
            if limit is not None and side != "closed":
                out[f"refused {side} at 95"] = float((table.score[there] < limit).mean())
    if asked.any() and sides["all"].any():
        out["AUROC"] = auroc(table.score[asked], table.score[sides["all"]])
    return out


def _refusable(table: Table) -> Array:
    return np.isin(table.side, REFUSABLE)


def auroc(kept: Array, refused: Array) -> float:
    """Return the chance that a question to keep scores above one to refuse; a tie counts half."""
    below = np.searchsorted(np.sort(refused), kept, "left")
    upto = np.searchsorted(np.sort(refused), kept, "right")
    return float((below + upto).sum() / 2 / (len(kept) * len(refused)))


def refused_at(rows: Sequence[Row], kept: float = KEPT) -> float:
    """Return the share of unanswerable questions below the score that keeps `kept` of the answerable ones."""
    table = Table.of(rows)
    limit = np.quantile(table.score[table.side == "answerable"], 1 - kept)
    return float((table.score[_refusable(table)] < limit).mean())


def curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    """Return (share kept, share refused) points of the refusal decision, [] without both sides."""
    sides = {r.side for r in rows}
    if "answerable" not in sides or not sides & set(REFUSABLE):
        return []
    return [(round(k, 2), round(refused_at(rows, k), 4)) for k in np.linspace(0.5, 1.0, 51).tolist()]


def intervals(rows: Sequence[Row], resamples: int = RESAMPLES) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of each share: questions are drawn again within their side.

    Percentile bootstrap (Efron 1979), seeded: the same rows have the same intervals. Times have none.
    """
    table = Table.of(rows)
    rng = np.random.RandomState(SEED)
    members = [np.flatnonzero(table.side == side) for side in SIDES]
    found: dict[str, list[float]] = {}
    for _ in range(resamples):
        drawn = np.concatenate([m[rng.randint(0, len(m), len(m))] for m in members if len(m)])
        for name, value in figures(table.take(drawn)).items():
            found.setdefault(name, []).append(value)
    wanted = {name: values for name, values in found.items() if name != "questions" and "ms" not in name}
    return {name: _middle(values) for name, values in wanted.items()}


def _middle(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def groups(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return all rows, and those of each audience and difficulty where there are enough."""
    tests: dict[str, Callable[[Row], bool]] = {"all": lambda _: True}
    for name in ("audience", "difficulty"):
        for value in sorted({str(getattr(r, name)) for r in rows} - {""}):
            tests[f"{name} {value}"] = lambda r, n=name, v=value: getattr(r, n) == v  # type: ignore[misc]
    chosen = {name: [r for r in rows if belongs(r)] for name, belongs in tests.items()}
    return {name: found for name, found in chosen.items() if len(found) >= FEWEST}


def summary(rows: Sequence[Row], resamples: int = RESAMPLES) -> dict[str, dict[str, Any]]:
    """Return {group: {"figures": …, "intervals": …}}."""
    return {
        name: {"figures": figures(found), "intervals": intervals(found, resamples)}
        for name, found in groups(rows).items()
    }


def decided(rows: Sequence[Row], kept: float = KEPT) -> list[Row]:
    """Let a system without a decision of its own refuse below the score that keeps `kept` of these very rows.

    That is a favour to it: the product's threshold has never seen the questions that are asked here.
    """
    scores = [r.score for r in rows if r.side == "answerable"]
    limit = float(np.quantile(scores, 1 - kept)) if scores else -np.inf
    return [replace(r, outcome="answered" if r.score >= limit else "refused") for r in rows]


def share(name: str, value: float) -> str:
    """Return a figure as it is printed: counts whole, times with one decimal, shares with three."""
    if name == "questions":
        return f"{value:.0f}"
    return f"{value:.1f}" if name.endswith("ms") else f"{value:.3f}"


def columns(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return every figure's name once, in the order of first use."""
    return list(dict.fromkeys(name for result in results.values() for name in result["figures"]))
