"""The types of the manual and of an answer: frozen, plain, the field's own words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Audience(StrEnum):
    """Who may read a section: a customer's search never sees `STAFF`."""

    CUSTOMER = "customer"
    STAFF = "staff"

    def may_read(self, other: Audience) -> bool:
        """Tell whether a reader of this audience may read a section of the `other`."""
        return self is Audience.STAFF or other is Audience.CUSTOMER


class ParagraphKind(StrEnum):
    """What a paragraph is: running text or one item of a list."""

    TEXT = "text"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph or list item, under the sub-heading it stands below ("" where there is none).

    `marker` is the list marker as the source printed it ("- ", "1. ", …), "" for running text. `page` and
    `place` (line or paragraph of the file) count from 1 and say where it stood in the imported file; they
    are no part of the content, so that the same text on another page is the same paragraph.
    """

    text: str
    heading: str = ""
    kind: ParagraphKind = ParagraphKind.TEXT
    marker: str = ""
    page: int | None = field(default=None, compare=False)
    place: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered section ("2.2") with its paragraphs, in reading order."""

    number: str
    title: str
    audience: Audience
    chapter_title: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def chapter(self) -> str:
        """Return the chapter's number, "2" of "2.2"."""
        return self.number.split(".")[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole manual. `missing` names the sections that the source announces and does not contain."""

    title: str
    sections: tuple[Section, ...]
    missing: tuple[tuple[str, str], ...] = ()

    def section(self, number: str) -> Section | None:
        """Return the section of that number, or None."""
        return next((s for s in self.sections if s.number == number), None)

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections)


@dataclass(frozen=True, slots=True)
class Passage:
    """One unit of search: a sentence group of at most about 120 characters with its place.

    `text` is verbatim; `indexed` is what is encoded (heading in front).
    """

    id: str
    section: str
    title: str
    audience: Audience
    text: str
    indexed: str


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    REFUSED = "refused"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence stands: enough to find it again after a reload, in an export, years later."""

    manual: str
    version: str
    section: str
    title: str
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A section and its score; larger is better."""

    section: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the manual says to a question, or that it does not."""

    outcome: Outcome
    text: str
    citations: tuple[Citation, ...] = ()
    ranking: tuple[Ranked, ...] = ()
    followups: tuple[str, ...] = ()
    choices: tuple[str, ...] = field(default=())
