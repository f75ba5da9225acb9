"""What customers write beside their ratings, put together where they say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.figures.satisfaction import offered
from actions.figures.scope import Scope
from actions.learning.asked import AskedQuestion
from actions.learning.clusters import Embed, cluster
from actions.store.tables.service import Rating, RatingOffer
from knowledge.document import Audience, Outcome

MOST = 500  # the latest comments: each is encoded once


@dataclass(frozen=True, slots=True)
class Theme:
    """Comments that say the same: one that stands for all, the mean score, the latest texts."""

    title: str
    count: int
    score: float
    texts: tuple[str, ...]
    last_at: datetime


def themes(s: Session, scope: Scope, embed: Embed) -> list[Theme]:
    """Return the comments of a scope in groups, the largest first; `embed` gives one unit vector a text."""
    found = (
        select(Rating)
        .join(RatingOffer, RatingOffer.id == Rating.offer_id)
        .where(*offered(scope))
        .order_by(Rating.updated_at.desc(), Rating.id)
        .limit(MOST)
    )
    written = [one for one in s.scalars(found) if one.comment.strip()]
    groups = cluster([_as_said(one) for one in written], embed)
    return [_theme(group.title, group.asked) for group in groups]


def _as_said(rating: Rating) -> AskedQuestion:
    return AskedQuestion(
        rating.id, rating.comment, Audience.CUSTOMER, rating.updated_at, Outcome.ANSWERED, rating.score
    )


def _theme(title: str, said: Sequence[AskedQuestion]) -> Theme:
    scores = [one.score for one in said if one.score is not None]
    texts = tuple(dict.fromkeys(one.text for one in said))
    return Theme(title, len(said), sum(scores) / len(scores), texts, said[0].asked_at)
