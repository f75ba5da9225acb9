"""Indexes of what is few: complaints that were merged or wait, conversations of staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MERGED, _RUNS = sa.text("merged_into IS NOT NULL"), sa.text("stopped_at IS NULL")
_INDEXES = (
    ("ix_tickets_merged", ["merged_into", "id"], _MERGED),
    (
        "ix_tickets_waiting",
        ["created_at", "id", "queue", "merged_into", "due_at", "paused_at", "stopped_at"],
        _RUNS,
    ),
)


def upgrade() -> None:
    """Make the indexes. SQLite reads a column that it looks at even where the index says what it is."""
    op.drop_index("ix_tickets_waiting", "tickets")
    for name, columns, where in _INDEXES:
        op.create_index(name, "tickets", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_conversations_audience_id", "conversations", ["audience", "id"])
