"""What customers asked and what the bot made of it: outcomes, response times, self-service, day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.figures.scope import Scope
from actions.figures.spread import Spread, spread_of
from actions.store.sql import china_day, china_hour, how_many, micros
from actions.store.tables.figures import Exchange, Visit

RETURN = timedelta(hours=24)  # who comes back within this was not served
QUESTIONS = ("answered", "clarify", "refused", "handover")  # outcomes of what was asked of the manual


@dataclass(frozen=True, slots=True)
class Answers:
    """Customers' messages by outcome ("" where the bot did not reply), and the bot's response time in ms."""

    outcomes: Mapping[str, int]
    reply_ms: Spread

    @property
    def messages(self) -> int:
        """Return all of the customers' messages."""
        return sum(self.outcomes.values())

    @property
    def questions(self) -> int:
        """Return the messages that asked something of the manual."""
        return sum(self.outcomes.get(one, 0) for one in QUESTIONS)

    @property
    def no_answer(self) -> float | None:
        """Return the share of questions that the manual does not answer, 0 to 1."""
        return self.outcomes.get("refused", 0) / self.questions if self.questions else None


@dataclass(frozen=True, slots=True)
class BotTimes:
    """The bot's response times in milliseconds, over all, by channel and by the hour of the day in China."""

    overall: Spread
    channels: Mapping[str, Spread]
    hours: Mapping[int, Spread]


@dataclass(frozen=True, slots=True)
class SelfService:
    """Visits that ended in the time.

    `judged` are those over for 24 hours, so that it is known who came back, and not `left_open`, which are
    apart: the customer left at a question back or while waiting for a person. `served` had an answer, no wish
    for a person, no complaint and no return within 24 hours. `handed_over` counts among all visits.
    """

    visits: int
    judged: int
    served: int
    left_open: int
    handed_over: int

    @property
    def rate(self) -> float | None:
        """Return the self-service rate, 0 to 1."""
        return self.served / self.judged if self.judged else None

    @property
    def handover_rate(self) -> float | None:
        """Return the share of visits with a wish for a person, 0 to 1."""
        return self.handed_over / self.visits if self.visits else None


@dataclass(frozen=True, slots=True)
class Day:
    """The customers' messages of a day in China by outcome."""

    day: date
    outcomes: Mapping[str, int]

    @property
    def messages(self) -> int:
        """Return all messages of the day."""
        return sum(self.outcomes.values())


def answers(s: Session, scope: Scope) -> Answers:
    """Count the messages of a scope."""
    counted = (
        select(Exchange.outcome, Exchange.reply_ms, func.count())
        .where(*scope.said(Exchange, Exchange.asked_at))
        .group_by(Exchange.outcome, Exchange.reply_ms)
    )
    outcomes, times = Counter[str](), Counter[int]()
    for outcome, ms, count in s.execute(counted):
        outcomes[outcome] += count
        if ms is not None:
            times[ms] += count
    return Answers(outcomes, spread_of(times))


def bot_times(s: Session, scope: Scope) -> BotTimes:
    """Return the bot's response times of a scope and their breakdowns."""
    hour = china_hour(Exchange.asked_at)
    counted = (
        select(Exchange.channel, hour, Exchange.reply_ms, func.count())
        .where(*scope.said(Exchange, Exchange.asked_at), Exchange.reply_ms.is_not(None))
        .group_by(Exchange.channel, hour, Exchange.reply_ms)
    )
    overall = Counter[int]()
    channels: defaultdict[str, Counter[int]] = defaultdict(Counter)
    hours: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for channel, at, ms, count in s.execute(counted).tuples():
        assert ms is not None  # noqa: S101  only such were asked for
        for group in (overall, channels[channel], hours[at]):
            group[ms] += count
    return BotTimes(
        spread_of(overall),
        {channel: spread_of(found) for channel, found in sorted(channels.items())},
        {at: spread_of(found) for at, found in sorted(hours.items())},
    )


def self_service(s: Session, scope: Scope) -> SelfService:
    """Count the visits of a scope."""
    judged = visit_judged(scope)
    counts = select(
        func.count(),
        how_many(judged),
        how_many(and_(judged, visit_served())),
        how_many(Visit.left_open.is_(True)),
        how_many(Visit.handed_over.is_(True)),
    ).where(*scope.said(Visit, Visit.ended_at))
    return SelfService(*(int(count) for count in s.execute(counts).one()))


def visit_judged(scope: Scope) -> ColumnElement[bool]:
    """Return the condition of visits of which it is known whether they were served."""
    return and_(Visit.left_open.is_(False), Visit.ended_at <= scope.now - RETURN)


def visit_served() -> ColumnElement[bool]:
    """Return the condition of judged visits that served themselves."""
    return and_(
        Visit.answered.is_(True),
        Visit.handed_over.is_(False),
        Visit.ticket.is_(False),
        or_(
            Visit.back_at.is_(None),
            micros(Visit.back_at) - micros(Visit.ended_at) > RETURN // timedelta(microseconds=1),
        ),
    )


def daily(s: Session, scope: Scope) -> list[Day]:
    """Return the days of a scope in China, oldest first; days without messages are there too."""
    day = china_day(Exchange.asked_at)
    counted = (
        select(day, Exchange.outcome, func.count())
        .where(*scope.said(Exchange, Exchange.asked_at))
        .group_by(day, Exchange.outcome)
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for at, outcome, count in s.execute(counted):
        found[at][outcome] = count
    return [Day(at, found.get(at.isoformat(), {})) for at in days_of(scope)]


def days_of(scope: Scope) -> list[date]:
    """Return the days in China that a scope touches."""
    if scope.until <= scope.since:
        return []
    first = scope.since.astimezone(SHANGHAI).date()
    last = (scope.until - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
