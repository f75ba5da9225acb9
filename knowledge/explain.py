"""Why a question was answered as it was: the signals of the best sections, the nearest known questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.answering import Answerer, check_question
from knowledge.context import resolve
from knowledge.document import Answer, Audience
from knowledge.indexed import Floats
from knowledge.quoting import score_units
from knowledge.sameness import NEAR
from knowledge.search import Found
from knowledge.supplement import FaqEntry, Match, Supplement, Supplemented
from knowledge.text import synonyms, words
from knowledge.views import View

SECTIONS = 5
QUESTIONS = 3
TERMS = 12


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question of the bank and how near it is to the one that was asked."""

    text: str
    nearness: float


@dataclass(frozen=True, slots=True)
class SectionSignals:
    """What speaks for one section. `score` adds its signals, each standardised over all sections and weighed.

    `signals` has each by its name: `questions` is the mean of its nearest questions, `text` its best passage,
    `words` its best BM25, `sentences` its nearest sentence, …; `standing` says how many deviations each is
    above the mean of all sections.
    """

    section: str
    title: str
    audience: Audience
    score: float
    signals: dict[str, float]
    standing: dict[str, float]
    terms: tuple[str, ...]
    known: tuple[KnownQuestion, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How one question ends for one audience, and why.

    `source` is "faq", "attached" or "manual"; `searched` is the text that the manual was searched for.
    `score` and `limit` decide whether the manual answers; `exact` tells that a known question was asked word
    for word, `unclear` that two sections are equally near; `kind` names what is refused.
    """

    answer: Answer
    source: str
    searched: str
    score: float
    limit: float
    exact: bool
    unclear: bool
    kind: str
    match: Match | None
    near: float
    sections: tuple[SectionSignals, ...]


def explain(
    answerer: Supplemented,
    question: str,
    audience: Audience,
    *,
    context: str = "",
    extra: Supplement | None = None,
) -> Explanation:
    """Answer `question` as `audience` would get it, with `extra` as if it were published, and say why.

    Raises:
        WenjinError: `empty_question` or `question_too_long` (422).
    """
    asked = check_question(question)
    match = answerer.nearest(asked, audience=audience, context=context, extra=extra)
    manual = answerer.get()
    added = answerer.answer_of(match) if match and match.answers else None
    found = manual.searcher.search(resolve(asked, context), audience)
    view = manual.searcher.view(audience)
    source = "manual"
    if added and match:
        source = "faq" if isinstance(match.entry, FaqEntry) else "attached"
    return Explanation(
        answer=added or manual.answer(question, audience=audience, context=context),
        source=source,
        searched=found.query.text,
        score=found.score,
        limit=manual.index.judges[audience].threshold,
        exact=found.exact >= 0,
        unclear=found.unclear,
        kind="" if found.answerable else found.kind,
        match=match,
        near=NEAR,
        sections=tuple(_signals(manual, view, found)),
    )


def _signals(manual: Answerer, view: View, found: Found) -> list[SectionSignals]:
    """Return the signals of the best sections, best first."""
    signals = found.evidence.signals
    written = list(dict.fromkeys(words(found.query.text)))
    out = []
    for ranked in found.ranking[:SECTIONS]:
        place = view.sections.index(ranked.section)
        section = manual.index.document.section(ranked.section)
        out.append(
            SectionSignals(
                section=ranked.section,
                title=section.title if section else "",
                audience=section.audience if section else Audience.STAFF,
                score=ranked.score,
                signals={name: round(float(each[place]), 4) for name, each in signals.items()},
                standing={name: _standing(each, place) for name, each in signals.items()},
                terms=_terms(view, ranked.section, written),
                known=_known(view, found, place),
                sentence=_sentence(view, found, ranked.section),
            )
        )
    return out


def _standing(scores: Floats, place: int) -> float:
    spread = float(scores.std())
    return round(float(scores[place] - scores.mean()) / spread, 2) if spread > 0 else 0.0


def _terms(view: View, section: str, written: list[str]) -> tuple[str, ...]:
    """Return the words of the question, then their synonyms, that stand in a section."""
    mine = (place for place in view.passages if view.index.passages[place].section == section)
    there = {word for place in mine for word in view.index.passage_words[place]}
    return tuple(word for word in (*written, *synonyms(written)) if word in there)[:TERMS]


def _known(view: View, found: Found, section: int) -> tuple[KnownQuestion, ...]:
    rows = np.flatnonzero(np.array(view.question_section) == section)
    nearest = sorted(rows.tolist(), key=lambda row: (-float(found.evidence.asked[row]), row))[:QUESTIONS]
    return tuple(
        KnownQuestion(
            view.index.attached[view.questions[row]].text, round(float(found.evidence.asked[row]), 4)
        )
        for row in nearest
    )


def _sentence(view: View, found: Found, section: str) -> str:
    scored = score_units(view, found, section)
    return max(scored, key=lambda s: (s.score, -s.place)).unit.text if scored else ""
