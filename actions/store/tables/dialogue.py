"""Dialogue trackers, and the row that proves the key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from actions.store.base import Base, EncryptedText, UTCDateTime


class DialogueTracker(Base):
    """What the dialogue remembers of one sender; slots hold what was said, so it is encrypted."""

    __tablename__ = "dialogue_trackers"

    sender_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[int]
    payload: Mapped[str] = mapped_column(EncryptedText)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class KeyCheck(Base):
    """A known word, encrypted: it can be read only with the secret this database was made with."""

    __tablename__ = "key_check"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(EncryptedText)
