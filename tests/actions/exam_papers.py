"""Papers for tests, and people who take them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptKind, PaperState, QuizPaper
from actions.training import attempts, exams, plans
from actions.training.blueprints import Line
from actions.training.views import Attempt, ShownItem
from tests.actions.training_bank import NOW, right, stocked, wrong


def prepared(db: Database) -> None:
    """Put a bank, two learners and a training administrator into the database."""
    stocked(db, "zhao", "qian")
    with db.begin() as s:
        s.add(User(id="boss", name="boss", password_hash="-", roles=["training"], created_at=NOW))


def paper(s: Session, *, opened: bool = True, **plan: Any) -> QuizPaper:
    """Return an open paper of six questions of ten points, 30 minutes."""
    wanted: dict[str, Any] = {"title": "季度考试", "lines": [Line(6)], "minutes": 30, **plan}
    boss = s.get_one(User, "boss")
    made = plans.create(s, plans.Plan(**wanted), user=boss, now=NOW)
    if opened:
        plans.set_state(s, made.id, PaperState.OPEN, user=boss, now=NOW)
    return made


def begun(s: Session, made: QuizPaper, who: str = "zhao", *, seed: int = 7, now: datetime = NOW) -> Attempt:
    """Begin an attempt."""
    return exams.start(s, paper_id=made.id, user_id=who, seed=seed, now=now)


def shown(s: Session, attempt: Attempt, index: int) -> ShownItem:
    """Return a question as it is shown."""
    return attempts.item(s, attempt_id=attempt.id, user_id=attempt.user_id, item_index=index)


def saved(
    s: Session, attempt: Attempt, index: int, *, good: bool = True, now: datetime = NOW, **more: Any
) -> exams.Kept:
    """Save a right or a wrong answer."""
    item = shown(s, attempt, index)
    return exams.save(
        s,
        attempt_id=attempt.id,
        user_id=attempt.user_id,
        index=index,
        given=right(item) if good else wrong(item),
        now=now,
        **more,
    )


PRACTICE = AttemptKind.PRACTICE
