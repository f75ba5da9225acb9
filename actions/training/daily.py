"""The five minutes of a day: what is due in the review book, then weak topics, then what is new."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    AttemptState,
    Disclosure,
    QuizAttempt,
    QuizAttemptItem,
    QuizCard,
    QuizQuestion,
    QuizQuestionVersion,
)
from actions.training import attempts, cards, disclosure, papers, records
from actions.training.disclosure import Seen, question_of
from actions.training.papers import Candidate
from actions.training.views import Attempt
from knowledge.errors import conflict

SIZE = 10  # questions that take about five minutes
SLOT = "review"
WEAK = 5
_SEED_BITS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Topic:
    """How a person does in a topic: right answers among all that were marked."""

    name: str
    right: int
    answered: int

    @property
    def percent(self) -> int:
        """Return the share of right answers, rounded down."""
        return self.right * 100 // self.answered


@dataclass(frozen=True, slots=True)
class Entry:
    """A question in the review book as its owner sees it: no key."""

    question_id: str
    stem: str
    topic: str
    section: str
    due_at: datetime
    right_days: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands today: what is due, the whole book, weak topics, and the set that is open."""

    due: int
    entries: tuple[Entry, ...]
    weak: tuple[Topic, ...]
    open: Attempt | None


@dataclass(frozen=True, slots=True)
class _Past:
    """What a person answered before: by question the last time, by topic how it went."""

    last: dict[str, datetime]
    topics: tuple[Topic, ...]


def standing(s: Session, user_id: str, now: datetime) -> Standing:
    """Return where a person stands; questions whose keys are still held back are left out everywhere."""
    secret = held_back(s, user_id, now)
    shown = [one for one in cards.book(s, user_id) if one.question_id not in secret]
    row = _open_row(s, user_id)
    return Standing(
        due=sum(one.due_at <= now for one in shown),
        entries=tuple(_entries(s, shown)),
        weak=_past(s, user_id, secret).topics[:WEAK],
        open=records.attempt_of(s, row) if row else None,
    )


def _entries(s: Session, shown: Sequence[QuizCard]) -> list[Entry]:
    rows = s.execute(
        select(QuizQuestion, QuizQuestionVersion)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizQuestion.version_id)
        .where(QuizQuestion.id.in_([one.question_id for one in shown]))
    )
    held = {head.id: (str(version.content["stem"]), head.topic, version.section) for head, version in rows}
    return [Entry(one.question_id, *held[one.question_id], one.due_at, len(one.right_days)) for one in shown]


def start(
    s: Session,
    *,
    user_id: str,
    conversation_id: str | None = None,
    size: int = SIZE,
    pass_percent: int = 80,
    seed: int,
    manual_version: str = "",
    now: datetime,
) -> Attempt:
    """Start today's set, or return the open one; of `seed` the lower 63 bits are kept.

    Raises:
        WenjinError: 404 `unknown_user`; 409 `nothing_to_review` where there is no question to ask.
    """
    attempts.lock_user(s, user_id)
    if running := _open_row(s, user_id):
        return records.attempt_of(s, running)
    seed &= _SEED_BITS
    rng = random.Random(seed)  # noqa: S311  a set must be repeatable, not secret
    chosen = choose(s, user_id=user_id, size=size, now=now, rng=rng)
    if not chosen:
        raise conflict("nothing_to_review", "现在没有要复习的题。明天再来，或做一份练习卷。")
    drawn = [papers.Drawn(one.version_id, papers.shuffled(one.keys, rng)) for one in chosen]
    row = QuizAttempt(
        user_id=user_id,
        conversation_id=conversation_id,
        slot=SLOT,
        kind=AttemptKind.REVIEW,
        state=AttemptState.OPEN,
        seed=seed,
        pass_percent=pass_percent,
        max_score=sum(one.points for one in drawn),
        manual_version=manual_version,
        started_at=now,
    )
    return records.attempt_of(s, attempts.add(s, row, drawn))


