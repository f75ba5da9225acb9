"""Retention: what people wrote in a ticket's steps apart from the chain, holds, and what was erased when."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from actions.store.base import EncryptedJSON, EncryptedText, UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ADDED: tuple[tuple[str, str, Any], ...] = (
    ("turns", "erased_at", UTCDateTime()),
    ("conversations", "forget_at", UTCDateTime()),
    ("ratings", "erased_at", UTCDateTime()),
    ("tickets", "erased_at", UTCDateTime()),
    ("tickets", "forget_at", UTCDateTime()),
    ("tickets", "held_at", UTCDateTime()),
    ("tickets", "held_by", sa.String(32)),
    ("tickets", "hold_reason", EncryptedText()),
)
_KEPT = sa.text("erased_at IS NULL")
_ASKED = sa.text("forget_at IS NOT NULL")


def upgrade() -> None:
    """Add the columns and the table; older events keep their words within the chain."""
    for table, name, kind in _ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.create_index(
        "ix_turns_kept",
        "turns",
        ["created_at", "conversation_id"],
        sqlite_where=_KEPT,
        postgresql_where=_KEPT,
    )
    op.create_index(
        "ix_conversations_to_forget", "conversations", ["id"], sqlite_where=_ASKED, postgresql_where=_ASKED
    )
    op.create_index("ix_tickets_kept", "tickets", ["closed_at"], sqlite_where=_KEPT, postgresql_where=_KEPT)
    op.create_table(
        "ticket_texts",
        sa.Column(
            "event_id",
            sa.String(32),
            sa.ForeignKey("ticket_events.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("ticket_id", sa.String(32), sa.ForeignKey("tickets.id"), nullable=False, index=True),
        sa.Column("said", EncryptedJSON(), nullable=False),
    )
