"""The systems that are asked: the product, and BM25 and the encoder alone on the same texts and questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eval.asked import NOWHERE, Asked
from eval.scores import UNRANKED, Row, decided
from knowledge.answering import Answerer
from knowledge.document import Audience, Document
from knowledge.encoder import Encoder, Progress
from knowledge.passages import passages_of_document, units_of_document
from knowledge.questions import QuestionBank
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache

Floats = npt.NDArray[np.float32]
Scorer = Callable[[str], Floats]


def ask_product(answerer: Answerer, asked: Sequence[Asked], progress: Progress) -> list[Row]:
    """Ask the product as a turn does: a text in, an answer out, encoding included in the time."""
    rows = []
    for number, question in enumerate(asked, 1):
        started = time.perf_counter()
        answer = answerer.answer(question.text, audience=question.audience)
        whole = time.perf_counter() - started
        started = time.perf_counter()
        found = answerer.searcher.search(question.text, question.audience)  # the encoder remembers the text
        alone = time.perf_counter() - started
        cited = [citation.sentence for citation in answer.citations]
        rows.append(
            Row(
                id=question.id,
                question=question.text,
                audience=str(question.audience),
                difficulty=question.difficulty,
                side=question.side,
                rank=_rank([ranked.section for ranked in answer.ranking], question.section),
                score=float(found.score),
                outcome=str(answer.outcome),
                right=question.section in {citation.section for citation in answer.citations},
                sentence_first=_holds(cited[:1], question.sentence),
                sentence_any=_holds(cited, question.sentence),
                milliseconds=whole * 1000,
                search_ms=alone * 1000,
            )
        )
        progress(number, len(asked))
    return rows


def _rank(order: Sequence[str], section: str) -> int:
    return order.index(section) if section in order else UNRANKED


def _holds(cited: Sequence[str], sentence: str) -> bool | None:
    """Tell whether a cited sentence contains the right one; None where that is not known."""
    if not sentence:
        return None
    plain = normalise(sentence)
    return any(plain in normalise(text) for text in cited)


@dataclass(frozen=True, slots=True)
class Texts:
    """What one audience may read, flat: `searched` with its sections, `quotable` sentences with theirs."""

    searched: tuple[str, ...]
    sections: tuple[str, ...]
    quotable: tuple[str, ...]
    quoted_sections: tuple[str, ...]


def texts_of(document: Document, audience: Audience, bank: QuestionBank | None) -> Texts:
    """Return the passages of `document` and, with a bank, the bank's questions as texts of their sections."""
    readable = {s.number for s in document if audience.may_read(s.audience)}
    pairs = [(p.indexed, p.section) for p in passages_of_document(document) if p.section in readable]
    if bank:
        pairs += [(q.text, q.section) for q in bank.answerable if q.section in readable]
    units = [(u.text, u.section) for u in units_of_document(document) if u.section in readable]
    return Texts(*_columns(pairs), *_columns(units))


def _columns(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    texts, sections = [], []
    for text, section in pairs:
        texts.append(text)
        sections.append(section)
    return tuple(texts), tuple(sections)


def words_alone(document: Document, bank: QuestionBank | None, asked: Sequence[Asked]) -> list[Row]:
    """Ask BM25 alone: a section is as good as its best text, its first sentence the best by BM25."""
    return decided(list(_alone(document, bank, asked, lambda texts: _words_of(texts))))


def _words_of(texts: Sequence[str]) -> Scorer:
    import bm25s

    ranker: Any = bm25s.BM25(method="lucene")
    ranker.index([words(text) for text in texts], show_progress=False)

    def score(text: str) -> Floats:
        known = [word for word in words(text) if word in ranker.vocab_dict]
        return np.asarray(ranker.get_scores(known) if known else np.zeros(len(texts)), np.float32)

    return score


def encoder_alone(
    document: Document,
    bank: QuestionBank | None,
    asked: Sequence[Asked],
    encoder: Encoder,
    cache: VectorCache,
) -> list[Row]:
    """Ask the encoder alone: a section is as near as its nearest text by cosine."""

    def scorer(texts: Sequence[str]) -> Scorer:
        vectors = np.stack([e.sentence for e in cache.encode([normalise(text) for text in texts])])
        return lambda text: np.asarray(vectors @ encoder.encode_one(normalise(text)).sentence, np.float32)

    return decided(list(_alone(document, bank, asked, scorer)))


def _alone(
    document: Document,
    bank: QuestionBank | None,
    asked: Sequence[Asked],
    scorer: Callable[[Sequence[str]], Scorer],
) -> Iterator[Row]:
    for audience in Audience:
        texts = texts_of(document, audience, bank)
        if not texts.searched:
            continue
        searched, quotable = scorer(texts.searched), scorer(texts.quotable)
        for question in asked:
            if question.audience is audience:
                yield _ask_plain(question, texts, searched, quotable)


def _ask_plain(question: Asked, texts: Texts, searched: Scorer, quotable: Scorer) -> Row:
    started = time.perf_counter()
    best: dict[str, float] = {}
    for section, score in zip(texts.sections, searched(question.text).tolist(), strict=True):
        best[section] = max(best.get(section, -9.0), score)
    order = sorted(best, key=lambda section: (-best[section], texts.sections.index(section)))
    of_units = quotable(question.text)
    places = [i for i, section in enumerate(texts.quoted_sections) if section == order[0]]
    cited = [texts.quotable[i] for i in sorted(places, key=lambda i: -of_units[i])[:1]]
    took = (time.perf_counter() - started) * 1000
    return row_of(question, order, best[order[0]], _holds(cited, question.sentence), took)


def row_of(
    question: Asked, order: Sequence[str], score: float, sentence: bool | None, milliseconds: float
) -> Row:
    """Return the row of a system that always answers with its first section."""
    return Row(
        id=question.id,
        question=question.text,
        audience=str(question.audience),
        difficulty=question.difficulty,
        side=question.side,
        rank=_rank(order, question.section),
        score=score,
        outcome="answered",
        right=bool(order) and order[0] == question.section,
        sentence_first=sentence,
        sentence_any=sentence,
        milliseconds=milliseconds,
    )


def present(asked: Iterable[Asked]) -> list[Asked]:
    """Return the questions whose section this manual has, or that have none."""
    return [question for question in asked if question.side != NOWHERE]
