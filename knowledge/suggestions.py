"""Known questions that are shown to people: follow-ups, and the readings of an unclear question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from knowledge.search import Found, plain
from knowledge.views import View

FOLLOWUPS = 3
CHOICES = 2
_STYLES = frozenset({"full", "yesno", "overview"})
_SHORTEST, _LONGEST = 6, 22
_COPY = 0.6  # share of common character pairs from which two questions are the same to a reader
# How staff speak among themselves, or of a person who is not there: no question to offer to a reader.
_INSIDE = re.compile(
    r"我.{0,3}投诉|新人|同事|领导|主管|考试|考题|考核题|面试|客户问|客户说|怎么答|怎么回|我怎么说"
    r"|手册|[,，:：;；\s a-zA-Z]"
)
_RUDE = re.compile(r"骗|坑|跑路|揣|爆雷|倒闭|老赖|死|废纸|被你们|糊弄|敷衍|忽悠|凭什么|没人管|石沉大海")
_ORAL = re.compile(r"啥|咋|俺|呗|嘛|呀|哈|整|搞|弄|啦|甭|得了|不$|没$")
_ASKING = re.compile(
    r"吗|呢|什么|哪|谁|几|多少|多久|怎么|怎样|如何|为什么|是否|能不能|可不可以|是不是|有没有|要不要"
)


def follow_ups(view: View, found: Found, quoted: Iterable[int]) -> tuple[str, ...]:
    """Return up to three well-put questions on other sentences of the two best sections.

    Those of the reader's own audience come first, then the most related.
    """
    taken = {*quoted, -1}
    shown: list[str] = []
    for ranked in found.ranking[:2]:
        for row in _nearest(view, found, ranked.section):
            attachment = view.index.attached[view.questions[row]]
            if attachment.unit in taken or not reads_well(attachment.text, attachment.style):
                continue
            if any(alike(attachment.text, other) for other in (found.query.text, *shown)):
                continue
            taken.add(attachment.unit)
            shown.append(asking(attachment.text))
            if len(shown) == FOLLOWUPS:
                return tuple(shown)
    return tuple(shown)


def readings(view: View, found: Found) -> tuple[str, ...]:
    """Return the nearest well-put question of each of the two best sections."""
    shown: list[str] = []
    for ranked in found.ranking[:CHOICES]:
        rows = _nearest(view, found, ranked.section, own_first=False)
        attached = (view.index.attached[view.questions[row]] for row in rows)
        good = next((a.text for a in attached if reads_well(a.text, a.style)), "")
        if good and not any(alike(good, other) for other in shown):
            shown.append(asking(good))
    return tuple(shown)


def _nearest(view: View, found: Found, section: str, *, own_first: bool = True) -> list[int]:
    """Return the rows of a section's questions, nearest first; the reader's own audience first if asked."""
    number = view.sections.index(section)
    rows = [row for row, place in enumerate(view.question_section) if place == number]

    def order(row: int) -> tuple[bool, float, int]:
        foreign = view.index.attached[view.questions[row]].audience is not view.audience
        return own_first and foreign, -float(found.evidence.asked[row]), row

    return sorted(rows, key=order)


def reads_well(text: str, style: str) -> bool:
    """Tell whether a known question is put as one would print it."""
    bad = _INSIDE.search(text) or _RUDE.search(text) or _ORAL.search(text)
    return (
        style in _STYLES
        and _SHORTEST <= len(plain(text)) <= _LONGEST
        and bool(_ASKING.search(text))
        and not bad
    )


def alike(one: str, other: str) -> bool:
    """Tell whether two questions are the same to a reader: most of their character pairs are."""
    first, second = _pairs(one), _pairs(other)
    return len(first & second) >= _COPY * max(min(len(first), len(second)), 1)


def _pairs(text: str) -> set[str]:
    bare = plain(text)
    return {bare[i : i + 2] for i in range(len(bare) - 1)}


def asking(text: str) -> str:
    """Return a question with its question mark."""
    return text if text.endswith(("？", "?")) else f"{text}？"
