"""Attach the question bank to a manual: by number and title, else by meaning; to a sentence where it can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.document import Audience, Document, Section
from knowledge.passages import Unit
from knowledge.questions import Question

Floats = npt.NDArray[np.float32]
SAME_TITLE = 0.6  # difflib ratio of two titles with the same number
SAME_MEANING = 0.93  # cosine of two titles, or of an anchor and a sentence: below, nothing is attached
SAME_SENTENCE = 0.88


@dataclass(frozen=True, slots=True)
class Attachment:
    """One question of the bank in one manual; `unit` is its sentence's place, -1 where it is unknown."""

    question: int
    text: str
    section: str
    unit: int
    audience: Audience
    style: str

    @classmethod
    def stored(cls, row: Mapping[str, Any]) -> Attachment:
        """Return the attachment that `dataclasses.asdict` and JSON have made plain."""
        return cls(**{**row, "audience": Audience(row["audience"])})


def attach(
    document: Document,
    reference: Document,
    units: Sequence[Unit],
    unit_vectors: Floats,
    questions: Sequence[Question],
    *,
    anchors: Mapping[str, Floats],
    titles: tuple[Floats, Floats],
) -> list[Attachment]:
    """Return where each question belongs in `document`; questions without a place are left out.

    `anchors` maps an anchor sentence to its vector; `titles` are title vectors of `document` and `reference`.
    """
    partner = same_sections(document, reference, titles)
    places = _Places(units, unit_vectors, anchors)
    out = []
    for number, question in enumerate(questions):
        section = partner.get(question.section)
        if section:
            unit = places.find(section, question.anchor)
            out.append(Attachment(number, question.text, section, unit, question.audience, question.style))
    return out


def same_sections(document: Document, reference: Document, titles: tuple[Floats, Floats]) -> dict[str, str]:
    """Map section numbers of `reference` to those of `document` that mean the same."""
    ours, theirs = list(document), list(reference)
    found: dict[str, str] = {}
    similar = titles[1] @ titles[0].T if ours and theirs else np.zeros((len(theirs), len(ours)), np.float32)
    for row, section in enumerate(theirs):
        twin = document.section(section.number)
        if twin and _alike(twin, section):
            found[section.number] = twin.number
        elif ours and similar[row].max() >= SAME_MEANING:
            found[section.number] = ours[int(similar[row].argmax())].number
    return found


def _alike(one: Section, other: Section) -> bool:
    return SequenceMatcher(None, one.title, other.title).ratio() >= SAME_TITLE


class _Places:
    """Finds the sentence of a section that an anchor speaks of: the same, else the nearest in meaning."""

    def __init__(self, units: Sequence[Unit], vectors: Floats, anchors: Mapping[str, Floats]) -> None:
        self._vectors, self._anchors = vectors, anchors
        self._by_section: dict[str, list[int]] = {}
        self._verbatim: dict[tuple[str, str], int] = {}
        for i, unit in enumerate(units):
            self._by_section.setdefault(unit.section, []).append(i)
            self._verbatim.setdefault((unit.section, unit.text), i)
        self._known: dict[tuple[str, str], int] = {}

    def find(self, section: str, anchor: str) -> int:
        """Return the unit's place, or -1."""
        key = (section, anchor)
        if not anchor:
            return -1
        if key not in self._known:
            self._known[key] = self._verbatim.get(key, self._nearest(section, anchor))
        return self._known[key]

    def _nearest(self, section: str, anchor: str) -> int:
        candidates = self._by_section.get(section, [])
        if not candidates:
            return -1
        scores = self._vectors[candidates] @ self._anchors[anchor]
        return candidates[int(scores.argmax())] if scores.max() >= SAME_SENTENCE else -1
