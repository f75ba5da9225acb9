"""The question bank's versions, attempts and their items."""

import sqlalchemy as sa
from alembic import op

from actions.store.base import JSONType, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of training."""
    op.create_table(
        "quiz_question_versions",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("question_id", sa.String(64), nullable=False),
        sa.Column("section", sa.String(16), nullable=False),
        sa.Column("content", JSONType, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_question_versions"),
    )
    op.create_index("ix_quiz_question_versions_question_id", "quiz_question_versions", ["question_id"])
    op.create_table(
        "quiz_questions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version_id", sa.String(80), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("difficulty", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("roles", JSONType, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_questions"),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["quiz_question_versions.id"],
            name="fk_quiz_questions_version_id_quiz_question_versions",
        ),
    )
    op.create_index("ix_quiz_questions_status", "quiz_questions", ["status"])
    _attempts()
    _items()


def _attempts() -> None:
    op.create_table(
        "quiz_attempts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("pass_percent", sa.Integer(), nullable=False),
        sa.Column("max_score", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("manual_version", sa.String(128), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quiz_attempts"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_quiz_attempts_user_id_users"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_quiz_attempts_conversation_id_conversations"
        ),
    )
    op.create_index("ix_quiz_attempts_user_id_started_at", "quiz_attempts", ["user_id", "started_at"])
    op.create_index("ix_quiz_attempts_finished_at", "quiz_attempts", ["finished_at"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_quiz_attempts_open",
        "quiz_attempts",
        ["user_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _items() -> None:
    op.create_table(
        "quiz_attempt_items",
        sa.Column("attempt_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.String(80), nullable=False),
        sa.Column("option_order", JSONType, nullable=False),
        sa.Column("max_points", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("given", JSONType, nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", "position", name="pk_quiz_attempt_items"),
        sa.UniqueConstraint("attempt_id", "version_id", name="uq_quiz_attempt_items_attempt_id_version_id"),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["quiz_attempts.id"], name="fk_quiz_attempt_items_attempt_id_quiz_attempts"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["quiz_question_versions.id"],
            name="fk_quiz_attempt_items_version_id_quiz_question_versions",
        ),
    )


def downgrade() -> None:
    """Drop the tables of training."""
    for table in ("quiz_attempt_items", "quiz_attempts", "quiz_questions", "quiz_question_versions"):
        op.drop_table(table)
