"""Charts of the measurements: one figure each, as a PNG file and as SVG for the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.measures import Measure
from eval.scores import DEPTHS, REFUSABLE

_WIDTH, _HEIGHT = 6.4, 4.0
Bars = Mapping[str, Mapping[str, tuple[float, float, float]]]  # system -> group -> (value, low, high)


@dataclass
class Charts:
    """Collects drawn charts: files in `folder`, their SVG in `drawn` by name."""

    folder: Path
    drawn: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def draw(self, name: str, title: str, width: float = _WIDTH) -> Iterator[Any]:
        """Yield the axes of a new chart; it is saved when the block ends."""
        import matplotlib  # type: ignore[import-untyped]

        matplotlib.use("Agg")
        matplotlib.rcParams["svg.hashsalt"] = "wenjin"  # the same figures give the same file
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(width, _HEIGHT))
        yield axes
        axes.set_title(title)
        axes.grid(alpha=0.3)
        figure.tight_layout()
        figure.savefig(self.folder / f"{name}.png", dpi=130)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        pyplot.close(figure)
        svg = text.getvalue()
        # Ids are made apart, since several drawings stand in one page.
        svg = re.sub(r'(\bid="|url\(#|xlink:href="#)', rf"\g<1>{name}-", svg[svg.index("<svg") :])
        self.drawn[name] = svg


def recall(charts: Charts, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw the share of questions whose section is among the first k, one line a system."""
    with charts.draw("recall", "Right section among the first k") as axes:
        for system, groups in results.items():
            shares = groups["all"]["figures"]
            axes.plot(DEPTHS, [shares.get(f"recall@{k}", 0.0) for k in DEPTHS], marker="o", label=system)
        axes.set(xlabel="k", ylabel="share", ylim=(0, 1.02), xticks=DEPTHS)
        axes.legend(fontsize=8)


def refusal(charts: Charts, curves: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Draw how much of the unanswerable is refused where a share of the answerable is kept."""
    with charts.draw("refusal", "Unanswerable refused") as axes:
        for system, points in curves.items():
            axes.plot([kept for kept, _ in points], [refused for _, refused in points], label=system)
        axes.axvline(0.95, color="grey", linestyle=":", linewidth=1)
        axes.set(xlabel="answerable kept", ylabel="refused", ylim=(0, 1.02))
        axes.legend(fontsize=8)


def by_group(charts: Charts, results: Mapping[str, Mapping[str, Any]], figure: str, name: str) -> None:
    """Draw one figure of every group, with 95 % intervals, the systems side by side."""
    bars: dict[str, dict[str, tuple[float, float, float]]] = {}
    for system, groups in results.items():
        for group, result in groups.items():
            if figure in result["figures"]:
                low, high = result["intervals"][figure]
                bars.setdefault(system, {})[group] = (result["figures"][figure], low, high)
    _bars(charts, name, f"{figure} by group", bars)


def by_kind(charts: Charts, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw what each system refuses of each kind at 95 % of the answerable kept."""
    bars: dict[str, dict[str, tuple[float, float, float]]] = {}
    for system, groups in results.items():
        found, spread = groups["all"]["figures"], groups["all"]["intervals"]
        for kind in REFUSABLE:
            name = f"refused {kind} at 95"
            if name in found:
                bars.setdefault(system, {})[kind] = (found[name], *spread[name])
    _bars(charts, "kinds", "Refused at 95 % kept, by kind", bars)


def _bars(charts: Charts, name: str, title: str, bars: Bars) -> None:
    names = list(dict.fromkeys(group for groups in bars.values() for group in groups))
    if not names:
        return
    width = 0.8 / len(bars)
    with charts.draw(name, title, width=max(_WIDTH, 1.3 * len(names) + 2)) as axes:
        for place, (system, groups) in enumerate(bars.items()):
            here = [n for n in names if n in groups]
            at = [names.index(n) + (place - (len(bars) - 1) / 2) * width for n in here]
            tops = [groups[n][0] for n in here]
            # A group of one value can lie outside of its own rounded interval by a hair.
            spread = [[max(groups[n][0] - groups[n][1], 0.0) for n in here],
                      [max(groups[n][2] - groups[n][0], 0.0) for n in here]]  # fmt: skip
            axes.bar(at, tops, width, yerr=spread, label=system, error_kw={"elinewidth": 0.8})
        axes.set_xticks(range(len(names)), names, fontsize=8)
        axes.set(ylim=(0, 1.02))
        axes.legend(fontsize=8)


def by_examples(charts: Charts, lines: Mapping[str, Mapping[str, float]]) -> None:
    """Draw R@1 of the customer-service questions by the number of examples, one line a method."""
    names = list(dict.fromkeys(name for line in lines.values() for name in line))
    with charts.draw("faq", "Customer-service questions: right first (300 classes)") as axes:
        for method, line in lines.items():
            here = [n for n in names if n in line]
            axes.plot([names.index(n) for n in here], [line[n] for n in here], marker="o", label=method)
        axes.set_xticks(range(len(names)), names)
        axes.set(xlabel="examples a question", ylabel="R@1", ylim=(0.4, 1.0))
        axes.legend(fontsize=8)


def beside(charts: Charts, name: str, measures: Sequence[Measure]) -> None:
    """Draw shares beside the same of the baselines, and their goals as marks."""
    systems = list(dict.fromkeys(["Wenjin", *(other for one in measures for other in one.baselines)]))
    height = 0.8 / len(systems)
    with charts.draw(name, "Wenjin and the baselines of the same run", width=9.6) as axes:
        for place, system in enumerate(systems):
            shown = [one.value if system == "Wenjin" else one.baselines.get(system, 0.0) for one in measures]
            axes.barh([n + place * height for n in range(len(measures))], shown, height, label=system)
        for n, one in enumerate(measures):
            if one.goal is not None:
                axes.plot([one.goal] * 2, [n - height / 2, n + 0.8 - height / 2], color="black", linewidth=1)
        axes.set(xlim=(0, 1), yticks=[n + 0.4 - height / 2 for n in range(len(measures))])
        axes.set_yticklabels([one.key.partition(".")[2] for one in measures])
        axes.invert_yaxis()
        axes.legend(fontsize=8)
