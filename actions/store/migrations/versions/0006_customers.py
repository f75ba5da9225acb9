"""Customers whom a host application has named."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actions.store.base import EncryptedText, UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "customers",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("name", EncryptedText(), nullable=False),
        sa.Column("phone", EncryptedText(), nullable=False),
        sa.Column("email", EncryptedText(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