def choose(s: Session, *, user_id: str, size: int, now: datetime, rng: random.Random) -> list[Candidate]:
    """Return the questions of a set: due cards, then weak topics, then new ones, first those of the job.

    What is in the book and not due yet is never taken, nor what is held back.
    """
    secret = held_back(s, user_id, now)
    bank = {
        question_of(one.version_id): one
        for one in sorted(papers.candidates(s), key=lambda one: one.version_id)
        if question_of(one.version_id) not in secret
    }
    due = [bank[one.question_id] for one in cards.due(s, user_id, now) if one.question_id in bank]
    booked = {one.question_id for one in cards.book(s, user_id)}
    past = _past(s, user_id, secret)
    free = [one for name, one in bank.items() if name not in booked]
    rng.shuffle(free)
    new = [one for one in free if question_of(one.version_id) not in past.last]
    job = s.scalar(select(User.job).where(User.id == user_id)) or ""
    order = [
        *due,
        *_of_weak(free, past),
        *[one for one in new if job and job in one.jobs],
        *new,
    ]
    return list(dict.fromkeys(order))[:size]


def _of_weak(free: Sequence[Candidate], past: _Past) -> list[Candidate]:
    """Return questions of the weakest topics in turn: those never answered first, then the longest ago."""
    rows: list[list[Candidate]] = []
    for topic in past.topics[:WEAK]:
        of_topic = [one for one in free if one.topic == topic.name]
        new = [one for one in of_topic if question_of(one.version_id) not in past.last]
        old = [one for one in of_topic if question_of(one.version_id) in past.last]
        old.sort(key=lambda one: past.last[question_of(one.version_id)])
        rows.append([*new, *old])
    longest = max(map(len, rows), default=0)
    return [row[place] for place in range(longest) for row in rows if place < len(row)]


def held_back(s: Session, user_id: str, now: datetime) -> frozenset[str]:
    """Return the questions whose keys a person may not see now: of open exams, or not disclosed yet."""
    over = s.scalars(
        select(QuizAttempt).where(
            QuizAttempt.user_id == user_id,
            QuizAttempt.state == AttemptState.FINISHED,
            QuizAttempt.disclosure.in_([Disclosure.AFTER_PASS, Disclosure.AFTER_CLOSE]),
        )
    )
    closed = [row.id for row in over if disclosure.of_attempt(s, row, now) < Seen.KEYS]
    asked = s.scalars(select(QuizAttemptItem.version_id).where(QuizAttemptItem.attempt_id.in_(closed)))
    return disclosure.hidden_questions(s, user_id) | frozenset(map(question_of, asked))


def _past(s: Session, user_id: str, secret: Collection[str]) -> _Past:
    rows = s.execute(
        select(QuizQuestion.id, QuizQuestion.topic, QuizAttemptItem)
        .join(QuizAttempt, QuizAttempt.id == QuizAttemptItem.attempt_id)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizAttemptItem.version_id)
        .join(QuizQuestion, QuizQuestion.id == QuizQuestionVersion.question_id)
        .where(
            QuizAttempt.user_id == user_id,
            QuizAttemptItem.answered_at.is_not(None),
            QuizAttemptItem.points.is_not(None),
        )
    )
    last: dict[str, datetime] = {}
    marks: dict[str, list[bool]] = defaultdict(list)
    for question_id, topic, item in rows:
        if question_id in secret or item.answered_at is None:
            continue
        last[question_id] = max(item.answered_at, last.get(question_id, item.answered_at))
        if topic:
            marks[topic].append(item.points == item.max_points)
    topics = [Topic(name, sum(held), len(held)) for name, held in marks.items() if not all(held)]
    topics.sort(key=lambda one: ((one.right + 1) / (one.answered + 2), one.name))
    return _Past(last, tuple(topics))


def _open_row(s: Session, user_id: str) -> QuizAttempt | None:
    return s.scalar(
        select(QuizAttempt).where(
            QuizAttempt.user_id == user_id,
            QuizAttempt.slot == SLOT,
            QuizAttempt.state == AttemptState.OPEN,
        )
    )
