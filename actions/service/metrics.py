"""Figures of the service, each with its definition, counted from the stored rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from actions.desk.workdays import SHANGHAI
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.service import Actor, Handover, Rating, RatingOffer, Turn
from actions.store.tables.training import AttemptState, QuizAttempt

SATISFIED = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a period [since, until). Shares are 0 to 1, CSAT 0 to 100; None where nothing counts.

    turns: customers' messages.
    answered, clarified, refused, handed_over: those of them with a bot reply that ended so.
    conversations: those with a customer's message.
    bot_latency_*: of each customer's message, milliseconds to the bot's first reply stored.
    first_human_response_median_s: seconds from each hand-over asked for to the first human message after it.
    tickets_by_state: tickets created in the period, by their state now.
    tickets_overdue: tickets not yet decided whose time limit ended before `until`, whenever created; not
        those whose clock is paused.
    tickets_judged: tickets whose deadline was met or missed in the period, in their latest round: met when
        they were decided in time, missed when the time limit ended (the timer's verdict; a later decision
        does not change it). tickets_in_time: those that met it; deadline_met = in_time / judged.
    offers: ratings asked for; ratings: those of the offers that were rated; response_rate = ratings / offers.
    csat: ratings of 4 and 5 among `ratings`, times 100.
    quiz_attempts, quiz_passed: attempts finished in the period; quiz_pass_rate = passed / attempts.
    """

    turns: int
    conversations: int
    answered: int
    clarified: int
    refused: int
    handed_over: int
    bot_latency_median_ms: float | None
    bot_latency_p90_ms: float | None
    first_human_response_median_s: float | None
    tickets_by_state: dict[str, int]
    tickets_overdue: int
    tickets_judged: int
    tickets_in_time: int
    deadline_met: float | None
    offers: int
    ratings: int
    response_rate: float | None
    csat: float | None
    quiz_attempts: int
    quiz_passed: int
    quiz_pass_rate: float | None


def figures(s: Session, *, since: datetime, until: datetime) -> Figures:
    """Count the figures of [since, until); tickets are late or not at `until`: pass now for the present."""
    outcomes = _outcomes(s, since, until)
    latencies = _latencies(s, since, until)
    offers, rated, satisfied = _ratings(s, since, until)
    attempts, passed = _quizzes(s, since, until)
    turns, conversations = _turns(s, since, until)
    in_time, missed = _deadlines(s, since, until)
    return Figures(
        turns=turns,
        conversations=conversations,
        answered=outcomes["answered"],
        clarified=outcomes["clarify"],
        refused=outcomes["refused"],
        handed_over=outcomes["handover"],
        bot_latency_median_ms=quantile(latencies, 0.5),
        bot_latency_p90_ms=quantile(latencies, 0.9),
        first_human_response_median_s=quantile(_human_waits(s, since, until), 0.5),
        tickets_by_state=_tickets_by_state(s, since, until),
        tickets_overdue=_overdue(s, until),
        tickets_judged=in_time + missed,
        tickets_in_time=in_time,
        deadline_met=_share(in_time, in_time + missed),
        offers=offers,
        ratings=rated,
        response_rate=_share(rated, offers),
        csat=None if not rated else 100 * satisfied / rated,
        quiz_attempts=attempts,
        quiz_passed=passed,
        quiz_pass_rate=_share(passed, attempts),
    )


