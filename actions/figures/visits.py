"""Which visits are judged, and which of them served themselves."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_

from actions.figures.scope import Scope
from actions.store.sql import micros
from actions.store.tables.figures import Visit

RETURN = timedelta(hours=24)  # who comes back within this was not served


def visit_judged(scope: Scope) -> ColumnElement[bool]:
    """Return the condition of visits of which it is known whether they were served."""
    return and_(Visit.left_open.is_(False), Visit.ended_at <= scope.now - RETURN)


def visit_served() -> ColumnElement[bool]:
    """Return the condition of judged visits that served themselves."""
    return and_(
        Visit.answered.is_(True),
        Visit.handed_over.is_(False),
        Visit.ticket.is_(False),
        or_(
            Visit.back_at.is_(None),
            micros(Visit.back_at) - micros(Visit.ended_at) > RETURN // timedelta(microseconds=1),
        ),
    )
