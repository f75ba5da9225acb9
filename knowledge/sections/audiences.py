"""Who may read an imported section: as in the reference edition, staff where that says nothing."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from knowledge.document import Audience, Document, Section

SIMILAR = 0.6


def with_audiences(document: Document, reference: Document) -> Document:
    """Give each section the audience of its counterpart in `reference`.

    The counterpart has the same number and nearly the same title, or else the same title. Without one the
    section is for staff: an unknown text is never shown to customers by itself.
    """
    return replace(
        document, sections=tuple(replace(s, audience=_audience(s, reference)) for s in document.sections)
    )


def _audience(section: Section, reference: Document) -> Audience:
    same_number = reference.section(section.number)
    if same_number and _similar(same_number.title, section.title):
        return same_number.audience
    titled = {known.audience for known in reference if known.title == section.title}
    return titled.pop() if len(titled) == 1 else Audience.STAFF


def _similar(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR
