"""What the knowledge owner adds: FAQ entries in versions, attached questions, dismissed questions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import ID_LENGTH, AppendOnly, Base, Choice, JSONType, UTCDateTime, new_id
from knowledge.document import Audience


class EntryState(StrEnum):
    """Where an entry stands: only a published one answers."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class KnowledgeHead(Base):
    """The single row that counts what was published and retired; locking it orders the writers."""

    __tablename__ = "knowledge_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int]


class Faq(Base):
    """One FAQ entry: its newest version, and the one that answers. `shown` are all that ever answered."""

    __tablename__ = "knowledge_faqs"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    state: Mapped[EntryState] = mapped_column(Choice(EntryState), index=True)
    version: Mapped[int] = mapped_column(default=1)
    published: Mapped[int | None]
    shown: Mapped[list[int]] = mapped_column(JSONType, default=list)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FaqVersion(AppendOnly, Base):
    """One content of an entry. Never changed, never deleted."""

    __tablename__ = "knowledge_faq_versions"
    __table_args__ = (UniqueConstraint("faq_id", "version"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    faq_id: Mapped[str] = mapped_column(ForeignKey("knowledge_faqs.id"))
    version: Mapped[int]
    question: Mapped[str] = mapped_column(Text)
    variants: Mapped[list[str]] = mapped_column(JSONType, default=list)
    answer: Mapped[str] = mapped_column(Text)
    audience: Mapped[Audience] = mapped_column(Choice(Audience))
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Attached(Base):
    """Ways to ask for one sentence of the manual; what it says is never changed, only its state."""

    __tablename__ = "knowledge_attached"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    state: Mapped[EntryState] = mapped_column(Choice(EntryState), index=True)
    texts: Mapped[list[str]] = mapped_column(JSONType)
    section: Mapped[str] = mapped_column(String(16))
    sentence: Mapped[str] = mapped_column(Text)
    audience: Mapped[Audience] = mapped_column(Choice(Audience))
    author_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DismissedQuestion(Base):
    """A question that nobody needs to work on; `key` is a hash of its words and audience."""

    __tablename__ = "knowledge_dismissed"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
