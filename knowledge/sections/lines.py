"""Reading lines: headings by style, Markdown or numbering, lists, paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from knowledge.document import Document
from knowledge.sections.headings import Heading, list_item, numbered, plain_numbered
from knowledge.sections.outline import Outline
from knowledge.sections.source import Role, SourceLine

_FINISHED = re.compile(r"[。！？；：.!?;:”》）)…】|]$")
_CONTENTS = re.compile(r"目\s*[录次]$|contents$", re.IGNORECASE)
_ENTRY = re.compile(r"\S\s*[.．…·]{4,}\s*\d{1,4}$")
_NAMES_A_MANUAL = re.compile(r"(?:手册|规范|制度|办法|指南|规程|细则|规定|守则|指引)(?:[（(].{1,12}[）)])?$")
_LONGEST_TITLE = 40


def parse_lines(lines: Sequence[SourceLine], title: str | None) -> Document:
    """Read the lines of a file. Raises not_a_manual where they have no sections."""
    ranks = _ranks(lines)
    own_title, skip = _title(lines, ranks)
    outline = Outline()
    uses_chapters = any(_is_chapter(line) for line in lines)
    for at, line in enumerate(lines):
        if at in skip or line.role is Role.TITLE:
            continue
        heading = _heading(lines, at, uses_chapters)
        if line.level:
            _open_styled(outline, ranks[line.level], heading, line.text)
        elif heading:
            _open_plain(outline, heading, uses_chapters)
        else:
            _add(outline, line)
    return outline.document(title or own_title)


def _ranks(lines: Sequence[SourceLine]) -> dict[int, int]:
    """Map the heading levels in use to 1 chapter, 2 section, 3 and more sub-heading, 0 above those."""
    levels = sorted({line.level for line in lines if line.level})
    if not levels:
        return {}
    forms: dict[int, list[str]] = {level: [] for level in levels}
    for line in lines:
        if line.level and (found := numbered(line.text, sure=True)):
            forms[line.level].append(found.form + str(found.number.count(".")))
    chapter: float | None = next(
        (level for level in levels if any(f.startswith("chapter") for f in forms[level])), None
    )
    section = next((level for level in levels if "dotted1" in forms[level]), None)
    if chapter is None and section is not None:
        chapter = _above(lines, levels, section, forms)
    if chapter is None:
        only_title = lines[0].level == levels[0] and sum(line.level == levels[0] for line in lines) == 1
        chapter = levels[1] if only_title and len(levels) > 1 else levels[0]
    below = sorted({chapter, *(level for level in levels if level > chapter)})
    return {level: below.index(level) + 1 if level >= chapter else 0 for level in levels}


def _above(
    lines: Sequence[SourceLine], levels: list[int], section: int, forms: dict[int, list[str]]
) -> float:
    """Return the level of the chapters above sections numbered 1.1; a lone title there is none of them."""
    upper = [level for level in levels if level < section]
    numbers = (numbered(line.text, sure=True) for line in lines if line.level == section)
    chapters = {found.number.split(".")[0] for found in numbers if found}
    alone = upper and sum(line.level == upper[-1] for line in lines) == 1 and not forms[upper[-1]]
    return upper[-1] if upper and not (alone and len(chapters) > 1) else section - 0.5


def _title(lines: Sequence[SourceLine], ranks: dict[int, int]) -> tuple[str, set[int]]:
    """Return the document's own title and the lines of the cover that are no headings."""
    named = next((line.text for line in lines if line.role is Role.TITLE), "")
    cover: list[int] = []
    for at, line in enumerate(lines):
        if line.level and ranks[line.level] > 0:
            break
        if not line.level and (numbered(line.text) or not _is_short(line) or _CONTENTS.match(line.text)):
            break
        cover.append(at)
    if named or not cover:
        return named, {at for at in cover if lines[at].level}
    if len(cover) == len(lines):
        return "", set()
    titled = [at for at in cover if _NAMES_A_MANUAL.search(lines[at].text)]
    styled = [at for at in cover if lines[at].level]
    chosen = (styled or titled or cover)[0]
    return lines[chosen].text, {chosen, *styled}


def _is_short(line: SourceLine) -> bool:
    if line.marker or line.role is Role.ROW or list_item(line.text):
        return False
    return len(line.text) <= _LONGEST_TITLE and not re.search(r"[。！？；：.!?;:…]$", line.text)


def _is_chapter(line: SourceLine) -> bool:
    found = _numbered(line)
    return found is not None and found.form == "chapter"


def _numbered(line: SourceLine) -> Heading | None:
    if line.marker or line.role is Role.ROW:
        return None
    return numbered(line.text, sure=line.level > 0)


def _heading(lines: Sequence[SourceLine], at: int, uses_chapters: bool) -> Heading | None:
    line = lines[at]
    found = _numbered(line)
    if found or line.level or uses_chapters or line.marker or line.role is Role.ROW:
        return found
    plain = plain_numbered(line.text)
    following = numbered(lines[at + 1].text) if plain and at + 1 < len(lines) else None
    if plain and following and following.form == "dotted" and following.number.startswith(plain.number + "."):
        return plain
    return None


def _open_styled(outline: Outline, rank: int, heading: Heading | None, text: str) -> None:
    title = heading.title if heading else text
    if _CONTENTS.match(title):
        return
    number = heading.number if heading and heading.form == "dotted" else ""
    if rank <= 1:
        known = int(heading.number) if heading and heading.form in {"chapter", "ordinal", "plain"} else None
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


def _add(outline: Outline, line: SourceLine) -> None:
    if _CONTENTS.match(line.text) or _ENTRY.search(line.text):
        return
    item = None if line.marker or line.role is Role.ROW else list_item(line.text)
    if line.marker:
        outline.add(line.text, line.marker, page=line.page, place=line.place)
    elif item:
        outline.add(item.text, item.marker, page=line.page, place=line.place)
    elif _goes_on(outline, line):
        outline.extend(line.text)
    else:
        outline.add(line.text, page=line.page, place=line.place)


def _goes_on(outline: Outline, line: SourceLine) -> bool:
    last = outline.last_text
    return bool(last) and line.joins and line.role is not Role.ROW and not _FINISHED.search(last)
