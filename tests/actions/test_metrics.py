"""Figures: the same as a slow count in plain Python, on random histories and by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from actions.desk import tickets, work
from actions.desk.life import PENDING
from actions.desk.workdays import end_of_day
from actions.service import accounts, conversations, handovers, metrics, ratings
from actions.service.replies import Reply, ReplyKind
from actions.store.engine import Database
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.service import Conversation, Handover, HandoverState, RatingOffer, Turn
from actions.store.tables.training import AttemptKind, AttemptState, QuizAttempt
from tests.actions.conftest import NOW, open_guest
from tests.actions.desk.people import as_is, decide, hire, take

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE, UNTIL = NOW, NOW + 3 * DAY
OUTCOMES = ("answered", "clarify", "refused", "handover", "ticket", "smalltalk", None)


def figures(s: Session, since: datetime = SINCE, until: datetime = UNTIL) -> metrics.Figures:
    return metrics.figures(s, since=since, until=until)


def ask(s: Session, conversation: Conversation, at: datetime) -> Turn:
    return conversations.receive(s, conversation=conversation, text="问", key=None, now=at)[0]


def reply(
    s: Session, asked: Turn | None, conversation: Conversation, at: datetime, outcome: str | None = None,
    latency: float | None = None, actor: str = "bot",
) -> Turn:  # fmt: skip
    return conversations.add_reply(
        s,
        conversation=conversation,
        reply=Reply(ReplyKind.TEXT, "答"),
        reply_to=asked.id if asked else None,
        actor=actor,
        outcome=outcome,
        latency_ms=latency,
        now=at,
    )


def complain(s: Session, number: int, at: datetime) -> Ticket:
    return tickets.create(
        s,
        draft=tickets.TicketDraft("事"),
        customer_id="c",
        conversation_id=None,
        key=str(number),
        now=at,
        rng=random.Random(number),
    )


def test_nothing_is_counted_as_nothing(session: Session) -> None:
    found = figures(session)
    assert (found.turns, found.offers, found.tickets_overdue, found.quiz_attempts) == (0, 0, 0, 0)
    assert found.tickets_by_state == dict.fromkeys(map(str, TicketState), 0)
    for share in (
        found.deadline_met,
        found.csat,
        found.response_rate,
        found.quiz_pass_rate,
        found.bot_latency_median_ms,
        found.bot_latency_p90_ms,
        found.first_human_response_median_s,
    ):
        assert share is None


def test_a_turn_with_two_replies_is_counted_once(session: Session, conversation: Conversation) -> None:
    asked = ask(session, conversation, NOW)
    reply(session, asked, conversation, NOW, "answered", 10)
    reply(session, asked, conversation, NOW, "answered", 1_000)
    reply(session, None, conversation, NOW, "answered", 5_000)
    reply(session, asked, conversation, NOW, "refused", actor="handler")
    found = figures(session)
    assert (found.turns, found.answered, found.refused) == (1, 1, 0)
    assert (found.bot_latency_median_ms, found.bot_latency_p90_ms) == (10, 10)


def test_the_period_takes_its_start_and_leaves_its_end(session: Session, conversation: Conversation) -> None:
    for at in (SINCE - timedelta(microseconds=1), SINCE, UNTIL - timedelta(microseconds=1), UNTIL):
        ask(session, conversation, at)
    assert figures(session).turns == 2


def test_lateness_is_judged_for_what_is_not_answered(session: Session) -> None:
    li, _ = accounts.add_user(session, name="li", password=None, roles=["handler"], now=NOW)
    for number in range(3):
        made = complain(session, number, NOW)
        if number:
            take(session, made, li)
        if number == 2:
            decide(session, made, li)
    due = made.due_at
    assert figures(session, until=due).tickets_overdue == 0
    assert figures(session, since=due, until=due + MINUTE).tickets_overdue == 2
    assert figures(session).tickets_by_state["decided"] == 1


def test_a_deadline_is_judged_once_when_it_is_certain(session: Session) -> None:
    """In time with the decision, too late with the end of the time limit: by the timer, not by the decision."""
    people = hire(session)
    in_time, late, paused, waiting, withdrawn = made = [complain(session, n, NOW) for n in range(5)]
    for one in made:
        take(session, one, people.li)
    decide(session, in_time, people.li, NOW + 2 * DAY)
    work.pause(session, **as_is(paused, people.li, NOW + DAY), reason="鉴定")
    tickets.withdraw(session, ticket_id=withdrawn.id, customer_id="c", now=NOW + DAY)
    due = late.due_at
    decide(session, late, people.li, due + 3 * DAY)

    def judged(since: datetime, until: datetime) -> tuple[int, int, float | None]:
        found = figures(session, since=since, until=until)
        return found.tickets_judged, found.tickets_in_time, found.deadline_met

    assert judged(NOW, NOW + DAY) == (0, 0, None)
    assert judged(NOW + DAY, due) == (1, 1, 1.0)
    assert judged(due, due + DAY) == (2, 0, 0.0)
    assert judged(due + DAY, due + 9 * DAY) == (0, 0, None)
    assert judged(NOW, due + 9 * DAY) == (3, 1, 1 / 3)
    assert figures(session, until=due + 9 * DAY).tickets_overdue == 1
    assert waiting.stopped_at is None


def test_the_bot_does_not_count_as_a_person(session: Session, conversation: Conversation) -> None:
    li, _ = accounts.add_user(session, name="li", password=None, roles=["handler"], now=NOW)
    asked = ask(session, conversation, NOW)
    held = handovers.request(session, conversation=conversation, reason="", now=NOW)
    reply(session, asked, conversation, NOW + MINUTE, "handover", 5)
    handovers.take(session, handover_id=held.id, user=li, now=NOW + 2 * MINUTE)
    assert figures(session).first_human_response_median_s is None
    handovers.say(session, handover_id=held.id, user=li, text="您好", now=NOW + 3 * MINUTE)
    handovers.say(session, handover_id=held.id, user=li, text="请讲", now=NOW + 4 * MINUTE)
    assert figures(session).first_human_response_median_s == 180


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3], 0.9, 3), ([1, 2], 0.5, 1.5), ([4, 1, 3, 2], 0.5, 2.5), (list(range(11)), 0.9, 9)],
)
def test_quantiles(values: list[float], share: float, expected: float | None) -> None:
    assert metrics.quantile(values, share) == expected


def test_days_are_days_in_shanghai_and_none_is_left_out(session: Session, conversation: Conversation) -> None:
    before_midnight = datetime(2026, 3, 2, 15, 59, tzinfo=NOW.tzinfo)
    for at, outcome in (
        (before_midnight, "answered"),
        (before_midnight + MINUTE, "refused"),
        (NOW + 2 * DAY, "handover"),
    ):
        reply(session, ask(session, conversation, at), conversation, at, outcome)
    assert metrics.daily(session, NOW, NOW + 3 * DAY) == [
        {"date": "2026-03-02", "turns": 1, "answered": 1, "refused": 0, "handover": 0},
        {"date": "2026-03-03", "turns": 1, "answered": 0, "refused": 1, "handover": 0},
        {"date": "2026-03-04", "turns": 1, "answered": 0, "refused": 0, "handover": 1},
        {"date": "2026-03-05", "turns": 0, "answered": 0, "refused": 0, "handover": 0},
    ]
    assert metrics.daily(session, NOW, NOW) == []


@dataclass
class History:
    """What happened, kept in plain lists beside the database."""

    asked: list[tuple[str, datetime, list[tuple[str | None, float | None]]]] = field(default_factory=list)
    offers: list[tuple[datetime, int | None]] = field(default_factory=list)
    tickets: list[tuple[datetime, str, int]] = field(default_factory=list)
    quizzes: list[tuple[datetime, bool] | None] = field(default_factory=list)
    waits: list[tuple[datetime, datetime | None, list[datetime]]] = field(default_factory=list)


TIMES = st.integers(-24 * 60, 4 * 24 * 60).map(lambda minutes: NOW + minutes * MINUTE)
LATENCIES = st.one_of(st.none(), st.integers(0, 5_000).map(float))
REPLIES = st.lists(st.tuples(st.sampled_from(OUTCOMES), LATENCIES), max_size=3)
HISTORIES = st.builds(
    History,
    asked=st.lists(st.tuples(st.sampled_from("abc"), TIMES, REPLIES), max_size=12),
    offers=st.lists(st.tuples(TIMES, st.one_of(st.none(), st.integers(1, 5))), max_size=8),
    tickets=st.lists(
        st.tuples(
            TIMES.map(lambda at: at - 14 * DAY),
            st.sampled_from(list(TicketState)),
            st.integers(0, 30 * 24),
        ),
        max_size=8,
    ),
    quizzes=st.lists(st.one_of(st.none(), st.tuples(TIMES, st.booleans())), max_size=6),
    waits=st.lists(st.tuples(TIMES, st.one_of(st.none(), TIMES), st.lists(TIMES, max_size=3)), max_size=4),
)


def write(s: Session, history: History) -> None:
    """Put a history into the database, past the rules that would not allow all of it."""
    guests = {name: open_guest(s, name) for name in "abc"}
    for name, at, replies in history.asked:
        asked = ask(s, guests[name], at)
        for outcome, latency in replies:
            reply(s, asked, guests[name], at, outcome, latency)
    for number, (at, score) in enumerate(history.offers):
        made = RatingOffer(
            conversation_id=guests["a"].id, subject="ticket", subject_id=str(number), cycle=1, offered_at=at
        )
        s.add(made)
        s.flush()
        if score:
            ratings.rate(s, offer_id=made.id, conversation_id=guests["a"].id, score=score, now=at + DAY)
    for number, (at, state, hours) in enumerate(history.tickets):
        kept = complain(s, number, at)
        stopped = None if state in PENDING else at + hours * HOUR
        decided = None if state is TicketState.WITHDRAWN else stopped
        values = {"state": state, "stopped_at": stopped, "decided_at": decided}
        s.execute(update(Ticket).where(Ticket.id == kept.id).values(values))
    for number, end in enumerate(history.quizzes):
        s.add(attempt(s, number, end))
    for number, (at, ended, spoken) in enumerate(history.waits):
        guest = open_guest(s, f"waiting {number}")
        state = HandoverState.ENDED if ended else HandoverState.TAKEN
        s.add(Handover(conversation_id=guest.id, state=state, reason="", requested_at=at, ended_at=ended))
        for moment in spoken:
            reply(s, None, guest, moment, actor="handler")
    s.flush()


def attempt(s: Session, number: int, end: tuple[datetime, bool] | None) -> QuizAttempt:
    user, _ = accounts.add_user(s, name=f"staff{number}", password=None, roles=["staff"], now=NOW)
    return QuizAttempt(
        user_id=user.id,
        kind=AttemptKind.PRACTICE,
        state=AttemptState.FINISHED if end else AttemptState.OPEN,
        seed=1,
        pass_percent=80,
        max_score=10,
        score=9 if end else None,
        passed=end[1] if end else None,
        manual_version="1",
        started_at=NOW - 9 * DAY,
        finished_at=end[0] if end else None,
    )


def expected(history: History) -> dict[str, Any]:
    """Count everything the slow way."""

    def within(at: datetime) -> bool:
        return SINCE <= at < UNTIL

    asked = [one for one in history.asked if within(one[1])]
    latencies = [replies[0][1] for _, _, replies in asked if replies and replies[0][1] is not None]
    offers = [score for at, score in history.offers if within(at)]
    given_scores = [score for score in offers if score]
    finished = [passed for at, passed in (end for end in history.quizzes if end) if within(at)]
    waits = []
    for at, ended, spoken in history.waits:
        heard = [moment for moment in spoken if moment >= at and (ended is None or moment <= ended)]
        if within(at) and heard:
            waits.append((min(heard) - at).total_seconds())
    created = [state for at, state, _ in history.tickets if within(at)]
    in_time, missed, overdue = judged(history)

    def ended_so(outcome: str) -> int:
        return sum(any(found == outcome for found, _ in replies) for _, _, replies in asked)

    return {
        "turns": len(asked),
        "conversations": len({name for name, _, _ in asked}),
        "answered": ended_so("answered"),
        "clarified": ended_so("clarify"),
        "refused": ended_so("refused"),
        "handed_over": ended_so("handover"),
        "bot_latency_median_ms": median(latencies) if latencies else None,
        "first_human_response_median_s": median(waits) if waits else None,
        "tickets_by_state": {state: created.count(state) for state in TicketState},
        "tickets_overdue": overdue,
        "tickets_in_time": in_time,
        "tickets_judged": in_time + missed,
        "deadline_met": in_time / (in_time + missed) if in_time + missed else None,
        "offers": len(offers),
        "ratings": len(given_scores),
        "response_rate": len(given_scores) / len(offers) if offers else None,
        "csat": 100 * sum(score >= 4 for score in given_scores) / len(given_scores) if given_scores else None,
        "quiz_attempts": len(finished),
        "quiz_passed": sum(finished),
        "quiz_pass_rate": sum(finished) / len(finished) if finished else None,
    }


def judged(history: History) -> tuple[int, int, int]:
    """Return the deadlines met and missed in the period, and what is overdue at its end."""
    in_time = missed = overdue = 0
    for at, state, hours in history.tickets:
        due, end = end_of_day(at, 15), None if state in PENDING else at + hours * HOUR
        if end is not None and end <= due:
            in_time += SINCE <= end < UNTIL and state is not TicketState.WITHDRAWN
        else:
            missed += SINCE <= due < UNTIL
            overdue += end is None and due < UNTIL
    return in_time, missed, overdue


def expected_days(history: History) -> list[dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}
    at = SINCE
    while at < UNTIL:
        days.setdefault(_day(at), {"date": _day(at), "turns": 0, "answered": 0, "refused": 0, "handover": 0})
        at += HOUR
    for _, at, replies in history.asked:
        if SINCE <= at < UNTIL:
            days[_day(at)]["turns"] += 1
            for outcome in {found for found, _ in replies} & {"answered", "refused", "handover"}:
                days[_day(at)][str(outcome)] += 1
    return list(days.values())


def _day(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()


class Undo(Exception):
    """Ends an example and with it its transaction."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_figures_are_what_a_slow_count_gives(db: Database, history: History) -> None:
    with pytest.raises(Undo), db.begin() as s:
        write(s, history)
        found = figures(s)
        for name, value in expected(history).items():
            assert getattr(found, name) == (pytest.approx(value) if isinstance(value, float) else value), name
        assert metrics.daily(s, SINCE, UNTIL) == expected_days(history)
        raise Undo
