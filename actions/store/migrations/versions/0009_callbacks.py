"""How far windows have certainly got; notices that go out in the order of their line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ADDED: tuple[tuple[str, str, Any, str], ...] = (
    ("conversations", "delivered_seq", sa.Integer(), "0"),
    ("notices", "line", sa.String(32), ""),
)


def upgrade() -> None:
    """Add the columns; newer rows get their values from the program."""
    for table, name, kind, default in _ADDED:
        with op.batch_alter_table(table) as changed:
            changed.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        with op.batch_alter_table(table) as changed:
            changed.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    op.create_index("ix_notices_line_key", "notices", ["line", "key"])
