"""Plain text and Markdown to lines: headings marked with #, tables, quotes, emphasis, gaps."""

from __future__ import annotations

import re

from knowledge.sections.headings import markdown_level
from knowledge.sections.source import Role, SourceLine, row_text

_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_RULE = re.compile(r"\s*([-*_=]\s*){3,}$|\s*```.*$|\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$")


def text_lines(text: str, *, first: int | None = None) -> list[SourceLine]:
    """Return the lines of a text that say something; `first` is the number of its first line, if known."""
    lines, gap = [], True
    for at, raw in enumerate(text.splitlines()):
        if not raw.strip() or _RULE.match(raw):
            gap = True
            continue
        level, content = markdown_level(raw)
        plain, role = _plain(content)
        if plain or level:
            place = None if first is None else first + at
            lines.append(SourceLine(plain, level, role=role, joins=not gap, place=place))
        gap = not plain
    return lines


def _plain(text: str) -> tuple[str, Role]:
    text = _EMPHASIS.sub(r"\2", text.strip().replace("\u3000", " ")).strip()
    text = re.sub(r"^>\s*", "", text)
    if len(text) > 1 and text.startswith("|") and text.endswith("|"):
        return row_text(text.strip("|").split("|")), Role.ROW
    return text, Role.TEXT
