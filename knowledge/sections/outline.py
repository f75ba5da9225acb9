"""The outline of a text while it is read: headings come in, a Document goes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section
from knowledge.errors import WenjinError, bad_input


def not_a_manual() -> WenjinError:
    """Make the error for a text in which no section can be found."""
    return bad_input(
        "not_a_manual",
        "没有在这份文件里找到章节。请确认它是一份有章节标题的手册，标题写成“第1章 …”“1.1 …”“一、…”，"
        "或 Markdown 的“# …”“## …”，再重新导入。",
    )


@dataclass
class Draft:
    """A section being read."""

    number: str
    title: str
    chapter_title: str
    paragraphs: list[Paragraph] = field(default_factory=list)
    heading: str = ""
    subheadings: int = 0


class Outline:
    """Collects headings and paragraphs in reading order and numbers what has no number."""

    def __init__(self) -> None:
        self._chapter = 0
        self._chapter_title = ""
        self._sections_in_chapter = 0
        self._drafts: list[Draft] = []
        self._chapters: set[str] = set()

    @property
    def chapter(self) -> int:
        """Return the number of the chapter being read, 0 before the first."""
        return self._chapter

    @property
    def chapter_title(self) -> str:
        """Return the title of the chapter being read."""
        return self._chapter_title

    @property
    def section(self) -> str:
        """Return the number of the section being read, "" outside of one."""
        return self._drafts[-1].number if self._drafts else ""

    def open_chapter(self, title: str, number: int | None = None) -> None:
        """Begin a chapter; without a number it follows the one before."""
        self._chapter = number or self._chapter + 1
        self._chapter_title = title
        self._sections_in_chapter = 0
        self._chapters.add(str(self._chapter))
        self._drafts.append(Draft(str(self._chapter), title, title))

    def open_section(self, title: str, number: str = "") -> None:
        """Begin a section; without a number it follows the one before in its chapter."""
        self._sections_in_chapter += 1
        if number:
            self._sections_in_chapter = int(number.split(".")[-1])
            if not self._chapter:
                self._chapter_title = ""
        else:
            number = f"{self._chapter or 1}.{self._sections_in_chapter}"
        same_chapter = number.split(".")[0] == str(self._chapter)
        self._drafts.append(Draft(number, title, self._chapter_title if same_chapter else ""))

    def open_subheading(self, title: str, number: str = "") -> None:
        """Begin a sub-heading in the section being read; only the last part of `number` counts."""
        if not self._drafts:
            self.open_section(title)
            return
        draft = self._drafts[-1]
        draft.subheadings = int(number.split(".")[-1]) if number else draft.subheadings + 1
        depth = number.split(".")[3:]
        own = ".".join([draft.number, str(draft.subheadings)]) if not depth else number
        draft.heading = f"{own} {title}".strip()

    def add(self, text: str, marker: str = "", *, page: int | None = None, place: int | None = None) -> None:
        """Add a paragraph, or a list item where there is a marker; text before any heading is left out."""
        if not self._drafts or not text:
            return
        draft = self._drafts[-1]
        kind = ParagraphKind.ITEM if marker else ParagraphKind.TEXT
        draft.paragraphs.append(Paragraph(text, draft.heading, kind, marker, page, place))

    def extend(self, text: str) -> None:
        """Go on with the last paragraph, which a line break cut in two."""
        paragraphs = self._drafts[-1].paragraphs
        last = paragraphs[-1]
        glue = " " if last.text[-1].isascii() and text[0].isascii() else ""
        paragraphs[-1] = replace(last, text=last.text + glue + text)

    @property
    def last_text(self) -> str:
        """Return the text of the last paragraph under the current heading, "" where there is none."""
        if not self._drafts or not self._drafts[-1].paragraphs:
            return ""
        last = self._drafts[-1].paragraphs[-1]
        return last.text if last.heading == self._drafts[-1].heading else ""

    def document(self, title: str) -> Document:
        """Return what was read. Raises not_a_manual where no section has any text."""
        merged = _merge(self._drafts)
        written = [d for d in merged if d.paragraphs]
        if not written:
            raise not_a_manual()
        missing = [(d.number, d.title) for d in merged if not d.paragraphs and d.number not in self._chapters]
        sections = tuple(
            Section(d.number, d.title, Audience.STAFF, d.chapter_title, tuple(d.paragraphs)) for d in written
        )
        return Document(title, sections, tuple(missing))


def _merge(drafts: list[Draft]) -> list[Draft]:
    """Bring drafts of one number together: a contents list names each section before its text comes."""
    by_number: dict[str, Draft] = {}
    order: list[str] = []
    for draft in drafts:
        known = by_number.get(draft.number)
        if known is None or not known.paragraphs:
            if known is not None and draft.paragraphs:
                order.remove(draft.number)
            if known is None or draft.paragraphs:
                by_number[draft.number] = draft
                order.append(draft.number)
        elif draft.paragraphs:
            known.paragraphs.extend(draft.paragraphs)
    return [by_number[number] for number in order]
