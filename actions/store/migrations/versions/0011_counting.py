"""Indexes that the dashboard counts complaints by: when they came, were answered, were decided, were due."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ticket_cycles", "due_at"),
    ("ticket_cycles", "decided_at"),
    ("ticket_cycles", "first_response_at"),
)


def upgrade() -> None:
    """Add the indexes."""
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
