"""The bank as a list to look through, and how two versions of a question differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from sqlalchemy import ColumnElement, Select, case, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from actions.store.tables.training import Origin, QuizQuestion, QuizQuestionVersion
from actions.training import review
from actions.training.questions import TRUE, Content, Question, QuestionType, Status

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list; "" is all. `status` is that of the version that is worked on."""

    status: str = ""
    section: str = ""
    type: str = ""
    stale: bool = False
    words: str = ""
    job: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One question of the list."""

    id: str
    type: QuestionType
    stem: str
    section: str
    topic: str
    difficulty: str
    status: Status
    drawn: bool
    stale: bool
    own: bool
    case_id: str | None


def rows(s: Session, wanted: Wanted) -> tuple[list[Row], int]:
    """Return one page of the list, and how many questions there are in all."""
    query = _query(s, wanted)
    total = s.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(QuizQuestionVersion.section, QuizQuestion.id)
    found = s.execute(page.limit(PAGE).offset((max(1, wanted.page) - 1) * PAGE))
    return [_row(head, version, word) for head, version, word in found], total


def questions(s: Session, wanted: Wanted) -> list[Question]:
    """Return all questions of the list, by id, each in the version that is worked on."""
    found = s.execute(_query(s, wanted).order_by(QuizQuestion.id))
    return [replace(review.question_of(head, version), status=Status(word)) for head, version, word in found]


def _query(s: Session, wanted: Wanted) -> Select[QuizQuestion, QuizQuestionVersion, str]:
    """Return the query of what is wanted: question, version that is worked on, its status."""
    status = case(
        (QuizQuestion.next_version_id.is_not(None), QuizQuestion.next_status), else_=QuizQuestion.status
    )
    shown = func.coalesce(QuizQuestion.next_version_id, QuizQuestion.version_id)
    stem = QuizQuestionVersion.content["stem"].as_string()
    query = select(QuizQuestion, QuizQuestionVersion, status).join(
        QuizQuestionVersion, QuizQuestionVersion.id == shown
    )
    if wanted.status:
        query = query.where(status == wanted.status)
    if wanted.section:
        query = query.where(
            or_(
                QuizQuestionVersion.section == wanted.section,
                QuizQuestionVersion.section.startswith(f"{wanted.section}.", autoescape=True),
            )
        )
    if wanted.type:
        query = query.where(QuizQuestionVersion.content["type"].as_string() == wanted.type)
    if wanted.stale:
        query = query.where(QuizQuestion.stale.is_(True), QuizQuestion.status != Status.RETIRED.value)
    if wanted.job:
        query = query.where(_has_job(s, wanted.job))
    if wanted.words:
        near = (stem.contains(wanted.words, autoescape=True), QuizQuestion.id == wanted.words)
        query = query.where(or_(*near))
    return query


def _has_job(s: Session, job: str) -> ColumnElement[bool]:
    """Return whether a question's list of jobs has this one, as each database says it."""
    if s.get_bind().dialect.name == "postgresql":
        return QuizQuestion.roles.op("@>")(cast([job], JSONB)).is_(True)
    each = func.json_each(QuizQuestion.roles).table_valued("value")
    return exists(select(1).select_from(each).where(each.c.value == job))


def jobs(s: Session) -> list[str]:
    """Return the jobs that questions of the bank are for."""
    return sorted({job for roles in s.scalars(select(QuizQuestion.roles)) for job in roles})


def _row(head: QuizQuestion, version: QuizQuestionVersion, status: str) -> Row:
    return Row(
        id=head.id,
        type=QuestionType(version.content["type"]),
        stem=version.content["stem"],
        section=version.section,
        topic=head.topic,
        difficulty=head.difficulty,
        status=Status(status),
        drawn=head.status == Status.APPROVED.value,
        stale=head.stale,
        own=head.origin is Origin.OWN,
        case_id=head.case_id,
    )


def counts(s: Session) -> dict[str, int]:
    """Return how many questions have each status, and how many are stale."""
    status = case(
        (QuizQuestion.next_version_id.is_not(None), QuizQuestion.next_status), else_=QuizQuestion.status
    )
    found = s.execute(select(status, func.count()).group_by(status)).all()
    stale = select(func.count()).where(
        QuizQuestion.stale.is_(True), QuizQuestion.status != Status.RETIRED.value
    )
    return {**{str(word): int(number) for word, number in found}, "stale": s.scalar(stale) or 0}


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs: pieces of ("same" | "gone" | "new", text)."""

    name: str
    pieces: tuple[tuple[str, str], ...]


def differences(before: Content, after: Content) -> list[Change]:
    """Return the fields in which two contents differ, letter by letter."""
    pairs = zip(_fields(before), _fields(after), strict=True)
    return [Change(name, _pieces(old, new)) for (name, old), (_, new) in pairs if old != new]


def _fields(content: Content) -> list[tuple[str, str]]:
    truth = "对" if content.answer == (TRUE,) else "错"
    answer = truth if content.type is QuestionType.TRUE_FALSE else "、".join(content.answer)
    return [
        ("题型", content.type.label),
        ("案例", content.scenario),
        ("题干", content.stem),
        ("选项", "\n".join(f"{key}. {text}" for key, text in content.options)),
        ("答案", answer),
        ("容差", str(content.tolerance)),
        ("解析", content.explanation),
        ("章节", content.section),
        ("原文", content.sentence),
    ]


def _pieces(old: str, new: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", old[a:b]))
            continue
        found += [(kind, text) for kind, text in (("gone", old[a:b]), ("new", new[c:d])) if text]
    return tuple(found)
