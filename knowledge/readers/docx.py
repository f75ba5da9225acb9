"""Word documents (.docx): headings by style or number, lists, tables; nothing in them is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from lxml import etree  # type: ignore[import-untyped]

from knowledge.readers.docx_numbering import BULLET, Numbering, attribute, children, local
from knowledge.readers.docx_styles import Style, list_place, outline_level, read_styles
from knowledge.readers.raw import (
    LARGEST_UNPACKED,
    RawText,
    corrupt,
    empty,
    one_line,
    protected,
    structured,
    too_large_unpacked,
)
from knowledge.sections.source import Role, SourceLine, row_text

WORD = "Word"
_LONGEST_HEADING = 60
_CHUNK = 1 << 16
_ENCRYPTED = 0x1
_TRANSPARENT = frozenset(["sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "body"])
_SKIPPED = frozenset(
    ["del", "moveFrom", "Fallback", "pPr", "rPr", "txbxContent", "rt", "instrText", "delText"]
)
_LETTERED = re.compile(r"[a-zA-Z]{1,4}[.)）、]|[（(][a-zA-Z]{1,4}[）)]")


def read_docx(data: bytes, name: str) -> RawText:
    """Read a Word document.

    Raises WenjinError: corrupt_file, password_protected, empty_file (422), file_too_large (413).
    """
    document = _parsed(data, "word/document.xml")
    if document is None:
        raise corrupt(WORD)
    body = next(children(document, "body"), None)
    if body is None:
        raise corrupt(WORD)
    walker = _Walker(read_styles(_parsed(data, "word/styles.xml")), _parsed(data, "word/numbering.xml"))
    walker.has_pages = next(document.iter("{*}lastRenderedPageBreak"), None) is not None
    lines = list(walker.block(body))
    if not any(line.text for line in lines):
        raise empty(WORD)
    return structured(lines, name=name, kind="docx", encoding="utf-8")


def _parsed(data: bytes, part: str) -> Any | None:
    """Parse one part, bounded in size; entities are never resolved and nothing is fetched."""
    content = _unpacked(data, part)
    if content is None:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise corrupt(WORD) from error


def _unpacked(data: bytes, part: str) -> bytes | None:
    content = bytearray()
    try:
        with ZipFile(BytesIO(data)) as archive:
            if part not in archive.namelist():
                return None
            if archive.getinfo(part).flag_bits & _ENCRYPTED:
                raise protected(WORD)
            with archive.open(part) as packed:
                while chunk := packed.read(_CHUNK):
                    content += chunk
                    if len(content) > LARGEST_UNPACKED:
                        raise too_large_unpacked(WORD)
    except (BadZipFile, ZlibError, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise corrupt(WORD) from error
    return bytes(content)


class _Walker:
    """Walks the body in reading order, counting paragraphs, pages and automatic numbers."""

    def __init__(self, styles: dict[str, Style], numbering: Any | None) -> None:
        self._styles = styles
        self._numbering = Numbering(numbering)
        self._page = 1
        self._place = 0
        self.has_pages = False

    def block(self, parent: Any) -> Iterator[SourceLine]:
        """Yield the lines of everything below `parent`."""
        for element in parent:
            kind = local(element)
            if kind == "p":
                yield from self._paragraph(element)
            elif kind == "tbl":
                yield from self._table(element)
            elif kind in _TRANSPARENT and not _is_contents(element):
                yield from self.block(element)

    def _paragraph(self, element: Any) -> Iterator[SourceLine]:
        style, level, label = self._shape(element)
        page = self._page + _begins_page(element)
        parts = [one_line(part) for part in self._text(element).split("\n")]
        if style.is_contents:
            return
        first = next((at for at, part in enumerate(parts) if part), None)
        if first is not None:
            self._place += 1
            if level and len("".join(parts)) <= _LONGEST_HEADING:
                yield self._line(f"{label} {' '.join(filter(None, parts))}", page, level=level)
            elif style.is_title and not label:
                yield self._line("".join(parts), page, role=Role.TITLE)
            else:
                yield from self._plain(parts[first:], label, page)
        for box in _boxes(element):
            yield from self.block(box)

    def _shape(self, element: Any) -> tuple[Style, int, str]:
        """Return a paragraph's style, its heading level and the number that Word prints before it."""
        name = next((attribute(e, "val") for e in children(element, "pPr", "pStyle")), "")
        style = self._styles.get(name, Style())
        number, depth = list_place(element)
        number = number or style.number
        has_text = any(t.text for t in element.iter("{*}t"))
        label = self._numbering.label(number, style.depth if depth < 0 else depth) if has_text else ""
        return style, style.level or outline_level(element), label

    def _plain(self, parts: list[str], label: str, page: int) -> Iterator[SourceLine]:
        marker = f"{label} " if label == BULLET or _LETTERED.fullmatch(label) else ""
        first = parts[0] if marker or not label else f"{label} {parts[0]}"
        yield self._line(first, page, marker=marker)
        for part in parts[1:]:
            if part:
                yield self._line(part, page, joins=True)

    def _line(
        self, text: str, page: int, *, level: int = 0, marker: str = "", role: Role = Role.TEXT,
        joins: bool = False,
    ) -> SourceLine:  # fmt: skip
        return SourceLine(
            text.strip(), level, marker, role, joins, page if self.has_pages else None, self._place
        )

    def _text(self, element: Any) -> str:
        """Return a paragraph's text with "\\n" for its line breaks; deleted and hidden text is left out."""
        text = ""
        for child in element:
            kind = local(child)
            if kind in _SKIPPED or (kind == "r" and _is_hidden(child)):
                continue
            if kind == "t":
                text += child.text or ""
            elif kind == "lastRenderedPageBreak":
                self._page += 1
            elif kind in {"br", "cr"}:
                text += "\n" if attribute(child, "type") in {"", "textWrapping"} else " "
            elif kind in {"tab", "noBreakHyphen"}:
                text += "\t" if kind == "tab" else "-"
            else:
                text += self._text(child)
        return text

    def _table(self, table: Any) -> Iterator[SourceLine]:
        rows = list(_named(table, "tr"))
        if all(len(list(_named(row, "tc"))) == 1 for row in rows):
            for row in rows:
                for cell in _named(row, "tc"):
                    yield from self.block(cell)
            return
        above: dict[int, str] = {}
        for row in rows:
            page = self._page
            text = row_text(self._cells(row, above))
            if text:
                self._place += 1
                yield self._line(text, page, role=Role.ROW)

    def _cells(self, row: Any, above: dict[int, str]) -> list[str]:
        """Return the cells' texts; a cell merged with the one above repeats its text."""
        cells, column = [], 0
        for cell in _named(row, "tc"):
            merged = [attribute(e, "val") for e in children(cell, "tcPr", "vMerge")]
            inside = "；".join(self._text(p).replace("\n", " ").strip() for p in cell.iter("{*}p"))
            text = (
                above.get(column, "") if merged and merged[0] != "restart" else one_line(inside).strip("；")
            )
            above[column] = text
            cells.append(text)
            span = next((attribute(e, "val") for e in children(cell, "tcPr", "gridSpan")), "1")
            column += int(span) if span.isdecimal() else 1
        return cells


def _named(parent: Any, name: str) -> Iterator[Any]:
    """Yield the rows or cells of a table, also those inside content controls."""
    for child in parent:
        if local(child) == name:
            yield child
        elif local(child) in _TRANSPARENT:
            yield from _named(child, name)


def _begins_page(paragraph: Any) -> bool:
    first = next(paragraph.iter("{*}lastRenderedPageBreak", "{*}t"), None)
    return first is not None and local(first) == "lastRenderedPageBreak"


def _boxes(element: Any) -> Iterator[Any]:
    for box in element.iter("{*}txbxContent"):
        if not any(local(parent) == "Fallback" for parent in box.iterancestors()):
            yield box


def _is_contents(element: Any) -> bool:
    galleries = children(element, "sdtPr", "docPartObj", "docPartGallery")
    return any("contents" in attribute(gallery, "val").lower() for gallery in galleries)


def _is_hidden(run: Any) -> bool:
    return any(attribute(e, "val") not in {"0", "false"} for e in children(run, "rPr", "vanish"))
