"""How long people took: first messages of a person, first responses to complaints, resolutions; by the clock
and in working hours, over all and by queue, handler, channel and hour of the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.desk.rules import rules_of
from actions.desk.workdays import SHANGHAI, working_between
from actions.figures.scope import Scope
from actions.figures.spread import Spread, spread
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import TicketCycle
from actions.store.tables.service import Handover

BY = {"queue": "队列", "handler": "处理人", "channel": "渠道", "hour": "时段"}


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that began and, in the end, was done; `waited` of it was spent waiting for the customer.

    `id` is the hand-over's or the ticket's; `handler` the id of the person who did it.
    """

    id: str
    conversation_id: str | None
    queue: str
    handler: str
    channel: str
    began: datetime
    done: datetime
    waited: timedelta = timedelta()

    def key(self, axis: str) -> str:
        """Return the group that it belongs to on an axis of `BY`."""
        if axis == "hour":
            return str(self.began.astimezone(SHANGHAI).hour)
        return str(getattr(self, axis))


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds by the clock, in working hours, and by the clock without waiting for the customer."""

    clock: Spread
    working: Spread
    net: Spread


def human_waits(s: Session, scope: Scope) -> list[Wait]:
    """Return hand-overs of a scope that were answered, from the wish for a person to their first message."""
    chats = scope.chats()
    found = (
        select(
            Handover.id, Handover.conversation_id, Handover.queue, Handover.first_said_by, chats.c.channel,
            Handover.requested_at, Handover.first_said_at,
        )
        .join(chats, chats.c.id == Handover.conversation_id)
        .where(*scope.within(Handover.requested_at), Handover.first_said_at.is_not(None))
    )  # fmt: skip
    if scope.queue:
        found = found.where(Handover.queue == scope.queue)
    return [
        Wait(wait_id, chat, queue, by or "", channel, asked, said)
        for wait_id, chat, queue, by, channel, asked, said in s.execute(found)
        if said is not None
    ]


def first_responses(s: Session, scope: Scope) -> list[Wait]:
    """Return rounds of complaints first responded to in a scope, from their beginning to that response."""
    return _rounds(s, scope, TicketCycle.first_response_at)


def resolutions(s: Session, scope: Scope) -> list[Wait]:
    """Return rounds of complaints decided in a scope, from receipt or reopening to the decision."""
    return _rounds(s, scope, TicketCycle.decided_at)


def durations(s: Session, waits: Iterable[Wait]) -> Durations:
    """Return how long waits took."""
    rules, found = rules_of(s), list(waits)
    return Durations(
        spread(_clock(one) for one in found),
        spread(
            working_between(one.began, one.done, rules.opens, rules.closes).total_seconds() for one in found
        ),
        spread(_clock(one) - one.waited.total_seconds() for one in found),
    )


def grouped(s: Session, waits: Iterable[Wait], axis: str) -> Mapping[str, Durations]:
    """Return how long waits took by group, the most frequent first; hours in their order."""
    groups: defaultdict[str, list[Wait]] = defaultdict(list)
    for one in waits:
        groups[one.key(axis)].append(one)
    order: Callable[[str], tuple[int, str]] = (
        (lambda key: (int(key), "")) if axis == "hour" else (lambda key: (-len(groups[key]), key))
    )
    return {key: durations(s, groups[key]) for key in sorted(groups, key=order)}


def _rounds(s: Session, scope: Scope, at: InstrumentedAttribute[datetime | None]) -> list[Wait]:
    found = (
        select(
            Ticket.id, Ticket.conversation_id, TicketCycle.queue, TicketCycle.handler_id, Ticket.source,
            TicketCycle.started_at, at, TicketCycle.waited,
        )
        .join(Ticket, Ticket.id == TicketCycle.ticket_id)
        .where(*scope.within(at), *scope.complaints())
    )  # fmt: skip
    if scope.queue:
        found = found.where(TicketCycle.queue == scope.queue)
    return [
        Wait(ticket, chat, queue, by or "", source, began, ended, timedelta(microseconds=waited))
        for ticket, chat, queue, by, source, began, ended, waited in s.execute(found)
        if ended is not None
    ]


def _clock(one: Wait) -> float:
    return (one.done - one.began).total_seconds()
