"""Figures: what they are counted from, answers' marks, follow-ups of low ratings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actions.store.base import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_UNCOUNTED = sa.text("uncounted")
_FIRST_SAID = """
UPDATE handovers SET first_said_by = taken_by, first_said_at = (
    SELECT min(turns.created_at) FROM turns
    WHERE turns.conversation_id = handovers.conversation_id AND turns.actor = 'handler'
    AND turns.created_at >= handovers.requested_at
    AND (handovers.ended_at IS NULL OR turns.created_at <= handovers.ended_at)
)
"""


def upgrade() -> None:
    """Make the tables; what is there already is counted by the server's upkeep."""
    with op.batch_alter_table("conversations") as changed:
        changed.add_column(sa.Column("uncounted", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("conversations") as changed:
        changed.alter_column(
            "uncounted", existing_type=sa.Boolean(), existing_nullable=False, server_default=None
        )
        changed.create_index(
            "ix_conversations_uncounted", ["id"], sqlite_where=_UNCOUNTED, postgresql_where=_UNCOUNTED
        )
    with op.batch_alter_table("handovers") as changed:
        changed.add_column(sa.Column("first_said_at", UTCDateTime()))
        changed.add_column(sa.Column("first_said_by", _ID))
        changed.create_foreign_key("fk_handovers_first_said_by_users", "users", ["first_said_by"], ["id"])
    op.execute(_FIRST_SAID)
    op.execute("UPDATE handovers SET first_said_by = NULL WHERE first_said_at IS NULL")
    _answers()
    _tickets()


def _answers() -> None:
    op.create_table(
        "exchanges",
        sa.Column("turn_id", _ID, sa.ForeignKey("turns.id"), primary_key=True),
        sa.Column("conversation_id", _ID, sa.ForeignKey("conversations.id"), nullable=False, index=True),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("reply_ms", sa.Integer()),
    )
    op.create_index(
        "ix_exchanges_counted", "exchanges", ["audience", "asked_at", "channel", "outcome", "reply_ms"]
    )
    op.create_table(
        "visits",
        sa.Column("conversation_id", _ID, sa.ForeignKey("conversations.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in ("answered", "handed_over", "ticket", "left_open")
        ),
        sa.Column("back_at", UTCDateTime()),
    )
    op.create_index(
        "ix_visits_counted",
        "visits",
        ["audience", "ended_at", "channel", "answered", "handed_over", "ticket", "left_open", "back_at"],
    )
    op.create_table(
        "answer_marks",
        sa.Column("turn_id", _ID, sa.ForeignKey("turns.id"), primary_key=True),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False, index=True),
    )


def _tickets() -> None:
    op.create_table(
        "ticket_cycles",
        sa.Column("ticket_id", _ID, sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("cycle", sa.Integer(), primary_key=True),
        sa.Column("queue", sa.String(24), nullable=False),
        sa.Column("handler_id", _ID, sa.ForeignKey("users.id")),
        sa.Column("started_at", UTCDateTime(), nullable=False, index=True),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("first_response_at", UTCDateTime()),
        sa.Column("stopped_at", UTCDateTime(), index=True),
        sa.Column("decided_at", UTCDateTime()),
        sa.Column("waited", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "follow_ups",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("rating_id", _ID, sa.ForeignKey("ratings.id"), nullable=False, unique=True),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), index=True),
        sa.Column("done_by", _ID, sa.ForeignKey("users.id")),
        sa.Column("note", sa.Text(), nullable=False),
    )
