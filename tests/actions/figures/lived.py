"""A service that was lived, kept in plain lists beside the database, and its figures counted the slow way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy.orm import Session

from actions.desk import tickets
from actions.figures.refresh import OUTCOMES
from actions.figures.scope import Scope
from actions.service import accounts, conversations, handovers, ratings
from actions.service.replies import Reply, ReplyKind
from actions.store.tables.accounts import User
from actions.store.tables.service import AnswerMark, Conversation, RatingOffer, Turn
from tests.actions.conftest import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
IDLE, RETURN = 30 * MINUTE, 24 * HOUR
SINCE, UNTIL = NOW, NOW + 3 * DAY
SCOPE = Scope(SINCE, UNTIL, UNTIL + HOUR)
# Pauses between two messages, those at which a rule turns among them.
PAUSES = (MINUTE, 29 * MINUTE, IDLE, IDLE + timedelta(microseconds=1), 5 * HOUR, RETURN, RETURN + MINUTE)
KINDS = (*OUTCOMES, "of another kind", None)


@dataclass(frozen=True)
class Said:
    """One message: how long after the last, what the bot replied, what else happened with it."""

    pause: timedelta
    replies: tuple[tuple[str | None, float | None], ...]
    wish: str  # "", "asks for a person", "… who comes", "… who comes late", "complains"


@dataclass(frozen=True)
class Guest:
    """One customer on one channel, from when on."""

    channel: str
    begins: timedelta
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Rated:
    """A rating offered, and what was given."""

    after: timedelta
    score: int | None
    speed: int | None


@dataclass(frozen=True)
class Service:
    """All that happened."""

    guests: tuple[Guest, ...]
    rated: tuple[Rated, ...]
    marks: tuple[tuple[timedelta, bool], ...]


REPLIES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.one_of(st.none(), st.integers(1, 32_000).map(lambda n: n / 8))),
    max_size=3,
).map(tuple)
WISHES = ("", "", "", "", "wishes", "comes", "complains")
SAID = st.builds(Said, st.sampled_from(PAUSES), REPLIES, st.sampled_from(WISHES))
SPANS = st.integers(-24 * 60, 4 * 24 * 60).map(lambda minutes: minutes * MINUTE)
SERVICES = st.builds(
    Service,
    st.lists(
        st.builds(Guest, st.sampled_from(("web", "rest")), SPANS, st.lists(SAID, max_size=5).map(tuple)),
        max_size=4,
    ).map(tuple),
    st.lists(
        st.builds(
            Rated, SPANS, st.one_of(st.none(), st.integers(1, 5)), st.one_of(st.none(), st.integers(1, 5))
        ),
        max_size=6,
    ).map(tuple),
    st.lists(st.tuples(SPANS, st.booleans()), max_size=4).map(tuple),
)


@dataclass
class Log:
    """What was written down while it happened."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    waits: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)


def live(s: Session, service: Service) -> Log:
    """Let it all happen in the database, and write it down."""
    log = Log()
    handler, _ = accounts.add_user(s, name="ma", password=None, roles=["handler"], now=NOW)
    for number, guest in enumerate(service.guests):
        chat = conversations.open_conversation(
            s, channel=guest.channel, external_id=f"guest {number}", customer_id=f"c{number}",
            audience="customer", now=NOW,
        )  # fmt: skip
        at = SINCE + guest.begins
        for said in guest.said:
            at += said.pause
            log.messages.append(_say(s, chat, said, at, handler, log, number))
    chat = conversations.open_conversation(
        s, channel="web", external_id="rater", customer_id="r", audience="customer", now=NOW
    )
    for number, rated in enumerate(service.rated):
        _rate(s, chat, rated, number)
    for after, helpful in service.marks:
        turn = _reply(s, chat, None, "answered", None, SINCE + after)
        s.add(AnswerMark(turn_id=turn.id, helpful=helpful, created_at=SINCE + after))
    s.flush()
    return log


def _say(
    s: Session, chat: Conversation, said: Said, at: datetime, handler: User, log: Log, number: int
) -> dict[str, Any]:
    asked, _ = conversations.receive(s, conversation=chat, text="问", key=None, now=at)
    for outcome, ms in said.replies:
        _reply(s, chat, asked, outcome, ms, at)
    if said.wish == "complains":
        tickets.create(
            s, draft=tickets.TicketDraft("事"), customer_id="c", conversation_id=chat.id, key=asked.id, now=at,
            rng=random.Random(asked.id),
        )  # fmt: skip
    alone = False
    if said.wish in ("wishes", "comes"):
        held = handovers.request(s, conversation=chat, reason="", now=at)
        spoke = at + 90 * timedelta(seconds=1) if said.wish == "comes" else None
        if spoke:
            handovers.take(s, handover_id=held.id, user=handler, now=at)
            handovers.say(s, handover_id=held.id, user=handler, text="您好", now=spoke)
            handovers.end(s, handover_id=held.id, user=handler, now=spoke)
        else:
            alone = True
            handovers.cancel(s, conversation=chat, now=at)
        log.waits.append((chat.channel, at, spoke))
    return {"chat": number, "channel": chat.channel, "at": at, "said": said, "alone": alone}


def _reply(
    s: Session, chat: Conversation, asked: Turn | None, outcome: str | None, ms: float | None, at: datetime
) -> Turn:
    return conversations.add_reply(
        s, conversation=chat, reply=Reply(ReplyKind.TEXT, "答"), reply_to=asked.id if asked else None, actor="bot",
        outcome=outcome, latency_ms=ms, now=at,
    )  # fmt: skip


def _rate(s: Session, chat: Conversation, rated: Rated, number: int) -> None:
    at = SINCE + rated.after
    made = RatingOffer(
        conversation_id=chat.id, subject="ticket", subject_id=str(number), cycle=1, offered_at=at
    )
    s.add(made)
    s.flush()
    if rated.score:
        given = {"response_speed": rated.speed} if rated.speed else {}
        ratings.rate(
            s, offer_id=made.id, conversation_id=chat.id, score=rated.score, dimensions=given, now=at + DAY
        )


def outcome_of(said: Said) -> str:
    """Return what a message counts as."""
    if not said.replies:
        return ""
    known = [kind if kind in OUTCOMES else "smalltalk" for kind, _ in said.replies]
    return min(known, key=lambda kind: OUTCOMES.index(str(kind))) or ""


def visits_of(log: Log) -> list[list[dict[str, Any]]]:
    """Return the messages of each visit."""
    runs: list[list[dict[str, Any]]] = []
    for one in log.messages:
        last = runs[-1][-1] if runs else None
        if last and last["chat"] == one["chat"] and one["at"] - last["at"] <= IDLE:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs
