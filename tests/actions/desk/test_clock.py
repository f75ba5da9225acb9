"""The clock: the same as a slow count, hour by hour, on random histories; and what it must never forgive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actions.desk.clock import OLDEST, Clock, cycles, replay
from actions.desk.workdays import SHANGHAI

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Around leap days, the end of a year, and the spring festival.
STARTS = [datetime(2024, 2, 14, 7, tzinfo=UTC), datetime(2023, 2, 14, 16, tzinfo=UTC), datetime(2025, 12, 20, 15, tzinfo=UTC),
          datetime(2100, 2, 20, 23, tzinfo=UTC), datetime(2026, 2, 10, 1, tzinfo=UTC)]  # fmt: skip
PERIODS = {"simple": 15, "complex": 30, "special": 60, "review": 30}


@dataclass
class Event:
    """What the clock reads."""

    type: str
    data: dict[str, Any]
    created_at: datetime


@dataclass
class Slow:
    """The obvious reference: it looks at every hour of a ticket's life."""

    start: datetime
    kind: str
    days: int
    hours: list[tuple[bool, bool]] = field(default_factory=list)  # paused, waiting
    first: int | None = None
    stopped: int | None = None

    def due(self) -> datetime:
        """Count the days one by one from the day after receipt, then an hour more for each hour paused."""
        day, left = self.start.astimezone(SHANGHAI).date(), self.days
        while left:
            day = next_day(day)
            left -= 1
        end = datetime.combine(day, time(23, 59, 59), SHANGHAI)
        for paused, _ in self.hours:
            end += HOUR * paused
        return end

    def late(self, now: datetime) -> bool:
        """Tell whether an hour that counted had begun after the due date that held then."""
        if self.stopped is None and self.hours and self.hours[-1][0]:  # a pause that runs
            begun = len(self.hours)
            while begun and self.hours[begun - 1][0]:
                begun -= 1
            earlier = Slow(self.start, self.kind, self.days, self.hours[:begun])
            return self.start + HOUR * begun > earlier.due()
        at = self.start + HOUR * self.stopped if self.stopped is not None else now
        return at > self.due()


def next_day(day: date) -> date:
    """Return the next day by the calendar on the wall."""
    lengths = [31, 29 if is_leap(day.year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if day.day < lengths[day.month - 1]:
        return date(day.year, day.month, day.day + 1)
    return date(day.year + (day.month == 12), day.month % 12 + 1, 1)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


Steps = list[tuple[int, str]]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 24 * 25),
        st.sampled_from(["pause", "unpause", "ask", "add_facts", "reply", "take", "grant", "decide", "reopen", "review", "withdraw", "note"]),
    ),
    max_size=25,
)  # fmt: skip


def lived(start: datetime, steps: Steps) -> tuple[list[Event], list[Slow], datetime]:
    """Live through steps, hour by hour, and return the events, the reference's cycles, and the time at the end."""
    now, state = start, "received"
    events = [Event("created", {"state": state, "clock": period("simple", cycle=True)}, now)]
    slow = [Slow(now, "simple", 15)]
    paused = False
    for wait, step in steps:
        one = slow[-1]
        if one.stopped is None:
            one.hours += [(paused, state == "waiting")] * wait
        now += HOUR * wait
        data: dict[str, Any] = {}
        pending = one.stopped is None
        match step:
            case "pause" | "unpause" if pending and paused is (step == "unpause"):
                paused = step == "pause"
            case "ask" if pending:
                state = "waiting"
            case "add_facts" if pending:
                state = "in_progress" if state == "waiting" else state
            case "reply" if pending:
                pass
            case "grant" if pending and one.kind in ("simple", "complex"):
                one.kind = "complex" if one.kind == "simple" else "special"
                one.days = PERIODS[one.kind]
                data["clock"] = period(one.kind)
            case "decide" | "withdraw" if pending:
                state, paused = {"decide": "decided", "withdraw": "withdrawn"}[step], False
                one.stopped = len(one.hours)
            case "reopen" | "review" if state == "decided":
                kind = "review" if step == "review" else "simple"
                state = "reopened"
                slow.append(Slow(now, kind, PERIODS[kind]))
                data["clock"] = period(kind, cycle=True)
            case "take" | "note":
                pass
            case _:
                continue
        if step in ("ask", "reply", "decide") and one.first is None:
            one.first = len(one.hours)
        events.append(Event(step, {**data, "state": state}, now))
    return events, slow, now


def period(kind: str, *, cycle: bool = False) -> dict[str, Any]:
    return {"kind": kind, "days": PERIODS[kind], "rule": f"规则 {kind}", **({"cycle": True} if cycle else {})}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(STARTS), st.integers(0, 24 * 400), STEPS)
