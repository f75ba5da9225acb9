"""The question bank's versions, papers, attempts, who must pass what, and what proves that they did."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import (
    ID_LENGTH,
    AppendOnly,
    Base,
    Choice,
    EncryptedJSON,
    JSONType,
    UTCDateTime,
    new_id,
)

QUESTION_ID_LENGTH = 64
VERSION_ID_LENGTH = 80
FOLDER = "folder"


class AttemptState(StrEnum):
    """Whether a quiz is still being answered."""

    OPEN = "open"
    FINISHED = "finished"


class AttemptKind(StrEnum):
    """What a quiz is for: an exam keeps answers and marks them at its end only."""

    PRACTICE = "practice"
    EXAM = "exam"
    REVIEW = "review"


class Disclosure(StrEnum):
    """When keys and explanations may be seen."""

    AFTER_EACH = "after_each"
    AFTER_FINISH = "after_finish"
    AFTER_PASS = "after_pass"  # noqa: S105  a moment, no password
    AFTER_CLOSE = "after_close"


class FinishedBy(StrEnum):
    """What ended an attempt."""

    PERSON = "person"
    DEADLINE = "deadline"


class Origin(StrEnum):
    """Where a question is kept: in the bank's folder, or here alone."""

    FOLDER = "folder"
    OWN = "own"


