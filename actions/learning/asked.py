"""Questions that were not answered, or whose answers were rated badly: what the knowledge owner works on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from actions.learning.faqs import ROLE
from actions.service import accounts
from actions.service.messages import check_field
from actions.service.ratings import CONVERSATION_CYCLE
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import DismissedQuestion
from actions.store.tables.service import Actor, Conversation, Rating, RatingOffer, Turn
from knowledge.document import Audience, Outcome
from knowledge.sameness import bare
from knowledge.text import normalise

DAYS = 30
BAD = 2  # a score up to this is bad
RATED_ANSWERS = 5  # a rating is of a whole service: it counts against that many last answers
MOST = 300  # the latest questions: each is encoded once, and more are more than a person works off
LONGEST_REASON = 500
_COMMAND = re.compile(r"/[a-z_]+(\{.*\})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question as it was asked, masked; `score` is a bad rating, None where there was no answer."""

    turn_id: str
    text: str
    audience: Audience
    asked_at: datetime
    outcome: Outcome
    score: int | None = None

    @property
    def key(self) -> str:
        """Return what tells this question from others: its words and who asked."""
        return hashlib.sha256(f"{self.audience}\n{bare(normalise(self.text))}".encode()).hexdigest()


def gather(s: Session, *, now: datetime, days: int = DAYS) -> list[AskedQuestion]:
    """Return the questions of the last `days` that still want an answer, newest first.

    These are questions that were refused, those that were asked back and left at that, and those answered in
    a service that was rated 1 or 2; dismissed ones are left out.
    """
    since = now - timedelta(days=days)
    found = {one.turn_id: one for one in (*_badly_rated(s, since), *_unanswered(s, since))}
    dismissed = set(s.scalars(select(DismissedQuestion.key)))
    kept = [one for one in found.values() if _is_question(one.text) and one.key not in dismissed]
    return sorted(kept, key=lambda one: (one.asked_at, one.turn_id), reverse=True)[:MOST]


def dismiss(s: Session, *, questions: Iterable[AskedQuestion], reason: str, user: User, now: datetime) -> int:
    """Put questions aside, now and whenever they are asked again; return how many were new.

    Raises:
        WenjinError: 403 `role_needed`; 422 `field_too_long`.
    """
    accounts.require_role(user, ROLE)
    said = check_field(reason, name="理由", limit=LONGEST_REASON)
    known = set(s.scalars(select(DismissedQuestion.key)))
    keys = sorted({one.key for one in questions} - known)
    s.add_all(DismissedQuestion(key=key, user_id=user.id, reason=said, created_at=now) for key in keys)
    s.flush()
    if keys:
        audit.record(
            s, actor=user.id, action="questions.dismiss", object_type="questions", object_id=keys[0],
            data={"questions": len(keys), "keys": keys}, now=now,
        )  # fmt: skip
    return len(keys)


def _unanswered(s: Session, since: datetime) -> list[AskedQuestion]:
    reply, question = aliased(Turn), aliased(Turn)
    rows = s.execute(
        select(reply, question, Conversation.audience)
        .join(question, reply.reply_to == question.id)
        .join(Conversation, Conversation.id == reply.conversation_id)
        .where(
            reply.actor == Actor.BOT,
            reply.kind == "answer",
            reply.outcome.in_([Outcome.REFUSED, Outcome.CLARIFY]),
            reply.created_at >= since,
            question.erased_at.is_(None),
        )
        .order_by(reply.created_at.desc())
        .limit(2 * MOST)
    )
    return [
        _asked(question, reply, audience)
        for reply, question, audience in rows
        if reply.outcome == Outcome.REFUSED or not _chosen(s, reply)
    ]


def _chosen(s: Session, reply: Turn) -> bool:
    """Tell whether the next thing the customer said was one of the readings that were offered."""
    later = select(Turn.text).where(
        Turn.conversation_id == reply.conversation_id, Turn.seq > reply.seq, Turn.actor == Actor.CUSTOMER
    )
    said = s.scalar(later.order_by(Turn.seq).limit(1))
    return said in {button.get("payload") for button in reply.buttons}


def _badly_rated(s: Session, since: datetime) -> list[AskedQuestion]:
    rows = s.execute(
        select(Rating.score, RatingOffer)
        .join(RatingOffer, RatingOffer.id == Rating.offer_id)
        .where(Rating.score <= BAD, RatingOffer.subject == "conversation", RatingOffer.offered_at >= since)
        .order_by(RatingOffer.offered_at.desc())
        .limit(MOST)
    )
    return [one for score, offer in rows for one in _answers_before(s, offer, score)]


def _answers_before(s: Session, offer: RatingOffer, score: int) -> list[AskedQuestion]:
    """Return the last questions that were answered in the service that an offer asked about."""
    reply, question = aliased(Turn), aliased(Turn)
    rows = s.execute(
        select(reply, question, Conversation.audience)
        .join(question, reply.reply_to == question.id)
        .join(Conversation, Conversation.id == reply.conversation_id)
        .where(
            reply.conversation_id == offer.conversation_id,
            reply.actor == Actor.BOT,
            reply.outcome == Outcome.ANSWERED,
            reply.created_at <= offer.offered_at,
            question.erased_at.is_(None),
            reply.created_at >= offer.offered_at - CONVERSATION_CYCLE,
        )
        .order_by(reply.seq.desc())
        .limit(RATED_ANSWERS)
    )
    return [_asked(question, reply, audience, score) for reply, question, audience in rows]


def _asked(question: Turn, reply: Turn, audience: str, score: int | None = None) -> AskedQuestion:
    outcome = Outcome(reply.outcome or Outcome.REFUSED)
    return AskedQuestion(
        question.id, " ".join(question.text.split()), Audience(audience), question.created_at, outcome, score
    )


def _is_question(text: str) -> bool:
    return not _COMMAND.fullmatch(text) and sum(char.isalnum() for char in text) > 1
