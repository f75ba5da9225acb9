"""Urgent complaints get their queue by rule; alarming words alone do not make one."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest
import yaml

from actions.desk.triage import QUEUES, triage
from bot.settings import PROJECT

FILE = PROJECT / "training_data" / "complaints" / "urgent.yml"
# The rules were made with the first half of each queue; the second half says what they are worth. `right` is the
# share that gets its queue, `urgent` that of the urgent ones which get any urgent queue.
LEAST = {"first": {"right": 0.95, "urgent": 0.95}, "second": {"right": 0.7, "urgent": 0.7}}


def halves() -> dict[str, list[tuple[str, str]]]:
    rows = [(row["queue"], row["text"]) for row in yaml.safe_load(FILE.read_text(encoding="utf-8"))]
    found: dict[str, list[tuple[str, str]]] = {"first": [], "second": []}
    for _, group in groupby(rows, key=lambda row: row[0]):
        lines = list(group)
        found["first"] += lines[: len(lines) // 2]
        found["second"] += lines[len(lines) // 2 :]
    return found


@pytest.mark.parametrize("half", ["first", "second"])
def test_urgent_ones_are_recognised(half: str) -> None:
    lines = halves()[half]
    got = [(queue, triage(text).queue) for queue, text in lines]
    urgent = [found != "general" for queue, found in got if queue != "general"]
    right = [queue == found for queue, found in got]
    assert sum(urgent) / len(urgent) >= LEAST[half]["urgent"], Counter(got)
    assert sum(right) / len(right) >= LEAST[half]["right"], Counter(got)


def test_alarming_words_alone_alarm_nobody() -> None:
    ordinary = [text for half in halves().values() for queue, text in half if queue == "general"]
    alarmed = [(text, triage(text).why) for text in ordinary if triage(text).queue != "general"]
    assert len(alarmed) <= len(ordinary) * 0.05, alarmed


def test_the_reason_is_told_and_the_priority_follows() -> None:
    found = triage("有人冒充客服")
    assert (found.queue, found.priority, found.why) == ("fraud", "high", "冒充")
    assert (triage("").queue, triage("到账慢").priority) == ("general", "normal")
    assert triage("個資外洩").queue == "privacy"
    assert {queue for queue, _ in halves()["first"]} == set(QUEUES)
