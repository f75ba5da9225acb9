"""How satisfied customers are: ratings beside how many answered, with how sure that is; marks of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session

from actions.figures.scope import Scope
from actions.service.ratings import DIMENSIONS, HIGHEST, LOWEST
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
    counted = (
        select(Rating.score, func.count())
        .select_from(RatingOffer)
        .outerjoin(Rating, Rating.offer_id == RatingOffer.id)
        .where(*offered(scope))
        .group_by(Rating.score)
    )
    found: dict[int | None, int] = {score: count for score, count in s.execute(counted)}  # noqa: C416
    scores = {score: found[score] for score in range(LOWEST, HIGHEST + 1) if score in found}
    helpful, unhelpful = _marks(s, scope)
    return Satisfaction(sum(found.values()), scores, _dimensions(s, scope), helpful, unhelpful)


def offered(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions on offers to customers of a scope."""
    found = [RatingOffer.subject.in_(OF_CUSTOMERS), *scope.within(RatingOffer.offered_at)]
    chats = scope.chats()  # looked up one by one: a list of all of them takes longer than the count
    in_chat = exists().where(chats.c.id == RatingOffer.conversation_id)
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


def _dimensions(s: Session, scope: Scope) -> dict[str, tuple[float, int]]:
    given = select(Rating.dimensions).join(RatingOffer, RatingOffer.id == Rating.offer_id)
    sums, counts = Counter[str](), Counter[str]()
    for scores in s.scalars(given.where(*offered(scope))):
        sums.update(scores)
        counts.update(scores.keys())
    return {name: (sums[name] / counts[name], counts[name]) for name in DIMENSIONS if counts[name]}


def _marks(s: Session, scope: Scope) -> tuple[int, int]:
    chats = scope.chats()
    counts = (
        select(func.sum(case((AnswerMark.helpful.is_(True), 1), else_=0)), func.count())
        .join(Turn, Turn.id == AnswerMark.turn_id)
        .join(chats, chats.c.id == Turn.conversation_id)
        .where(*scope.within(AnswerMark.created_at))
    )
    helpful, marked = s.execute(counts).one()
    return int(helpful or 0), int(marked) - int(helpful or 0)
