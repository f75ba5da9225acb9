"""What is different between two versions of a manual, section by section and sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from knowledge.document import Audience, Document, Section

SIMILAR = 0.6
_SENTENCE = re.compile(r"[^。！？；]+[。！？；]*")


class ChangeKind(StrEnum):
    """How a section fares in the new version."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class SectionChange:
    """One section: its old and its new place, None where there is none, and counts of sentences."""

    kind: ChangeKind
    old: Section | None
    new: Section | None
    changed: int = 0
    added: int = 0
    removed: int = 0

    @property
    def moved(self) -> bool:
        """Tell whether number or title are different."""
        return bool(self.old and self.new) and _place(self.old) != _place(self.new)

    @property
    def audience_changed(self) -> bool:
        """Tell whether other people may read it now."""
        return bool(self.old and self.new and self.old.audience is not self.new.audience)


def compare(old: Document, new: Document) -> tuple[SectionChange, ...]:
    """Return the sections of the new version in order, each with what became of it, then those that are gone.

    A section is the same one when its number and nearly its title agree, else when its title does, else
    when its text nearly does.
    """
    pairs = _pairs(old, new)
    known = {id(section) for section in pairs.values()}
    changes = [_compared(pairs.get(section.number), section) for section in new]
    gone = [SectionChange(ChangeKind.GONE, section, None) for section in old if id(section) not in known]
    return (*changes, *gone)


def _pairs(old: Document, new: Document) -> dict[str, Section]:
    """Return the old section by the number of its new counterpart."""
    pairs: dict[str, Section] = {}
    left = {id(section): section for section in old}

    def pair(section: Section, found: Section | None) -> None:
        if found is not None:
            pairs[section.number] = left.pop(id(found))

    for section in new:
        same = old.section(section.number)
        pair(section, same if same and _alike(same.title, section.title) else None)
    for section in new:
        if section.number not in pairs:
            titled = [s for s in left.values() if s.title == section.title]
            pair(section, titled[0] if len(titled) == 1 else None)
    for section in new:
        if section.number not in pairs:
            same = left.get(id(old.section(section.number)))
            pair(section, same if same and _same_text(same, section) else None)
    for section in new:
        if section.number not in pairs:
            pair(section, next((s for s in left.values() if _same_text(s, section)), None))
    return pairs


def _alike(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR


def _same_text(one: Section, other: Section) -> bool:
    left, right = set(sentences(one)), set(sentences(other))
    return len(left & right) >= SIMILAR * max(len(left), len(right), 1)


def sentences(section: Section) -> list[str]:
    """Return a section's sentences in order; its sub-headings count as sentences of their own."""
    found: list[str] = []
    heading = ""
    for paragraph in section.paragraphs:
        if paragraph.heading != heading:
            heading = paragraph.heading
            found.append(heading.partition(" ")[2] or heading)
        found += [sentence.strip() for sentence in _SENTENCE.findall(paragraph.text) if sentence.strip()]
    return found


def _compared(old: Section | None, new: Section) -> SectionChange:
    if old is None:
        return SectionChange(ChangeKind.NEW, None, new)
    changed = added = removed = 0
    matcher = SequenceMatcher(None, sentences(old), sentences(new), autojunk=False)
    for _, start, end, begin, stop in (code for code in matcher.get_opcodes() if code[0] != "equal"):
        both = min(end - start, stop - begin)
        changed, added, removed = changed + both, added + stop - begin - both, removed + end - start - both
    same = not (changed or added or removed) and _place(old) == _place(new) and old.audience is new.audience
    kind = ChangeKind.UNCHANGED if same else ChangeKind.CHANGED
    return SectionChange(kind, old, new, changed, added, removed)


def _place(section: Section | None) -> tuple[str, str]:
    return (section.number, section.title) if section else ("", "")


_READERS = {Audience.CUSTOMER: "客户", Audience.STAFF: "仅员工"}


def change_lines(changes: tuple[SectionChange, ...]) -> Iterator[str]:
    """Yield the differences for people, one line a section that is not the same, and a summary first."""
    counts = {kind: sum(change.kind is kind for change in changes) for kind in ChangeKind}
    yield (
        f"新增 {counts[ChangeKind.NEW]} 节，删去 {counts[ChangeKind.GONE]} 节，"
        f"修改 {counts[ChangeKind.CHANGED]} 节，不变 {counts[ChangeKind.UNCHANGED]} 节。"
    )
    for change in changes:
        if change.kind is ChangeKind.NEW and change.new:
            yield f"  + 新增 {change.new.number} {change.new.title}（{len(sentences(change.new))} 句）"
        elif change.kind is ChangeKind.GONE and change.old:
            yield f"  - 删去 {change.old.number} {change.old.title}（{len(sentences(change.old))} 句）"
        elif change.kind is ChangeKind.CHANGED and change.old and change.new:
            yield f"  ~ 修改 {change.new.number} {change.new.title}：{'，'.join(_facts(change))}"


def _facts(change: SectionChange) -> Iterator[str]:
    if change.moved and change.old:
        yield f"原为 {change.old.number} {change.old.title}"
    counts = ((change.changed, "改动"), (change.added, "新增"), (change.removed, "删去"))
    yield from (f"{word} {count} 句" for count, word in counts if count)
    if change.audience_changed and change.old and change.new:
        yield f"读者由{_READERS[change.old.audience]}改为{_READERS[change.new.audience]}"