def test_it_agrees_with_counting_every_hour(start: datetime, shift: int, steps: Steps) -> None:
    events, slow, now = lived(start + HOUR * shift, steps)
    found = [clock for clock, _ in cycles(events)]
    assert len(found) == len(slow)
    for clock, one in zip(found, slow, strict=True):
        assert (clock.kind, clock.days, clock.rule) == (one.kind, one.days, f"规则 {one.kind}")
        assert clock.started_at == one.start
        running = clock.paused + ((now - clock.paused_at) if clock.paused_at else timedelta())
        assert running == HOUR * sum(paused for paused, _ in one.hours)
        if clock.paused_at is None:
            assert clock.due_at == one.due()
        waited = clock.waited + ((now - clock.waiting_at) if clock.waiting_at else timedelta())
        assert waited == HOUR * sum(waits for _, waits in one.hours)
        assert clock.stopped_at == (None if one.stopped is None else one.start + HOUR * one.stopped)
        assert clock.first_response_at == (None if one.first is None else one.start + HOUR * one.first)
        assert clock.late(now) == one.late(now)
        whole = clock.resolution(with_waiting=True)
        assert (whole is None) is (one.stopped is None)
        if whole is not None:
            assert clock.resolution(with_waiting=False) == whole - waited
    assert replay(events) == found[-1]


@given(
    st.sampled_from(STARTS),
    st.integers(0, 24 * 40),
    st.lists(st.integers(1, 24 * 40), min_size=1, max_size=5),
)
def test_no_pause_cures_what_is_late(start: datetime, lateness: int, pauses: list[int]) -> None:
    events = [Event("created", {"state": "received", "clock": period("simple", cycle=True)}, start)]
    now = start + 16 * DAY + HOUR * lateness
    for length in pauses:
        events.append(Event("pause", {"state": "in_progress"}, now))
        assert clock_after(events).late(now)
        now += HOUR * length
        assert clock_after(events).late(now)
        events.append(Event("unpause", {"state": "in_progress"}, now))
        assert clock_after(events).late(now)
    events.append(Event("decide", {"state": "decided"}, now))
    assert clock_after(events).late(now + 99 * DAY)


def clock_after(events: list[Event]) -> Clock:
    clock = replay(events)
    assert clock is not None
    return clock


def test_a_period_ends_with_its_last_day() -> None:
    """Received on 29 February at night, Chinese time already 1 March: the fifteenth day is 16 March."""
    late_evening = datetime(2024, 2, 29, 16, 30, tzinfo=UTC)
    clock = clock_after(
        [Event("created", {"state": "received", "clock": period("simple", cycle=True)}, late_evening)]
    )
    assert clock.due_at.astimezone(SHANGHAI) == datetime(2024, 3, 16, 23, 59, 59, tzinfo=SHANGHAI)
    assert not clock.late(clock.due_at)
    assert clock.late(clock.due_at + timedelta(seconds=1))


def test_a_decision_during_a_pause_is_judged_by_its_beginning() -> None:
    events = [Event("created", {"state": "received", "clock": period("simple", cycle=True)}, STARTS[0])]
    events.append(Event("pause", {"state": "in_progress"}, STARTS[0] + 14 * DAY))
    events.append(Event("decide", {"state": "decided"}, STARTS[0] + 50 * DAY))
    clock = clock_after(events)
    assert not clock.late(STARTS[0] + 90 * DAY)
    assert (clock.paused, clock.paused_at) == (36 * DAY, None)


def test_merging_and_withdrawing_stop_the_clock_without_a_decision() -> None:
    for kind, state in (("merge", "closed"), ("withdraw", "withdrawn")):
        events = [Event("created", {"state": "received", "clock": period("simple", cycle=True)}, STARTS[0])]
        events.append(Event(kind, {"state": state}, STARTS[0] + DAY))
        clock = clock_after(events)
        assert (clock.stopped_at, clock.decided_at) == (STARTS[0] + DAY, None)


def test_tickets_of_older_versions_have_their_old_period() -> None:
    """They went on after an answer when their customer had more to say; the last answer was the decision."""
    told = [("created", "received"), ("take", "in_progress"), ("reply", "answered"), ("add_facts", "in_progress"),
            ("reply", "answered"), ("close", "closed")]  # fmt: skip
    events = [Event(kind, {"state": state}, STARTS[0] + DAY * n) for n, (kind, state) in enumerate(told)]
    clock = clock_after(events[:4])
    assert (clock.stopped_at, clock.rule, clock.days) == (None, OLDEST["rule"], 15)
    clock = clock_after(events)
    assert clock.decided_at == clock.stopped_at == STARTS[0] + 4 * DAY
    assert clock.first_response_at == STARTS[0] + 2 * DAY
    assert len(cycles(events)) == 1


def test_there_is_no_clock_without_events() -> None:
    assert replay([]) is None
    assert cycles([]) == []
