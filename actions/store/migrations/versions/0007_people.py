"""A mail address for people of the roster, and files that are kept between trying and taking them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actions.store.base import EncryptedBytes, EncryptedText, UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the table."""
    with op.batch_alter_table("users") as changed:
        changed.add_column(sa.Column("mail", EncryptedText(), nullable=True))
    op.create_table(
        "kept_files",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("content", EncryptedBytes(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "purpose"),
    )
    op.create_index("ix_kept_files_created_at", "kept_files", ["created_at"])
