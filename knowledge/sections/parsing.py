"""Any text of a manual to a Document: with line breaks, or run together behind its contents list."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.document import Document
from knowledge.sections.lines import parse_lines
from knowledge.sections.markup import text_lines
from knowledge.sections.outline import not_a_manual
from knowledge.sections.run_on import find_contents, parse_run_on
from knowledge.sections.source import SourceLine


def parse(text: str, *, title: str | None = None) -> Document:
    """Find the chapters, sections, sub-headings, lists and paragraphs of a manual in plain text or Markdown.

    Every section is for staff until `with_audiences` says otherwise. `missing` names what the contents
    announce and the text lacks. Raises not_a_manual (422) where no section is found.
    """
    return _parse(text, text_lines(text), title)


def parse_source(lines: Sequence[SourceLine], *, title: str | None = None) -> Document:
    """Find the same in the lines that a reader took from a file; pages and places are kept."""
    return _parse("\n".join(line.text for line in lines), lines, title)


def _parse(text: str, lines: Sequence[SourceLine], title: str | None) -> Document:
    if not text.strip():
        raise not_a_manual()
    contents = find_contents(text)
    if contents:
        return parse_run_on(contents, title)
    return parse_lines(lines, title)
