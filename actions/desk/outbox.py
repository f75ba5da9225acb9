"""Notices on their way out: claimed by one sender at a time, sent again until they arrive or are given up.

A sender that dies between sending and marking leaves its lease behind; when that has run out the notice is
sent again under the same id, by which its receiver knows it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from actions.desk.notices import MAIL
from actions.store.tables.desk import Notice
from knowledge.errors import conflict, not_found

LEASE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)
MOST_TRIES = 20  # with these waits about three days
BATCH = 10
MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed notice as it is sent; `until` is when the claim runs out."""

    id: str
    channel: str
    ticket_id: str | None
    address: str
    payload: Mapping[str, Any]
    created_at: datetime
    until: datetime


def claim(
    s: Session, channels: Collection[str], now: datetime, *, lease: timedelta = LEASE, limit: int = BATCH
) -> list[Parcel]:
    """Take the notices of some channels that are due, oldest first, so that no other sender gets them.

    What was written in one instant comes in the order in which its ticket changed. Of a line, only the first
    that has not arrived is taken: the next must wait for it.
    PostgreSQL passes over rows that another transaction is claiming; on SQLite there is one writer at a time.
    """
    due = (
        Notice.done_at.is_(None),
        Notice.next_at <= now,
        Notice.channel.in_(channels),
        or_(Notice.leased_until.is_(None), Notice.leased_until <= now),
        or_(Notice.line == "", ~_earlier().exists()),
    )
    wanted = select(Notice).where(*due).order_by(Notice.next_at, Notice.key).limit(limit)
    found = s.scalars(wanted.with_for_update(skip_locked=True)).all()
    for notice in found:
        notice.leased_until = now + lease
    s.flush()
    return [
        Parcel(one.id, one.channel, one.ticket_id, one.address, one.payload, one.created_at, now + lease)
        for one in found
    ]


def _earlier() -> Select[str]:
    """Return the notices of the same line before one, which have not arrived."""
    before = aliased(Notice)
    same = (before.line == Notice.line, before.key < Notice.key, before.done_at.is_(None))
    return select(before.id).where(*same).correlate(Notice)


def delivered(s: Session, parcel: Parcel, now: datetime) -> None:
    """Mark a notice as arrived."""
    notice = _locked(s, parcel.id)
    if notice.done_at is None or notice.failed:
        notice.attempts += 1
        notice.done_at, notice.leased_until, notice.failed, notice.last_error = now, None, False, ""


def missed(
    s: Session, parcel: Parcel, error: str, now: datetime, rng: random.Random, *, final: bool = False
) -> None:
    """Put a notice back for later, or give it up after its last try or where `final` says it is hopeless.

    Another sender that has claimed it meanwhile decides instead.
    """
    notice = _locked(s, parcel.id)
    if notice.done_at is not None or notice.leased_until != parcel.until:
        return
    notice.attempts += 1
    notice.leased_until, notice.last_error = None, error[:MAX_ERROR]
    if final or notice.attempts >= MOST_TRIES:
        notice.failed, notice.done_at = True, now
    else:
        notice.next_at = now + wait(notice.attempts, rng)


def wait(tries: int, rng: random.Random) -> timedelta:
    """Return how long to wait after so many tries: a minute, doubled each time; half of it is random."""
    longest = min(timedelta(minutes=2 ** (tries - 1)), LONGEST_WAIT)
    return longest * rng.uniform(0.5, 1)


def retry(s: Session, notice_id: str, now: datetime) -> Notice:
    """Send a notice that was given up once more, with all its tries.

    Raises:
        WenjinError: 404 `notice_not_found`; 409 `notice_sent` for one that has arrived.
    """
    notice = _locked(s, notice_id)
    if notice.done_at is not None and not notice.failed:
        raise conflict("notice_sent", "这条通知已经送达，不用重发。")
    notice.failed, notice.done_at, notice.attempts, notice.next_at = False, None, 0, now
    return notice


def waiting(s: Session, *, limit: int = 100) -> list[Notice]:
    """Return notices that have not arrived yet, those due first."""
    late = select(Notice).where(Notice.done_at.is_(None)).order_by(Notice.next_at, Notice.id)
    return list(s.scalars(late.limit(limit)))


def given_up(s: Session, *, limit: int = 100) -> list[Notice]:
    """Return notices that were given up, the latest first."""
    lost = select(Notice).where(Notice.failed.is_(True)).order_by(Notice.done_at.desc(), Notice.id)
    return list(s.scalars(lost.limit(limit)))


def mails_given_up(s: Session, ticket_id: str) -> int:
    """Return how many mails about a ticket never reached its customer."""
    lost = (Notice.ticket_id == ticket_id, Notice.channel == MAIL, Notice.failed.is_(True))
    return s.scalar(select(func.count()).select_from(Notice).where(*lost)) or 0


def counts(s: Session) -> dict[str, int]:
    """Return how many notices wait and how many were given up."""
    waits = select(func.count()).select_from(Notice).where(Notice.done_at.is_(None))
    lost = select(func.count()).select_from(Notice).where(Notice.failed.is_(True))
    return {"waiting": s.scalar(waits) or 0, "failed": s.scalar(lost) or 0}


def _locked(s: Session, notice_id: str) -> Notice:
    found = s.scalar(select(Notice).where(Notice.id == notice_id).with_for_update())
    if found is None:
        raise not_found("notice_not_found", "没有这条通知，可用 wenjin notices 查看编号。")
    return found
