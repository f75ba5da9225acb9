"""Training of the whole house in three figures, for those who look at everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.training import coverage
from actions.training.assignments import listed
from actions.training.coverage import Counted, Filters


@dataclass(frozen=True, slots=True)
class Standing:
    """All open assignments together: who is assigned, covered, late; a person counts once in each."""

    assignments: int
    counted: Counted


def standing(s: Session, now: datetime) -> Standing:
    """Return where training stands now."""
    filters = Filters(now.astimezone(SHANGHAI).date())
    found = listed(s, also_closed=False)
    counts = [coverage.total(coverage.cells(s, one, paper, filters)) for one, paper in found]
    return Standing(len(found), sum(counts, Counted()))
