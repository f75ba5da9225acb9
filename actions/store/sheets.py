"""Rows as files for spreadsheets: streamed, without a limit, and no cell is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

LONGEST = 32_767  # characters of one cell in Excel
SHEET_ROWS = 1_000_000  # a sheet of Excel holds 1,048,576
_PIECE = 64_000  # characters
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """Return a cell with a mark before what a spreadsheet would run (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def add_row(sheet: Any, cells: Iterable[str]) -> None:
    """Append a row to a write-only sheet; every cell is text whatever it looks like."""
    sheet.append([_text_cell(sheet, cell) for cell in cells])


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV file piece by piece, with the mark by which Excel reads it as UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff".encode()
    writer.writerow(headings)
    for cells in rows:
        writer.writerow([guarded(cell) for cell in cells])
        if buffer.tell() > _PIECE:
            yield _drain(buffer)
    yield _drain(buffer)


def as_xlsx(
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    cover: Iterable[tuple[str, str]],
    path: Path,
) -> int:
    """Write a workbook with a cover sheet and return how many rows it has; more sheets where one is full."""
    book = Workbook(write_only=True)
    front = book.create_sheet("说明")
    count = 0
    sheet: Any = None
    for cells in rows:
        if count % SHEET_ROWS == 0:
            sheet = book.create_sheet(f"{title}{count // SHEET_ROWS + 1}")
            add_row(sheet, headings)
        add_row(sheet, cells)
        count += 1
    for name, value in (*cover, ("行数", str(count))):
        add_row(front, (name, value))
    book.save(path)
    return count


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", guarded(text))[:LONGEST])
    cell.data_type = "s"
    return cell
