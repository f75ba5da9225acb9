"""The dialogue's memory of each sender, as one encrypted JSON document."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.store.locks import locked
from actions.store.tables.dialogue import DialogueTracker


def load(s: Session, sender_id: str) -> dict[str, Any] | None:
    """Return what was saved for the sender, or None; nobody else saves it before this transaction ends."""
    tracker = locked(s, DialogueTracker, sender_id)
    return None if tracker is None else dict(json.loads(tracker.payload))


def save(s: Session, sender_id: str, payload: dict[str, Any], now: datetime) -> int:
    """Keep `payload` (JSON-ready) in place of what was saved before; return its version, counted from 1."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    tracker = locked(s, DialogueTracker, sender_id)
    if tracker is None:
        tracker, made = _first(s, sender_id, text, now)
        if made:
            return tracker.version
    tracker.payload, tracker.updated_at = text, now
    tracker.version += 1
    s.flush()
    return tracker.version


def _first(s: Session, sender_id: str, text: str, now: datetime) -> tuple[DialogueTracker, bool]:
    """Insert version 1, or return the row that another process has just inserted; tell which."""
    try:
        with s.begin_nested():
            tracker = DialogueTracker(sender_id=sender_id, version=1, payload=text, updated_at=now)
            s.add(tracker)
            s.flush()
            return tracker, True
    except IntegrityError:
        return s.get_one(DialogueTracker, sender_id, with_for_update=True), False


def purge(s: Session, before: datetime) -> int:
    """Forget the trackers last saved before `before`; return how many."""
    old = delete(DialogueTracker).where(DialogueTracker.updated_at < before)
    return len(s.scalars(old.returning(DialogueTracker.sender_id)).all())
