"""The question bank: YAML files of a folder, checked, and kept as immutable versions in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import yaml
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.store.tables.training import QuizQuestion, QuizQuestionVersion
from actions.training.checks import Problem, Sections, check, is_stale, sections_of
from actions.training.questions import FALSE, TRUE, Content, Difficulty, Question, QuestionType, Status
from knowledge.errors import bad_input

__all__ = ["Problem", "Sections", "SyncReport", "check", "is_stale", "load", "sections_of", "sync"]

E = TypeVar("E", bound=StrEnum)

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")
_SECTION = re.compile(r"\d+\.\d+")
_REQUIRED = ("id", "type", "stem", "answer", "explanation", "section", "sentence", "status")
_KNOWN = {*_REQUIRED, "options", "tolerance", "difficulty", "topic", "roles", "author"}
_SHOWN_ERRORS = 10
_LOCK = 7_266_746_952  # the name of the bank's advisory lock on PostgreSQL


def load(folder: Path) -> list[Question]:
    """Read all `*.yml` files of a folder, in the order of their names.

    Raises:
        WenjinError: 422 `bad_bank`; message and `errors` name file, question and what is wrong, all at once.
    """
    errors: list[str] = []
    questions = [question for path in sorted(folder.glob("*.yml")) for question in _read_file(path, errors)]
    if errors:
        more = f"\n还有 {len(errors) - _SHOWN_ERRORS} 处" if len(errors) > _SHOWN_ERRORS else ""
        message = "题库读不出来，请修改后再试：\n" + "\n".join(errors[:_SHOWN_ERRORS]) + more
        raise bad_input("bad_bank", message, errors=errors)
    return questions


def _read_file(path: Path, errors: list[str]) -> Iterator[Question]:
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]
        if not isinstance(rows, list):
            raise TypeError("questions 应当是一个列表")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        errors.append(f"{path.name}：不是题库文件（{' '.join(str(error).split())}）")
        return
    for number, row in enumerate(rows, 1):
        try:
            yield _question(row)
        except ValueError as error:
            name = row.get("id") if isinstance(row, dict) else None
            errors.append(f"{path.name} 第 {number} 题（{name or '没有编号'}）：{error}")


def _question(row: Any) -> Question:
    """Build a question; a ValueError says what is wrong."""
    if not isinstance(row, dict):
        raise ValueError("应当是一组字段")
    if missing := [field for field in _REQUIRED if row.get(field) in (None, "", [])]:
        raise ValueError(f"缺少 {'、'.join(missing)}")
    if unknown := sorted(str(field) for field in row.keys() - _KNOWN):
        raise ValueError(f"不认识的字段 {'、'.join(unknown)}")
    return Question(
        id=_matching(row, "id", _ID, "编号用小写字母、数字和短横线"),
        content=_content(row),
        difficulty=_member(row, "difficulty", Difficulty, Difficulty.MEDIUM),
        topic=str(row.get("topic", "")),
        roles=_strings(row.get("roles", []), "roles"),
        status=_member(row, "status", Status),
        author=str(row.get("author", "")),
    )


def _content(row: dict[str, Any]) -> Content:
    kind = _member(row, "type", QuestionType)
    return Content(
        type=kind,
        stem=_text(row, "stem"),
        options=_read_options(kind, row.get("options")),
        answer=_answer(kind, row["answer"]),
        tolerance=_decimal(row.get("tolerance", 0), "tolerance"),
        explanation=_text(row, "explanation"),
        section=_matching(row, "section", _SECTION, '节号要写成带引号的文字，例如 "3.5"'),
        sentence=_text(row, "sentence"),
    )


def _text(row: dict[str, Any], field: str) -> str:
    if not isinstance(row[field], str) or not row[field].strip():
        raise ValueError(f"{field} 应当是文字")
    return str(row[field]).strip()


def _matching(row: dict[str, Any], field: str, pattern: re.Pattern[str], rule: str) -> str:
    value = row[field]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{field} “{value}”不对：{rule}")
    return value


def _member(row: dict[str, Any], field: str, enum: type[E], default: E | None = None) -> E:
    value = row.get(field, default)
    if value not in list(enum):
        raise ValueError(f"{field} “{value}”不认识，可以是 {'、'.join(enum)}")
    return enum(value)


def _strings(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{field} 应当是文字的列表")
    return tuple(value)


def _decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{field} 应当是数字")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{field} 应当是有限的数字")
    return number


def _read_options(kind: QuestionType, value: Any) -> tuple[tuple[str, str], ...]:
    if not kind.has_options:
        if value:
            raise ValueError(f"{kind.label}没有选项")
        return ()
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("options 应当写成 A: …、B: …")
    if any(isinstance(text, dict | list | bool) or text in (None, "") for text in value.values()):
        raise ValueError("选项内容应当是文字")
    return tuple((key, str(text).strip()) for key, text in value.items())


def _answer(kind: QuestionType, value: Any) -> tuple[str, ...]:
    match kind:
        case QuestionType.TRUE_FALSE:
            if not isinstance(value, bool):
                raise ValueError("判断题的 answer 应当是 true 或 false")
            return (TRUE if value else FALSE,)
        case QuestionType.NUMERIC:
            return (format(_decimal(value, "answer"), "f"),)
        case _:
            return _strings(value, "answer")


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
    """Bring the database to the bank: new versions are added, old ones stay for the attempts that used them.

    `manual` is the text that questions are held against; without it nothing is called stale. A question
    that is in the bank no more is retired. Safe when many processes start at once.
    Raises 422 `duplicate_id` where two questions share an id.
    """
    _refuse_twice(questions)
    if s.get_bind().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    heads = {head.id: head for head in s.scalars(select(QuizQuestion))}
    versions = set(s.scalars(select(QuizQuestionVersion.id)))
    stale = {q.id for q in questions if manual is not None and is_stale(q.content, manual)}
    for question in questions:
        if question.version_id not in versions:
            s.add(_version(question, now))
    s.flush()
    added = [q.id for q in questions if q.id not in heads]
    changed = [q.id for q in questions if q.id in heads and heads[q.id].version_id != q.version_id]
    for question in questions:
        _put(s, heads.get(question.id), question, stale=question.id in stale, now=now)
    retired = _retire(heads, {q.id for q in questions}, now)
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
        created_at=now,
    )


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
    }
    if head is None:
        s.add(QuizQuestion(id=question.id, updated_at=now, **values))
    elif any(getattr(head, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(head, name, value)
        head.updated_at = now


def _retire(heads: dict[str, QuizQuestion], kept: set[str], now: datetime) -> list[str]:
    gone = [head for head in heads.values() if head.id not in kept and head.status != Status.RETIRED]
    for head in gone:
        head.status, head.updated_at = Status.RETIRED.value, now
    return sorted(head.id for head in gone)
