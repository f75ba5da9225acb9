"""From a question to scored sections and sentences, for one audience; what that audience may not read is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import faiss
import numpy as np
import numpy.typing as npt

from knowledge.calibration import best_by_section, gap
from knowledge.document import Audience, Ranked
from knowledge.encoder import Encoder
from knowledge.index import Floats, Index, Ints
from knowledge.text import normalise, words

PASSAGE_WEIGHT = 0.25  # measured: best three questions + 0.25 x passage MaxSim, both standardised over sections
WORDS_WEIGHT = 0.1
RERANKED = 64  # passages whose token vectors are compared; all of them in a manual of usual size
FEWEST_QUESTIONS = 0.5  # the share of sections that must have questions, else the text alone is searched


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `gap` is None where the manual has no questions to compare with."""

    ranking: tuple[Ranked, ...]
    query: str
    vector: Floats
    tokens: Floats
    gap: float | None
    best_passage: float
    kind: str
    margin: float
    question_scores: Floats  # cosine of every attached question that this audience may see; others -1


class View:
    """The part of an index that one audience may read, ready to be scored."""

    def __init__(self, index: Index, audience: Audience) -> None:
        self.index, self.audience = index, audience
        readable = [s.number for s in index.document if audience.may_read(s.audience)]
        self.sections = readable
        place = {number: i for i, number in enumerate(readable)}
        self.passages = _places(index.passages, place)
        self.passage_section = np.array([place[index.passages[i].section] for i in self.passages], np.int64)
        self.questions = _places(index.attached, place)
        self.question_section = np.array([place[index.attached[i].section] for i in self.questions], np.int64)
        self.passage_index = _flat(index.passage_vectors[self.passages])
        self.question_index = _flat(index.question_vectors[self.questions])
        self.unanswerable_index = _flat(index.unanswerable_vectors)

    @cached_property
    def bm25(self) -> object:
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
        covered = len(np.unique(self.question_section))
        return bool(self.sections) and covered >= FEWEST_QUESTIONS * len(self.sections)


def _places(items: Sequence[object], place: dict[str, int]) -> Ints:
    return np.array([i for i, item in enumerate(items) if getattr(item, "section") in place], np.int64)  # noqa: B009


def _flat(vectors: Floats) -> faiss.IndexFlatIP:
    flat = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        flat.add(np.ascontiguousarray(vectors, np.float32))
    return flat


def _similarities(flat: faiss.IndexFlatIP, vector: Floats) -> Floats:
    """Return the cosine of every vector of a flat index, in its own order."""
    out = np.full(flat.ntotal, -1.0, np.float32)
    if flat.ntotal:
        scores, order = flat.search(vector[None], flat.ntotal)
        out[order[0]] = scores[0]
    return out


class Searcher:
    """Scores the sections of one index for a question."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        faiss.omp_set_num_threads(1)
        self.index, self.encoder = index, encoder
        self._views = {audience: View(index, audience) for audience in Audience}

    def view(self, audience: Audience) -> View:
        """Return what this audience may read."""
        return self._views[audience]

    def search(self, question: str, audience: Audience) -> Found:
        """Rank every readable section for `question`; equal scores are ordered by section number."""
        view = self._views[audience]
        query = normalise(question)
        encoded = self.encoder.encode_one(query)
        asked = _similarities(view.question_index, encoded.sentence)
        unanswered = _similarities(view.unanswerable_index, encoded.sentence)
        text_scores, best_passage = self._text_scores(view, query, encoded.sentence, encoded.tokens)
        question_scores = _best_questions(view, asked)
        scores = _standard(question_scores) + PASSAGE_WEIGHT * text_scores if view.asks else text_scores
        order = sorted(range(len(view.sections)), key=lambda i: (-scores[i], i))
        all_asked = np.full(len(self.index.attached), -1.0, np.float32)
        all_asked[view.questions] = asked
        return Found(
            ranking=tuple(Ranked(view.sections[i], round(float(scores[i]), 4)) for i in order),
            query=query,
            vector=encoded.sentence,
            tokens=encoded.tokens,
            gap=float(gap(asked[None], unanswered[None])[0]) if len(asked) and len(unanswered) else None,
            best_passage=best_passage,
            kind=self.index.kinds[int(unanswered.argmax())] if len(unanswered) else "",
            margin=_margin(question_scores if view.asks else text_scores, order),
            question_scores=all_asked,
        )

    def _text_scores(self, view: View, query: str, vector: Floats, tokens: Floats) -> tuple[Floats, float]:
        if not len(view.passages):
            return np.zeros(len(view.sections), np.float32), 0.0
        cosine = _similarities(view.passage_index, vector)
        spelled = self._word_scores(view, query)
        first = np.argsort(-(_standard(cosine) + WORDS_WEIGHT * _standard(spelled)), kind="stable")
        chosen = first if len(first) <= 1024 else first[:RERANKED]
        exact = np.full(len(view.passages), -1.0, np.float32)
        exact[chosen] = self.index.passage_tokens.max_sim(tokens, view.passages[chosen])
        exact[exact < 0] = exact[chosen].min()
        by_section = _standard(_best(exact, view)) + WORDS_WEIGHT * _standard(_best(spelled, view))
        return by_section, float(exact.max())

    def _word_scores(self, view: View, query: str) -> Floats:
        terms = words(query)
        ranker = view.bm25
        if not terms or ranker is None:
            return np.zeros(len(view.passages), np.float32)
        return np.asarray(ranker.get_scores(terms), np.float32)  # type: ignore[attr-defined]


def _best(scores: Floats, view: View) -> Floats:
    out = np.full(len(view.sections), scores.min() if len(scores) else 0.0, np.float32)
    np.maximum.at(out, view.passage_section, scores)
    return out


def _best_questions(view: View, asked: Floats) -> Floats:
    """Return for each section the mean cosine of its best three questions."""
    out = np.full(len(view.sections), asked.min() if len(asked) else 0.0, np.float32)
    if len(asked):
        out[np.unique(view.question_section)] = best_by_section(asked[None], view.question_section)[0]
    return out


def _standard(scores: npt.NDArray[np.float32]) -> Floats:
    spread = float(scores.std()) if len(scores) else 0.0
    return np.asarray((scores - scores.mean()) / spread, np.float32) if spread > 0 else np.zeros_like(scores)


def _margin(scores: Floats, order: Sequence[int]) -> float:
    return float(scores[order[0]] - scores[order[1]]) if len(order) > 1 else 1.0