def daily(s: Session, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return one row a day in Shanghai, days without turns included.

    Keys: date (ISO), turns, answered, refused, handover; counted as in `Figures`.
    """
    asked, reply = Turn, aliased(Turn)
    replied = and_(reply.reply_to == asked.id, reply.actor == Actor.BOT)
    rows = s.execute(
        select(asked.id, asked.created_at, reply.outcome)
        .outerjoin(reply, replied)
        .where(asked.actor == Actor.CUSTOMER, *_within(asked.created_at, since, until))
    ).all()
    ended = {(turn, _day(at), outcome) for turn, at, outcome in rows}
    turns = Counter(day for _, day in {(turn, day) for turn, day, _ in ended})
    ends = Counter((day, outcome) for _, day, outcome in ended)
    return [
        {
            "date": day.isoformat(),
            "turns": turns[day],
            **{outcome: ends[day, outcome] for outcome in ("answered", "refused", "handover")},
        }
        for day in _days(since, until)
    ]


def quantile(values: list[float], share: float) -> float | None:
    """Return the quantile, interpolated between neighbours (Hyndman and Fan's type 7); None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    below, rest = divmod(share * (len(ordered) - 1), 1)
    low = ordered[int(below)]
    high = ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * rest


def _within(
    column: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    since: datetime,
    until: datetime,
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= since, column < until


def _turns(s: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Return the customers' turns and their conversations."""
    counts = select(func.count(), func.count(Turn.conversation_id.distinct()))
    row = s.execute(counts.where(Turn.actor == Actor.CUSTOMER, *_within(Turn.created_at, since, until))).one()
    return row[0], row[1]


def _outcomes(s: Session, since: datetime, until: datetime) -> Counter[str]:
    """Return how many customers' turns have a bot reply of each outcome."""
    asked, reply = Turn, aliased(Turn)
    counted = (
        select(reply.outcome, func.count(asked.id.distinct()))
        .join(reply, and_(reply.reply_to == asked.id, reply.actor == Actor.BOT))
        .where(
            asked.actor == Actor.CUSTOMER,
            *_within(asked.created_at, since, until),
            reply.outcome.is_not(None),
        )
        .group_by(reply.outcome)
    )
    return Counter({str(outcome): count for outcome, count in s.execute(counted)})


def _latencies(s: Session, since: datetime, until: datetime) -> list[float]:
    """Return the latency of the first bot reply to each customer's turn, in milliseconds."""
    asked, reply = Turn, aliased(Turn)
    place = func.row_number().over(partition_by=reply.reply_to, order_by=reply.seq)
    ranked = (
        select(reply.latency_ms.label("ms"), place.label("place"))
        .join(asked, reply.reply_to == asked.id)
        .where(
            reply.actor == Actor.BOT, asked.actor == Actor.CUSTOMER, *_within(asked.created_at, since, until)
        )
        .subquery()
    )
    first = select(ranked.c.ms).where(ranked.c.place == 1, ranked.c.ms.is_not(None))
    return [float(ms) for ms in s.scalars(first)]


def _human_waits(s: Session, since: datetime, until: datetime) -> list[float]:
    """Return the seconds from each hand-over asked for to the first human message in its time."""
    in_its_time = and_(
        Turn.conversation_id == Handover.conversation_id,
        Turn.actor == Actor.HANDLER,
        Turn.created_at >= Handover.requested_at,
        (Handover.ended_at.is_(None)) | (Turn.created_at <= Handover.ended_at),
    )
    waits = (
        select(Handover.requested_at, func.min(Turn.created_at, type_=Turn.created_at.type))
        .join(Turn, in_its_time)
        .where(*_within(Handover.requested_at, since, until))
        .group_by(Handover.id, Handover.requested_at)
    )
    return [(spoke - asked).total_seconds() for asked, spoke in s.execute(waits)]


def _tickets_by_state(s: Session, since: datetime, until: datetime) -> dict[str, int]:
    counted = (
        select(Ticket.state, func.count())
        .where(*_within(Ticket.created_at, since, until))
        .group_by(Ticket.state)
    )
    found = {str(state): count for state, count in s.execute(counted)}
    return {str(state): found.get(str(state), 0) for state in TicketState}


def _overdue(s: Session, until: datetime) -> int:
    late = (Ticket.stopped_at.is_(None), Ticket.paused_at.is_(None), Ticket.due_at < until)
    return s.scalar(select(func.count()).select_from(Ticket).where(*late)) or 0


def _deadlines(s: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many deadlines were met in the period, and how many ended unmet."""
    met = (*_within(Ticket.decided_at, since, until), Ticket.decided_at <= Ticket.due_at)
    unmet = (
        *_within(Ticket.due_at, since, until),
        or_(Ticket.stopped_at.is_(None), Ticket.stopped_at > Ticket.due_at),
        Ticket.paused_at.is_(None),
    )
    in_time, missed = (s.scalar(select(func.count()).select_from(Ticket).where(*one)) for one in (met, unmet))
    return in_time or 0, missed or 0


def _ratings(s: Session, since: datetime, until: datetime) -> tuple[int, int, int]:
    """Return the offers of the period, how many were rated, and how many with 4 or 5."""
    counts = (
        select(func.count(), func.count(Rating.id), func.sum(case((Rating.score >= SATISFIED, 1), else_=0)))
        .select_from(RatingOffer)
        .outerjoin(Rating, Rating.offer_id == RatingOffer.id)
        .where(*_within(RatingOffer.offered_at, since, until))
    )
    offers, rated, satisfied = s.execute(counts).one()
    return offers, rated, satisfied or 0


def _quizzes(s: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """Return the attempts finished and how many of them passed."""
    counts = select(func.count(), func.sum(case((QuizAttempt.passed.is_(True), 1), else_=0))).where(
        QuizAttempt.state == AttemptState.FINISHED, *_within(QuizAttempt.finished_at, since, until)
    )
    attempts, passed = s.execute(counts).one()
    return attempts, passed or 0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _days(since: datetime, until: datetime) -> list[date]:
    if until <= since:
        return []
    first, last = _day(since), _day(until - timedelta(microseconds=1))
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
