"""What figures are counted from: derived from turns and events, and made anew at any time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import Base, UTCDateTime


class Exchange(Base):
    """One message of a customer and what the bot made of it. `actions.figures.refresh` writes it.

    `outcome` is the weightiest of the replies' outcomes, "" where the bot did not reply; `reply_ms` the
    milliseconds until its first reply was stored, where that was measured.
    """

    __tablename__ = "exchanges"
    __table_args__ = (
        Index("ix_exchanges_counted", "audience", "asked_at", "channel", "outcome", "reply_ms"),
    )

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    visit: Mapped[int]
    audience: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(String(24))
    reply_ms: Mapped[int | None]


class Visit(Base):
    """A run of a customer's messages without a long silence. `actions.figures.refresh` writes it.

    `answered`, `handed_over` and `ticket` tell whether it had an answer, a wish for a person, a complaint;
    `left_open` that it ended at a question back or while a person was waited for; `back_at` is when the next
    visit of the conversation began.
    """

    __tablename__ = "visits"
    __table_args__ = (
        Index(
            "ix_visits_counted", "audience", "ended_at", "channel", "answered", "handed_over", "ticket",
            "left_open", "back_at",
        ),
    )  # fmt: skip

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime] = mapped_column(UTCDateTime)
    messages: Mapped[int]
    answered: Mapped[bool]
    handed_over: Mapped[bool]
    ticket: Mapped[bool]
    left_open: Mapped[bool]
    back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class TicketCycle(Base):
    """One round of a ticket, from receipt or reopening to its decision, as its replayed clock has it.

    `waited` is the time spent waiting for the customer, in microseconds.
    """

    __tablename__ = "ticket_cycles"
    __table_args__ = tuple(
        Index(None, at) for at in ("stopped_at", "started_at", "due_at", "decided_at", "first_response_at")
    )

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    cycle: Mapped[int] = mapped_column(primary_key=True)
    queue: Mapped[str] = mapped_column(String(24))
    handler_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    first_response_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    waited: Mapped[int] = mapped_column(BigInteger, default=0)
