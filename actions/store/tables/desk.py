"""Complaint tickets and their events."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import (
    ID_LENGTH,
    AppendOnly,
    Base,
    Choice,
    EncryptedJSON,
    EncryptedText,
    UTCDateTime,
    new_id,
)


class TicketState(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    ANSWERED = "answered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Priority(StrEnum):
    """How soon a complaint wants a look."""

    NORMAL = "normal"
    HIGH = "high"


class Ticket(Base):
    """One complaint. What the customer wrote is encrypted; `version` is the number of its events."""

    __tablename__ = "tickets"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[str] = mapped_column(String(255), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    state: Mapped[TicketState] = mapped_column(Choice(TicketState), index=True)
    matter: Mapped[str] = mapped_column(EncryptedText)
    product: Mapped[str] = mapped_column(String(200), default="")
    demand: Mapped[str] = mapped_column(EncryptedText, default="")
    contact: Mapped[str] = mapped_column(EncryptedText, default="")
    contact_masked: Mapped[str] = mapped_column(String(200), default="")
    priority: Mapped[Priority] = mapped_column(Choice(Priority), default=Priority.NORMAL)
    handler_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    rule: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TicketEvent(AppendOnly, Base):
    """One step in a ticket's life; its hash covers the step before. Never changed, never deleted."""

    __tablename__ = "ticket_events"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"))
    seq: Mapped[int]
    type: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(255))
    actor_kind: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def content(self) -> dict[str, object]:
        """Return what the hash covers."""
        return {
            "ticket_id": self.ticket_id,
            "seq": self.seq,
            "type": self.type,
            "actor": self.actor,
            "actor_kind": self.actor_kind,
            "data": self.data,
            "created_at": self.created_at.astimezone(UTC).isoformat(),
        }
