"""Grow a manual of any size from the sentences of a real one, put together anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.document import Document, Paragraph, Passage, Section
from knowledge.passages import LONGEST, Unit, passages_of, units_of, units_of_document

PARAGRAPHS = 50  # of a section, one passage each
SECTIONS = 20  # of a chapter
FIRST_CHAPTER = 101


@dataclass(frozen=True, slots=True)
class Grown:
    """Synthetic sections with their passages and sentences, cut as those of any manual."""

    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]
    units: tuple[Unit, ...]


def grow(document: Document, passages: int, seed: int) -> Grown:
    """Return sections with `passages` passages in all, each one or two sentences of `document`."""
    rng = np.random.RandomState(seed)
    texts = sorted({u.text for u in units_of_document(document) if not u.is_item and len(u.text) <= LONGEST})
    readers = sorted({section.audience for section in document})
    titles = [section.title for section in document]
    sections, cut, units = [], [], []
    for number in range(-(-passages // PARAGRAPHS)):
        count = min(PARAGRAPHS, passages - number * PARAGRAPHS)
        title = f"{titles[rng.randint(len(titles))]}（{number + 1}）"
        chapter, place = divmod(number, SECTIONS)
        section = Section(
            f"{FIRST_CHAPTER + chapter}.{place + 1}",
            title,
            readers[rng.randint(len(readers))],
            "合成",
            tuple(Paragraph(_text(texts, rng)) for _ in range(count)),
        )
        sections.append(section)
        cut.extend(passages_of(section))
        units.extend(units_of(section))
    return Grown(tuple(sections), tuple(cut), tuple(units))


def _text(texts: list[str], rng: np.random.RandomState) -> str:
    """Return two sentences that fit one passage, else one."""
    one, other = (texts[int(i)] for i in rng.randint(0, len(texts), 2))
    if one[-1] not in "。！？；" or len(one) + len(other) > LONGEST:
        return one
    return one + other
