"""Which sentences of the best section answer: the nearest, a whole list, and whose figure it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.indexed import Floats, Ints
from knowledge.passages import Unit
from knowledge.search import Found
from knowledge.views import NEAREST, Groups, View

# Weights of a sentence's signals, fitted on the question bank (conditional logit; only ratios matter).
ASKED, TEXT, MEANING, HAS_QUESTIONS, FIGURE, ENUMERATION, LISTED = 1.0, 3.0, 1.2, 0.05, 0.04, 0.07, 0.06
ALSO = 0.05  # a neighbouring sentence that is this close to the best one is quoted too
_ASKS_LIST = re.compile(
    r"哪些|哪几|几个|几种|几类|几项|几步|几条|几大|几点|包括|有什么|有啥|都有|分为|种类|类型|步骤|流程|列|分别|怎么做|介绍|说说|讲讲|总结|概括"
)
_ASKS_FIGURE = re.compile(r"多少|几|多久|多长|何时|什么时候|哪年|百分之|时限|期限|多大|多快|多高")
_FIGURE = re.compile(
    r"[0-9][0-9.,]*|[一二三四五六七八九十两百千万]+(?:个|年|天|日|小时|秒|分|家|项|类|步|倍|种|次|条)"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?\s*(?:%|％|分|天|日|秒|毫秒|倍|亿|万|家|元|小时)")
_ENUMERATION = re.compile(r"、.*[、和]|；|[三四五六七八两][个项类种条大步]")
_POINTS_BACK = re.compile(r"这|该系统|该平台|该企业|此|上述|其中|因此|从而|两者|前者|后者")
_OWNER = re.compile(r"例如|比如|举例|为例|案例|某|据|报告|平均|《|规定|要求")


@dataclass(frozen=True, slots=True)
class Scored:
    """One sentence or list item with its score; `place` counts the index's units."""

    place: int
    unit: Unit
    score: float


def score_units(view: View, found: Found, section: str) -> list[Scored]:
    """Score every sentence of `section` as an answer; all of them in reading order."""
    mine = view.units_of(section)
    places = view.units[mine]
    text = view.index.unit_tokens.max_sim(found.query.tokens, places)
    asked, has = _asked(view, found, places)
    scores = ASKED * asked + TEXT * text + MEANING * found.evidence.sentences[mine] + HAS_QUESTIONS * has
    units = [view.index.units[place] for place in places]
    scores += np.array([_form(found.query.text, unit) for unit in units], np.float32)
    if found.exact >= 0:
        scores += np.asarray(places == view.index.attached[found.exact].unit, np.float32) * 10
    return [Scored(int(p), u, float(s)) for p, u, s in zip(places, units, scores, strict=True)]


def _asked(view: View, found: Found, places: Ints) -> tuple[Floats, Floats]:
    """Return how near each sentence's questions are (the least without any), and which have some."""
    groups = Groups.holding([view.unit_questions.get(place, []) for place in places.tolist()])
    has = (groups.table >= 0).any(axis=1)
    if not has.any():
        return np.zeros(len(places), np.float32), np.zeros(len(places), np.float32)
    best = groups.best(found.evidence.asked, NEAREST)
    return np.where(has, best, best[has].min()).astype(np.float32), has.astype(np.float32)


def _form(query: str, unit: Unit) -> float:
    """Return what the form of a sentence adds: figures for a figure question, lists for a list question."""
    score = FIGURE if _ASKS_FIGURE.search(query) and _FIGURE.search(unit.text) else 0.0
    if _ASKS_LIST.search(query):
        score += ENUMERATION if _ENUMERATION.search(unit.text) else 0.0
        score += LISTED if unit.group and not unit.is_item else 0.0
    return score


def quote(scored: Sequence[Scored], query: str) -> tuple[Scored, list[Scored]]:
    """Return the best sentence, and what is quoted in reading order (the best one among it)."""
    best = max(scored, key=lambda s: (s.score, -s.place))
    group = [s for s in scored if best.unit.group and s.unit.group == best.unit.group]
    if group and (not best.unit.is_item or _ASKS_LIST.search(query)):
        return best, group
    if best.unit.is_item:
        return best, [best]
    near = [s for s in scored if s.unit.paragraph == best.unit.paragraph and abs(s.place - best.place) == 1]
    chosen = [s for s in near if not s.unit.is_item and best.score - s.score < ALSO]
    return best, sorted(
        {s.place: s for s in (best, *chosen, *_owner(best, near))}.values(), key=lambda s: s.place
    )


def _owner(best: Scored, near: Sequence[Scored]) -> list[Scored]:
    """Return the sentence before that the best one leans on: it points back, or lacks its figure's owner."""
    before = [s for s in near if s.place < best.place]
    if _POINTS_BACK.match(best.unit.text):
        return before
    if not _NUMBER.search(best.unit.text) or _OWNER.search(best.unit.text):
        return []
    return [s for s in before if _OWNER.search(s.unit.text)]
