"""Who may read an imported section: as before or as in our edition, else staff."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from knowledge.document import Audience, Document, Section

SIMILAR = 0.6


def with_audiences(document: Document, *references: Document) -> Document:
    """Give each section the audience of its counterpart in the first of `references` that has one.

    The counterpart has the same number and nearly the same title, or else the same title. Without one the
    section is for staff: an unknown text is never shown to customers by itself.
    """
    return replace(
        document, sections=tuple(replace(s, audience=_audience(s, references)) for s in document.sections)
    )


def _audience(section: Section, references: tuple[Document, ...]) -> Audience:
    found = (_known(section, reference) for reference in references)
    return next((audience for audience in found if audience), Audience.STAFF)


def _known(section: Section, reference: Document) -> Audience | None:
    same_number = reference.section(section.number)
    if same_number and _similar(same_number.title, section.title):
        return same_number.audience
    titled = {known.audience for known in reference if known.title == section.title}
    return titled.pop() if len(titled) == 1 else None


def _similar(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR
