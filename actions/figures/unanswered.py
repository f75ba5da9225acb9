"""What was asked most of what the manual does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.figures.scope import Scope
from actions.store.tables.figures import RefusedQuestion

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question as customers typed it, how often, and when last."""

    text: str
    count: int
    last_at: datetime


def most_asked(s: Session, scope: Scope, *, limit: int = SHOWN) -> list[Unanswered]:
    """Return the questions of a scope without an answer, the most frequent first."""
    asked = RefusedQuestion
    count, last = func.count(), func.max(asked.asked_at, type_=asked.asked_at.type)
    found = (
        select(asked.text, count, last)
        .where(*scope.said(asked, asked.asked_at))
        .group_by(asked.text)
        .order_by(count.desc(), last.desc(), asked.text)
        .limit(limit)
    )
    return [Unanswered(text, times, at) for text, times, at in s.execute(found)]
