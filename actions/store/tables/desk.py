"""Complaint tickets, their events, what is found them by, attachments, notices and improvement measures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.store.base import (
    ID_LENGTH,
    AppendOnly,
    Base,
    Choice,
    EncryptedBytes,
    EncryptedJSON,
    EncryptedText,
    JSONType,
    UTCDateTime,
    new_id,
    new_search_key,
)


class TicketState(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    ESCALATED = "escalated"
    DECIDED = "decided"
    REOPENED = "reopened"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Priority(StrEnum):
    """How soon a complaint wants a look."""

    NORMAL = "normal"
    HIGH = "high"


_RUNS = text("stopped_at IS NULL")
_KEPT = text("erased_at IS NULL")
_PAUSED, _MERGED = text("paused_at IS NOT NULL"), text("merged_into IS NOT NULL")
# What waits for a decision is a small part of all tickets and looked at all day.
_PENDING = (
    ("ix_tickets_pending", ("due_at",)),
    ("ix_tickets_waiting", ("created_at", "id", "queue", "merged_into", "due_at", "paused_at", "stopped_at")),
    ("ix_tickets_pending_handler", ("handler_id", "due_at")),
    ("ix_tickets_pending_queue", ("queue", "due_at")),
)


class Ticket(Base):
    """One complaint. What the customer wrote is encrypted; `version` is the number of its events.

    The clock's columns (`cycle`, `due_at`, `rule`, `first_due_at`, `first_response_at`, `paused_at`,
    `stopped_at`, `decided_at`) are what `actions.desk.clock` computes from the events, kept here to be
    searched by; `stopped_at` is NULL exactly while a decision is pending. `proposed` holds the classifier's
    proposals, `business`, `channel` and `cause` what a handler confirmed. The four levels of ISO 10002 run
    from 1 (low) to 3 (high). `alert` is the last thing that the timer warned of, `indexed` the form of the
    search terms that the ticket is found by (0: none yet). A ticket on hold (`held_at`) is never erased; of
    one that is erased only facts are left. `forget_at` is when its customer asked for deletion.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index(None, "state", "created_at"),
        Index(None, "handler_id", "created_at"),
        Index("ix_tickets_created", "created_at", "queue", "merged_into", "id"),
        Index("ix_tickets_chat", "conversation_id", "id"),
        Index("ix_tickets_merged", "merged_into", "id", sqlite_where=_MERGED, postgresql_where=_MERGED),
        Index("ix_tickets_paused", "id", "cycle", sqlite_where=_PAUSED, postgresql_where=_PAUSED),
        *(Index(name, *of, sqlite_where=_RUNS, postgresql_where=_RUNS) for name, of in _PENDING),
        Index("ix_tickets_kept", "closed_at", sqlite_where=_KEPT, postgresql_where=_KEPT),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[str] = mapped_column(String(255), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    source: Mapped[str] = mapped_column(String(24), default="chat")
    state: Mapped[TicketState] = mapped_column(Choice(TicketState))
    queue: Mapped[str] = mapped_column(String(24), default="general")
    name: Mapped[str] = mapped_column(EncryptedText, default="")
    matter: Mapped[str] = mapped_column(EncryptedText)
    product: Mapped[str] = mapped_column(String(200), default="")
    demand: Mapped[str] = mapped_column(EncryptedText, default="")
    contact: Mapped[str] = mapped_column(EncryptedText, default="")
    contact_masked: Mapped[str] = mapped_column(String(200), default="")
    found: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON, default=dict)
    priority: Mapped[Priority] = mapped_column(Choice(Priority), default=Priority.NORMAL)
    proposed: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    business: Mapped[str] = mapped_column(String(32), default="", index=True)
    channel: Mapped[str] = mapped_column(String(32), default="")
    cause: Mapped[str] = mapped_column(String(32), default="", index=True)
    severity: Mapped[int | None]
    complexity: Mapped[int | None]
    impact: Mapped[int | None]
    urgency: Mapped[int | None]
    handler_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    barred: Mapped[list[str]] = mapped_column(JSONType, default=list)
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    cycle: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    rule: Mapped[str] = mapped_column(String(200))
    first_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_response_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_days: Mapped[int | None]
    asked_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    alert: Mapped[str] = mapped_column(String(16), default="")
    customer_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    search_key: Mapped[int] = mapped_column(BigInteger, unique=True, default=new_search_key)
    indexed: Mapped[int] = mapped_column(default=0)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    hold_reason: Mapped[str | None] = mapped_column(EncryptedText)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    forget_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TicketEvent(AppendOnly, Base):
    """One step in a ticket's life; its hash covers the step before. Never changed, never deleted.

    The hash covers `facts`. What people wrote is in `words`, which can be erased: `facts["said"]` is its
    digest. Events from before that have their words among the facts.
    """

    __tablename__ = "ticket_events"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"))
    seq: Mapped[int]
    type: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(255))
    actor_kind: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]] = mapped_column("data", EncryptedJSON, key="facts")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    words: Mapped[TicketText | None] = relationship(lazy="joined", passive_deletes="all")

    @property
    def data(self) -> dict[str, Any]:
        """Return the facts and what was written, as far as it is still there."""
        return {**self.facts, **(self.words.said if self.words else {})}

    @data.setter
    def data(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def content(self) -> dict[str, object]:
        """Return what the hash covers."""
        return {
            "ticket_id": self.ticket_id,
            "seq": self.seq,
            "type": self.type,
            "actor": self.actor,
            "actor_kind": self.actor_kind,
            "data": self.facts,
            "created_at": self.created_at.astimezone(UTC).isoformat(),
        }


class TicketText(AppendOnly, Base):
    """What people wrote in one step of a ticket, with a random salt; gone once the ticket is erased."""

    __tablename__ = "ticket_texts"

    event_id: Mapped[str] = mapped_column(
        ForeignKey("ticket_events.id", ondelete="CASCADE"), primary_key=True
    )
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), index=True)
    said: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)


