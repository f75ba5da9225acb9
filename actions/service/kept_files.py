"""Files that somebody has tried: kept for an hour, so that taking them over needs no second choosing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.store.tables.accounts import KeptFile, User
from knowledge.errors import bad_input

KEPT = timedelta(hours=1)
_LONGEST_NAME = 255


def keep(s: Session, *, user_id: str, purpose: str, name: str, content: bytes, now: datetime) -> str:
    """Keep a person's file in place of their last one for this purpose; return the word that fetches it."""
    s.execute(select(User.id).where(User.id == user_id).with_for_update())  # one try of a person at a time
    s.execute(delete(KeptFile).where(KeptFile.created_at <= now - KEPT))
    drop(s, user_id=user_id, purpose=purpose)
    digest = hashlib.sha256(content).hexdigest()
    s.add(
        KeptFile(
            user_id=user_id, purpose=purpose, digest=digest, name=name[:_LONGEST_NAME], content=content,
            created_at=now,
        )
    )  # fmt: skip
    s.flush()
    return digest


def fetch(s: Session, *, user_id: str, purpose: str, digest: str, now: datetime) -> tuple[str, bytes]:
    """Return the name and content of exactly the file that was tried; raise 422 `file_gone` without it."""
    found = s.scalar(
        select(KeptFile).where(
            KeptFile.user_id == user_id,
            KeptFile.purpose == purpose,
            KeptFile.digest == digest,
            KeptFile.created_at > now - KEPT,
        )
    )
    if found is None:
        raise bad_input("file_gone", "试过的文件已经不在了，请再选一次。")
    return found.name, found.content


def drop(s: Session, *, user_id: str, purpose: str) -> None:
    """Forget a person's file."""
    s.execute(delete(KeptFile).where(KeptFile.user_id == user_id, KeptFile.purpose == purpose))
