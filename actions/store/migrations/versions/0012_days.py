"""Days summed for the dashboard, and indexes that hold all that it counts of rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actions.store.base import JSONType, UTCDateTime
from actions.store.sql import china_day

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_LATER, _PAUSED = sa.text("cycle > 1"), sa.text("paused_at IS NOT NULL")
_RUNS = sa.text("stopped_at IS NULL")
_GONE = (
    ("ix_exchanges_counted", "exchanges"),
    ("ix_ticket_cycles_due_at", "ticket_cycles"),
    ("ix_ticket_cycles_decided_at", "ticket_cycles"),
    ("ix_ticket_cycles_first_response_at", "ticket_cycles"),
    ("ix_tickets_created_at", "tickets"),
    ("ix_tickets_conversation_id", "tickets"),
)
_INDEXES = (
    ("ix_exchanges_counted", "exchanges", "audience asked_at turn_id channel outcome reply_ms", None),
    ("ix_ticket_cycles_due", "ticket_cycles", "due_at queue stopped_at decided_at ticket_id", None),
    (
        "ix_ticket_cycles_decided",
        "ticket_cycles",
        "decided_at queue due_at ticket_id cycle started_at waited handler_id",
        None,
    ),
    (
        "ix_ticket_cycles_responded",
        "ticket_cycles",
        "first_response_at queue ticket_id cycle started_at waited handler_id",
        None,
    ),
    ("ix_ticket_cycles_later", "ticket_cycles", "ticket_id cycle", _LATER),
    ("ix_tickets_created", "tickets", "created_at queue merged_into id", None),
    ("ix_tickets_waiting", "tickets", "created_at id queue merged_into due_at paused_at", _RUNS),
    ("ix_tickets_chat", "tickets", "conversation_id id", None),
    ("ix_tickets_paused", "tickets", "id cycle", _PAUSED),
)


def upgrade() -> None:
    """Make the tables and indexes; days are counted from their rows until the server's upkeep sums them."""
    for name, table in _GONE:
        op.drop_index(name, table)
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns.split(), sqlite_where=where, postgresql_where=where)
    op.create_table(
        "service_days",
        sa.Column("audience", sa.String(16), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("outcomes", JSONType, nullable=False),
        sa.Column("times", sa.LargeBinary(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("visits", "served", "left_open", "handed_over")
        ),
    )
    op.create_table(
        "changed_days",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("day", sa.String(10), nullable=False, index=True),
    )
    _all_days()
    _questions()


def _all_days() -> None:
    asked = sa.table("exchanges", sa.column("asked_at"))
    ended = sa.table("visits", sa.column("ended_at"))
    days = sa.union(sa.select(china_day(asked.c.asked_at)), sa.select(china_day(ended.c.ended_at))).subquery()
    (day,) = days.c
    changed = sa.table("changed_days", sa.column("id"), sa.column("day"))
    op.execute(sa.insert(changed).from_select(["id", "day"], sa.select(day, day)))


def _questions() -> None:
    op.create_table(
        "refused_questions",
        sa.Column("turn_id", _ID, sa.ForeignKey("turns.id"), primary_key=True),
        sa.Column("conversation_id", _ID, sa.ForeignKey("conversations.id"), nullable=False, index=True),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.execute(
        "INSERT INTO refused_questions (turn_id, conversation_id, audience, channel, asked_at, text) "
        "SELECT turn_id, exchanges.conversation_id, audience, channel, asked_at, text "
        "FROM exchanges JOIN turns ON turns.id = turn_id "
        "WHERE exchanges.outcome = 'refused' AND erased_at IS NULL"
    )
    op.create_index("ix_refused_questions_audience_asked_at", "refused_questions", ["audience", "asked_at"])
