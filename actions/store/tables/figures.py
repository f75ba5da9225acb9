"""What figures are counted from: derived from turns and events, and made anew at any time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import ID_LENGTH, Base, JSONType, UTCDateTime, new_id

_LATER = text("cycle > 1")


class Exchange(Base):
    """One message of a customer and what the bot made of it. `actions.figures.refresh` writes it.

    `outcome` is the weightiest of the replies' outcomes, "" where the bot did not reply; `reply_ms` the
    milliseconds until its first reply was stored, where that was measured.
    """

    __tablename__ = "exchanges"
    __table_args__ = (
        # In the order of the rows behind a figure, which are looked up a page at a time.
        Index("ix_exchanges_counted", "audience", "asked_at", "turn_id", "channel", "outcome", "reply_ms"),

    )  # fmt: skip

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    visit: Mapped[int]
    audience: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(String(24))
    reply_ms: Mapped[int | None]


class RefusedQuestion(Base):
    """What a customer asked that the manual does not answer, as long as the words are kept.

    `actions.figures.refresh` writes it beside the exchange; the words go with those of the turn.
    """

    __tablename__ = "refused_questions"
    __table_args__ = (Index(None, "audience", "asked_at"),)

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    audience: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    text: Mapped[str] = mapped_column(Text)


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


class ServiceDay(Base):
    """A day in China on one channel, summed from exchanges and visits. `actions.figures.days` writes it.

    `outcomes` holds messages by outcome, `times` the first replies' milliseconds by hour, packed. Of the
    visits that ended on the day, `served` are those not left open that served themselves.
    """

    __tablename__ = "service_days"

    audience: Mapped[str] = mapped_column(String(16), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    outcomes: Mapped[dict[str, int]] = mapped_column(JSONType)
    times: Mapped[bytes] = mapped_column(LargeBinary)
    visits: Mapped[int]
    served: Mapped[int]
    left_open: Mapped[int]
    handed_over: Mapped[int]


class ChangedDay(Base):
    """A note that a day's exchanges or visits have changed, until `actions.figures.days` has summed it.

    Each change leaves a note of its own: none that is written meanwhile is lost with those that are done.
    """

    __tablename__ = "changed_days"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    day: Mapped[str] = mapped_column(String(10), index=True)


class TicketCycle(Base):
    """One round of a ticket, from receipt or reopening to its decision, as its replayed clock has it.

    `waited` is the time spent waiting for the customer, in microseconds.
    """

    __tablename__ = "ticket_cycles"
    __table_args__ = (
        Index(None, "stopped_at"),
        Index(None, "started_at"),
        Index("ix_ticket_cycles_due", "due_at", "queue", "stopped_at", "decided_at", "ticket_id"),
        Index(
            "ix_ticket_cycles_decided", "decided_at", "queue", "due_at", "ticket_id", "cycle", "started_at",
            "waited", "handler_id",
        ),
        Index(
            "ix_ticket_cycles_responded", "first_response_at", "queue", "ticket_id", "cycle", "started_at",
            "waited", "handler_id",
        ),
        Index("ix_ticket_cycles_later", "ticket_id", "cycle", sqlite_where=_LATER, postgresql_where=_LATER),
    )  # fmt: skip

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
