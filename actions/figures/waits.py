"""How long people took: first messages of a person, first responses to complaints, resolutions; by the clock
and in working hours, over all and by queue, handler, channel and hour of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Text, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.desk.rules import rules_of
from actions.figures.scope import Scope
from actions.figures.spread import Spread, spread
from actions.figures.working import Micros, hours_of, worked_between
from actions.store.sql import micros
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import TicketCycle
from actions.store.tables.service import Conversation, Handover

BY = {"queue": "队列", "handler": "处理人", "channel": "渠道", "hour": "时段"}
_SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Things that began and, in the end, were done, in no order; `waited` was spent waiting for the customer.

    `groups` are the groups that they belong to on the axis of `BY` that was asked for, "" without.
    """

    began: Micros
    done: Micros
    waited: Micros
    groups: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds by the clock, in working hours, and by the clock without waiting for the customer."""

    clock: Spread
    working: Spread
    net: Spread


def human_waits(s: Session, scope: Scope, by: str = "") -> Waits:
    """Return hand-overs of a scope that were answered, from the wish for a person to their first message."""
    channel = select(Conversation.channel).where(Conversation.id == Handover.conversation_id)
    axes = {"queue": Handover.queue, "handler": Handover.first_said_by, "channel": channel.scalar_subquery()}
    times = (Handover.requested_at, Handover.first_said_at, literal(0))
    return _waits(s, times, answered(scope), by, axes)


def first_responses(s: Session, scope: Scope, by: str = "") -> Waits:
    """Return rounds of complaints first responded to in a scope, from their beginning to that response."""
    return _rounds(s, scope, TicketCycle.first_response_at, by)


def resolutions(s: Session, scope: Scope, by: str = "") -> Waits:
    """Return rounds of complaints decided in a scope, from receipt or reopening to the decision."""
    return _rounds(s, scope, TicketCycle.decided_at, by)


def answered(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions of hand-overs of a scope that a person answered."""
    asked, said = Handover.requested_at, Handover.first_said_at
    found = [*scope.within(asked), said.is_not(None), scope.in_chat(Handover.conversation_id)]
    return [*found, Handover.queue == scope.queue] if scope.queue else found


def durations(s: Session, waits: Waits) -> Durations:
    """Return how long waits took."""
    rules, clock = rules_of(s), waits.done - waits.began
    working = worked_between(waits.began, waits.done, rules.opens, rules.closes)
    return Durations(*(spread(span / _SECOND) for span in (clock, working, clock - waits.waited)))


def grouped(s: Session, waits: Waits, axis: str) -> Mapping[str, Durations]:
    """Return how long waits took by group, the most frequent first; hours in their order."""
    names, place, counts = np.unique(waits.groups, return_inverse=True, return_counts=True)
    order: Callable[[int], tuple[int, str]] = (
        (lambda n: (int(names[n]), "")) if axis == "hour" else (lambda n: (-int(counts[n]), str(names[n])))
    )
    return {
        str(names[n]): durations(s, _only(waits, place == n)) for n in sorted(range(len(names)), key=order)
    }


def _rounds(s: Session, scope: Scope, at: InstrumentedAttribute[datetime | None], by: str) -> Waits:
    source = select(Ticket.source).where(Ticket.id == TicketCycle.ticket_id).scalar_subquery()
    axes = {"queue": TicketCycle.queue, "handler": TicketCycle.handler_id, "channel": source}
    times = (TicketCycle.started_at, at, TicketCycle.waited)
    return _waits(s, times, [*scope.within(at), *scope.rounds()], by, axes)


def _waits(
    s: Session, times: tuple[Any, ...], where: list[ColumnElement[bool]], by: str, axes: Mapping[str, Any]
) -> Waits:
    """Return what is found; the hour follows from when it began.

    The database writes the numbers of a group into one text: a row each would take three times as long.
    """
    began, done, waited = (cast(one, Text) for one in (micros(times[0]), micros(times[1]), times[2]))
    written = func.aggregate_strings(began + " " + done + " " + waited, " ")
    if by in axes:
        group = func.coalesce(axes[by], "")
        found = s.execute(select(group, written).where(*where).group_by(group)).tuples().all()
    else:
        found = [("", s.scalar(select(written).where(*where)))]
    parts = [np.fromstring(text or "", np.int64, sep=" ").reshape(-1, 3) for _, text in found]
    numbers = np.concatenate([np.zeros((0, 3), np.int64), *parts])
    names = np.repeat(np.array([name for name, _ in found], str), [len(part) for part in parts])
    groups = hours_of(numbers[:, 0]).astype(str) if by == "hour" else names
    return Waits(numbers[:, 0], numbers[:, 1], numbers[:, 2], groups)


def _only(waits: Waits, which: NDArray[np.bool_]) -> Waits:
    return Waits(waits.began[which], waits.done[which], waits.waited[which], waits.groups[which])
