"""The part of an index that one audience may read, ready to be scored; what it may not read is not in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from knowledge.document import Audience
from knowledge.indexed import Floats, Index, Ints
from knowledge.nearest import Nearest, highest
from knowledge.projection import project
from knowledge.text import synonyms, words

# Weights of a section's standardised signals: a conditional logit fitted on held-out questions of the bank.
WEIGHTS = {"questions": 1.05, "centres": 0.7, "text": 0.45, "words": 0.35, "sentences": 0.45}
# A manual without questions is searched by its text alone.
WEIGHTS_OF_TEXT = {"text": 0.7, "words": 0.3, "sentences": 0.6}
NEAREST = 3  # a section is as near as its three nearest questions
RERANKED = 32  # passages whose token vectors are compared; measured: 64 find no more
FEWEST_QUESTIONS = 0.5  # the share of sections that must have questions, else the text alone is searched
SYNONYM = 0.4  # weight of a synonym beside the word that was written


@dataclass(frozen=True, slots=True)
class Groups:
    """Places of a flat array by group, padded with -1: `table` has shape (groups, most members)."""

    table: Ints

    @classmethod
    def of(cls, labels: Sequence[int], count: int) -> Groups:
        """Group the places of `labels` by label; labels outside 0 … count - 1 are left out."""
        members = _members(labels)
        return cls.holding([members[group] for group in range(count)])

    @classmethod
    def holding(cls, members: Sequence[Sequence[int]]) -> Groups:
        """Return groups of these places."""
        width = max(map(len, members), default=0)
        table = np.full((len(members), max(width, 1)), -1, np.int64)
        for row, places in zip(table, members, strict=True):
            row[: len(places)] = places
        return cls(table)

    def of_group(self, group: int) -> Ints:
        """Return the places of one group, in order."""
        row = self.table[group]
        return np.asarray(row[row >= 0], np.int64)

    def best(self, scores: Floats, most: int) -> Floats:
        """Return the mean of each group's best `most` scores; groups without members have the lowest."""
        lowest = float(scores.min()) if len(scores) else 0.0
        padded = np.append(scores, np.float32(-np.inf))[self.table]
        keep = min(most, padded.shape[1])
        if keep == 1:
            best = padded.max(axis=1, keepdims=True)
        else:
            best = np.partition(padded, -keep, axis=1)[:, -keep:]
        there = np.isfinite(best)
        total = np.where(there, best, 0.0).sum(axis=1)
        return np.asarray(
            np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), lowest), np.float32
        )


