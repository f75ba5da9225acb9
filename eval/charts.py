"""Charts of the measurements, as PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.scores import Row, curve, figures

DEPTHS = (1, 3, 5)


def draw(rows: Mapping[str, Sequence[Row]], path: Path) -> None:
    """Draw recall by depth and the refusal curve of every system side by side."""
    import matplotlib  # type: ignore[import-untyped]

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.5))
    for system, found in rows.items():
        shares = figures(found)
        left.plot(DEPTHS, [shares.get(f"first {k}", 0.0) for k in DEPTHS], marker="o", label=system)
        points = curve(found)
        right.plot([k for k, _ in points], [r for _, r in points], label=system)
    left.set(title="Right section among the first k", xlabel="k", ylabel="share", ylim=(0, 1), xticks=DEPTHS)
    right.set(title="Unanswerable refused", xlabel="answerable kept", ylabel="refused", ylim=(0, 1))
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
