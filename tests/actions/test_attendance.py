"""When people are at work, and how a customer is told so."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.service import attendance


@pytest.mark.parametrize(
    ("now", "at_work", "words"),
    [
        ("2026-03-02 08:59", False, "今天 9:00"),  # a Monday
        ("2026-03-02 09:00", True, "今天 9:00"),
        ("2026-03-02 17:59", True, "今天 17:59"),
        ("2026-03-02 18:00", False, "明天 9:00"),
        ("2026-03-06 20:00", False, "周一 9:00"),  # Friday evening
        ("2026-03-08 12:00", False, "明天 9:00"),  # Sunday
        ("2026-09-30 19:00", False, "节后 10月8日（周四） 9:00"),  # before the National Day holiday
        ("2026-10-03 10:00", False, "节后 10月8日（周四） 9:00"),
        ("2026-10-07 10:00", False, "明天 9:00"),  # its last day
        ("2026-10-10 10:00", True, "今天 10:00"),  # a Saturday to be made up
        ("2026-01-01 10:00", False, "节后 1月4日（周日） 9:00"),  # a Sunday to be made up
    ],
)
def test_hours_weekends_holidays_and_days_to_be_made_up(
    session: Session, now: str, at_work: bool, words: str
) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI)
    assert attendance.is_open(session, at) is at_work
    assert attendance.opening_words(session, at) == words


def test_the_hours_are_told_as_they_are_set(session: Session) -> None:
    assert attendance.hours_words(session) == "工作日 9:00–18:00"
