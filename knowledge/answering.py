"""From scored sections to an answer: sentences of the manual with their source, or an honest refusal."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.context import resolve
from knowledge.document import Answer, Audience, Citation, Outcome
from knowledge.encoder import Encoder
from knowledge.errors import bad_input
from knowledge.index import Index
from knowledge.passages import Unit
from knowledge.quoting import Scored, quote, score_units
from knowledge.refusals import reason_for, reason_of_missing, wants_a_person
from knowledge.search import Found, Searcher
from knowledge.suggestions import follow_ups, readings
from knowledge.views import View

LONGEST_QUESTION = 2000
UNCLEAR = "您想了解的是下面哪一个？"


class Answerer:
    """Answers from one index."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index = index
        self.searcher = Searcher(index, encoder)

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer `question` for `audience`; `context` is the question asked before, "" for none.

        Raises:
            WenjinError: `empty_question` or `question_too_long` (422).
        """
        asked = check_question(question)
        found = self.searcher.search(resolve(asked, context), audience)
        if not found.ranking or not found.answerable:
            return self._refuse(found, audience)
        view = self.searcher.view(audience)
        if found.unclear:
            choices = readings(view, found)
            if len(choices) > 1:
                return Answer(Outcome.CLARIFY, UNCLEAR, (), found.ranking, (), choices)
        return self._quote(found, view)

    def _refuse(self, found: Found, audience: Audience) -> Answer:
        named = audience is Audience.STAFF
        missing = reason_of_missing(found.query.text, self.index.document.missing, named=named)
        if missing:
            return Answer(Outcome.REFUSED, missing, (), found.ranking)
        outcome = Outcome.HANDOVER if wants_a_person(found.kind) else Outcome.REFUSED
        return Answer(outcome, reason_for(found.kind), (), found.ranking)

    def _quote(self, found: Found, view: View) -> Answer:
        scored = score_units(view, found, found.ranking[0].section)
        best, chosen = quote(scored, found.query.text)
        first = sorted(chosen, key=lambda s: s.place != best.place)
        citations = tuple(self._cite(s) for s in first)
        suggested = follow_ups(view, found, (s.place for s in chosen))
        return Answer(Outcome.ANSWERED, _join([s.unit for s in chosen]), citations, found.ranking, suggested)

    def _cite(self, scored: Scored) -> Citation:
        section = self.index.document.section(scored.unit.section)
        title = section.title if section else ""
        return Citation(
            self.index.manual,
            self.index.version,
            scored.unit.section,
            title,
            scored.unit.text,
            round(scored.score, 4),
        )


def check_question(question: object) -> str:
    """Return the question without control characters.

    Raises:
        WenjinError: `empty_question` or `question_too_long` (422).
    """
    text = question if isinstance(question, str) else ""
    text = "".join(
        c for c in text if c in "\n\t" or (c.isprintable() and not "\ud800" <= c <= "\udfff")
    ).strip()
    if not text:
        raise bad_input("empty_question", "没有收到问题内容，请输入您想问的问题。")
    if len(text) > LONGEST_QUESTION:
        raise bad_input(
            "question_too_long",
            f"问题太长（{len(text):,} 字），请分几次提问，每次不超过 {LONGEST_QUESTION:,} 字。",
            length=len(text),
        )
    return text


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
    """Return the line that names the source of an answer, "" without one: 《手册》2.2 服务流程."""
    places = dict.fromkeys((c.section, c.title) for c in answer.citations)
    return "；".join(f"《{title}》{section} {name}" for section, name in places)
