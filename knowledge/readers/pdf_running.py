"""Running heads, feet and page numbers: found by their place in the margin and because they come back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from knowledge.readers.pdf_types import Page, Row

MARGIN = 0.12
_SAME_HEIGHT = 3.0
_NUMBER = re.compile(r"(?<![\d.])\d{1,4}(?![\d.])")
_PAGE_NUMBER = re.compile(
    r"\W*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6})\s*(?:页)?(?:\s*[/，,共]*\s*\d{1,4}\s*页?)?\W*|page\s*\d+(?:\s*of\s*\d+)?",
    re.IGNORECASE,
)


def without_running_lines(pages: Sequence[tuple[Page, list[Row]]]) -> Iterator[list[Row]]:
    """Yield each page's lines without those that the margins repeat."""
    running = _running(pages)
    for page, rows in pages:
        yield [row for row in rows if id(row) not in running and not _is_page_number(page, row, rows)]


def _is_page_number(page: Page, row: Row, rows: list[Row]) -> bool:
    outermost = row in (rows[0], rows[-1]) or row.y1 <= min(r.y0 for r in rows if r is not row)
    return outermost and _in_margin(page, row) and _PAGE_NUMBER.fullmatch(row.text) is not None


def _in_margin(page: Page, row: Row) -> bool:
    return row.y0 > (1 - MARGIN) * page.height or row.y1 < MARGIN * page.height


def _running(pages: Sequence[tuple[Page, list[Row]]]) -> set[int]:
    """Return the lines whose text comes back at the same height, their numbers constant or counting pages."""
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for page, rows in pages:
        for row in rows:
            if _in_margin(page, row):
                key = (_NUMBER.sub("#", row.text).replace(" ", ""), round(row.y0 / _SAME_HEIGHT))
                groups[key].append(row)
    return {id(row) for rows in groups.values() if _comes_back(rows) for row in rows}


def _comes_back(rows: list[Row]) -> bool:
    if len({row.page for row in rows}) < 2:
        return False
    numbers = [[int(n) for n in _NUMBER.findall(row.text)] for row in rows]
    columns = zip(*numbers, strict=True)
    return all(
        len(set(column)) == 1 or len({n - row.page for n, row in zip(column, rows, strict=True)}) == 1
        for column in columns
    )
