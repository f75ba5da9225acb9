"""What a knowledge owner adds beside the manual: FAQ entries, and questions attached to its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Protocol

import numpy as np

from knowledge.answering import Answerer, check_question
from knowledge.context import resolve
from knowledge.document import Answer, Audience, Citation, Document, Outcome
from knowledge.encoder import Encoder
from knowledge.indexed import Floats
from knowledge.sameness import NEAR, SHARED, bare, nearness
from knowledge.text import normalise

FAQ = "FAQ"  # stands where a citation names its manual
SHOWN = 8  # questions that are looked at although they are too far off to answer


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


class _Table:
    """Questions with their entries and vectors; `texts` are normalised, `written` as they were written."""

    def __init__(
        self, entries: Sequence[Entry], written: Sequence[str], texts: Sequence[str], vectors: Floats
    ) -> None:
        self.entries, self._written, self._texts, self._vectors = entries, written, texts, vectors
        self._bare = {bare(text): place for place, text in reversed([*enumerate(texts)])}

    def nearest(self, asked: str, vector: Floats) -> Match:
        """Return the nearest question of a table that has some."""
        cosines = self._vectors @ vector
        # The words add SHARED at most: what is further off cannot answer. Some more are there to be shown.
        places = {*np.flatnonzero(cosines >= NEAR - SHARED), *np.argsort(-cosines, kind="stable")[:SHOWN]}
        if bare(asked) in self._bare:
            places.add(np.intp(self._bare[bare(asked)]))
        found = [(nearness(asked, self._texts[i], float(cosines[i])), -int(i)) for i in places]
        near, place = max(found)
        return Match(self.entries[-place], self._written[-place], near)


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
        self._tables: dict[Audience, tuple[str, _Table]] = {}
        self._lock = Lock()

    def get(self) -> Answerer:
        """Return the answerer of the manual in use."""
        return self._live.get()

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer `question` for `audience`, always with the manual's ranking; see `Answerer.answer`."""
        match = self.nearest(question, audience=audience, context=context)
        answer = self.answer_of(match) if match and match.answers else None
        if answer is None:
            return self._live.answer(question, audience=audience, context=context)
        searched = resolve(check_question(question), context)
        found = self.get().searcher.search(searched, audience)
        return replace(answer, ranking=found.ranking)

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
        table = self._table(audience, extra)
        if not table.entries:
            return None
        if vector is None:
            vector = self._encoder().encode_one(asked).sentence
        return table.nearest(asked, vector)

    def _table(self, audience: Audience, extra: Supplement | None) -> _Table:
        """Return what this audience may meet today; put together anew only when something has changed."""
        published, day, index = self._supplement(), self._today(), self._live.get().index
        if extra:
            drafted = {(type(entry), entry.id) for entry in _entries(extra)}
            there = self._readable(published, audience, day, index.document)
            kept = [pair for pair in there if (type(pair[0]), pair[0].id) not in drafted]
            return self._put([*kept, *self._readable(extra, audience, None, index.document)])
        key = f"{published.fingerprint} {day} {index.key}"
        known = self._tables.get(audience)
        if known is None or known[0] != key:
            known = (key, self._put([*self._readable(published, audience, day, index.document)]))
            self._tables[audience] = known
        return known[1]

    def _readable(
        self, supplement: Supplement, audience: Audience, day: date | None, document: Document
    ) -> Iterator[tuple[Entry, str]]:
        """Yield entries with each of their questions, only those that this audience may read on that day."""
        for faq in supplement.faqs:
            if audience.may_read(faq.audience) and (day is None or faq.valid_on(day)):
                yield from ((faq, text) for text in faq.questions)
        for attached in supplement.attached:
            if audience.may_read(attached.audience) and stands(attached, document, audience):
                yield attached, attached.text

    def _put(self, pairs: Sequence[tuple[Entry, str]]) -> _Table:
        """Put entries and their questions together, encoding the questions that are new."""
        texts = [normalise(text) for _, text in pairs]
        with self._lock:
            new = sorted(set(texts) - self._known.keys())
            if new:
                self._known.update(zip(new, self._encoder().encode(new), strict=True))
            vectors = (
                np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, 0), np.float32)
            )
        return _Table([entry for entry, _ in pairs], [text for _, text in pairs], texts, vectors)

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
        return Answer(Outcome.ANSWERED, entry.sentence, (cited,))


def stands(attached: AttachedQuestion, document: Document, audience: Audience) -> bool:
    """Tell whether the sentence stands in its section of `document` and this audience may read it there."""
    section = document.section(attached.section)
    if section is None or not audience.may_read(section.audience):
        return False
    return any(attached.sentence in paragraph.text for paragraph in section.paragraphs)


def _entries(supplement: Supplement) -> tuple[Entry, ...]:
    return (*supplement.faqs, *supplement.attached)
