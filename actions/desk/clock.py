"""A complaint's clock, replayed from its events: nothing else decides what is due and what was late.

Periods are calendar days from receipt (CBIRC Order 3 of 2020) and end with their last day. A pause for an
external appraisal moves the due date by its length; waiting for the customer does not. A reopening starts
another cycle. An event carries the period it started, so that a later change of settings never changes an
older clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from actions.desk.workdays import end_of_day

NONE = timedelta()
# Tickets from before events carried their period had this one; their answers were decisions.
OLDEST = {"kind": "simple", "days": 15, "rule": "《银行业保险业消费投诉处理管理办法》15日"}
_DECIDED = ("decided", "answered")
_STOPPED = (*_DECIDED, "closed", "withdrawn")
_FIRST = ("reply", "ask", "decide")


class Happened(Protocol):
    """What the clock reads of an event."""

    @property
    def type(self) -> str:
        """Return what happened."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Return its facts; `state` after it, `clock` where it started or changed a period."""

    @property
    def created_at(self) -> datetime:
        """Return when."""


_H = TypeVar("_H", bound=Happened)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a ticket's clock stands after its events.

    `kind` is "simple", "complex", "special" or "review". `waited` is time spent waiting for the customer in
    this cycle, `paused` the time of appraisals; a pause or wait that still runs is `paused_at` or
    `waiting_at`. `stopped_at` is the decision, withdrawal or merging, `decided_at` the decision alone.
    """

    cycle: int
    kind: str
    started_at: datetime
    days: int
    rule: str
    first_due_at: datetime | None = None
    first_response_at: datetime | None = None
    paused: timedelta = NONE
    paused_at: datetime | None = None
    waited: timedelta = NONE
    waiting_at: datetime | None = None
    stopped_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """Return when the decision is due; while an appraisal runs, as if it ended where it began."""
        return end_of_day(self.started_at, self.days) + self.paused

    def late(self, now: datetime) -> bool:
        """Tell whether the decision came, or would come now, after its due date.

        While an appraisal runs this is judged by its beginning: a pause cures nothing.
        """
        at = self.stopped_at or self.paused_at or now
        return at > self.due_at

    def resolution(self, *, with_waiting: bool) -> timedelta | None:
        """Return how long this cycle took until it was decided, None while it runs."""
        if self.stopped_at is None:
            return None
        whole = self.stopped_at - self.started_at
        return whole if with_waiting else whole - self.waited


def replay(events: Iterable[Happened]) -> Clock | None:
    """Return the clock after all of a ticket's events, oldest first; None for no events."""
    clock: Clock | None = None
    for event in events:
        clock = tick(clock, event)
    return clock


def cycles(events: Iterable[_H]) -> list[tuple[Clock, _H]]:
    """Return the clock at the end of each cycle with the cycle's last event, the running one last."""
    ends: dict[int, tuple[Clock, _H]] = {}
    clock: Clock | None = None
    for event in events:
        clock = tick(clock, event)
        ends[clock.cycle] = clock, event
    return list(ends.values())


def tick(clock: Clock | None, event: Happened) -> Clock:
    """Return the clock after one more event."""
    at, period = event.created_at, event.data.get("clock")
    if clock is None or (period and period.get("cycle")):
        clock = _begun(clock.cycle + 1 if clock else 1, period or OLDEST, at)
    elif period:  # an extension
        clock = replace(clock, kind=str(period["kind"]), days=int(period["days"]), rule=str(period["rule"]))
    state = str(event.data.get("state", ""))
    clock = _stopped(_stepped(clock, event.type, at), event.type, state, at)
    return _waited(clock, state, at)


def _begun(cycle: int, period: Mapping[str, Any], at: datetime) -> Clock:
    """Start a cycle; one that goes on where a ticket was merged by mistake counts from its receipt."""
    first, since = period.get("first_due_at"), period.get("since")
    return Clock(
        cycle=cycle,
        kind=str(period["kind"]),
        started_at=datetime.fromisoformat(since) if since else at,
        days=int(period["days"]),
        rule=str(period["rule"]),
        first_due_at=datetime.fromisoformat(first) if first else None,
    )


def _stepped(clock: Clock, kind: str, at: datetime) -> Clock:
    """Apply pauses and the first public message of a person."""
    if kind == "pause" and clock.paused_at is None:
        return replace(clock, paused_at=at)
    if kind == "unpause":
        return _resumed(clock, at)
    if kind in _FIRST and clock.first_response_at is None:
        return replace(clock, first_response_at=at)
    return clock


def _stopped(clock: Clock, kind: str, state: str, at: datetime) -> Clock:
    """Stop with the first state in which no decision is pending any more."""
    if state not in _STOPPED:
        return replace(clock, stopped_at=None, decided_at=None)  # older tickets went on after an answer
    clock = _resumed(clock, at)
    if clock.stopped_at is None:
        clock = replace(clock, stopped_at=at)
    if clock.decided_at is None and (state in _DECIDED or kind == "close"):
        clock = replace(clock, decided_at=at)
    return clock


def _resumed(clock: Clock, at: datetime) -> Clock:
    if clock.paused_at is None:
        return clock
    return replace(clock, paused=clock.paused + (at - clock.paused_at), paused_at=None)


def _waited(clock: Clock, state: str, at: datetime) -> Clock:
    """Count the time in which the ticket waits for its customer."""
    if state == "waiting" and clock.waiting_at is None:
        return replace(clock, waiting_at=at)
    if state != "waiting" and clock.waiting_at is not None:
        return replace(clock, waited=clock.waited + (at - clock.waiting_at), waiting_at=None)
    return clock
