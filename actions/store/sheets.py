"""Cells of spreadsheets that nobody's spreadsheet takes for a formula."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST = 32_767  # characters of one cell in Excel
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """Return a cell with a mark before what a spreadsheet would run (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def add_row(sheet: Any, cells: Iterable[str]) -> None:
    """Append a row to a write-only sheet; every cell is text whatever it looks like."""
    sheet.append([_text_cell(sheet, cell) for cell in cells])


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", guarded(text))[:LONGEST])
    cell.data_type = "s"
    return cell
