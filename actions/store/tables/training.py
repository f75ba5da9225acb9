"""The question bank's versions, and the attempts that froze them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import ID_LENGTH, Base, Choice, JSONType, UTCDateTime, new_id

QUESTION_ID_LENGTH = 64
VERSION_ID_LENGTH = 80


class AttemptState(StrEnum):
    """Whether a quiz is still being answered."""

    OPEN = "open"
    FINISHED = "finished"


class AttemptKind(StrEnum):
    """What a quiz is for: in practice the key is shown after each answer."""

    PRACTICE = "practice"


class QuizQuestion(Base):
    """A question by its stable id: which version is drawn now, and whether it may be drawn at all."""

    __tablename__ = "quiz_questions"

    id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_question_versions.id"))
    status: Mapped[str] = mapped_column(String(16), index=True)
    stale: Mapped[bool] = mapped_column(default=False)
    difficulty: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(64))
    roles: Mapped[list[str]] = mapped_column(JSONType)
    author: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizQuestionVersion(Base):
    """One content of a question, named by its hash. Never changed, never deleted."""

    __tablename__ = "quiz_question_versions"

    id: Mapped[str] = mapped_column(String(VERSION_ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH), index=True)
    section: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]] = mapped_column(JSONType)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizAttempt(Base):
    """One person's go at a paper; a person has at most one open attempt."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        Index("ix_quiz_attempts_user_id_started_at", "user_id", "started_at"),
        Index(
            "uq_quiz_attempts_open",
            "user_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    kind: Mapped[AttemptKind] = mapped_column(Choice(AttemptKind))
    state: Mapped[AttemptState] = mapped_column(Choice(AttemptState))
    seed: Mapped[int] = mapped_column(BigInteger)
    pass_percent: Mapped[int]
    max_score: Mapped[int]
    score: Mapped[int | None]
    passed: Mapped[bool | None]
    manual_version: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)


class QuizAttemptItem(Base):
    """One question of an attempt as it was shown: its version, the order of its options, what was answered.

    `given` holds original option keys, "true" or "false", a decimal, or the words of a fill-in.
    """

    __tablename__ = "quiz_attempt_items"
    __table_args__ = (UniqueConstraint("attempt_id", "version_id"),)

    attempt_id: Mapped[str] = mapped_column(ForeignKey("quiz_attempts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_question_versions.id"))
    option_order: Mapped[list[str]] = mapped_column(JSONType)
    max_points: Mapped[int]
    points: Mapped[int | None]
    given: Mapped[list[str]] = mapped_column(JSONType, default=list)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