class TicketTerm(Base):
    """One keyed hash of two neighbouring characters of a ticket's text, so that encrypted text is found."""

    __tablename__ = "ticket_terms"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    term: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ticket: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class TicketVector(Base):
    """A ticket's sentence vector (float16), for finding complaints about the same thing."""

    __tablename__ = "ticket_vectors"

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    encoder: Mapped[str] = mapped_column(String(64))
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class Attachment(Base):
    """A file that a customer or handler added: pending on a conversation until it belongs to a ticket."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    customer_id: Mapped[str] = mapped_column(String(255))
    added_by: Mapped[str] = mapped_column(String(255))
    internal: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(EncryptedText)
    media_type: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(EncryptedBytes, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Notice(Base):
    """One message to be sent outside: written with what it tells of, sent afterwards, under its own id.

    `key` makes the same news at most one notice. `leased_until` is set while a process sends it. Notices of
    one `line` go out one after another in the order of their keys; "" is no line.
    """

    __tablename__ = "notices"
    __table_args__ = (Index(None, "done_at", "next_at"), Index(None, "line", "key"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    line: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    address: Mapped[str] = mapped_column(EncryptedText, default="")
    payload: Mapped[dict[str, Any]] = mapped_column(EncryptedJSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str] = mapped_column(String(300), default="")


class CannedReply(Base):
    """A reply that handlers start from; fields in braces are filled from the ticket."""

    __tablename__ = "canned_replies"

    key: Mapped[str] = mapped_column(String(48), primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    when: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MeasureState(StrEnum):
    """Where an improvement measure stands."""

    OPEN = "open"
    DONE = "done"
    CHECKED = "checked"
    DROPPED = "dropped"


class Measure(Base):
    """What is changed so that a cause of complaints goes away: owner, due day, and whether it worked."""

    __tablename__ = "measures"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    cause: Mapped[str] = mapped_column(String(32), index=True)
    business: Mapped[str] = mapped_column(String(32), default="")
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(100))
    due_on: Mapped[date]
    state: Mapped[MeasureState] = mapped_column(Choice(MeasureState), default=MeasureState.OPEN)
    effect: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_on: Mapped[date | None]
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
