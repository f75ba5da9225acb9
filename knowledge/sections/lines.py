"""Reading a text that has line breaks: Markdown or numbered headings, lists, paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.document import Document
from knowledge.sections.headings import Heading, list_item, markdown_level, numbered, plain_numbered
from knowledge.sections.outline import Outline

_FINISHED = re.compile(r"[。！？；：.!?;:”》）)…】|]$")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_RULE = re.compile(r"\s*([-*_=]\s*){3,}$|\s*```.*$|\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$")
_CONTENTS = re.compile(r"目\s*录$|contents$", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One line of the source: Markdown level (0 for none), text, and whether an empty line came before."""

    level: int
    text: str
    after_gap: bool


def parse_lines(text: str, title: str | None) -> Document:
    """Read a text with line breaks. Raises not_a_manual where it has no sections."""
    lines = _lines(text)
    ranks = _ranks(lines)
    own_title, skip = _title(lines, ranks)
    outline = Outline()
    uses_chapters = any(_is_chapter(line) for line in lines)
    for at, line in enumerate(lines):
        if at in skip:
            continue
        heading = _heading(lines, at, uses_chapters)
        if line.level:
            _open_markdown(outline, ranks[line.level], heading, line.text)
        elif heading:
            _open_plain(outline, heading, uses_chapters)
        else:
            _add(outline, line)
    return outline.document(title or own_title)


def _lines(text: str) -> list[Line]:
    lines, gap = [], True
    for raw in text.splitlines():
        if not raw.strip() or _RULE.match(raw):
            gap = True
            continue
        level, content = markdown_level(raw)
        plain = _plain(content)
        if plain or level:
            lines.append(Line(level, plain, gap))
        gap = not plain
    return lines


def _plain(text: str) -> str:
    text = _EMPHASIS.sub(r"\2", text.strip().replace("\u3000", " ")).strip()
    text = re.sub(r"^>\s*", "", text)
    if text.startswith("|") and text.endswith("|"):
        return "，".join(cell.strip() for cell in text.strip("|").split("|"))
    return text


def _ranks(lines: list[Line]) -> dict[int, int]:
    """Map the Markdown levels in use to 1 chapter, 2 section, 3 and more sub-heading."""
    levels = sorted({line.level for line in lines if line.level})
    if not levels:
        return {}
    forms: dict[int, list[str]] = {level: [] for level in levels}
    for line in lines:
        if line.level and (found := numbered(line.text, sure=True)):
            forms[line.level].append(found.form + str(found.number.count(".")))
    chapter = next((level for level in levels if any(f.startswith("chapter") for f in forms[level])), None)
    section = next((level for level in levels if "dotted1" in forms[level]), None)
    if chapter is None and section is not None:
        chapter = section - 1
    if chapter is None:
        only_title = lines[0].level == levels[0] and sum(line.level == levels[0] for line in lines) == 1
        chapter = levels[1] if only_title and len(levels) > 1 else levels[0]
    below = sorted({chapter, *(level for level in levels if level > chapter)})
    return {level: below.index(level) + 1 if level >= chapter else 0 for level in levels}


def _title(lines: list[Line], ranks: dict[int, int]) -> tuple[str, set[int]]:
    """Return the document's own title and the lines that it takes."""
    if not lines:
        return "", set()
    first = lines[0]
    if first.level:
        return (first.text, {0}) if ranks[first.level] == 0 else ("", set())
    short = len(first.text) <= 40 and not numbered(first.text) and not _FINISHED.search(first.text[-1])
    return (first.text, {0}) if short and len(lines) > 1 and not list_item(first.text) else ("", set())


def _is_chapter(line: Line) -> bool:
    found = numbered(line.text, sure=line.level > 0)
    return found is not None and found.form == "chapter"


def _heading(lines: list[Line], at: int, uses_chapters: bool) -> Heading | None:
    line = lines[at]
    found = numbered(line.text, sure=line.level > 0)
    if found or line.level or uses_chapters:
        return found
    plain = plain_numbered(line.text)
    following = numbered(lines[at + 1].text) if plain and at + 1 < len(lines) else None
    if plain and following and following.form == "dotted" and following.number.startswith(plain.number + "."):
        return plain
    return None


def _open_markdown(outline: Outline, rank: int, heading: Heading | None, text: str) -> None:
    title = heading.title if heading else text
    number = heading.number if heading and heading.form == "dotted" else ""
    if rank <= 1:
        known = int(heading.number) if heading and heading.form in {"chapter", "ordinal"} else None
        outline.open_chapter(title, known)
    elif rank == 2:
        fits = number.count(".") == 1
        outline.open_section(title, number if fits else "")
    else:
        outline.open_subheading(title, number)


def _open_plain(outline: Outline, heading: Heading, uses_chapters: bool) -> None:
    form, number, title = heading
    if form in {"chapter", "plain"}:
        outline.open_chapter(title, int(number))
    elif form == "nth":
        outline.open_section(title, f"{outline.chapter or 1}.{number}")
    elif form == "dotted":
        _open_dotted(outline, number, title)
    elif form == "ordinal":
        if uses_chapters:
            outline.open_section(title)
        else:
            outline.open_chapter(title, int(number))
    elif uses_chapters:
        outline.open_subheading(title, number)
    else:
        outline.open_section(title, f"{outline.chapter or 1}.{number}")


def _open_dotted(outline: Outline, number: str, title: str) -> None:
    parts = number.split(".")
    restarted = outline.chapter and int(parts[0]) != outline.chapter
    if len(parts) > 2 or (restarted and outline.section.endswith("." + parts[0])):
        outline.open_subheading(title, number)
    else:
        outline.open_section(title, number)


def _add(outline: Outline, line: Line) -> None:
    if _CONTENTS.match(line.text):
        return
    item = list_item(line.text)
    if item:
        outline.add(item.text, item.marker)
    elif outline.last_text and not line.after_gap and not _FINISHED.search(outline.last_text):
        outline.extend(line.text)
    else:
        outline.add(line.text)
