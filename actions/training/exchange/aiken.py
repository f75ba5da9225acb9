"""Aiken: a question, its lettered options, and a line ANSWER: B."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actions.training.exchange.rows import Raw, Row, taken

_OPTION = re.compile(r"\s*([A-Za-z])\s*[.)．、）]\s*(.*)")
_ANSWER = re.compile(r"\s*(?:ANSWER|答案)\s*[:：]\s*(.*)", re.IGNORECASE)
_EXPLAINED = re.compile(r"\s*(?:EXPLANATION|解析)\s*[:：]\s*(.*)", re.IGNORECASE)


def looks_like(text: str) -> bool:
    """Tell whether a text has a line with an answer, as every question of this format."""
    return any(_ANSWER.match(line) for line in text.splitlines())


def read(text: str) -> Iterator[Row]:
    """Yield the questions of a text; a question ends with its answer (and the explanation behind it)."""
    stem: list[str] = []
    options: list[str] = []
    start = 0
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or _EXPLAINED.match(line):
            continue
        start = start or number
        found, option = _ANSWER.match(line), _OPTION.match(line)
        if found:
            following = next((after for after in lines[number:] if after.strip()), "")
            explained = _EXPLAINED.match(following)
            raw = Raw("\n".join(stem), options, found[1], explanation=explained[1] if explained else "")
            yield taken(f"第 {start} 行", raw)
            stem, options, start = [], [], 0
        elif option and stem and option[1].upper() == chr(ord("A") + len(options)):
            options.append(option[2])
        elif options:
            options[-1] += f"\n{line.strip()}"
        else:
            stem.append(line.strip())
    if start:
        yield Row(f"第 {start} 行", None, "没有 ANSWER 一行")
