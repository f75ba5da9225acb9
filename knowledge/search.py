"""From a question to scored sections and a verdict, for one audience and only in what it may read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.calibration import Asked, Judge, signals_of
from knowledge.document import Audience, Ranked
from knowledge.encoder import Encoder
from knowledge.index import Index
from knowledge.learning import query_of
from knowledge.nearest import highest
from knowledge.spelling import Speller
from knowledge.text import normalise
from knowledge.views import Evidence, Query, View

RANKED = 200  # sections that a ranking tells
NAMED = 3  # the nearest unanswerable questions that name the kind of a refusal
_LATIN = re.compile(r"[a-z]{2,}")
_MARKS = " ?？!！.。~～,，"
# What people put around a question; it names nothing that is searched for.
_BEFORE = re.compile(
    r"^(?:(?:你好|您好|哈[喽啰]|嗨|在吗|打扰)[一下了]{0,2}[,，!！。~ 啊呀哈]*"
    r"|(?:我?想|麻烦|请)?(?:请[问教]|问一?下|咨询一?下|想问|请教)(?:一下|下|个问题|您|问)*"
    r"[哈啊呀呢]?[,，:：。!！~ ]*)+"
)
_AFTER = re.compile(
    r"(?:[,，。!！~ ]*(?:谢谢|多谢|谢了|麻烦了|拜托)[您你啦了哈啊]*)+[。!！~ ]*$"
    r"|(?<=[\u4e00-\u9fff])[呀哈哦呐]+(?=[?？。!！~ ]*$)"
)
_LEAST = 4  # letters that must be left of a question


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `ranking` has the best RANKED sections, all of them in a manual of usual size.

    `score` is the judge's log-odds (or the best passage's MaxSim where there are no questions), `answerable`
    its verdict, `kind` what the question would be if it is refused. `exact` is the place of the attached
    question that was asked word for word, -1 for none.
    """

    ranking: tuple[Ranked, ...]
    query: Query
    evidence: Evidence
    score: float
    answerable: bool
    unclear: bool
    kind: str
    exact: int


class _Known:
    """A view with what makes a question readable to it."""

    def __init__(self, index: Index, audience: Audience) -> None:
        self.view = View(index, audience)
        self.judge: Judge = index.judges[audience]
        self._exact: dict[str, int] = {}
        for place, section in zip(self.view.questions, self.view.question_section, strict=True):
            key = plain(index.attached[place].text)
            other = self._exact.setdefault(key, int(place))
            if other >= 0 and index.attached[other].section != self.view.sections[section]:
                self._exact[key] = -1  # asked of two sections: the words alone do not tell which

    def exact(self, text: str) -> int:
        """Return the place of the attached question with the same words, or -1."""
        return self._exact.get(plain(text), -1)

    @cached_property
    def speller(self) -> Speller:
        """Return the speller that knows this view's words."""
        index = self.view.index
        manual = [normalise(index.units[i].text) for i in self.view.units]
        asked = [index.attached[i].text for i in self.view.questions if index.attached[i].style != "noisy"]
        texts = [*manual, *(normalise(text) for text in (*asked, *index.unanswerable))]
        return Speller(texts, latin=_LATIN.findall(" ".join(manual)))


class Searcher:
    """Scores the sections of one index for a question."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index, self.encoder = index, encoder
        self._known = {audience: _Known(index, audience) for audience in Audience}

    def view(self, audience: Audience) -> View:
        """Return what this audience may read."""
        return self._known[audience].view

    def search(self, question: str, audience: Audience) -> Found:
        """Rank the readable sections for `question`; equal scores are ordered by section number."""
        known = self._known[audience]
        view = known.view
        text = normalise(question)
        exact = known.exact(text)
        text = text if exact >= 0 else bare(known.speller.mend(text))
        query = query_of(self.index, text, self.encoder.encode_one(text))
        evidence = view.evidence(query)
        scores = evidence.sections.copy()
        if exact >= 0 and len(scores):
            scores[view.sections.index(self.index.attached[exact].section)] += np.ptp(scores) + 1.0
        order, given = np.argsort(-scores, kind="stable").tolist(), scores.tolist()
        score = self._score(known, query, evidence)
        margin = given[order[0]] - given[order[1]] if len(order) > 1 else np.inf
        return Found(
            ranking=tuple(Ranked(view.sections[i], round(given[i], 4)) for i in order[:RANKED]),
            query=query,
            evidence=evidence,
            score=score,
            answerable=exact >= 0 or score >= known.judge.threshold,
            unclear=exact < 0 and margin < known.judge.close,
            kind=_kind(view, query),
            exact=exact,
        )

    def _score(self, known: _Known, query: Query, evidence: Evidence) -> float:
        classifiers = known.judge.classifiers
        if classifiers is None:
            return evidence.best_passage
        asked = Asked(
            [query.text],
            query.vector[None],
            query.mapped[None],
            evidence.asked[None],
            evidence.sentences.max(keepdims=True),
            np.array([evidence.spelled], np.float32),
        )
        return float(known.judge.score(signals_of(known.view, classifiers, asked))[0])


def bare(text: str) -> str:
    """Return a normalised question without greetings, thanks and 请问 around it."""
    left = _AFTER.sub("", _BEFORE.sub("", text))
    return left if len(left) >= _LEAST else text


def plain(text: str) -> str:
    """Return a normalised text without the marks at its ends."""
    return normalise(text).strip(_MARKS)


def _kind(view: View, query: Query) -> str:
    """Return the kind that most of the nearest unanswerable questions are of, the nearest one's in doubt."""
    count = len(view.index.kinds)
    if not count:
        return ""
    similar = view.refused_mapped[:count] @ query.mapped
    kinds: list[str] = [view.index.kinds[i] for i in highest(similar, NAMED)]
    return max(kinds, key=lambda kind: (kinds.count(kind), -kinds.index(kind)))
