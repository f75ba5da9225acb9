"""The parts of `wenjin eval all`: which command measures each, and what its file says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.measures import Measure

Json = Any


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement: arguments of its command, the file that it writes, how its figures are read."""

    name: str
    title: str
    arguments: tuple[str, ...]
    file: str
    read: Callable[[Json], list[Measure]]

    def measures(self, folder: Path) -> list[Measure]:
        """Return the figures that the part has written into its folder."""
        return self.read(json.loads((folder / self.file).read_text(encoding="utf-8")))


def parts(*, part: str, with_rasa: bool, epochs: int | None = None) -> list[Part]:
    """Return all parts; `part` is the half of the blind sets, "dev" or "test".

    `epochs` is how long stock Rasa learns questions and intents, None for each command's own number.
    """
    alone = () if with_rasa else ("--no-rasa",)
    learning = (*alone, *(("--rasa-epochs", str(epochs)) if epochs else ()))
    return [
        Part(
            "retrieval", "检索和拒答", ("retrieval", "--part", part, *learning), "retrieval.json", _retrieval
        ),
        Part(
            "understanding",
            "意图理解",
            ("understanding", "--part", part, *learning),
            "understanding.json",
            _intents,
        ),
        Part("complaints", "投诉分类", ("complaints",), "complaints.json", _complaints),
        Part("dialogue", "多轮对话", ("dialogue",), "dialogue.json", _dialogue),
        Part("drafts", "出题草稿", ("drafts",), "drafts.json", _drafts),
        Part("masking", "个人信息掩码", ("masking",), "masking.json", _masking),
        Part("speed", "速度和并发", ("speed", *alone), "speed.json", _speed),
    ]


def _retrieval(found: Json) -> list[Measure]:
    results, rows = found["results"], found["rows"]
    product = next(iter(results))
    own, others = rows[product], [name for name in results if name != product]
    asked = [row for row in own if row["side"] == "answerable"]
    refusable = [row for row in own if row["side"] not in ("answerable", "closed")]

    def baselines(figure: str) -> dict[str, float]:
        figures = {name: results[name]["all"]["figures"] for name in others}
        return {name: one[figure] for name, one in figures.items() if figure in one}

    def share(key: str, title: str, goal: float, samples: Mapping[str, float], figure: str) -> Measure:
        value = sum(samples.values()) / len(samples)
        return Measure(
            f"retrieval.{key}",
            title,
            value,
            1,
            goal=goal,
            n=len(samples),
            baselines=baselines(figure),
            samples=samples,
        )

    told = {row["id"]: float(row["sentence_any"]) for row in asked if _told(row)}
    ms = results[product]["all"]["figures"].get("median ms", 0.0)
    return [
        share(
            "first", "正确的一节排在第一", 0.85, {r["id"]: float(r["rank"] < 1) for r in asked}, "recall@1"
        ),
        share("first3", "正确的一节在前三", 0.97, {r["id"]: float(r["rank"] < 3) for r in asked}, "recall@3"),
        share("kept", "能答的没有拒答", 0.95, {r["id"]: float(_kept(r)) for r in asked}, "kept"),
        share(
            "refused", "不能答的拒答", 0.96, {r["id"]: float(not _kept(r)) for r in refusable}, "refused all"
        ),
        share("sentence", "引用句里有答案", 0.80, told, "sentence any"),
        Measure("retrieval.ms", "一次回答（进程内）", ms, -1, unit="ms", goal=15.0),
    ]


def _kept(row: Mapping[str, Any]) -> bool:
    return row["outcome"] in ("answered", "clarify")


def _told(row: Mapping[str, Any]) -> bool:
    return row["outcome"] == "answered" and row["sentence_any"] is not None


def _intents(found: Json) -> list[Measure]:
    systems = {name: one for name, one in found.items() if isinstance(one, dict)}
    own, *others = systems
    wanted = (
        ("f1", "customers", "客户意图 macro-F1", 1, 0.85),
        ("accepted", "chat accepted", "闲聊误当业务", -1, 0.05),
    )
    return [
        Measure(
            f"understanding.{key}", title, systems[own][name][0], better, goal=goal,
            interval=tuple(systems[own][name][1:]),
            baselines={other: systems[other][name][0] for other in others if name in systems[other]},
        )
        for key, name, title, better, goal in wanted
    ]  # fmt: skip


def _complaints(found: Json) -> list[Measure]:
    out = []
    for axis, title in (("cause", "投诉原因"), ("business", "投诉业务")):
        own, *others = (name for name in found["axes"] if name.startswith(axis))
        figures = found["axes"]
        out.append(
            Measure(
                f"complaints.{axis}", title, figures[own]["accuracy"], 1, n=int(figures[own]["n"]),
                baselines={name.partition(": ")[2]: figures[name]["accuracy"] for name in others},
            )
        )  # fmt: skip
    return out


def _dialogue(found: Json) -> list[Measure]:
    held = {one["story"]: float(not one["wrong"]) for one in found}
    return [
        Measure(
            "dialogue.held",
            "对话如所写",
            sum(held.values()) / len(held),
            1,
            goal=1.0,
            n=len(held),
            samples=held,
        )
    ]


def _drafts(found: Json) -> list[Measure]:
    return [
        Measure("drafts.made", "可送审的草稿数", float(found["drafts"]), 1, "count", 150.0, beside=1.0),
        Measure(
            "drafts.sections", "有草稿的节", found["sections"] / found["of_sections"], 1,
            n=int(found["of_sections"]),
        ),
    ]  # fmt: skip


def _masking(found: Json) -> list[Measure]:
    recall, alarms = found["recall by kind"]["all"], found["false alarms"]["all"]
    return [
        Measure("masking.recall", "个人信息找全", recall["hidden"], 1, goal=0.99, n=int(recall["n"])),
        Measure("masking.alarms", "误掩", alarms["excess"], -1, goal=0.01, n=int(alarms["n"])),
    ]


def _speed(found: Json) -> list[Measure]:
    beside = float(found["empty_request"]["p50"])
    other, crowd, long = found.get("stock") or {}, found.get("crowd"), found["long"]

    def rasa(part: str, key: str) -> dict[str, float]:
        return {"stock Rasa": float(other[part][key])} if part in other else {}

    out = [
        Measure("speed.p50", "一轮对话 p50", found["faq"]["p50"], -1, "ms", 25.0, beside=beside,
                baselines=rasa("mixed", "p50")),
        Measure("speed.p95", "一轮对话 p95", found["faq"]["p95"], -1, "ms", 50.0, beside=beside,
                baselines=rasa("mixed", "p95")),
        Measure("speed.late", "第 200 轮与第 5 轮之比", long["ratio"], -1, "times", 1.3, beside=1.0),
    ]  # fmt: skip
    if crowd:
        out.append(
            Measure("speed.crowd", "32 人同时，每秒轮数", crowd["per_second"], 1, "per_second", 60.0,
                    beside=1000 / beside, baselines=rasa("crowd", "per_second"))
        )  # fmt: skip
        out.append(Measure("speed.failed", "并发时出错的轮数", crowd["failed"], -1, "count", 0.0, beside=1.0))
    return out
