"""The part of an index that one audience may read, ready to be scored; what it may not read is not in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import faiss
import numpy as np

from knowledge.document import Audience
from knowledge.indexed import Floats, Index, Ints
from knowledge.projection import project
from knowledge.text import synonyms, words

# Weights of a section's standardised signals: a conditional logit fitted on held-out questions of the bank.
WEIGHTS = {"questions": 1.05, "centres": 0.7, "text": 0.45, "words": 0.35, "sentences": 0.45}
# A manual without questions is searched by its text alone.
WEIGHTS_OF_TEXT = {"text": 0.7, "words": 0.3, "sentences": 0.6}
NEAREST = 3  # a section is as near as its three nearest questions
RERANKED = 64  # passages whose token vectors are compared
FEWEST_QUESTIONS = 0.5  # the share of sections that must have questions, else the text alone is searched
SYNONYM = 0.4  # weight of a synonym beside the word that was written


@dataclass(frozen=True, slots=True)
class Groups:
    """Places of a flat array by group, padded with -1: `table` has shape (groups, most members)."""

    table: Ints

    @classmethod
    def of(cls, labels: Sequence[int], count: int) -> Groups:
        """Group the places of `labels` by label; labels outside 0 … count - 1 are left out."""
        members: dict[int, list[int]] = defaultdict(list)
        for place, label in enumerate(labels):
            members[label].append(place)
        width = max((len(members[g]) for g in range(count)), default=0)
        table = np.full((count, max(width, 1)), -1, np.int64)
        for g in range(count):
            table[g, : len(members[g])] = members[g]
        return cls(table)

    def best(self, scores: Floats, most: int) -> Floats:
        """Return the mean of each group's best `most` scores; groups without members have the lowest."""
        lowest = float(scores.min()) if len(scores) else 0.0
        padded = np.append(scores, -np.inf)[self.table]
        keep = min(most, padded.shape[1])
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
        self.unit_questions = Groups.of([index.attached[i].unit for i in self.questions], len(index.units))
        self.passage_index = _flat(index.passage_vectors[self.passages])
        self.vectors = index.question_vectors[self.questions]
        self.mapped = project(self.vectors, index.projection)
        self.unit_mapped = project(index.unit_vectors[self.units], index.projection)
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

        corpus = [list(self.index.passage_words[i]) for i in self.passages]
        if not any(corpus):
            return None
        ranker = bm25s.BM25(method="lucene")
        ranker.index(corpus, show_progress=False)
        return ranker

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
            there = [term for term in terms if term in known]
            if there:
                scores += weight * np.asarray(ranker.get_scores(there), np.float32)
        return scores

    def evidence(self, query: Query) -> Evidence:
        """Weigh what speaks for each readable section."""
        asked = self.mapped @ query.mapped
        sentences = self.unit_mapped @ query.mapped
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
        _, near = self.passage_index.search(query.vector[None], keep)
        chosen = np.union1d(near[0], np.argsort(-spelled, kind="stable")[: keep // 4])
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


def _flat(vectors: Floats) -> Any:
    flat = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        flat.add(np.ascontiguousarray(vectors, np.float32))
    return flat