class PaperState(StrEnum):
    """Whether a paper may be taken."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class DueState(StrEnum):
    """What became of what somebody must pass."""

    OPEN = "open"
    MET = "met"
    EXEMPT = "exempt"
    FROZEN = "frozen"


class QuizCase(Base):
    """A scenario that several questions share; they stay together in a paper."""

    __tablename__ = "quiz_cases"

    id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    scenario: Mapped[str] = mapped_column(Text)
    section: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(64))
    roles: Mapped[list[str]] = mapped_column(JSONType)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizQuestion(Base):
    """A question by its stable id: which version is drawn now, and whether it may be drawn at all.

    `next_version_id` is a changed version that waits as `next_status` (draft or in_review) while the
    approved one goes on being drawn.
    """

    __tablename__ = "quiz_questions"

    id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_question_versions.id"))
    next_version_id: Mapped[str | None] = mapped_column(ForeignKey("quiz_question_versions.id"))
    next_status: Mapped[str] = mapped_column(String(16), default="")
    origin: Mapped[Origin] = mapped_column(Choice(Origin), default=Origin.FOLDER)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("quiz_cases.id"), index=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    stale: Mapped[bool] = mapped_column(default=False)
    difficulty: Mapped[str] = mapped_column(String(16))
    topic: Mapped[str] = mapped_column(String(64))
    roles: Mapped[list[str]] = mapped_column(JSONType)
    author: Mapped[str] = mapped_column(String(64))
    edited_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    reviewed_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    review_note: Mapped[str] = mapped_column(String(500), default="")
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizQuestionVersion(Base):
    """One content of a question, named by its hash. Never changed, never deleted.

    `created_by` is a user's id, or "folder".
    """

    __tablename__ = "quiz_question_versions"

    id: Mapped[str] = mapped_column(String(VERSION_ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH), index=True)
    section: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]] = mapped_column(JSONType)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH), default=FOLDER)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizPaper(Base):
    """The plan of a paper: what is drawn, by what rules it is taken, when it is passed.

    `blueprint` is a list of lines: count, points, and what to draw from (topic, section, chapter, type,
    difficulty, job). 0 minutes, attempts, hours or days: no limit.
    """

    __tablename__ = "quiz_papers"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[AttemptKind] = mapped_column(Choice(AttemptKind))
    blueprint: Mapped[list[dict[str, Any]]] = mapped_column(JSONType)
    pass_percent: Mapped[int]
    minutes: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    cooldown_hours: Mapped[int] = mapped_column(default=0)
    opens_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disclosure: Mapped[Disclosure] = mapped_column(Choice(Disclosure))
    shuffle_questions: Mapped[bool] = mapped_column(default=True)
    shuffle_options: Mapped[bool] = mapped_column(default=True)
    valid_days: Mapped[int] = mapped_column(default=0)
    certificate: Mapped[bool] = mapped_column(default=False)
    state: Mapped[PaperState] = mapped_column(Choice(PaperState), default=PaperState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizAttempt(Base):
    """One person's go at a paper; a person has at most one open attempt at each.

    `slot` is what it is open for: the paper's id, "" for free practice. `disclosure` is the paper's when the
    attempt was begun.
    """

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        Index("ix_quiz_attempts_user_id_started_at", "user_id", "started_at"),
        Index(
            "uq_quiz_attempts_open",
            "user_id",
            "slot",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_quiz_attempts_state_deadline_at", "state", "deadline_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    paper_id: Mapped[str | None] = mapped_column(ForeignKey("quiz_papers.id"), index=True)
    paper_version: Mapped[int] = mapped_column(default=0)
    assignment_due_id: Mapped[str | None] = mapped_column(ForeignKey("quiz_dues.id"), index=True)
    slot: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    kind: Mapped[AttemptKind] = mapped_column(Choice(AttemptKind))
    state: Mapped[AttemptState] = mapped_column(Choice(AttemptState))
    disclosure: Mapped[Disclosure] = mapped_column(Choice(Disclosure), default=Disclosure.AFTER_EACH)
    seed: Mapped[int] = mapped_column(BigInteger)
    pass_percent: Mapped[int]
    max_score: Mapped[int]
    score: Mapped[int | None]
    passed: Mapped[bool | None]
    manual_version: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    extended_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    extension_reason: Mapped[str] = mapped_column(String(500), default="")
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    finished_by: Mapped[FinishedBy | None] = mapped_column(Choice(FinishedBy))


class QuizAttemptItem(Base):
    """One question of an attempt as it was shown: its version, the order of its options, what was answered.

    `given` holds original option keys, "true" or "false", a decimal, or the words of a fill-in. In an exam
    `seq` counts how often an answer was saved, and points follow at the end.
    """

    __tablename__ = "quiz_attempt_items"
    __table_args__ = (UniqueConstraint("attempt_id", "version_id"),)

    attempt_id: Mapped[str] = mapped_column(ForeignKey("quiz_attempts.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_question_versions.id"), index=True)
    option_order: Mapped[list[str]] = mapped_column(JSONType)
    max_points: Mapped[int]
    points: Mapped[int | None]
    given: Mapped[list[str]] = mapped_column(JSONType, default=list)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    flagged: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seq: Mapped[int] = mapped_column(default=0)


class QuizAssignment(Base):
    """Who must pass a paper by when: `rule` holds jobs, departments, hired_from, hired_until, people."""

    __tablename__ = "quiz_assignments"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    paper_id: Mapped[str] = mapped_column(ForeignKey("quiz_papers.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    rule: Mapped[dict[str, Any]] = mapped_column(JSONType)
    due_days: Mapped[int | None]
    due_on: Mapped[date | None]
    repeat_days: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(16), default="open", index=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizDue(Base):
    """What one person must pass by when, a row for each repetition."""

    __tablename__ = "quiz_dues"
    __table_args__ = (
        UniqueConstraint("assignment_id", "user_id", "cycle"),
        Index(None, "user_id", "state"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("quiz_assignments.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    cycle: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[DueState] = mapped_column(Choice(DueState), default=DueState.OPEN)
    exempt_reason: Mapped[str] = mapped_column(String(500), default="")
    extended_reason: Mapped[str] = mapped_column(String(500), default="")
    met_attempt_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    met_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded: Mapped[list[str]] = mapped_column(JSONType, default=list)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class QuizCard(Base):
    """One question in somebody's review book; `card` is the state of FSRS."""

    __tablename__ = "quiz_cards"
    __table_args__ = (Index(None, "user_id", "due_at"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(ForeignKey("quiz_questions.id"), primary_key=True)
    card: Mapped[dict[str, Any]] = mapped_column(JSONType)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    right_days: Mapped[list[str]] = mapped_column(JSONType, default=list)
    suspended: Mapped[bool] = mapped_column(default=False)


class QuizRegrade(AppendOnly, Base):
    """A wrong key mended: which version, why, by whom, and what points it changed."""

    __tablename__ = "quiz_regrades"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    version_id: Mapped[str] = mapped_column(ForeignKey("quiz_question_versions.id"), index=True)
    how: Mapped[dict[str, Any]] = mapped_column(JSONType)
    reason: Mapped[str] = mapped_column(String(500))
    made_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed: Mapped[list[dict[str, Any]]] = mapped_column(JSONType)


class Certificate(Base):
    """A certificate of a passed paper; it can be revoked, never changed."""

    __tablename__ = "certificates"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    serial: Mapped[str] = mapped_column(String(32), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    paper_id: Mapped[str] = mapped_column(ForeignKey("quiz_papers.id"), index=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quiz_attempts.id"), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    score: Mapped[int]
    max_score: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    valid_until: Mapped[date | None]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    revoke_reason: Mapped[str] = mapped_column(String(500), default="")


class DrillRun(Base):
    """One go at a simulated conversation: what was said is encrypted, what was met and broken is not."""

    __tablename__ = "drill_runs"
    __table_args__ = (Index(None, "user_id", "started_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    drill_id: Mapped[str] = mapped_column(String(QUESTION_ID_LENGTH))
    drill_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[AttemptState] = mapped_column(Choice(AttemptState))
    turn: Mapped[int] = mapped_column(default=0)
    said: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, default=dict)
    met: Mapped[list[str]] = mapped_column(JSONType, default=list)
    broken: Mapped[list[str]] = mapped_column(JSONType, default=list)
    score: Mapped[int | None]
    max_score: Mapped[int]
    passed: Mapped[bool | None]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ExamBeat(Base):
    """The one row that running servers renew: by it an outage is known, and its time given back."""

    __tablename__ = "exam_beat"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
