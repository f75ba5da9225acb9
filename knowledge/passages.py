"""Cut a manual into units (a sentence or a list item) and passages (what is encoded and searched)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Passage, Section
from knowledge.text import sentences

LONGEST = 120  # characters of a passage; measured best for short questions on this kind of encoder
_INTRO = re.compile(r"[：:]\s*$")


@dataclass(frozen=True, slots=True)
class Unit:
    """The least thing that is quoted: one sentence or one list item, verbatim.

    `paragraph` counts within the section. `group` ties a list's intro and its items ("" outside lists).
    """

    section: str
    audience: Audience
    paragraph: int
    heading: str
    text: str
    is_item: bool
    group: str


def units_of(section: Section) -> list[Unit]:
    """Return the section's sentences and list items in reading order."""
    out: list[Unit] = []
    for number, paragraph, group in _grouped(section):
        is_item = paragraph.kind is ParagraphKind.ITEM
        pieces = [paragraph.text] if is_item else sentences(paragraph.text)
        for place, piece in enumerate(pieces):
            leads = group if is_item or place == len(pieces) - 1 else ""
            out.append(
                Unit(
                    section.number, section.audience, number, paragraph.heading, piece.strip(), is_item, leads
                )
            )
    return out


def _grouped(section: Section) -> Iterator[tuple[int, Paragraph, str]]:
    """Yield (place, paragraph, list group): items and the paragraph that introduces them share a group."""
    paragraphs = section.paragraphs
    group = ""
    for number, paragraph in enumerate(paragraphs):
        follows = number + 1 < len(paragraphs) and paragraphs[number + 1].kind is ParagraphKind.ITEM
        if paragraph.kind is ParagraphKind.ITEM:
            group = group or f"{section.number}#{number}"
        elif follows and _INTRO.search(paragraph.text):
            group = f"{section.number}#{number}"
        else:
            group = ""
        yield number, paragraph, group


def passages_of(section: Section) -> list[Passage]:
    """Return passages of at most about 120 characters, the headings in front of what is indexed."""
    out: list[Passage] = []
    for heading, texts in _blocks(units_of(section)):
        for text in _pack(texts):
            lead = " ".join(part for part in (section.title, _bare(heading)) if part)
            identity = f"{section.number}/{len(out)}"
            indexed = f"{lead}。{text}"
            out.append(Passage(identity, section.number, section.title, section.audience, text, indexed))
    return out


def _bare(heading: str) -> str:
    return re.sub(r"^[\d.]+\s*", "", heading)


def _blocks(units: Iterable[Unit]) -> Iterator[tuple[str, list[str]]]:
    """Yield texts that may share a passage: one paragraph's sentences, or one list."""
    key: tuple[str, str] | None = None
    texts: list[str] = []
    heading = ""
    for unit in units:
        mine = (unit.heading, unit.group or f"p{unit.paragraph}")
        if mine != key and texts:
            yield heading, texts
            texts = []
        key, heading = mine, unit.heading
        texts.append(unit.text)
    if texts:
        yield heading, texts


def _pack(texts: list[str]) -> Iterator[str]:
    packed = ""
    for text in texts:
        if packed and len(packed) + len(text) > LONGEST:
            yield packed
            packed = ""
        packed += text
    if packed:
        yield packed


def units_of_document(document: Document) -> list[Unit]:
    """Return the units of all sections."""
    return [unit for section in document for unit in units_of(section)]


def passages_of_document(document: Document) -> list[Passage]:
    """Return the passages of all sections."""
    return [passage for section in document for passage in passages_of(section)]
