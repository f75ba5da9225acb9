"""What stands where on a page."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from knowledge.readers.raw import one_line
from knowledge.sections.source import Role

# Radicals that fonts give in place of the characters they look like, beyond those that NFKC knows.
_RADICALS = str.maketrans(
    "⼾⾭⺠⺟⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳⺎⺏⺬⻋⻁⺩⻑⻒",
    "户青民母西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟兀尢示车虎王长长",
)


def legible(text: str) -> str:
    """Return a text with radicals and compatibility forms as the characters that they stand for."""
    return "".join(
        unicodedata.normalize("NFKC", c) if "\u2f00" <= c <= "\u2fdf" or "\uf900" <= c <= "\ufb06" else c
        for c in text.translate(_RADICALS)
    )


@dataclass(frozen=True, slots=True)
class Fragment:
    """A run of characters on one line, y upwards, in points."""

    page: int
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float

    @classmethod
    def of(cls, page: int, text: str, x0: float, y0: float, x1: float, y1: float, size: float) -> Fragment:
        """Make a fragment of what the worker printed."""
        return cls(page, legible(one_line(text)), x0, y0, x1, y1, size)

    @property
    def middle(self) -> float:
        """Return the height of the line's middle."""
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its number from 1, and what is on it."""

    number: int
    width: float
    height: float
    fragments: tuple[Fragment, ...]
    images: int = 0
    dots: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One printed line; `marker` is that of a list item whose bullet is drawn."""

    text: str
    role: Role
    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    marker: str = ""
