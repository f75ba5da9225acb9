"""The items of a paper with their statistics, from everybody's first attempt at it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.store.tables.training import AttemptState, QuizAttempt, QuizAttemptItem
from actions.training import regrades
from actions.training.questions import Content, QuestionType
from actions.training.statistics import Item, ItemStatistics, PaperStatistics, paper_statistics


@dataclass(frozen=True, slots=True)
class Listed:
    """One item: its figures and what it asks."""

    figures: ItemStatistics
    content: Content


def of_paper(s: Session, paper_id: str) -> tuple[PaperStatistics, list[Listed]]:
    """Return a paper's figures and its items: suspected wrong keys first, then the hardest."""
    marks, most = _marks(s, paper_id)
    contents = {
        version_id: marking.content for version_id, marking in regrades.markings(s, list(most)).items()
    }
    by_item: dict[str, list[str]] = defaultdict(list)
    for attempt_id, own in marks.items():
        for version_id in own:
            by_item[version_id].append(attempt_id)
    totals = {attempt_id: sum(own.values()) for attempt_id, own in marks.items()}
    items = [
        Item(
            version_id,
            [marks[one][version_id] for one in had],
            [totals[one] for one in had],
            most[version_id],
            *_guessed_from(contents[version_id]),
        )
        for version_id, had in sorted(by_item.items())
    ]
    figures = paper_statistics(list(marks.values()), items)
    listed = [Listed(one, contents[one.id]) for one in figures.items]
    listed.sort(key=lambda one: (not one.figures.suspect, one.figures.facility or 0.0, one.figures.id))
    return figures, listed


def _marks(s: Session, paper_id: str) -> tuple[Mapping[str, Mapping[str, float]], dict[str, float]]:
    """Return the marks of first attempts by attempt and version, and the most that each version gives.

    A version whose points differ between drafts of a paper is scaled to its largest.
    """
    place = func.row_number().over(
        partition_by=QuizAttempt.user_id, order_by=(QuizAttempt.started_at, QuizAttempt.id)
    )
    made = (QuizAttempt.paper_id == paper_id, QuizAttempt.state == AttemptState.FINISHED)
    ordered = select(QuizAttempt.id, place.label("place")).where(*made).subquery()
    rows = s.execute(
        select(
            QuizAttemptItem.attempt_id,
            QuizAttemptItem.version_id,
            QuizAttemptItem.points,
            QuizAttemptItem.max_points,
        )
        .join(ordered, ordered.c.id == QuizAttemptItem.attempt_id)
        .where(ordered.c.place == 1)
        .order_by(QuizAttemptItem.attempt_id, QuizAttemptItem.position)
    ).all()
    most: dict[str, float] = defaultdict(float)
    for _, version_id, _, maximum in rows:
        most[version_id] = max(most[version_id], maximum)
    marks: dict[str, dict[str, float]] = defaultdict(dict)
    for attempt_id, version_id, points, maximum in rows:
        marks[attempt_id][version_id] = (points or 0) * most[version_id] / maximum
    return marks, most


def _guessed_from(content: Content) -> tuple[int, int]:
    """Return how many options there are to guess from, and how many of them are right."""
    if content.type is QuestionType.TRUE_FALSE:
        return 2, 1
    return len(content.options), len(content.answer)
