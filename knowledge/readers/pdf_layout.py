"""Printed lines back to paragraphs: columns, table rows, headings by size, broken lines joined."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from knowledge.readers.pdf_running import without_running_lines
from knowledge.readers.pdf_types import Fragment, Page, Row
from knowledge.sections.headings import list_item, numbered
from knowledge.sections.source import Role, SourceLine, row_text

__all__ = ["Fragment", "Page", "lay_out"]

HEADING_FROM = 1.12
SAME_SIZE = 0.6
LONGEST_HEADING = 60
_INDENT = 0.8
_BULLET_WITHIN = 2.5
_WIDE_GAP = 1.35
_FEWEST_IN_COLUMN = 6
_NUMBER_ALONE = re.compile(
    r"第\s*\S{1,4}\s*[章编篇部节]|\d{1,2}(?:[.．]\d{1,2})*[.．、]?|[（(]?[一二三四五六七八九十\d]+[)）、]|[-•·●○▪◆■①-⑳]"
)
_PAGE_NUMBER = re.compile(r"\d{1,4}")
_TOKEN = re.compile(r"[“‘（《【(]*(?:[A-Za-z0-9.,%/:_@+-]+|.)[，。、；：？！”’）》】…％,.)]*")
_SENTENCE_END = re.compile(r"[。！？][”’）》]*$")


@dataclass(frozen=True, slots=True)
class _Setting:
    """How a document is set: its right margin, the distance of two lines, whether paragraphs are indented."""

    margin: float
    pitch: float
    indents: bool


def lay_out(pages: Sequence[Page]) -> list[SourceLine]:
    """Return the paragraphs, headings, list items and table rows of the pages in reading order."""
    rows = [row for page in without_running_lines([(p, _rows(p)) for p in pages]) for row in page]
    if not rows:
        return []
    body = _body_size(rows)
    levels = _levels(rows, body)
    return _lines(rows, levels, body)


def _rows(page: Page) -> list[Row]:
    """Bring the fragments of a page into lines, those with a drawn bullet marked as list items."""
    return [replace(row, marker="- ") if _has_bullet(page, row) else row for row in _in_order(page)]


def _has_bullet(page: Page, row: Row) -> bool:
    return any(row.y0 < y < row.y1 and 0 < row.x0 - x < _BULLET_WITHIN * row.size for x, y in page.dots)


def _in_order(page: Page) -> list[Row]:
    """Read one column after the other."""
    fragments = sorted(page.fragments, key=lambda f: (-f.middle, f.x0))
    gutter = _gutter(page, fragments)
    if gutter is None:
        return list(_grouped(fragments))
    left = [f for f in fragments if f.x1 <= gutter]
    right = [f for f in fragments if f.x0 >= gutter]
    top = max(f.y1 for f in (*left, *right))
    whole = [f for f in fragments if f.x0 < gutter < f.x1]
    above, below = [f for f in whole if f.y0 >= top], [f for f in whole if f.y0 < top]
    return [*_grouped(above), *_grouped(left), *_grouped(right), *_grouped(below)]


def _gutter(page: Page, fragments: Sequence[Fragment]) -> float | None:
    """Find the gap between two columns of text; the cells of a table are too short to be columns."""
    for share in (0.5, 0.48, 0.52, 0.46, 0.54):
        x = share * page.width
        crossing = [f for f in fragments if f.x0 < x < f.x1]
        left, right = [f for f in fragments if f.x1 <= x], [f for f in fragments if f.x0 >= x]
        if min(len(left), len(right)) < _FEWEST_IN_COLUMN or len(crossing) > 0.1 * len(fragments):
            continue
        if all(statistics.median(f.x1 - f.x0 for f in side) > 0.3 * page.width for side in (left, right)):
            return x
    return None


def _grouped(fragments: Iterable[Fragment]) -> Iterator[Row]:
    group: list[Fragment] = []
    for fragment in fragments:
        if group and abs(fragment.middle - group[0].middle) > 0.5 * max(fragment.size, group[0].size):
            yield _row(group)
            group = []
        group.append(fragment)
    if group:
        yield _row(group)


def _row(group: list[Fragment]) -> Row:
    cells = sorted(group, key=lambda f: f.x0)
    texts = [cell.text for cell in cells]
    text, role = texts[0], Role.TEXT
    rest = texts[1:]
    if rest and _NUMBER_ALONE.fullmatch(text):
        text, rest = f"{text} {rest[0]}", rest[1:]
    if len(rest) == 1 and _PAGE_NUMBER.fullmatch(rest[0]) and numbered(text):
        text = f"{text}\t{rest[0]}"
    elif rest:
        text, role = row_text([text, *rest]), Role.ROW
    widest = max(cells, key=lambda f: len(f.text))
    return Row(
        text, role, cells[0].page, min(c.x0 for c in cells), min(c.y0 for c in cells),
        max(c.x1 for c in cells), max(c.y1 for c in cells), widest.size,
    )  # fmt: skip


def _body_size(rows: Sequence[Row]) -> float:
    weights: Counter[float] = Counter()
    for row in rows:
        weights[row.size] += len(row.text)
    return weights.most_common(1)[0][0]


def _levels(rows: Sequence[Row], body: float) -> dict[float, int]:
    """Rank the sizes above that of the body: 1 for the largest; sizes that differ by a hair are one."""
    sizes = sorted({row.size for row in rows if _is_large(row, body)}, reverse=True)
    levels: dict[float, int] = {}
    level, last = 0, 0.0
    for size in sizes:
        if not level or last - size > SAME_SIZE:
            level += 1
        levels[size] = level
        last = size
    return levels


def _is_large(row: Row, body: float) -> bool:
    short = len(row.text) <= LONGEST_HEADING and row.role is Role.TEXT
    return short and row.size >= HEADING_FROM * body and "\t" not in row.text


def _lines(rows: Sequence[Row], levels: dict[float, int], body: float) -> list[SourceLine]:
    setting = _Setting(_right_margin(rows), _pitch(rows), _indents(rows))
    lines: list[SourceLine] = []
    last: Row | None = None
    first: Row | None = None
    for row in rows:
        level = levels.get(row.size, 0) if _is_large(row, body) else 0
        whole = lines[-1] if lines else None
        if last and first and whole and level == whole.level and _joins(first, last, row, setting):
            lines[-1] = replace(whole, text=_glued(whole.text, row.text))
        else:
            lines.append(
                SourceLine(row.text, level, row.marker, row.role, page=row.page, place=len(lines) + 1)
            )
            first = row
        last = row
    return lines


def _joins(first: Row, last: Row, row: Row, setting: _Setting) -> bool:
    """Tell whether `row` goes on with the paragraph that began with `first` and reached `last`."""
    if Role.ROW in (row.role, last.role) or abs(row.size - last.size) > SAME_SIZE or "\t" in last.text:
        return False
    if (
        row.marker
        or numbered(row.text)
        or list_item(row.text)
        or _is_numbered_heading(first, last, setting.margin)
    ):
        return False
    if not _is_full(last, row, setting.margin):
        return False
    if last.page != row.page and _SENTENCE_END.search(last.text) and not setting.indents:
        return False
    if last.page == row.page and last.y0 - row.y0 > _WIDE_GAP * max(setting.pitch, row.size):
        return False
    indented = row.x0 - last.x0 > _INDENT * row.size
    hanging = last is first and (first.marker or list_item(first.text)) is not None
    return not indented or hanging


def _is_numbered_heading(first: Row, last: Row, margin: float) -> bool:
    short = last.x1 < margin - 4 * last.size
    return last is first and short and numbered(last.text) is not None


def _is_full(last: Row, row: Row, margin: float) -> bool:
    """Tell whether the next line's first word had no room in this one."""
    token = _TOKEN.match(row.text)
    width = (row.x1 - row.x0) / max(len(row.text), 1)
    return margin - last.x1 < row.size * 1.6 + (len(token[0]) - 1 if token else 0) * width


def _right_margin(rows: Sequence[Row]) -> float:
    ends = sorted(row.x1 for row in rows)
    return ends[min(len(ends) - 1, int(len(ends) * 0.98))]


def _indents(rows: Sequence[Row]) -> bool:
    """Tell whether paragraphs begin with an indent, so that a line without one goes on."""
    left = statistics.mode(round(row.x0) for row in rows)
    steps = [(row.x0 - left) / row.size for row in rows]
    return sum(1.5 < step < 2.5 for step in steps) > 0.08 * len(rows)


def _pitch(rows: Sequence[Row]) -> float:
    """Return the usual distance of two lines of a paragraph."""
    steps = [a.y0 - b.y0 for a, b in pairwise(rows) if a.page == b.page and a.size == b.size]
    near = [step for step in steps if step > 0]
    return statistics.quantiles(near, n=4)[0] if len(near) > 3 else 0.0


def _glued(text: str, more: str) -> str:
    if text.endswith("-") and text[-2:-1].isalpha() and more[:1].islower():
        return text[:-1] + more
    latin = text[-1:].isascii() and more[:1].isascii()
    return f"{text} {more}" if latin else text + more
