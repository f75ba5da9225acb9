"""What a knowledge owner adds beside the manual: FAQ entries, and questions attached to its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Protocol

import numpy as np

from knowledge.answering import Answerer, check_question
from knowledge.context import resolve
from knowledge.document import Answer, Audience, Citation, Document, Outcome, Ranked
from knowledge.encoder import Encoder
from knowledge.indexed import Floats
from knowledge.sameness import NEAR, nearness
from knowledge.text import normalise

FAQ = "FAQ"  # stands where a citation names its manual


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """One published entry: asked as `question` or any of `variants`, valid on both days and between."""

    id: str
    version: str
    question: str
    variants: tuple[str, ...]
    answer: str
    audience: Audience
    owner: str
    valid_from: date | None = None
    valid_until: date | None = None

    @property
    def questions(self) -> tuple[str, ...]:
        """Return all that people may ask for it."""
        return (self.question, *self.variants)

    def valid_on(self, day: date) -> bool:
        """Tell whether the entry answers on that day."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class AttachedQuestion:
    """One question that a sentence of the manual answers."""

    id: str
    text: str
    section: str
    sentence: str
    audience: Audience


Entry = FaqEntry | AttachedQuestion


@dataclass(frozen=True, slots=True)
class Supplement:
    """All that is published now; the same `fingerprint` is the same content."""

    faqs: tuple[FaqEntry, ...] = ()
    attached: tuple[AttachedQuestion, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest question of a supplement; it answers where `nearness` reaches NEAR."""

    entry: Entry
    question: str
    nearness: float

    @property
    def answers(self) -> bool:
        """Tell whether it is near enough to answer."""
        return self.nearness >= NEAR


class Live(Protocol):
    """The answerer of the manual in use."""

    def get(self) -> Answerer:
        """Return the answerer of this moment."""

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer from the manual."""


class Supplemented:
    """Answers from the supplement where it has the question, else from the manual in use.

    `supplement` and `today` are asked at each question.
    """

    def __init__(
        self,
        live: Live,
        encoder: Callable[[], Encoder],
        supplement: Callable[[], Supplement],
        today: Callable[[], date],
    ) -> None:
        self._live, self._encoder = live, encoder
        self._supplement, self._today = supplement, today
        self._known: dict[str, Floats] = {}
        self._lock = Lock()

    def get(self) -> Answerer:
        """Return the answerer of the manual in use."""
        return self._live.get()

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer `question` for `audience`; see `Answerer.answer`."""
        match = self.nearest(question, audience=audience, context=context)
        answer = self.answer_of(match) if match and match.answers else None
        return answer or self._live.answer(question, audience=audience, context=context)

    def nearest(
        self,
        question: str,
        *,
        audience: Audience,
        context: str = "",
        extra: Supplement | None = None,
        vector: Floats | None = None,
    ) -> Match | None:
        """Return the nearest question that this audience may meet today, None without any.

        `extra` holds what is not published yet and is tried out: it counts whatever its dates. `vector` is
        that of the question, where it is known already.
        """
        asked = normalise(resolve(check_question(question), context))
        published = self._supplement()
        there = [*self._readable(published, audience, self._today())]
        if extra:
            drafted = {(type(entry), entry.id) for entry in _entries(extra)}
            there = [(entry, text) for entry, text in there if (type(entry), entry.id) not in drafted]
            there += self._readable(extra, audience, None)
        if not there:
            return None
        if vector is None:
            vector = self._encoder().encode_one(asked).sentence
        cosines = self._vectors([normalise(text) for _, text in there]) @ vector
        found = (
            Match(entry, text, nearness(asked, normalise(text), float(cosine)))
            for (entry, text), cosine in zip(there, cosines, strict=True)
        )
        return max(found, key=lambda match: match.nearness)

    def _readable(
        self, supplement: Supplement, audience: Audience, day: date | None
    ) -> Iterator[tuple[Entry, str]]:
        """Yield entries with each of their questions, only those that this audience may read on that day."""
        for faq in supplement.faqs:
            if audience.may_read(faq.audience) and (day is None or faq.valid_on(day)):
                yield from ((faq, text) for text in faq.questions)
        document = self._live.get().index.document if supplement.attached else None
        for attached in supplement.attached:
            if document and audience.may_read(attached.audience) and stands(attached, document, audience):
                yield attached, attached.text

    def _vectors(self, texts: list[str]) -> Floats:
        """Return the vectors of normalised texts, encoding those that are new."""
        with self._lock:
            new = sorted({text for text in texts if text not in self._known})
            if new:
                kept = {text: self._known[text] for text in texts if text in self._known}
                self._known = {**kept, **dict(zip(new, self._encoder().encode(new), strict=True))}
            return np.stack([self._known[text] for text in texts])

    def answer_of(self, match: Match) -> Answer | None:
        """Return what a match answers, None where its sentence is gone."""
        entry, score = match.entry, round(match.nearness, 4)
        if isinstance(entry, FaqEntry):
            place = f"{FAQ}-{entry.id}"
            cited = Citation(FAQ, entry.version, place, entry.question, entry.answer, score)
            return Answer(Outcome.ANSWERED, entry.answer, (cited,))
        index = self._live.get().index
        section = index.document.section(entry.section)
        if section is None:
            return None
        cited = Citation(index.manual, index.version, entry.section, section.title, entry.sentence, score)
        return Answer(Outcome.ANSWERED, entry.sentence, (cited,), (Ranked(entry.section, score),))


def stands(attached: AttachedQuestion, document: Document, audience: Audience) -> bool:
    """Tell whether the sentence stands in its section of `document` and this audience may read it there."""
    section = document.section(attached.section)
    if section is None or not audience.may_read(section.audience):
        return False
    return any(attached.sentence in paragraph.text for paragraph in section.paragraphs)


def _entries(supplement: Supplement) -> tuple[Entry, ...]:
    return (*supplement.faqs, *supplement.attached)
