"""Cells of spreadsheets that nobody's spreadsheet takes for a formula."""

from __future__ import annotations

from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST = 32_767  # characters of one cell in Excel
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """Return a cell with a mark before what a spreadsheet would run (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def text_cell(sheet: Any, text: str) -> Any:
    """Return a cell of a write-only sheet that is text whatever it looks like."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", guarded(text))[:LONGEST])
    cell.data_type = "s"
    return cell
