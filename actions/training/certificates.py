"""Certificates of passed papers: issued once for an attempt, checked by anybody, revoked with a reason."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptState, Certificate, QuizAttempt, QuizPaper
from actions.training import coverage, roster
from actions.training.plans import ROLE
from knowledge.errors import bad_input, conflict, not_found

MAX_REASON = 500
VALID, EXPIRED, REVOKED = "valid", "expired", "revoked"
LABELS = {VALID: "有效", EXPIRED: "已过期", REVOKED: "已撤销"}
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another
_RANDOM = 12  # letters, 60 bits: a serial cannot be guessed


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as anybody may see it who knows its serial; the name is masked."""

    serial: str
    name: str
    title: str
    state: str
    issued_at: datetime
    valid_until: date | None
    revoked_at: datetime | None


def issue(s: Session, attempt: QuizAttempt, now: datetime) -> Certificate | None:
    """Issue the certificate of a passed attempt; None where its paper has none, or it has one already."""
    if not attempt.passed or attempt.paper_id is None or attempt.finished_at is None:
        return None
    paper = s.get_one(QuizPaper, attempt.paper_id)
    if not paper.certificate or _of_attempt(s, attempt.id) is not None:
        return None
    made = Certificate(
        serial=_serial(now),
        user_id=attempt.user_id,
        paper_id=paper.id,
        attempt_id=attempt.id,
        title=paper.title,
        score=attempt.score or 0,
        max_score=attempt.max_score,
        issued_at=now,
        valid_until=coverage.valid_until(attempt.finished_at, paper.valid_days),
    )
    s.add(made)
    s.flush()
    data = {"attempt": attempt.id, "user": attempt.user_id}
    audit.record(
        s,
        actor="system",
        action="certificate.issue",
        object_type="certificate",
        object_id=made.serial,
        data=data,
        now=now,
    )
    return made


def settle(s: Session, now: datetime) -> int:
    """Issue what regrades have made passes, revoke what they have unmade; return how many there were."""
    return _issue_missing(s, now) + _withdraw(s, now)


def _withdraw(s: Session, now: datetime) -> int:
    """Revoke certificates of attempts that no longer pass."""
    lost = s.scalars(
        select(Certificate)
        .join(QuizAttempt, QuizAttempt.id == Certificate.attempt_id)
        .where(QuizAttempt.passed.is_(False), Certificate.revoked_at.is_(None))
        .with_for_update(of=Certificate, key_share=True)
    ).all()
    for one in lost:
        one.revoked_at, one.revoke_reason = now, "成绩复核后未达合格线"
        audit.record(
            s,
            actor="system",
            action="certificate.revoke",
            object_type="certificate",
            object_id=one.serial,
            now=now,
        )
    return len(lost)


def _issue_missing(s: Session, now: datetime, *, limit: int = 500) -> int:
    """Issue what attempts have earned that were passed without one: by a regrade, or before papers had it."""
    has = select(Certificate.id).where(Certificate.attempt_id == QuizAttempt.id)
    earned = s.scalars(
        select(QuizAttempt)
        .join(QuizPaper, QuizPaper.id == QuizAttempt.paper_id)
        .where(
            QuizPaper.certificate.is_(True),
            QuizAttempt.state == AttemptState.FINISHED,
            QuizAttempt.passed.is_(True),
            ~has.exists(),
        )
        .order_by(QuizAttempt.finished_at, QuizAttempt.id)
        .limit(limit)
        .with_for_update(of=QuizAttempt, key_share=True)
    ).all()
    return sum(issue(s, attempt, now) is not None for attempt in earned)


def revoke(s: Session, serial: str, *, reason: str, user: User, now: datetime) -> Certificate:
    """Revoke a certificate for good.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_certificate`; 409 `revoked_already`; 422 `reason_needed`.
    """
    accounts.require_role(user, ROLE)
    found = get(s, serial, lock=True)
    if found.revoked_at is not None:
        raise conflict("revoked_already", "这张证书已经撤销了。")
    why = clean(reason)
    if not 1 <= len(why) <= MAX_REASON:
        raise bad_input("reason_needed", f"请写明撤销的原因，最多 {MAX_REASON} 个字。")
    found.revoked_at, found.revoked_by, found.revoke_reason = now, user.id, why
    audit.record(
        s,
        actor=user.id,
        action="certificate.revoke",
        object_type="certificate",
        object_id=found.serial,
        now=now,
    )
    return found


def get(s: Session, serial: str, *, lock: bool = False) -> Certificate:
    """Return a certificate by its serial, however it is written; raise 404 `unknown_certificate`."""
    query = select(Certificate).where(Certificate.serial == serial.strip().upper()[:32])
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = s.scalar(query)
    if found is None:
        raise not_found("unknown_certificate", "没有这张证书，请核对编号。")
    return found


def state_of(certificate: Certificate, now: datetime) -> str:
    """Return whether a certificate is valid, expired or revoked; its last day is valid."""
    if certificate.revoked_at is not None:
        return REVOKED
    until = certificate.valid_until
    return EXPIRED if until is not None and until < roster.today(now) else VALID


def shown(s: Session, serial: str, now: datetime) -> Shown:
    """Return what anybody may know of a certificate; raise 404 `unknown_certificate`."""
    found = get(s, serial)
    holder = s.get_one(User, found.user_id)
    return Shown(
        found.serial, masked(holder.called), found.title, state_of(found, now), found.issued_at,
        found.valid_until, found.revoked_at,
    )  # fmt: skip


def of_person(s: Session, user_id: str) -> list[Certificate]:
    """Return a person's certificates, the newest first."""
    query = select(Certificate).where(Certificate.user_id == user_id)
    return list(s.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.id)))


def masked(name: str) -> str:
    """Return a name of which only the first character shows: 王**."""
    return name[:1] + "*" * max(1, min(len(name) - 1, 3))


def _of_attempt(s: Session, attempt_id: str) -> str | None:
    return s.scalar(select(Certificate.id).where(Certificate.attempt_id == attempt_id))


def _serial(now: datetime) -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return f"WJ{roster.today(now):%Y%m%d}-{letters}"
