"""Training for everybody: papers, exams, assignments, cards, certificates, drills; people of a roster."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from actions.store.base import JSONType, UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_IS_OPEN = sa.text("state = 'open'")
_ADDED: dict[str, tuple[tuple[str, Any, str], ...]] = {
    "users": (("department", sa.String(64), ""), ("job", sa.String(32), "")),
    "quiz_questions": (
        ("next_status", sa.String(16), ""),
        ("origin", sa.String(24), "folder"),
        ("review_note", sa.String(500), ""),
    ),
    "quiz_question_versions": (("created_by", _ID, "folder"), ("note", sa.String(500), "")),
    "quiz_attempts": (
        ("paper_version", sa.Integer(), "0"),
        ("slot", _ID, ""),
        ("disclosure", sa.String(24), "after_each"),
        ("extension_reason", sa.String(500), ""),
    ),
    "quiz_attempt_items": (("flagged", sa.Boolean(), "0"), ("seq", sa.Integer(), "0")),
}


def upgrade() -> None:
    """Make the tables, then extend what refers to them."""
    _cases_and_papers()
    _assignments()
    op.drop_index("uq_quiz_attempts_open", "quiz_attempts")
    for table, columns in _ADDED.items():
        with op.batch_alter_table(table) as changed:
            for name, kind, default in columns:
                value: Any = sa.false() if isinstance(kind, sa.Boolean) else default
                changed.add_column(sa.Column(name, kind, nullable=False, server_default=value))
            _more(changed, table)
    for table, columns in _ADDED.items():  # newer rows get their values from the program
        with op.batch_alter_table(table) as changed:
            for name, kind, _ in columns:
                changed.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    op.create_index(
        "uq_quiz_attempts_open",
        "quiz_attempts",
        ["user_id", "slot"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
    _cards_and_regrades()
    _certificates()
    _drills()
    op.create_table(
        "exam_beat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exam_beat"),
    )


def _more(changed: Any, table: str) -> None:
    """Add what may be missing, with what it refers to."""
    if table == "users":
        changed.add_column(sa.Column("staff_no", _ID, nullable=True))
        changed.add_column(sa.Column("hired_on", sa.Date(), nullable=True))
        changed.add_column(sa.Column("left_on", sa.Date(), nullable=True))
        changed.create_unique_constraint("uq_users_staff_no", ["staff_no"])
    if table == "quiz_questions":
        _refer(changed, table, "next_version_id", "quiz_question_versions", sa.String(80))
        _refer(changed, table, "case_id", "quiz_cases", sa.String(64))
        _refer(changed, table, "edited_by", "users")
        _refer(changed, table, "reviewed_by", "users")
        changed.add_column(sa.Column("reviewed_at", UTCDateTime(), nullable=True))
        changed.create_index("ix_quiz_questions_case_id", ["case_id"])
    if table == "quiz_attempts":
        _refer(changed, table, "paper_id", "quiz_papers")
        _refer(changed, table, "assignment_due_id", "quiz_dues")
        _refer(changed, table, "extended_by", "users")
        changed.add_column(sa.Column("deadline_at", UTCDateTime(), nullable=True))
        changed.add_column(sa.Column("finished_by", sa.String(24), nullable=True))
        changed.create_index("ix_quiz_attempts_paper_id", ["paper_id"])
        changed.create_index("ix_quiz_attempts_assignment_due_id", ["assignment_due_id"])
        changed.create_index("ix_quiz_attempts_state_deadline_at", ["state", "deadline_at"])
    if table == "quiz_attempt_items":
        changed.add_column(sa.Column("saved_at", UTCDateTime(), nullable=True))
        changed.create_index("ix_quiz_attempt_items_version_id", ["version_id"])


def _refer(changed: Any, table: str, column: str, to: str, kind: Any = _ID) -> None:
    changed.add_column(sa.Column(column, kind, nullable=True))
    changed.create_foreign_key(f"fk_{table}_{column}_{to}", to, [column], ["id"])


def _to(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}")


def _cases_and_papers() -> None:
    op.create_table(
        "quiz_cases",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("scenario", sa.Text(), nullable=False),
        sa.Column("section", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("roles", JSONType, nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_cases"),
    )
    op.create_table(
        "quiz_papers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("blueprint", JSONType, nullable=False),
        sa.Column("pass_percent", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cooldown_hours", sa.Integer(), nullable=False),
        sa.Column("opens_at", UTCDateTime(), nullable=True),
        sa.Column("closes_at", UTCDateTime(), nullable=True),
        sa.Column("disclosure", sa.String(24), nullable=False),
        sa.Column("shuffle_questions", sa.Boolean(), nullable=False),
        sa.Column("shuffle_options", sa.Boolean(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_papers"),
        _to("quiz_papers", "created_by", "users"),
    )


def _assignments() -> None:
    op.create_table(
        "quiz_assignments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("paper_id", _ID, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("rule", JSONType, nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("repeat_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_by", _ID, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_assignments"),
        _to("quiz_assignments", "paper_id", "quiz_papers"),
        _to("quiz_assignments", "created_by", "users"),
    )
    for column in ("paper_id", "state"):
        op.create_index(f"ix_quiz_assignments_{column}", "quiz_assignments", [column])
    op.create_table(
        "quiz_dues",
        sa.Column("id", _ID, nullable=False),
        sa.Column("assignment_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("exempt_reason", sa.String(500), nullable=False),
        sa.Column("extended_reason", sa.String(500), nullable=False),
        sa.Column("met_attempt_id", _ID, nullable=True),
        sa.Column("met_at", UTCDateTime(), nullable=True),
        sa.Column("reminded", JSONType, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_dues"),
        sa.UniqueConstraint(
            "assignment_id", "user_id", "cycle", name="uq_quiz_dues_assignment_id_user_id_cycle"
        ),
        _to("quiz_dues", "assignment_id", "quiz_assignments"),
        _to("quiz_dues", "user_id", "users"),
    )
    op.create_index("ix_quiz_dues_user_id_state", "quiz_dues", ["user_id", "state"])
    op.create_index("ix_quiz_dues_state_due_at", "quiz_dues", ["state", "due_at"])


def _cards_and_regrades() -> None:
    op.create_table(
        "quiz_cards",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("question_id", sa.String(64), nullable=False),
        sa.Column("card", JSONType, nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("right_days", JSONType, nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "question_id", name="pk_quiz_cards"),
        _to("quiz_cards", "user_id", "users"),
        _to("quiz_cards", "question_id", "quiz_questions"),
    )
    op.create_index("ix_quiz_cards_user_id_due_at", "quiz_cards", ["user_id", "due_at"])
    op.create_table(
        "quiz_regrades",
        sa.Column("id", _ID, nullable=False),
        sa.Column("version_id", sa.String(80), nullable=False),
        sa.Column("how", JSONType, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("made_by", _ID, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("changed", JSONType, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_regrades"),
        _to("quiz_regrades", "version_id", "quiz_question_versions"),
        _to("quiz_regrades", "made_by", "users"),
    )
    op.create_index("ix_quiz_regrades_version_id", "quiz_regrades", ["version_id"])


def _certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("id", _ID, nullable=False),
        sa.Column("serial", sa.String(32), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("paper_id", _ID, nullable=False),
        sa.Column("attempt_id", _ID, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("max_score", sa.Integer(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_by", _ID, nullable=True),
        sa.Column("revoke_reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificates"),
        sa.UniqueConstraint("serial", name="uq_certificates_serial"),
        sa.UniqueConstraint("attempt_id", name="uq_certificates_attempt_id"),
        _to("certificates", "user_id", "users"),
        _to("certificates", "paper_id", "quiz_papers"),
        _to("certificates", "attempt_id", "quiz_attempts"),
        _to("certificates", "revoked_by", "users"),
    )
    for column in ("user_id", "paper_id"):
        op.create_index(f"ix_certificates_{column}", "certificates", [column])


def _drills() -> None:
    op.create_table(
        "drill_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("conversation_id", _ID, nullable=True),
        sa.Column("drill_id", sa.String(64), nullable=False),
        sa.Column("drill_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("met", JSONType, nullable=False),
        sa.Column("broken", JSONType, nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("max_score", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_drill_runs"),
        _to("drill_runs", "user_id", "users"),
        _to("drill_runs", "conversation_id", "conversations"),
    )
    op.create_index("ix_drill_runs_user_id_started_at", "drill_runs", ["user_id", "started_at"])


def downgrade() -> None:
    """Drop the further tables; further columns stay, they harm nobody but keep what they refer to."""
    for table in ("exam_beat", "drill_runs", "certificates", "quiz_regrades", "quiz_cards"):
        op.drop_table(table)
