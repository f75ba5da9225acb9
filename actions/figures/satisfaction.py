"""How satisfied customers are: ratings beside how many answered, with how sure that is; marks of answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from actions.figures.scope import Scope
from actions.service.ratings import DIMENSIONS, HIGHEST, LOWEST
from actions.store.sql import how_many
from actions.store.tables.service import AnswerMark, Rating, RatingOffer, Turn

SATISFIED = 4
SURE = 1.959964  # standard deviations of a normal distribution that hold 95 %
FEW = 30  # ratings under which a share says little without its interval
OF_CUSTOMERS = ("conversation", "ticket")


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Ratings that were offered in a time.

    `scores` counts ratings by score 1 to 5. `dimensions` holds the mean and number of the scores given to
    each of the manual's four dimensions. `helpful` and `unhelpful` are the marks of answers.
    """

    offers: int
    scores: Mapping[int, int]
    dimensions: Mapping[str, tuple[float, int]]
    helpful: int
    unhelpful: int

    @property
    def ratings(self) -> int:
        """Return how many offers were rated."""
        return sum(self.scores.values())

    @property
    def satisfied(self) -> int:
        """Return the ratings of 4 and 5."""
        return sum(count for score, count in self.scores.items() if score >= SATISFIED)

    @property
    def csat(self) -> float | None:
        """Return ratings of 4 and 5 by all ratings, 0 to 1."""
        return self.satisfied / self.ratings if self.ratings else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of `csat`."""
        return wilson(self.satisfied, self.ratings)

    @property
    def response_rate(self) -> float | None:
        """Return ratings by offers, 0 to 1."""
        return self.ratings / self.offers if self.offers else None

    @property
    def helpful_rate(self) -> float | None:
        """Return the share of marked answers that helped, 0 to 1."""
        marked = self.helpful + self.unhelpful
        return self.helpful / marked if marked else None


def satisfaction(s: Session, scope: Scope) -> Satisfaction:
    """Count the ratings that were offered in a scope, and the answers marked in it."""
    given = cast(Rating.dimensions, Text)  # many ratings give the same, which is read once
    counted = (
        select(Rating.score, given, func.count())
        .select_from(RatingOffer)
        .outerjoin(Rating, Rating.offer_id == RatingOffer.id)
        .where(*offered(scope))
        .group_by(Rating.score, given)
    )
    offers, scores, dimensions = 0, Counter[int](), Counter[str]()
    for score, text, count in s.execute(counted).tuples():
        offers += count
        if score is not None:
            scores[score] += count
            dimensions[text] += count
    in_order = {score: scores[score] for score in range(LOWEST, HIGHEST + 1) if score in scores}
    return Satisfaction(offers, in_order, _means(dimensions), *_marks(s, scope))


def offered(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions on offers to customers of a scope."""
    found = [RatingOffer.subject.in_(OF_CUSTOMERS), *scope.within(RatingOffer.offered_at)]
    in_chat = scope.in_chat(RatingOffer.conversation_id)
    return [*found, in_chat if scope.channel else or_(RatingOffer.conversation_id.is_(None), in_chat)]


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share by Wilson's score, None of nothing.

    Source: E. B. Wilson, Probable Inference (1927); it stays inside 0 and 1 and is good for small numbers.
    """
    if not whole:
        return None
    share, weight = part / whole, SURE * SURE / whole
    middle = (share + weight / 2) / (1 + weight)
    reach = SURE * sqrt(share * (1 - share) / whole + weight / (4 * whole)) / (1 + weight)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _means(given: Mapping[str, int]) -> dict[str, tuple[float, int]]:
    """Return mean and number of each dimension's scores, from what was given and how often."""
    sums, counts = Counter[str](), Counter[str]()
    for text, times in given.items():
        for name, score in json.loads(text).items():
            sums[name] += score * times
            counts[name] += times
    return {name: (sums[name] / counts[name], counts[name]) for name in DIMENSIONS if counts[name]}


def marked(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions on marks, joined with their turns, of a scope."""
    return [*scope.within(AnswerMark.created_at), scope.in_chat(Turn.conversation_id)]


def _marks(s: Session, scope: Scope) -> tuple[int, int]:
    counts = select(how_many(AnswerMark.helpful.is_(True)), func.count())
    found = counts.join(Turn, Turn.id == AnswerMark.turn_id).where(*marked(scope))
    helpful, all_ = (int(count) for count in s.execute(found).one())
    return helpful, all_ - helpful
