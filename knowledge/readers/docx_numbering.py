"""Automatic numbers of a Word document: what Word prints in front of a paragraph and does not store in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from knowledge.sections.headings import to_chinese

BULLET = "-"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_CHINESE = frozenset(
    ["chineseCounting", "chineseCountingThousand", "chineseLegalSimplified", "japaneseCounting",
     "taiwaneseCounting", "taiwaneseCountingThousand", "ideographDigital", "japaneseDigitalTenThousand"]
)  # fmt: skip
_DEEPEST = 9


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered: `pattern` holds %1 … %9 for the numbers of the levels."""

    style: str = "decimal"
    pattern: str = ""
    start: int = 1
    plain: bool = False


@dataclass(slots=True)
class _List:
    levels: dict[int, Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the numbered paragraphs of one document in reading order."""

    def __init__(self, root: Any | None) -> None:
        self._lists: dict[str, _List] = {}
        self._of_number: dict[str, str] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        for element in root if root is not None else ():
            if local(element) == "abstractNum":
                self._add_list(element)
            elif local(element) == "num":
                self._add_number(element)

    def label(self, number: str, depth: int) -> str:
        """Count one paragraph of list `number` at `depth` (0 the outermost) and return what Word prints.

        "-" for a bullet, "" for a list that is unknown or prints nothing.
        """
        known = self._lists.get(self._of_number.get(number, ""))
        level = known.levels.get(depth) if known else None
        if known is None or level is None:
            return ""
        if level.style == "bullet":
            return BULLET
        for at, start in self._restarts.pop(number, {}).items():
            known.counts[at] = start - 1
        self._count(known, depth)
        if level.style == "none":
            return ""
        return re.sub(r"%([1-9])", lambda m: self._part(known, int(m[1]) - 1, level), level.pattern).strip()

    def _count(self, known: _List, depth: int) -> None:
        for at in range(depth):
            known.counts.setdefault(at, known.levels.get(at, Level()).start)
        start = known.levels[depth].start
        known.counts[depth] = known.counts.get(depth, start - 1) + 1
        for at in range(depth + 1, _DEEPEST):
            known.counts.pop(at, None)

    def _part(self, known: _List, at: int, printed: Level) -> str:
        style = "decimal" if printed.plain else known.levels.get(at, Level()).style
        return _written(known.counts.get(at, 1), style)

    def _add_list(self, element: Any) -> None:
        levels = {
            int(attribute(level, "ilvl") or 0): _level(level) for level in element if local(level) == "lvl"
        }
        self._lists[attribute(element, "abstractNumId")] = _List(levels)

    def _add_number(self, element: Any) -> None:
        number = attribute(element, "numId")
        for child in element:
            if local(child) == "abstractNumId":
                self._of_number[number] = attribute(child, "val")
            elif local(child) == "lvlOverride":
                for start in children(child, "startOverride"):
                    depth = int(attribute(child, "ilvl") or 0)
                    self._restarts.setdefault(number, {})[depth] = int(attribute(start, "val") or 1)


def _level(element: Any) -> Level:
    values = {local(child): attribute(child, "val") for child in element}
    start = values.get("start", "")
    return Level(
        values.get("numFmt", "decimal"),
        values.get("lvlText", ""),
        int(start) if start.isdecimal() else 1,
        "isLgl" in values,
    )


def _written(number: int, style: str) -> str:
    if style in _CHINESE and 0 < number < 100:
        return to_chinese(number)
    if style.startswith("decimalEnclosedCircle") and 0 < number <= 20:
        return chr(ord("①") + number - 1)
    if style in {"lowerLetter", "upperLetter"} and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if style == "lowerLetter" else letter.upper()
    if style in {"lowerRoman", "upperRoman"} and 0 < number < 4000:
        roman = _roman(number)
        return roman if style == "lowerRoman" else roman.upper()
    return str(number)


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        written += letters * times
    return written


def local(element: Any) -> str:
    """Return an element's name without its namespace, "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Any, *path: str) -> Iterator[Any]:
    """Yield the descendants along a path of names."""
    if not path:
        yield element
        return
    for child in element:
        if local(child) == path[0]:
            yield from children(child, *path[1:])


def attribute(element: Any, name: str) -> str:
    """Return an attribute by its name without namespace, "" where it is absent."""
    return next((str(v) for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")
