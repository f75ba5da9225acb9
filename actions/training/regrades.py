"""A wrong key mended: points of attempts are reckoned anew, the version itself stays as it was shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptState,
    QuizAttempt,
    QuizAttemptItem,
    QuizQuestionVersion,
    QuizRegrade,
)
from actions.training import cards, grading
from actions.training.disclosure import question_of
from actions.training.questions import Content
from knowledge.errors import bad_input, not_found

MIN_REASON, MAX_REASON = 5, 500


@dataclass(frozen=True, slots=True)
class Marking:
    """How a version is marked: its content with the key that counts; `everyone` gets all points."""

    content: Content
    everyone: bool = False

    def points(self, given: Sequence[str], most: int) -> int:
        """Return the marks of an answer as it is stored, 0 where none was given."""
        if self.everyone:
            return most
        return grading.points(self.content, given, most) if given else 0


def markings(s: Session, version_ids: Collection[str]) -> dict[str, Marking]:
    """Return how each version is marked now, regrades included."""
    wanted = set(version_ids)
    rows = s.scalars(select(QuizQuestionVersion).where(QuizQuestionVersion.id.in_(wanted)))
    found = {row.id: Marking(Content.from_json(row.content)) for row in rows}
    made = select(QuizRegrade).where(QuizRegrade.version_id.in_(wanted)).order_by(QuizRegrade.made_at)
    for one in s.scalars(made):
        found[one.version_id] = _marking(found[one.version_id].content, one.how)
    return found


def _marking(content: Content, how: dict[str, Any]) -> Marking:
    if how.get("everyone"):
        return Marking(content, everyone=True)
    return Marking(replace(content, answer=tuple(how["answer"])))


def regrade(
    s: Session,
    *,
    version_id: str,
    answer: str = "",
    everyone: bool = False,
    reason: str,
    user: User,
    now: datetime,
) -> QuizRegrade:
    """Mark a version by another key (or give everyone the points) in all attempts, finished and to come.

    Raises:
        WenjinError: 403 `role_needed`, 404 `unknown_version`, 422 `reason_needed` or `unreadable_answer`.
    """
    accounts.require_role(user, "training")
    why = clean(reason)
    if not MIN_REASON <= len(why) <= MAX_REASON:
        raise bad_input("reason_needed", f"请写明重新判分的原因，{MIN_REASON} 到 {MAX_REASON} 个字。")
    version = s.get(QuizQuestionVersion, version_id)
    if version is None:
        raise not_found("unknown_version", "没有这个题目版本。")
    content = Content.from_json(version.content)
    how: dict[str, Any] = {"everyone": True} if everyone else {"answer": list(grading.read(content, answer))}
    changed = _reckon(s, version_id, _marking(content, how))
    row = QuizRegrade(
        version_id=version_id, how=how, reason=why, made_by=user.id, made_at=now, changed=changed
    )
    s.add(row)
    s.flush()
    audit.record(
        s,
        actor=user.id,
        action="quiz.regrade",
        object_type="quiz_version",
        object_id=version_id,
        data={"regrade": row.id, "attempts": len(changed)},
        now=now,
    )
    return row


def _reckon(s: Session, version_id: str, marking: Marking) -> list[dict[str, Any]]:
    """Give finished attempts their new points and renew the review books; return what changed."""
    rows = s.execute(
        select(QuizAttempt, QuizAttemptItem)
        .join(QuizAttemptItem, QuizAttemptItem.attempt_id == QuizAttempt.id)
        .where(QuizAttemptItem.version_id == version_id)
        .order_by(QuizAttempt.id)
        .with_for_update(of=QuizAttempt, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    changed: list[dict[str, Any]] = []
    concerned: set[str] = set()
    for attempt, item in rows:
        if attempt.state is AttemptState.OPEN and item.points is None:
            continue
        before, after = item.points or 0, marking.points(item.given, item.max_points)
        if before == after:
            continue
        item.points = after
        entry: dict[str, Any] = {"attempt": attempt.id, "points": [before, after]}
        if attempt.score is not None:
            was = attempt.passed
            attempt.score += after - before
            attempt.passed = passes(attempt.score, attempt.max_score, attempt.pass_percent)
            entry |= {"score": attempt.score, "passed": [was, attempt.passed]}
        changed.append(entry)
        concerned.add(attempt.user_id)
    s.flush()
    for user_id in sorted(concerned):
        cards.renewed(s, user_id=user_id, question_id=question_of(version_id))
    return changed


def passes(score: int, max_score: int, pass_percent: int) -> bool:
    """Tell whether a score passes: whole numbers, nothing rounded."""
    return score * 100 >= pass_percent * max_score


def of_version(s: Session, version_ids: Collection[str]) -> list[QuizRegrade]:
    """Return the regrades of versions, newest first."""
    made = select(QuizRegrade).where(QuizRegrade.version_id.in_(set(version_ids)))
    return list(s.scalars(made.order_by(QuizRegrade.made_at.desc())))
