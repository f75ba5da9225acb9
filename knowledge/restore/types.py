"""What a restoration reports: the text, what was put right, and what nobody can bring back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RepairKind(StrEnum):
    """How a stretch of the source was damaged."""

    SHIFTED_ANNOTATION = "shifted_annotation"
    SPLIT_MARK = "split_mark"
    SITE_TEXT = "site_text"


class LossKind(StrEnum):
    """What the source no longer holds."""

    REMOVED_WORD = "removed_word"
    UNREADABLE = "unreadable"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Repair:
    """One stretch put right. `position` counts characters of the source text."""

    kind: RepairKind
    raw: str
    repaired: str
    position: int


@dataclass(frozen=True, slots=True)
class Loss:
    """One gap of the source. `position` counts characters of the restored text, `place` quotes it."""

    kind: LossKind
    place: str
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored text. `annotations` counts the readings that were simply taken out.

    `first_line` is how many lines of the site stood in front of the document.
    """

    text: str
    damaged: bool
    repairs: tuple[Repair, ...] = ()
    losses: tuple[Loss, ...] = ()
    annotations: int = 0
    first_line: int = 0