@dataclass(frozen=True, slots=True)
class Query:
    """One question ready to be compared: `mapped` is its projected vector."""

    text: str
    vector: Floats
    tokens: Floats
    mapped: Floats


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for each section, and for each question and sentence, in the order of the view.

    `sections` adds the `signals`, each standardised over all sections and weighed. The signals of a section:
    `questions` the mean of its nearest known questions, `centres` the nearest middle of one sentence's
    questions, `text` MaxSim of its best passage, `words` its best BM25, `sentences` its nearest sentence.
    """

    sections: Floats
    signals: dict[str, Floats]
    asked: Floats
    sentences: Floats
    spelled: float
    best_passage: float


class View:
    """Everything of an index that one audience may read."""

    def __init__(self, index: Index, audience: Audience) -> None:
        self.index, self.audience = index, audience
        self.sections = [s.number for s in index.document if audience.may_read(s.audience)]
        place = {number: i for i, number in enumerate(self.sections)}
        count = len(self.sections)
        self.passages = _places(index.passages, place)
        self.units = _places(index.units, place)
        self.questions = _places(index.attached, place)
        self._section_passages = Groups.of([place[index.passages[i].section] for i in self.passages], count)
        self._section_units = Groups.of([place[index.units[i].section] for i in self.units], count)
        self.question_section = [place[index.attached[i].section] for i in self.questions]
        self._section_questions = Groups.of(self.question_section, count)
        self.unit_questions = _members(index.attached[i].unit for i in self.questions)
        self.vectors = index.question_vectors[self.questions]
        self.mapped = project(self.vectors, index.projection)
        self._gather_centres(place)
        self._refuse()

    def _gather_centres(self, place: dict[str, int]) -> None:
        """Find the middle of each sentence's questions: surer than any one of them."""
        units = np.array([self.index.attached[i].unit for i in self.questions], np.int64)
        asked, known = np.unique(units[units >= 0]), units >= 0
        labels = np.searchsorted(asked, units[known])
        self.centres = middles(self.mapped[known], labels, len(asked))
        sections = [place[self.index.units[unit].section] for unit in asked]
        self._section_centres = Groups.of(sections, len(self.sections))

    def _refuse(self) -> None:
        """Gather what is not answered: unanswerable questions, and those of sections not to be read."""
        closed = np.setdiff1d(np.arange(len(self.index.attached)), self.questions)
        self.refused = np.concatenate([self.index.unanswerable_vectors, self.index.question_vectors[closed]])
        self.refused_mapped = project(self.refused, self.index.projection)
        kinds = sorted(set(self.index.kinds))
        labels = np.array([kinds.index(kind) for kind in self.index.kinds], np.int64)
        self.refused_centres = middles(self.refused_mapped[: len(labels)], labels, len(kinds))
        self.refused_texts = (*self.index.unanswerable, *(self.index.attached[i].text for i in closed))

    @cached_property
    def bm25(self) -> Any:
        """Return the word index over this view's passages, None where there are no words."""
        import bm25s

        corpus = [self.index.passage_words[i] for i in self.passages]
        if not any(corpus):
            return None
        ranker = bm25s.BM25(method="lucene")
        ranker.index(corpus, show_progress=False)
        return ranker

    @cached_property
    def passage_vectors(self) -> Nearest:
        """Return this view's passages by their vectors."""
        return Nearest(self.index.passage_vectors, self.passages)

    @cached_property
    def sentences(self) -> Nearest:
        """Return this view's sentences by their mapped vectors."""
        return Nearest(self.index.unit_vectors, self.units, self.index.projection)

    def units_of(self, section: str) -> Ints:
        """Return the rows of a section's sentences, in reading order."""
        return self._section_units.of_group(self.sections.index(section))

    @property
    def asks(self) -> bool:
        """Tell whether enough sections have questions to search by them."""
        covered = len(set(self.question_section))
        return bool(self.sections) and covered >= FEWEST_QUESTIONS * len(self.sections)

    def word_scores(self, text: str) -> Floats:
        """Return BM25 of every passage for the words of `text`, their synonyms at a lower weight."""
        ranker = self.bm25
        scores = np.zeros(len(self.passages), np.float32)
        if ranker is None:
            return scores
        written = words(text)
        known = ranker.vocab_dict
        for terms, weight in ((written, 1.0), (synonyms(written), SYNONYM)):
            scores += weight * _spelled(ranker, [known[term] for term in terms if term in known])
        return scores

    def evidence(self, query: Query) -> Evidence:
        """Weigh what speaks for each readable section."""
        asked = self.mapped @ query.mapped
        sentences = self.sentences.scores(query.mapped)
        spelled = self.word_scores(query.text)
        passages = self._passage_scores(query, spelled)
        signals = {
            "text": self._section_passages.best(passages, 1),
            "words": self._section_passages.best(spelled, 1),
            "sentences": self._section_units.best(sentences, 1),
        }
        if self.asks:
            signals["questions"] = self._section_questions.best(asked, NEAREST)
            signals["centres"] = self._section_centres.best(self.centres @ query.mapped, 1)
        weights = WEIGHTS if self.asks else WEIGHTS_OF_TEXT
        score = np.zeros(len(self.sections), np.float32)
        for name, weight in weights.items():
            score += weight * standard(signals[name])
        best = float(passages.max()) if len(passages) else 0.0
        return Evidence(score, signals, asked, sentences, float(spelled.max()) if len(spelled) else 0.0, best)

    def _passage_scores(self, query: Query, spelled: Floats) -> Floats:
        """Return MaxSim of the passages nearest by meaning or words, the least of these for the others."""
        count = len(self.passages)
        if not count:
            return np.zeros(0, np.float32)
        keep = min(RERANKED, count)
        near, _ = self.passage_vectors.nearest(query.vector, keep)
        chosen = np.union1d(near, highest(spelled, keep // 4))
        exact = self.index.passage_tokens.max_sim(query.tokens, self.passages[chosen])
        out = np.full(count, exact.min(), np.float32)
        out[chosen] = exact
        return out


def middles(vectors: Floats, labels: Ints, count: int) -> Floats:
    """Return the unit mean vector of each label's rows, shape (count, dim)."""
    out = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(out, labels, vectors)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9), np.float32)


def standard(scores: Floats) -> Floats:
    """Return scores with mean 0 and deviation 1, zeros where they are all equal."""
    spread = float(scores.std()) if len(scores) else 0.0
    return np.asarray((scores - scores.mean()) / spread, np.float32) if spread > 0 else np.zeros_like(scores)


def _places(items: Sequence[Any], place: dict[str, int]) -> Ints:
    return np.array([i for i, item in enumerate(items) if item.section in place], np.int64)


def _members(labels: Iterable[int]) -> defaultdict[int, list[int]]:
    """Return the places of each label."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place, label in enumerate(labels):
        members[label].append(place)
    return members


def _spelled(ranker: Any, terms: Sequence[int]) -> Floats:
    """Add the BM25 scores of terms; each has a passage once, which bm25s does not make use of."""
    columns = ranker.scores
    out = np.zeros(columns["num_docs"], np.float32)
    for term in terms:
        span = slice(columns["indptr"][term], columns["indptr"][term + 1])
        out[columns["indices"][span]] += columns["data"][span]
    return out
