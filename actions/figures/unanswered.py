"""What was asked most of what the manual does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.figures.scope import Scope
from actions.store.tables.figures import Exchange
from actions.store.tables.service import Turn

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question as customers typed it, how often, and when last."""

    text: str
    count: int
    last_at: datetime


def most_asked(s: Session, scope: Scope, *, limit: int = SHOWN) -> list[Unanswered]:
    """Return the questions of a scope without an answer, the most frequent first."""
    count, last = func.count(), func.max(Exchange.asked_at, type_=Exchange.asked_at.type)
    found = (
        select(Turn.text, count, last)
        .select_from(Exchange)
        .join(Turn, Turn.id == Exchange.turn_id)
        .where(
            *scope.said(Exchange, Exchange.asked_at), Exchange.outcome == "refused", Turn.erased_at.is_(None)
        )
        .group_by(Turn.text)
        .order_by(count.desc(), last.desc(), Turn.text)
        .limit(limit)
    )
    return [Unanswered(text, asked, at) for text, asked, at in s.execute(found)]
