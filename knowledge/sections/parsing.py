"""Any text of a manual to a Document: with line breaks, or run together behind its contents list."""

from __future__ import annotations

from knowledge.document import Document
from knowledge.sections.lines import parse_lines
from knowledge.sections.outline import not_a_manual
from knowledge.sections.run_on import find_contents, parse_run_on


def parse(text: str, *, title: str | None = None) -> Document:
    """Find the chapters, sections, sub-headings, lists and paragraphs of a manual.

    Every section is for staff until `with_audiences` says otherwise. `missing` names what the contents
    announce and the text lacks. Raises not_a_manual (422) where no section is found.
    """
    if not text.strip():
        raise not_a_manual()
    contents = find_contents(text)
    if contents:
        return parse_run_on(contents, title)
    return parse_lines(text, title)
