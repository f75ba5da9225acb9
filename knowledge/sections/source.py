"""The lines of a file before anybody knows what they mean: what every reader hands over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the file's own format says of a line: ordinary text, the document's title, a row of a table."""

    TEXT = "text"
    TITLE = "title"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line or paragraph of a file.

    `level` is that of a heading by style (1 the largest, 0 for none), `marker` that of a list item ("- "),
    `joins` says that only a line break parts it from the line before. `page` and `place` count from 1.
    """

    text: str
    level: int = 0
    marker: str = ""
    role: Role = Role.TEXT
    joins: bool = False
    page: int | None = None
    place: int | None = None


ROW_JOINT = "，"


def row_text(cells: list[str]) -> str:
    """Write a row of a table as text."""
    return ROW_JOINT.join(cell for cell in (cell.strip() for cell in cells) if cell)
