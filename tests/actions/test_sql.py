"""Times in SQL: the same as in Python, to the microsecond, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.sql import china_day, china_hour, micros
from actions.store.tables.service import Conversation
from tests.actions.conftest import open_guest

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in China
TIMES = st.integers(0, 80 * 366 * 86_400 * 10**6).map(
    lambda n: datetime(2000, 1, 1, tzinfo=UTC) + n * MICROSECOND
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(TIMES)
@example(MIDNIGHT)
@example(MIDNIGHT - MICROSECOND)
@example(MIDNIGHT - timedelta(microseconds=499))
def test_times_are_exact(session: Session, at: datetime) -> None:
    chat = open_guest(session, "guest")
    chat.last_at = at
    session.flush()
    last = Conversation.last_at
    found = session.execute(select(micros(last), china_day(last), china_hour(last))).one()
    there = at.astimezone(SHANGHAI)
    assert tuple(found) == ((at - EPOCH) // MICROSECOND, there.date().isoformat(), there.hour)
