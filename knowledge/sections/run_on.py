"""Reading a text whose line breaks are lost: its contents list says where each section begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.document import Document
from knowledge.sections.headings import CHINESE_DIGITS, to_chinese
from knowledge.sections.outline import Outline
from knowledge.sections.run_on_text import add_paragraphs, split_heading

LONGEST_TITLE = 40
FEWEST_SECTIONS = 3

_HAN = "\u3400-\u9fff"
_CHAPTER_ENTRY = re.compile(rf"(\d{{1,2}})[.．、]?\s*第[{CHINESE_DIGITS}十0-9]+章")
_FIRST_CHAPTER = re.compile("第(?:1|一)章")
_CLEAR = re.compile(r"[。；！？]")


@dataclass(frozen=True)
class Entry:
    """One line of the contents: "2.1" and its title."""

    number: str
    title: str


@dataclass(frozen=True)
class Contents:
    """A contents list found in front of a run-on text."""

    title: str
    chapters: tuple[tuple[Entry, tuple[Entry, ...]], ...]
    body: str


@dataclass(frozen=True)
class Mark:
    """Where a heading stands in the body, and where its text begins."""

    start: int
    end: int
    entry: Entry
    is_chapter: bool


def find_contents(text: str) -> Contents | None:
    """Find a contents list that runs into the text without line breaks; None where there is none."""
    longest = max(text.splitlines(), key=len, default="")
    if len(longest) < 0.6 * len(text):
        return None
    flat = re.sub(r"\s*\n\s*", "", text)
    chapters = [m for at, m in enumerate(_CHAPTER_ENTRY.finditer(flat), 1) if int(m[1]) == at]
    if not chapters:
        return None
    found, end = [], 0
    for at, match in enumerate(chapters):
        limit = chapters[at + 1].start() if at + 1 < len(chapters) else len(flat)
        entries, end = _entries(flat, match, limit)
        found.append(entries)
    if sum(len(sections) for _, sections in found) < FEWEST_SECTIONS:
        return None
    return Contents(flat[: chapters[0].start()].strip(), tuple(found), flat[end:])


def _entries(flat: str, chapter: re.Match[str], limit: int) -> tuple[tuple[Entry, tuple[Entry, ...]], int]:
    number = chapter[1]
    starts: list[re.Match[str]] = []
    position = chapter.end()
    while match := re.compile(rf"{number}[.．]{len(starts) + 1}(?![\d.．])").search(flat, position, limit):
        if match.start() - position > LONGEST_TITLE or _CLEAR.search(flat, position, match.start()):
            break
        starts.append(match)
        position = match.end()
    title = flat[chapter.end() : starts[0].start() if starts else limit].strip()
    sections = []
    end = chapter.end() + len(title)
    for at, match in enumerate(starts):
        following = starts[at + 1].start() if at + 1 < len(starts) else limit
        end = _title_end(flat, match.end(), following)
        sections.append(Entry(f"{number}.{at + 1}", flat[match.end() : end].strip()))
    return (Entry(number, title), tuple(sections)), end


def _title_end(flat: str, start: int, limit: int) -> int:
    """Return where a title ends: at the next entry, or where the body's first chapter begins."""
    body = _FIRST_CHAPTER.search(flat, start, min(limit, start + LONGEST_TITLE))
    return body.start() if body else limit


def parse_run_on(contents: Contents, title: str | None) -> Document:
    """Read a run-on text by its contents list."""
    outline = Outline()
    marks = _marks(contents)
    for at, mark in enumerate(marks):
        end = marks[at + 1].start if at + 1 < len(marks) else len(contents.body)
        text = contents.body[mark.end : end]
        if mark.is_chapter:
            outline.open_chapter(mark.entry.title, int(mark.entry.number))
            add_paragraphs(outline, text)
        else:
            outline.open_section(mark.entry.title, mark.entry.number)
            _add_section(outline, text, mark.entry.number)
    found = {mark.entry.number for mark in marks}
    document = outline.document(title or contents.title)
    missing = [
        (e.number, e.title) for _, sections in contents.chapters for e in sections if e.number not in found
    ]
    return Document(document.title, document.sections, (*document.missing, *missing))


def _marks(contents: Contents) -> list[Mark]:
    marks: list[Mark] = []
    position = 0
    for chapter, sections in contents.chapters:
        match = _chapter_pattern(chapter).search(contents.body, position)
        if not match:
            continue
        marks.append(Mark(match.start(), match.end(), chapter, is_chapter=True))
        position = match.end()
        for order, entry in enumerate(sections, 1):
            found = _section_pattern(entry, order).search(contents.body, position)
            if found:
                marks.append(Mark(found.start(), found.end(), entry, is_chapter=False))
                position = found.end()
    return marks


def _chapter_pattern(chapter: Entry) -> re.Pattern[str]:
    number = f"{chapter.number}|{to_chinese(int(chapter.number))}"
    return re.compile(rf"第(?:{number})章\s*{re.escape(chapter.title)}")


def _section_pattern(entry: Entry, order: int) -> re.Pattern[str]:
    """Match a section's heading as printed: "二、题名", "2.2题名", or both, one after the other."""
    number, title = re.escape(entry.number), re.escape(entry.title)
    ordinal = rf"{to_chinese(order)}、(?:（[^（）]{{1,8}}）)?"
    return re.compile(rf"(?:{ordinal}(?:{title}(?={number}))?(?:{number})?|{number})\s*{title}")


def _add_section(outline: Outline, text: str, number: str) -> None:
    """Split a section at its sub-headings, printed "3.1.1" or, restarted, "1.1"."""
    last = number.split(".")[-1]
    printed = rf"(?:{re.escape(number)}|{last})[.．]"
    pattern = re.compile(rf"(?:^|(?<=[。；：！？])){printed}(\d{{1,2}})(?=[{_HAN}A-Z])")
    cuts: list[re.Match[str]] = []
    for match in pattern.finditer(text):
        if int(match[1]) == len(cuts) + 1:
            cuts.append(match)
    add_paragraphs(outline, text[: cuts[0].start()] if cuts else text)
    for at, cut in enumerate(cuts):
        block = text[cut.end() : cuts[at + 1].start() if at + 1 < len(cuts) else len(text)]
        heading, rest = split_heading(block)
        outline.open_subheading(heading, f"{number}.{cut[1]}")
        add_paragraphs(outline, rest)
