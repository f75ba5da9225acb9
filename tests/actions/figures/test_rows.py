"""Every figure can be counted again from the rows behind it, to the last digit."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import tickets, work
from actions.desk.clock import cycles
from actions.desk.events import timeline
from actions.desk.workdays import SHANGHAI, end_of_day, working_between
from actions.figures import complaints, refresh, waits, working
from actions.figures.overview import FIGURES, Overview, Unit
from actions.figures.rows import ALL, BEHIND, Row
from actions.figures.scope import Scope
from actions.figures.spread import NOTHING, spread
from actions.store.engine import Database
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation
from tests.actions.conftest import NOW
from tests.actions.desk.people import as_is, decide, hire, take
from tests.actions.figures.lived import DAY, HOUR, SCOPE, SERVICES, Service, live

LIVES = st.lists(
    st.tuples(
        st.sampled_from(("new", "taken", "waited", "decided", "late", "again", "withdrawn", "paused")),
        st.integers(-20 * 24, 60),
        st.integers(1, 30),
    ),
    max_size=6,
)
Lives = list[tuple[str, int, int]]


class Undo(Exception):
    """Ends an example and with it its transaction."""


def counted(unit: Unit, rows: list[Row]) -> float | None:
    """Return what a figure is by its rows."""
    values = [row.value for row in rows]
    if unit is Unit.COUNT:
        return len(values)
    if unit is Unit.SHARE:
        return sum(values) / len(values) if values else None
    return spread(values).median


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(SERVICES, LIVES, st.sampled_from(("", "web")), st.sampled_from(("", "general", "fraud")))
def test_figures_are_what_their_rows_say(
    db: Database, service: Service, lives: Lives, channel: str, queue: str
) -> None:
    scope = replace(SCOPE, channel=channel, queue=queue)
    with pytest.raises(Undo), db.begin() as s:
        live(s, service)
        complain(s, lives)
        refresh.count(s, list(s.scalars(select(Conversation.id))))
        found = Overview(s, scope)
        for key, one in FIGURES.items():
            rows = list(BEHIND[key](s, scope, ALL))
            value = counted(one.unit, rows)
            assert one.value(found) == (pytest.approx(value, abs=0) if value is not None else None), key
            pages = [BEHIND[key](s, scope, slice(at, at + 3)) for at in range(0, len(rows) + 1, 3)]
            assert [row for page in pages for row in page] == rows, key
        raise Undo


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(LIVES)
def test_rounds_are_what_replayed_clocks_give(db: Database, lives: Lives) -> None:
    with pytest.raises(Undo), db.begin() as s:
        complain(s, lives)
        clocks = [[clock for clock, _ in cycles(timeline(s, one.id))] for one in s.scalars(select(Ticket))]
        rounds = [clock for its in clocks for clock in its]
        decided = [one for one in rounds if one.decided_at and SCOPE.since <= one.decided_at < SCOPE.until]
        found = waits.durations(s, waits.resolutions(s, SCOPE))
        whole = [one.resolution(with_waiting=True) for one in decided]
        net = [one.resolution(with_waiting=False) for one in decided]
        assert found.clock == spread(span.total_seconds() for span in whole if span is not None)
        assert found.net == spread(span.total_seconds() for span in net if span is not None)
        answered = [
            (one.first_response_at - one.started_at).total_seconds()
            for one in rounds
            if one.first_response_at and SCOPE.since <= one.first_response_at < SCOPE.until
        ]
        assert waits.durations(s, waits.first_responses(s, SCOPE)).clock == spread(answered)
        again = sum(
            clock in decided and place + 1 < len(its) for its in clocks for place, clock in enumerate(its)
        )
        assert complaints.complaints(s, SCOPE).reopened == again
        raise Undo


def complain(s: Session, lives: Lives) -> None:
    """Register complaints and let them go their ways, some hours after or before the period begins."""
    people = hire(s)
    for number, (life, hours, days) in enumerate(lives):
        at = NOW + hours * HOUR
        one = tickets.create(
            s, draft=tickets.TicketDraft("事"), customer_id="c", conversation_id=None, key=f"k{number}", now=at,
            rng=random.Random(number),
        )  # fmt: skip
        if life == "withdrawn":
            tickets.withdraw(s, ticket_id=one.id, customer_id="c", now=at + HOUR)
        if life in ("new", "withdrawn"):
            continue
        take(s, one, people.li, at + HOUR)
        if life == "paused":
            work.pause(s, **as_is(one, people.li, at + 2 * HOUR), reason="鉴定")
        if life == "waited":
            work.ask(s, **as_is(one, people.li, at + 2 * HOUR), text="请发截图")
            tickets.add_facts(
                s, ticket_id=one.id, customer_id="c", text="发了", now=at + days * HOUR + 3 * HOUR
            )
        if life in ("waited", "decided", "late", "again"):
            late = end_of_day(at, 15) + HOUR if life == "late" else at + days * HOUR + 4 * HOUR
            decide(s, one, people.li, late)
        if life == "again":
            tickets.add_facts(
                s, ticket_id=one.id, customer_id="c", text="没到账", now=at + days * HOUR + 9 * HOUR
            )
    s.flush()


def test_the_backlog_is_grouped_by_age(session: Session) -> None:
    scope = Scope(NOW, NOW + DAY, NOW + 40 * DAY)
    for number, days in enumerate((0, 3, 4, 20, 33, 39)):
        tickets.create(
            session, draft=tickets.TicketDraft("事"), customer_id="c", conversation_id=None, key=str(number),
            now=NOW + days * DAY, rng=random.Random(number),
        )  # fmt: skip
    found = complaints.backlog(session, scope)
    assert list(found.ages.values()) == [1, 1, 0, 1, 3]
    assert found.overdue == 4


@given(st.lists(st.integers(0, 10**6)))
def test_a_spread_is_exact_whatever_the_order(micros: list[int]) -> None:
    values = [one / 10**6 for one in micros]
    found = spread(values)
    assert found == spread(reversed(values)) == spread(np.array(micros, np.int64) / 10**6)
    if values:
        whole = spread(np.array(micros, np.int64))
        assert found.count == len(values) and found.mean == pytest.approx(sum(micros) / len(micros) / 10**6)
        assert found.median == pytest.approx(median(values)) and whole.median == median(micros)
        assert found.p90 == pytest.approx(np.quantile(values, 0.9))
    assert spread([]) == spread(np.zeros(0, np.int64)) == NOTHING


def test_working_time_leaves_out_nights_and_holidays(session: Session) -> None:
    friday_evening = NOW.replace(year=2026, month=3, day=6, hour=9, minute=30)  # 17:30 in China
    began = np.array([friday_evening.timestamp() * 10**6], np.int64)
    found = waits.durations(
        session, waits.Waits(began, began + 3 * 86_400 * 10**6, began * 0, np.array([""]))
    )
    assert (found.clock.mean, found.working.mean) == (3 * 86_400, 9 * 3_600)


FIRST = datetime(2010, 1, 2, tzinfo=UTC)
TIMES = st.integers(0, 20 * 366 * 86_400 * 10**6).map(lambda n: FIRST + timedelta(microseconds=n))
HOURS = st.times(time(0), time(12)), st.times(time(12), time(23, 59, 59))


@settings(deadline=None)
@given(st.lists(st.tuples(TIMES, TIMES), max_size=5), *HOURS)
def test_working_time_of_many_is_that_of_each(
    spans: list[tuple[datetime, datetime]], opens: time, closes: time
) -> None:
    began, done = (np.array([_micros(span[n]) for span in spans], np.int64) for n in (0, 1))
    found = working.worked_between(began, done, opens, closes)
    expected = [working_between(*span, opens, closes) // timedelta(microseconds=1) for span in spans]
    assert found.tolist() == expected
    assert working.hours_of(began).tolist() == [one.astimezone(SHANGHAI).hour for one, _ in spans]


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
