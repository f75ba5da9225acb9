"""The forms of a Document: Markdown and JSON for people and programs, a lossless one for keeping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section
from knowledge.errors import WenjinError, bad_input

STORE_FORMAT = 1


def to_markdown(document: Document) -> str:
    """Return `# 第1章 …`, `## 1.1 …`, `### 1.1.1 …` and one paragraph or list item a line."""
    lines: list[str] = []
    chapter = ""
    for section in document:
        opened = section.chapter != chapter and section.chapter_title
        if opened:
            lines.append(f"# 第{section.chapter}章 {section.chapter_title}")
        chapter = section.chapter
        if not (opened and section.number == section.chapter):
            lines.append(f"## {section.number} {section.title}")
        lines.extend(_section_lines(section))
    return "".join(f"{line}\n" for line in lines)


def _section_lines(section: Section) -> list[str]:
    lines, heading = [], ""
    for paragraph in section.paragraphs:
        if paragraph.heading != heading:
            heading = paragraph.heading
            lines.append(f"### {heading}")
        lines.append(paragraph.marker + paragraph.text)
    return lines


def to_json(document: Document) -> list[dict[str, object]]:
    """Return [{"section", "title", "audience", "paragraphs"}]: the Markdown form's plain lines."""
    return [
        {
            "section": section.number,
            "title": section.title,
            "audience": section.audience.value,
            "paragraphs": [p.marker + p.text for p in section.paragraphs],
        }
        for section in document
    ]


def to_store(document: Document) -> dict[str, object]:
    """Return a lossless form of plain JSON types; `from_store` reads it."""
    return {
        "format": STORE_FORMAT,
        "title": document.title,
        "missing": [list(entry) for entry in document.missing],
        "sections": [
            {
                "number": s.number,
                "title": s.title,
                "audience": s.audience.value,
                "chapter_title": s.chapter_title,
                "paragraphs": [_stored(p) for p in s.paragraphs],
            }
            for s in document
        ],
    }


def _stored(paragraph: Paragraph) -> dict[str, object]:
    stored: dict[str, object] = {
        "text": paragraph.text,
        "heading": paragraph.heading,
        "kind": paragraph.kind.value,
        "marker": paragraph.marker,
    }
    where = {"page": paragraph.page, "place": paragraph.place}
    return stored | {key: number for key, number in where.items() if number is not None}


def from_store(stored: Mapping[str, Any]) -> Document:
    """Read what `to_store` wrote. Raises bad_stored_manual (422) for anything else."""
    try:
        if stored["format"] != STORE_FORMAT:
            raise _unreadable()
        sections = tuple(_section(s) for s in stored["sections"])
        missing = tuple((str(number), str(title)) for number, title in stored["missing"])
        return Document(str(stored["title"]), sections, missing)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable() from error


def _section(stored: Mapping[str, Any]) -> Section:
    paragraphs = tuple(
        Paragraph(
            p["text"], p["heading"], ParagraphKind(p["kind"]), p["marker"], p.get("page"), p.get("place")
        )
        for p in stored["paragraphs"]
    )
    audience = Audience(stored["audience"])
    return Section(stored["number"], stored["title"], audience, stored["chapter_title"], paragraphs)


def _unreadable() -> WenjinError:
    return bad_input("bad_stored_manual", "保存的手册文件读不出来。请重新导入这份手册。")
