"""Documents from our own edition and to stored forms. (The lead's stop-gap: helper C replaces this file.)"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section

_ITEM = re.compile(r"^(- |\d+\. )(.*)$")


def load_edition(folder: Path) -> Document:
    """Read our own edition."""
    sections: list[Section] = []
    missing: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.md")):
        _, front, body = path.read_text(encoding="utf-8").split("---", 2)
        meta = yaml.safe_load(front)
        audiences = {s["number"]: Audience(s["audience"]) for s in meta["sections"]}
        missing += [(m["number"], m["title"]) for m in meta.get("missing") or []]
        for block in re.split(r"^## ", body, flags=re.M)[1:]:
            head, *lines = block.splitlines()
            number, title = head.split(" ", 1)
            heading, paragraphs = "", []
            for line in (x.strip() for x in lines):
                if line.startswith("### "):
                    heading = line[4:]
                elif line:
                    m = _ITEM.match(line)
                    paragraphs.append(
                        Paragraph(m.group(2), heading, ParagraphKind.ITEM, m.group(1)) if m else Paragraph(line, heading)
                    )
            sections.append(Section(number, title.strip(), audiences[number], meta["title"], tuple(paragraphs)))
    return Document("互联网金融服务运营手册", tuple(sections), tuple(missing))


def to_store(document: Document) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "title": document.title,
        "missing": [list(m) for m in document.missing],
        "sections": [
            {
                "number": s.number, "title": s.title, "audience": str(s.audience), "chapter_title": s.chapter_title,
                "paragraphs": [[p.text, p.heading, str(p.kind), p.marker] for p in s.paragraphs],
            }
            for s in document
        ],
    }


def from_store(stored: dict[str, Any]) -> Document:
    """Read the JSON form back."""
    sections = tuple(
        Section(
            s["number"], s["title"], Audience(s["audience"]), s["chapter_title"],
            tuple(Paragraph(t, h, ParagraphKind(k), m) for t, h, k, m in s["paragraphs"]),
        )
        for s in stored["sections"]
    )
    return Document(stored["title"], sections, tuple((a, b) for a, b in stored["missing"]))
