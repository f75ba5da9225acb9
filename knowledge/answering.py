"""From scored sections to an answer: sentences of the manual with their source, or an honest refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.document import Answer, Audience, Citation, Outcome, Ranked
from knowledge.encoder import Encoder
from knowledge.errors import bad_input
from knowledge.index import Index
from knowledge.passages import Unit
from knowledge.refusals import reason_for, wants_a_person
from knowledge.search import Found, Searcher, View
from knowledge.text import normalise

LONGEST_QUESTION = 2000
UNCALIBRATED_PASSAGE = 0.9  # least MaxSim of the best passage where there are no questions to calibrate with
TEXT_WEIGHT = 0.5  # of a sentence's own MaxSim beside its questions
ALSO = 0.02  # a neighbouring sentence that is this close to the best one is quoted too
FOLLOWUPS = 3
_LIST = re.compile(r"哪些|哪几|几个|几种|几类|几项|几步|包括|有什么|有啥|都有|分为|种类|类型|步骤|流程|原则|要求|怎么做|介绍|说说|讲讲|总结|概括")
_ANAPHORA = re.compile(r"^(那|那么|这|它|该|上面|刚才|还有)|(呢|的话)[？?。]?$")
_SHORT = 14


@dataclass(frozen=True, slots=True)
class _Scored:
    place: int
    unit: Unit
    score: float


class Answerer:
    """Answers from one index. `title` is how people call the manual, for the line that names the source."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index = index
        self.searcher = Searcher(index, encoder)

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer `question` for `audience`; `context` is the question asked before, "" for none.

        Raises:
            WenjinError: `empty_question` or `question_too_long` (422).
        """
        asked = check_question(question)
        found = self.searcher.search(in_context(asked, context), audience)
        view = self.searcher.view(audience)
        if not found.ranking or not self._is_answerable(found, audience):
            return self._refuse(found)
        if self._is_unclear(found, audience):
            choices = self._choices(found, view)
            if len(choices) > 1:
                return Answer(Outcome.CLARIFY, "您想了解的是下面哪一个？", (), found.ranking, (), choices)
        return self._quote(found, view)

    def _is_answerable(self, found: Found, audience: Audience) -> bool:
        calibration = self.index.calibration[audience]
        if found.gap is None or not calibration.calibrated:
            return found.best_passage >= UNCALIBRATED_PASSAGE and (found.gap is None or found.gap > -0.02)
        return found.gap >= calibration.threshold

    def _is_unclear(self, found: Found, audience: Audience) -> bool:
        """Tell whether the two best sections are too close to choose between."""
        return found.margin < self.index.calibration[audience].close

    def _refuse(self, found: Found) -> Answer:
        if wants_a_person(found.kind):
            return Answer(Outcome.HANDOVER, reason_for(found.kind), (), found.ranking)
        return Answer(Outcome.REFUSED, reason_for(found.kind), (), found.ranking)

    def _quote(self, found: Found, view: View) -> Answer:
        section = found.ranking[0]
        scored = self._score_units(found, section.section)
        best = max(scored, key=lambda s: (s.score, -s.place))
        chosen = self._spread(best, scored, found.query)
        cited = chosen if best.place in {s.place for s in chosen} else [best, *chosen]
        first = sorted(cited, key=lambda s: s.place != best.place)
        citations = tuple(self._cite(s) for s in first)
        text = _join([s.unit for s in chosen])
        return Answer(Outcome.ANSWERED, text, citations, found.ranking, self._followups(found, view, best))

    def _score_units(self, found: Found, section: str) -> list[_Scored]:
        places = [i for i, unit in enumerate(self.index.units) if unit.section == section]
        own = self.index.unit_tokens.max_sim(found.tokens, np.array(places, np.int64))
        by_question = self._best_by_unit(found, places)
        return [
            _Scored(i, self.index.units[i], by_question[i] + TEXT_WEIGHT * float(text))
            for i, text in zip(places, own, strict=True)
        ]

    def _best_by_unit(self, found: Found, places: Sequence[int]) -> dict[int, float]:
        asked: dict[int, list[float]] = {i: [] for i in places}
        for row, attachment in enumerate(self.index.attached):
            if attachment.unit in asked:
                asked[attachment.unit].append(float(found.question_scores[row]))
        known = [score for scores in asked.values() for score in scores]
        floor = min(known) if known else 0.0
        return {i: float(np.mean(sorted(scores)[-2:])) if scores else floor for i, scores in asked.items()}

    def _spread(self, best: _Scored, scored: Sequence[_Scored], query: str) -> list[_Scored]:
        """Return what is quoted: the whole list for a list question, else the sentence and a close neighbour."""
        group = [s for s in scored if best.unit.group and s.unit.group == best.unit.group]
        if group and (not best.unit.is_item or _LIST.search(query)):
            return group
        if best.unit.is_item:
            return [best]
        near = [s for s in scored if s.unit.paragraph == best.unit.paragraph and abs(s.place - best.place) == 1]
        return sorted([best, *(s for s in near if best.score - s.score < ALSO)], key=lambda s: s.place)

    def _cite(self, scored: _Scored) -> Citation:
        section = self.index.document.section(scored.unit.section)
        title = section.title if section else ""
        return Citation(
            self.index.manual, self.index.version, scored.unit.section, title, scored.unit.text, round(scored.score, 4)
        )

    def _choices(self, found: Found, view: View) -> tuple[str, ...]:
        """Return the nearest known question of each of the two or three closest sections."""
        out: list[str] = []
        for ranked in found.ranking[:2]:
            text = self._nearest_question(found, ranked)
            if text and text not in out:
                out.append(text)
        return tuple(out)

    def _nearest_question(self, found: Found, ranked: Ranked) -> str:
        rows = [i for i, a in enumerate(self.index.attached) if a.section == ranked.section]
        if not rows:
            return ""
        return self.index.attached[max(rows, key=lambda i: float(found.question_scores[i]))].text

    def _followups(self, found: Found, view: View, best: _Scored) -> tuple[str, ...]:
        """Return up to three known questions on other sentences of the section, most related first."""
        out: list[str] = []
        taken = {best.place, -1}
        rows = [int(i) for i in view.questions if self.index.attached[int(i)].section == best.unit.section]
        for row in sorted(rows, key=lambda i: -float(found.question_scores[i])):
            attachment = self.index.attached[row]
            if attachment.unit not in taken and 6 <= len(attachment.text) <= 24:
                taken.add(attachment.unit)
                out.append(attachment.text)
            if len(out) == FOLLOWUPS:
                break
        return tuple(out)


def check_question(question: object) -> str:
    """Return the question without control characters.

    Raises:
        WenjinError: `empty_question` or `question_too_long` (422).
    """
    text = question if isinstance(question, str) else ""
    text = "".join(c for c in text if c in "\n\t" or (c.isprintable() and not "\ud800" <= c <= "\udfff")).strip()
    if not text:
        raise bad_input("empty_question", "没有收到问题内容，请输入您想问的问题。")
    if len(text) > LONGEST_QUESTION:
        raise bad_input(
            "question_too_long",
            f"问题太长（{len(text):,} 字），请分几次提问，每次不超过 {LONGEST_QUESTION:,} 字。",
            length=len(text),
        )
    return text


def in_context(question: str, context: str) -> str:
    """Return what is searched: a short question that points back (那个要多久？) takes the one before with it."""
    text = normalise(question)
    if context and len(text) <= _SHORT and _ANAPHORA.search(text):
        return f"{context} {question}"
    return question


def _join(units: Sequence[Unit]) -> str:
    """Set sentences in one line each list item on its own, so that plain-text clients can read it."""
    if len(units) == 1:
        return units[0].text
    lines: list[str] = []
    for unit in units:
        if unit.is_item:
            lines.append(f"· {unit.text}")
        elif lines and not lines[-1].startswith("·"):
            lines[-1] += unit.text
        else:
            lines.append(unit.text)
    return "\n".join(lines)


def source_line(answer: Answer, title: str) -> str:
    """Return the line that names the source of an answer, "" without one: 《手册》2.2 服务流程与客户体验管理."""
    places = dict.fromkeys((c.section, c.title) for c in answer.citations)
    return "；".join(f"《{title}》{section} {name}" for section, name in places)
