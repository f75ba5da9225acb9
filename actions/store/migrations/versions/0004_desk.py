"""The complaint desk: more of a ticket, what it is found by, attachments, notices, replies, measures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from actions.store.base import JSONType, UTCDateTime, new_search_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_WORDS = (
    ("source", sa.String(24), "chat"),
    ("queue", sa.String(24), "general"),
    ("business", sa.String(32), ""),
    ("channel", sa.String(32), ""),
    ("cause", sa.String(32), ""),
    ("alert", sa.String(16), ""),
    ("cycle", sa.Integer(), "1"),
    ("indexed", sa.Integer(), "0"),
    ("proposed", JSONType, "{}"),
    ("barred", JSONType, "[]"),
)
PENDING_INDEXES = (
    ("ix_tickets_pending", ("due_at",)),
    ("ix_tickets_pending_handler", ("handler_id", "due_at")),
    ("ix_tickets_pending_queue", ("queue", "due_at")),
)
_COUNTS = ("handler_read_seq", "customer_read_seq", "returned")


def upgrade() -> None:
    """Extend tickets, users and hand-overs; make the desk's further tables."""
    _tickets()
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("queues", JSONType, nullable=False, server_default="[]"))
        users.add_column(sa.Column("takes_new", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("handovers") as handovers:
        handovers.add_column(sa.Column("queue", sa.String(24), nullable=False, server_default="general"))
        handovers.add_column(sa.Column("handler_seen_at", UTCDateTime(), nullable=True))
        for name in _COUNTS:
            handovers.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("rating_offers") as offers:
        offers.alter_column("conversation_id", existing_type=sa.String(32), nullable=True)
    _forget_defaults()
    _pending()
    _found_by()
    _attachments()
    _notices()
    _replies_and_measures()


def _forget_defaults() -> None:
    """Older rows have their values now; newer ones get theirs from the program."""
    changes: tuple[tuple[str, list[tuple[str, Any]]], ...] = (
        ("tickets", [(name, kind) for name, kind, _ in _WORDS]),
        ("users", [("queues", JSONType), ("takes_new", sa.Boolean())]),
        ("handovers", [("queue", sa.String(24)), *((name, sa.Integer()) for name in _COUNTS)]),
    )
    for table, columns in changes:
        with op.batch_alter_table(table) as changed:
            for name, kind in columns:
                changed.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def _tickets() -> None:
    with op.batch_alter_table("tickets") as tickets:
        for name, kind, default in _WORDS:
            tickets.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        for name in ("name", "found"):
            tickets.add_column(sa.Column(name, sa.Text(), nullable=True))
        for name in ("severity", "complexity", "impact", "urgency", "asked_days"):
            tickets.add_column(sa.Column(name, sa.Integer(), nullable=True))
        for name in (
            "first_due_at", "first_response_at", "paused_at", "stopped_at", "decided_at", "customer_at",
            "seen_at",
        ):  # fmt: skip
            tickets.add_column(sa.Column(name, UTCDateTime(), nullable=True))
        tickets.add_column(sa.Column("merged_into", sa.String(32), nullable=True))
        tickets.add_column(sa.Column("asked_by", sa.String(32), nullable=True))
        tickets.add_column(sa.Column("search_key", sa.BigInteger(), nullable=True))
        tickets.create_foreign_key("fk_tickets_merged_into_tickets", "tickets", ["merged_into"], ["id"])
        tickets.create_foreign_key("fk_tickets_asked_by_users", "users", ["asked_by"], ["id"])
        tickets.drop_index("ix_tickets_state")
        tickets.drop_index("ix_tickets_handler_id")
        tickets.drop_index("ix_tickets_due_at")
    _fill()
    with op.batch_alter_table("tickets") as tickets:
        tickets.alter_column("search_key", existing_type=sa.BigInteger(), nullable=False)
        tickets.alter_column("name", existing_type=sa.Text(), nullable=False)
        tickets.alter_column("found", existing_type=sa.Text(), nullable=False)
        tickets.create_unique_constraint("uq_tickets_search_key", ["search_key"])
        for columns in (
            ("state", "created_at"),
            ("handler_id", "created_at"),
            ("business",),
            ("cause",),
            ("merged_into",),
        ):
            tickets.create_index("ix_tickets_" + "_".join(columns), list(columns))


def _fill() -> None:
    """Give older tickets what newer ones have; an answer was the decision then.

    Search terms and the replayed clock follow when the program runs (`actions.desk.upkeep`).
    """
    from actions.store.crypto import cipher_of

    connection = op.get_bind()
    cipher = cipher_of(connection.dialect)
    empty = {"name": cipher.encrypt(""), "found": cipher.encrypt("{}")}
    for (ticket_id,) in connection.execute(sa.text("SELECT id FROM tickets")).fetchall():
        connection.execute(
            sa.text("UPDATE tickets SET search_key = :key, name = :name, found = :found WHERE id = :id"),
            {"key": new_search_key(), "id": ticket_id, **empty},
        )
    connection.execute(
        sa.text(
            "UPDATE tickets SET state = 'decided', decided_at = (SELECT max(created_at) FROM ticket_events "
            "WHERE ticket_id = tickets.id AND type = 'reply') WHERE state = 'answered'"
        )
    )
    connection.execute(sa.text("UPDATE tickets SET decided_at = closed_at WHERE state = 'closed'"))
    connection.execute(sa.text("UPDATE tickets SET stopped_at = coalesce(closed_at, decided_at)"))


def _pending() -> None:
    """Index what waits for a decision, once the tables are as they stay: copying them forgets conditions."""
    runs = sa.text("stopped_at IS NULL")
    for name, columns in PENDING_INDEXES:
        op.create_index(name, "tickets", list(columns), sqlite_where=runs, postgresql_where=runs)


def _found_by() -> None:
    op.create_table(
        "ticket_terms",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "ticket", name="pk_ticket_terms"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ticket_vectors",
        sa.Column("ticket_id", sa.String(32), nullable=False),
        sa.Column("encoder", sa.String(64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_vectors"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_vectors_ticket_id_tickets"),
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("ticket_id", sa.String(32), nullable=True),
        sa.Column("conversation_id", sa.String(32), nullable=True),
        sa.Column("customer_id", sa.String(255), nullable=False),
        sa.Column("added_by", sa.String(255), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_attachments_ticket_id_tickets"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_attachments_conversation_id_conversations"
        ),
    )
    for column in ("ticket_id", "conversation_id"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("ticket_id", sa.String(32), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("leased_until", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("key", name="uq_notices_key"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_notices_ticket_id_tickets"),
    )
    op.create_index("ix_notices_done_at_next_at", "notices", ["done_at", "next_at"])
    op.create_index("ix_notices_ticket_id", "notices", ["ticket_id"])


def _replies_and_measures() -> None:
    op.create_table(
        "canned_replies",
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("when", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_canned_replies"),
    )
    op.create_table(
        "measures",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("business", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(32), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_measures"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_measures_created_by_users"),
    )
    op.create_index("ix_measures_cause", "measures", ["cause"])


def downgrade() -> None:
    """Drop the further tables; a ticket's further columns stay, they harm nobody."""
    for table in (
        "measures", "canned_replies", "notices", "attachments", "ticket_vectors", "ticket_terms"
    ):  # fmt: skip
        op.drop_table(table)
