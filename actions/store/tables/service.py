"""Conversations, customers, turns, hand-overs, rating offers and ratings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import ID_LENGTH, Base, Choice, EncryptedText, JSONType, UTCDateTime, new_id


class Mode(StrEnum):
    """Who talks with the customer now."""

    BOT = "bot"
    WAITING_HUMAN = "waiting_human"
    HUMAN = "human"


class Actor(StrEnum):
    """Whose turn it is."""

    CUSTOMER = "customer"
    BOT = "bot"
    HANDLER = "handler"
    SYSTEM = "system"


class HandoverState(StrEnum):
    """Where a hand-over stands."""

    REQUESTED = "requested"
    TAKEN = "taken"
    ENDED = "ended"


_UNCOUNTED = text("uncounted")
_KEPT, _ASKED = text("erased_at IS NULL"), text("forget_at IS NOT NULL")


class Conversation(Base):
    """One customer on one channel. Staff and customers never share one, so staff answers stay with staff.

    `uncounted` is set with whatever is added, until `actions.figures.refresh` has counted it.
    `delivered_seq` is how far windows have certainly got that cannot say so themselves. `forget_at` is set
    while a customer's wish for deletion waits for a complaint to end: what was said until then goes.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel", "external_id", "audience"),
        Index(None, "audience", "id"),
        Index("ix_conversations_uncounted", "id", sqlite_where=_UNCOUNTED, postgresql_where=_UNCOUNTED),
        Index("ix_conversations_to_forget", "id", sqlite_where=_ASKED, postgresql_where=_ASKED),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(255))
    customer_id: Mapped[str] = mapped_column(String(255), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    audience: Mapped[str] = mapped_column(String(16))
    mode: Mapped[Mode] = mapped_column(Choice(Mode), default=Mode.BOT)
    handler_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    manual: Mapped[str | None] = mapped_column(String(128))
    delivered_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    uncounted: Mapped[bool] = mapped_column(default=True)
    forget_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Customer(Base):
    """Somebody whom a host application has named: what a complaint needs, so that it is not asked again."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(EncryptedText, default="")
    phone: Mapped[str] = mapped_column(EncryptedText, default="")
    email: Mapped[str] = mapped_column(EncryptedText, default="")
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Turn(Base):
    """One line of a conversation; a customer's text is masked before it is stored.

    Of an erased one the figures' facts stay: who, when, which outcome, how fast.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "key"),
        Index(None, "actor", "created_at"),
        Index("ix_turns_kept", "created_at", "conversation_id", sqlite_where=_KEPT, postgresql_where=_KEPT),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int]
    actor: Mapped[Actor] = mapped_column(Choice(Actor))
    kind: Mapped[str] = mapped_column(String(24))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONType, default=dict)
    buttons: Mapped[list[dict[str, str]]] = mapped_column(JSONType, default=list)
    outcome: Mapped[str | None] = mapped_column(String(24))
    reply_to: Mapped[str | None] = mapped_column(ForeignKey("turns.id"), index=True)
    key: Mapped[str | None] = mapped_column(String(128))
    latency_ms: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Handover(Base):
    """A customer's wish for a person, and what became of it.

    `first_said_at` and `first_said_by` are the first message of a person to the customer.
    """

    __tablename__ = "handovers"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    state: Mapped[HandoverState] = mapped_column(Choice(HandoverState), index=True)
    reason: Mapped[str] = mapped_column(String(500))
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    first_said_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_said_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    queue: Mapped[str] = mapped_column(String(24), default="general")
    handler_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handler_read_seq: Mapped[int] = mapped_column(default=0)
    customer_read_seq: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RatingOffer(Base):
    """A rating asked for, once in a service cycle; of a complaint also where its customer has no chat."""

    __tablename__ = "rating_offers"
    __table_args__ = (UniqueConstraint("conversation_id", "subject", "subject_id", "cycle"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    subject: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[str] = mapped_column(String(64))
    cycle: Mapped[int]
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Rating(Base):
    """What the customer gave; the comment is masked, then encrypted, and "" once it is erased."""

    __tablename__ = "ratings"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    offer_id: Mapped[str] = mapped_column(ForeignKey("rating_offers.id"), unique=True)
    score: Mapped[int]
    dimensions: Mapped[dict[str, int]] = mapped_column(JSONType, default=dict)
    comment: Mapped[str] = mapped_column(EncryptedText, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AnswerMark(Base):
    """Whether an answer of the bot helped, as its customer says; the last word counts."""

    __tablename__ = "answer_marks"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    helpful: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class FollowUp(Base):
    """A low rating that somebody looks after; what they did is encrypted."""

    __tablename__ = "follow_ups"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    rating_id: Mapped[str] = mapped_column(ForeignKey("ratings.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(24))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    done_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(EncryptedText, default="")
