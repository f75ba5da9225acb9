"""The question bank in the database: the folder's questions and those written here, as immutable versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store import locks
from actions.store.tables.training import FOLDER, Origin, QuizCase, QuizQuestion, QuizQuestionVersion
from actions.training.checks import Problem, Sections, check, is_stale, sections_of
from actions.training.folder import load
from actions.training.questions import Case, Content, Question, Status
from knowledge.errors import bad_input

__all__ = ["Problem", "Sections", "SyncReport", "check", "is_stale", "load", "sections_of", "sync"]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: question ids that are new, have a new version, left the bank, or are stale now."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]
    stale: tuple[str, ...]


def sync(
    s: Session, questions: Sequence[Question], now: datetime, *, manual: Sections | None = None
) -> SyncReport:
    """Bring the database to the folder: new versions are added, old ones stay for attempts that used them.

    `manual` is the text that questions are held against; without it nothing is called stale. A question
    that is in the folder no more is retired. What was written or changed here (origin "own") is only held
    against the manual: the folder does not touch it. Safe when many processes start at once.
    Raises 422 `duplicate_id` where two questions share an id.
    """
    _refuse_twice(questions)
    locks.alone(s, locks.Task.BANK)
    heads = {head.id: head for head in s.scalars(select(QuizQuestion))}
    own = [head for head in heads.values() if head.origin is Origin.OWN]
    questions = [q for q in questions if q.id not in {head.id for head in own}]
    versions = set(s.scalars(select(QuizQuestionVersion.id)))
    stale = {q.id for q in questions if manual is not None and is_stale(q.content, manual)}
    _put_cases(s, {q.case.id: q.case for q in questions if q.case}, now)
    for question in questions:
        if question.version_id not in versions:
            s.add(_version(question, now))
    s.flush()
    added = [q.id for q in questions if q.id not in heads]
    changed = [q.id for q in questions if q.id in heads and heads[q.id].version_id != q.version_id]
    for question in questions:
        _put(s, heads.get(question.id), question, stale=question.id in stale, now=now)
    retired = _retire(heads, {q.id for q in questions}, now)
    if manual is not None:
        stale |= _hold(s, own, manual, now)
    s.flush()
    return SyncReport(tuple(added), tuple(changed), tuple(retired), tuple(sorted(stale)))


def _refuse_twice(questions: Sequence[Question]) -> None:
    ids = [question.id for question in questions]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        message = f"题库里有重复的编号：{'、'.join(twice)}。请改成不同的编号。"
        raise bad_input("duplicate_id", message, ids=twice)


def _version(question: Question, now: datetime) -> QuizQuestionVersion:
    content = question.content
    return QuizQuestionVersion(
        id=question.version_id,
        question_id=question.id,
        section=content.section,
        content=content.to_json(),
        created_by=FOLDER,
        created_at=now,
    )


def _put_cases(s: Session, cases: dict[str, Case], now: datetime) -> None:
    """Write the cases, where they differ from what is stored."""
    held = {row.id: row for row in s.scalars(select(QuizCase))}
    for case in cases.values():
        values = {
            "title": case.title,
            "scenario": case.scenario,
            "section": case.section,
            "topic": case.topic,
            "roles": list(case.roles),
        }
        row = held.get(case.id)
        if row is None:
            s.add(QuizCase(id=case.id, updated_at=now, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = now
    s.flush()


def _hold(s: Session, heads: Sequence[QuizQuestion], manual: Sections, now: datetime) -> set[str]:
    """Hold questions that are kept here against the manual and return which are stale."""
    contents = {
        row.id: Content.from_json(row.content)
        for row in s.scalars(
            select(QuizQuestionVersion).where(QuizQuestionVersion.id.in_([head.version_id for head in heads]))
        )
    }
    found = set()
    for head in heads:
        stale = is_stale(contents[head.version_id], manual)
        if stale:
            found.add(head.id)
        if head.stale != stale:
            head.stale, head.updated_at = stale, now
    return found


def _put(s: Session, head: QuizQuestion | None, question: Question, *, stale: bool, now: datetime) -> None:
    """Write what is known about a question now, where it differs from what is stored."""
    values = {
        "version_id": question.version_id,
        "status": question.status.value,
        "stale": stale,
        "difficulty": question.difficulty.value,
        "topic": question.topic,
        "roles": list(question.roles),
        "author": question.author,
        "case_id": question.case.id if question.case else None,
    }
    if head is None:
        s.add(QuizQuestion(id=question.id, updated_at=now, **values))
    elif any(getattr(head, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(head, name, value)
        head.updated_at = now


def _retire(heads: dict[str, QuizQuestion], kept: set[str], now: datetime) -> list[str]:
    gone = [head for head in heads.values() if _left(head, kept)]
    for head in gone:
        head.status, head.updated_at = Status.RETIRED.value, now
    return sorted(head.id for head in gone)


def _left(head: QuizQuestion, kept: set[str]) -> bool:
    return head.origin is Origin.FOLDER and head.id not in kept and head.status != Status.RETIRED
