"""Users, their sessions, failed sign-ins, and files that somebody is trying."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import (
    ID_LENGTH,
    Base,
    EncryptedBytes,
    EncryptedText,
    JSONType,
    UTCDateTime,
    new_id,
)


class User(Base):
    """A person of the house with a local account; who comes from a roster signs in once a password is set.

    `job` is what somebody does (业务, 技术, 风控, 合规法务, 客服 or another word), no role of this program.
    """

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64), default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    roles: Mapped[list[str]] = mapped_column(JSONType)
    queues: Mapped[list[str]] = mapped_column(JSONType, default=list)  # of complaints; empty: all
    takes_new: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    staff_no: Mapped[str | None] = mapped_column(String(32), unique=True)
    department: Mapped[str] = mapped_column(String(64), default="")
    job: Mapped[str] = mapped_column(String(32), default="")
    mail: Mapped[str | None] = mapped_column(EncryptedText, deferred=True)
    hired_on: Mapped[date | None]
    left_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def called(self) -> str:
        """Return the name that people read."""
        return self.display_name or self.name


class SignInSession(Base):
    """A signed-in browser; the token itself is never stored, only its SHA-256."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class KeptFile(Base):
    """A file that a person has tried and may take over with one click: one for each purpose, not for long."""

    __tablename__ = "kept_files"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    content: Mapped[bytes] = mapped_column(EncryptedBytes)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class LoginFailure(Base):
    """One failed sign-in under a name, known or not."""

    __tablename__ = "login_failures"
    __table_args__ = (Index(None, "name", "failed_at"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64))
    failed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
