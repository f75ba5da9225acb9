"""Accounts, conversations, the complaint desk, dialogue trackers and the audit log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(32)
WORD = sa.String(24)
HASH = sa.String(64)
UTC = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create the tables; names of constraints and indexes follow the metadata's rule."""
    _accounts()
    _conversations()
    _handovers_and_ratings()
    _desk()
    _dialogue()
    _audit()


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "audit_log", "audit_head", "key_check", "dialogue_trackers", "ticket_events", "tickets", "ratings",
        "rating_offers", "handovers", "turns", "conversations", "login_failures", "sessions", "users",
    ):  # fmt: skip
        op.drop_table(table)


def _need(
    name: str, kind: sa.types.TypeEngine[Any], *, unique: bool | None = None, index: bool | None = None
) -> sa.Column[Any]:
    """Return a column that is never null."""
    return sa.Column(name, kind, nullable=False, unique=unique, index=index)


def _key(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, ID, primary_key=True)


def _of(
    name: str, target: str, *, null: bool = False, index: bool | None = None, ondelete: str | None = None
) -> sa.Column[str]:
    """Return a column that names a row of another table."""
    return sa.Column(name, ID, sa.ForeignKey(target, ondelete=ondelete), nullable=null, index=index)


def _accounts() -> None:
    op.create_table(
        "users",
        _key(),
        _need("name", sa.String(64), unique=True),
        _need("display_name", sa.String(64)),
        _need("password_hash", sa.String(255)),
        _need("roles", DOCUMENT),
        _need("active", sa.Boolean()),
        _need("created_at", UTC),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", HASH, primary_key=True),
        _of("user_id", "users.id", index=True, ondelete="CASCADE"),
        _need("csrf", sa.String(64)),
        _need("created_at", UTC),
        _need("expires_at", UTC, index=True),
        _need("last_seen_at", UTC),
    )
    op.create_table(
        "login_failures",
        _key(),
        _need("name", sa.String(64)),
        _need("failed_at", UTC, index=True),
        sa.Index(None, "name", "failed_at"),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        _key(),
        _need("channel", sa.String(16)),
        _need("external_id", sa.String(255)),
        _need("customer_id", sa.String(255), index=True),
        _of("user_id", "users.id", null=True),
        _need("audience", sa.String(16)),
        _need("mode", WORD),
        _of("handler_id", "users.id", null=True),
        sa.Column("manual", sa.String(128)),
        _need("created_at", UTC),
        _need("last_at", UTC, index=True),
        sa.UniqueConstraint("channel", "external_id", "audience"),
    )
    op.create_table(
        "turns",
        _key(),
        _of("conversation_id", "conversations.id"),
        _need("seq", sa.Integer()),
        _need("actor", WORD),
        _need("kind", WORD),
        _need("text", sa.Text()),
        _need("data", DOCUMENT),
        _need("buttons", DOCUMENT),
        sa.Column("outcome", WORD),
        _of("reply_to", "turns.id", null=True, index=True),
        sa.Column("key", sa.String(128)),
        sa.Column("latency_ms", sa.Double()),
        _need("created_at", UTC, index=True),
        sa.UniqueConstraint("conversation_id", "seq"),
        sa.UniqueConstraint("conversation_id", "key"),
        sa.Index(None, "actor", "created_at"),
    )


def _handovers_and_ratings() -> None:
    op.create_table(
        "handovers",
        _key(),
        _of("conversation_id", "conversations.id", index=True),
        _need("state", WORD, index=True),
        _need("reason", sa.String(500)),
        _need("requested_at", UTC, index=True),
        sa.Column("taken_at", UTC),
        _of("taken_by", "users.id", null=True),
        sa.Column("ended_at", UTC),
    )
    op.create_table(
        "rating_offers",
        _key(),
        _of("conversation_id", "conversations.id"),
        _need("subject", sa.String(16)),
        _need("subject_id", sa.String(64)),
        _need("cycle", sa.Integer()),
        _need("offered_at", UTC, index=True),
        sa.UniqueConstraint("conversation_id", "subject", "subject_id", "cycle"),
    )
    op.create_table(
        "ratings",
        _key(),
        sa.Column("offer_id", ID, sa.ForeignKey("rating_offers.id"), nullable=False, unique=True),
        _need("score", sa.Integer()),
        _need("dimensions", DOCUMENT),
        _need("comment", sa.Text()),
        _need("created_at", UTC),
        _need("updated_at", UTC),
    )


def _desk() -> None:
    op.create_table(
        "tickets",
        _key(),
        _need("number", sa.String(16), unique=True),
        _need("customer_id", sa.String(255), index=True),
        _of("conversation_id", "conversations.id", null=True, index=True),
        _need("idempotency_key", sa.String(128), unique=True),
        _need("state", WORD, index=True),
        _need("matter", sa.Text()),
        _need("product", sa.String(200)),
        _need("demand", sa.Text()),
        _need("contact", sa.Text()),
        _need("contact_masked", sa.String(200)),
        _need("priority", WORD),
        _of("handler_id", "users.id", null=True, index=True),
        _need("version", sa.Integer()),
        _need("created_at", UTC, index=True),
        _need("due_at", UTC, index=True),
        _need("rule", sa.String(200)),
        sa.Column("closed_at", UTC),
    )
    op.create_table(
        "ticket_events",
        _key(),
        _of("ticket_id", "tickets.id"),
        _need("seq", sa.Integer()),
        _need("type", sa.String(32)),
        _need("actor", sa.String(255)),
        _need("actor_kind", sa.String(16)),
        _need("data", sa.Text()),
        _need("created_at", UTC),
        _need("prev_hash", HASH),
        _need("hash", HASH),
        sa.UniqueConstraint("ticket_id", "seq"),
    )


def _dialogue() -> None:
    op.create_table(
        "dialogue_trackers",
        sa.Column("sender_id", sa.String(255), primary_key=True),
        _need("version", sa.Integer()),
        _need("payload", sa.Text()),
        _need("updated_at", UTC, index=True),
    )
    op.create_table(
        "key_check",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        _need("word", sa.Text()),
    )


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.Integer(), primary_key=True, autoincrement=False),
        _need("at", UTC, index=True),
        _need("actor", sa.String(255)),
        _need("action", sa.String(64)),
        _need("object_type", sa.String(32)),
        _need("object_id", sa.String(64)),
        _need("data", sa.JSON()),
        _need("prev_hash", HASH),
        _need("hash", HASH),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        _need("seq", sa.Integer()),
        _need("hash", HASH),
    )
