"""What customers asked and what the bot made of it: outcomes, response times, self-service, day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.figures import days
from actions.figures.scope import Scope
from actions.figures.spread import Spread, spread
from actions.figures.visits import RETURN, visit_judged, visit_served
from actions.store.sql import china_day, how_many
from actions.store.tables.figures import Exchange, ServiceDay, Visit

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
    outcomes, times = Counter[str](), [days.NONE_SAID.times]
    for _, one in _said(s, scope):
        outcomes.update(one.outcomes)
        times.append(one.times)
    return Answers(outcomes, spread(days.milliseconds(np.concatenate(times))))


def bot_times(s: Session, scope: Scope) -> BotTimes:
    """Return the bot's response times of a scope and their breakdowns."""
    channels: defaultdict[str, list[days.Packed]] = defaultdict(list)
    for channel, one in _said(s, scope):
        if len(one.times):
            channels[channel].append(one.times)
    by = {channel: np.concatenate(found) for channel, found in sorted(channels.items())}
    times = np.sort(np.concatenate([days.NONE_SAID.times, *by.values()]))
    ms, hours = days.milliseconds(times), days.hours(times)
    return BotTimes(
        spread(ms),
        {channel: spread(days.milliseconds(found)) for channel, found in by.items()},
        {int(hour): spread(ms[hours == hour]) for hour in np.unique(hours)},
    )


def self_service(s: Session, scope: Scope) -> SelfService:
    """Count the visits of a scope."""
    whole, rest = days.parts(s, scope, known=scope.now - RETURN)
    judged = visit_judged(scope)
    over = ServiceDay.visits - ServiceDay.left_open
    sums = (ServiceDay.visits, over, ServiceDay.served, ServiceDay.left_open, ServiceDay.handed_over)
    summed = select(*(func.coalesce(func.sum(one), 0) for one in sums)).where(*whole)
    counts = select(
        func.count(),
        how_many(judged),
        how_many(and_(judged, visit_served())),
        how_many(Visit.left_open.is_(True)),
        how_many(Visit.handed_over.is_(True)),
    )
    queries: list[Select[*tuple[Any, ...]]] = [
        summed,
        *(counts.where(*one.said(Visit, Visit.ended_at)) for one in rest),
    ]
    found = [s.execute(query).one() for query in queries]
    return SelfService(*(int(sum(column)) for column in zip(*found, strict=True)))


def daily(s: Session, scope: Scope) -> list[Day]:
    """Return the days of a scope in China, oldest first; days without messages are there too."""
    whole, rest = days.parts(s, scope)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for at, outcomes in s.execute(select(ServiceDay.day, ServiceDay.outcomes).where(*whole)).tuples():
        found[at].update(outcomes)
    day = china_day(Exchange.asked_at)
    counted = select(day, Exchange.outcome, func.count()).group_by(day, Exchange.outcome)
    for one in rest:
        for at, outcome, count in s.execute(counted.where(*one.said(Exchange, Exchange.asked_at))):
            found[at][outcome] += count
    return [Day(at, found[at.isoformat()]) for at in days_of(scope)]


def days_of(scope: Scope) -> list[date]:
    """Return the days in China that a scope touches."""
    if scope.until <= scope.since:
        return []
    first = scope.since.astimezone(SHANGHAI).date()
    last = (scope.until - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _said(s: Session, scope: Scope) -> Iterator[tuple[str, days.Said]]:
    """Yield what was said, in parts, each of one channel."""
    whole, rest = days.parts(s, scope)
    summed = select(ServiceDay.channel, ServiceDay.outcomes, ServiceDay.times).where(*whole)
    for channel, outcomes, times in s.execute(summed).tuples():
        yield channel, days.Said(outcomes, days.packed(times))
    for one in rest:
        yield from days.said(s, one).items()
