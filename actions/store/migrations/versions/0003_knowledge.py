"""FAQ entries in versions, attached questions, dismissed questions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actions.store.base import JSONType, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the learning loop."""
    op.create_table(
        "knowledge_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_head"),
    )
    _faqs()
    _attached()
    op.create_table(
        "knowledge_dismissed",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_knowledge_dismissed"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_knowledge_dismissed_user_id_users"),
    )


def _faqs() -> None:
    op.create_table(
        "knowledge_faqs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=True),
        sa.Column("shown", JSONType, nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_faqs"),
        sa.UniqueConstraint("number", name="uq_knowledge_faqs_number"),
    )
    op.create_index("ix_knowledge_faqs_state", "knowledge_faqs", ["state"])
    op.create_table(
        "knowledge_faq_versions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("faq_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("variants", JSONType, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(24), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("author_id", sa.String(32), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_faq_versions"),
        sa.UniqueConstraint("faq_id", "version", name="uq_knowledge_faq_versions_faq_id_version"),
        sa.ForeignKeyConstraint(
            ["faq_id"], ["knowledge_faqs.id"], name="fk_knowledge_faq_versions_faq_id_knowledge_faqs"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_knowledge_faq_versions_owner_id_users"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name="fk_knowledge_faq_versions_author_id_users"
        ),
    )


def _attached() -> None:
    op.create_table(
        "knowledge_attached",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("texts", JSONType, nullable=False),
        sa.Column("section", sa.String(16), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(24), nullable=False),
        sa.Column("author_id", sa.String(32), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_attached"),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_knowledge_attached_author_id_users"),
    )
    op.create_index("ix_knowledge_attached_state", "knowledge_attached", ["state"])


def downgrade() -> None:
    """Drop the tables of the learning loop."""
    for table in (
        "knowledge_dismissed",
        "knowledge_attached",
        "knowledge_faq_versions",
        "knowledge_faqs",
        "knowledge_head",
    ):
        op.drop_table(table)
