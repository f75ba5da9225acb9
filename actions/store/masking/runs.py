"""Digits that may belong together, however they are spaced, with what stands before and after them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\ufe0f\u20e3"
_GAP = rf"[ \t\r\n\u00a0\u3000\-‐‑‒–—―−.·•・_~,，、。/|;；()（）\[\]【】{_INVISIBLE}]{{0,4}}"
_RUN = re.compile(rf"\d(?:{_GAP}\d)*(?:{_GAP}[Xx](?!\d))?")
_HARD = re.compile(r"[,，、。/|;；]")
_BLANK = re.compile(rf"[{_INVISIBLE}]+")
_GROUP = re.compile(rf"\d(?:[{_INVISIBLE}]*\d)*|[Xx]")
BEFORE, AFTER = 16, 10


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that touch, their positions, and what separates them from the group before."""

    text: str
    places: tuple[int, ...]
    gap: str

    @property
    def hard(self) -> bool:
        """Tell whether a comma or a stroke stands before: what lists have between their items."""
        return bool(_HARD.search(self.gap))


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring groups that may be one number. `whole`: nothing else stands beside it in its list item.

    `all` tells that it is everything between two words; `spoken` that it holds Chinese numerals.
    """

    groups: tuple[Group, ...]
    before: str
    after: str
    whole: bool
    all: bool
    spoken: bool

    @property
    def digits(self) -> str:
        """Return the digits alone, and the X of an ID number."""
        return "".join(group.text for group in self.groups)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the sizes of the groups."""
        return tuple(len(group.text) for group in self.groups)

    @property
    def soft(self) -> bool:
        """Tell whether no comma or stroke stands inside."""
        return not any(group.hard for group in self.groups[1:])

    @property
    def gaps(self) -> set[str]:
        """Return the different separators inside."""
        return {group.gap for group in self.groups[1:]}

    def places(self) -> list[int]:
        """Return the positions of the digits in the text."""
        return [place for group in self.groups for place in group.places]


def runs(text: str) -> Iterator[tuple[tuple[Group, ...], str, str]]:
    """Yield groups of digits with nothing but separators between them, and the text before and after."""
    for match in _RUN.finditer(text):
        start, end = match.span()
        yield _groups(match), text[max(0, start - BEFORE) : start], text[end : end + AFTER]


def _groups(match: re.Match[str]) -> tuple[Group, ...]:
    found, last = [], 0
    for group in _GROUP.finditer(match[0]):
        places = tuple(at for at in range(*group.span()) if match[0][at].isalnum())
        gap = _BLANK.sub("", match[0][last : group.start()])
        text = "".join(match[0][at] for at in places)
        found.append(Group(text, tuple(match.start() + at for at in places), gap))
        last = group.end()
    return tuple(found)


def piece(
    groups: tuple[Group, ...], first: int, last: int, before: str, after: str, *, spoken: bool
) -> Piece:
    """Return groups `first` to `last` (not included) of a run as one candidate."""
    left = first == 0 or groups[first].hard
    right = last == len(groups) or groups[last].hard
    return Piece(
        groups[first:last], before if first == 0 else "", after if last == len(groups) else "",
        left and right, first == 0 and last == len(groups), spoken,
    )  # fmt: skip
