"""Figures of answers, visits, waits and ratings: the same as a slow count, on random histories."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from math import floor
from statistics import mean, median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.figures import answers, days, refresh, satisfaction, waits
from actions.figures.spread import spread
from actions.service import customers
from actions.store.engine import Database
from actions.store.tables.figures import Exchange, RefusedQuestion, ServiceDay, Visit
from actions.store.tables.service import Conversation
from tests.actions.figures.lived import (
    HOUR,
    MINUTE,
    RETURN,
    SCOPE,
    SERVICES,
    SINCE,
    UNTIL,
    Guest,
    Log,
    Said,
    Service,
    live,
    outcome_of,
    visits_of,
)


class Undo(Exception):
    """Ends an example and with it its transaction."""


def within(at: datetime) -> bool:
    return SINCE <= at < UNTIL


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(SERVICES)
def test_figures_are_what_a_slow_count_gives(db: Database, service: Service) -> None:
    with pytest.raises(Undo), db.begin() as s:
        log = live(s, service)
        refresh.count(s, list(s.scalars(select(Conversation.id))))
        for days_are_summed in (False, True):
            assert not days_are_summed or days.sum_changed(s) >= bool(log.messages)
            _messages(s, log)
            _visits(s, log)
        _waits(s, log)
        _ratings(s, service)
        raise Undo


def _messages(s: Session, log: Log) -> None:
    asked = [one for one in log.messages if within(one["at"])]
    outcomes = Counter(outcome_of(one["said"]) for one in asked)
    firsts = [one["said"].replies[0][1] for one in asked if one["said"].replies]
    times = sorted(floor(ms + 0.5) for ms in firsts if ms is not None)
    found = answers.answers(s, SCOPE)
    assert dict(found.outcomes) == dict(outcomes)
    assert found.messages == len(asked) == sum(day.messages for day in answers.daily(s, SCOPE))
    assert found.reply_ms.count == len(times)
    if times:
        assert found.reply_ms.median == pytest.approx(median(times))
        assert found.reply_ms.mean == pytest.approx(mean(times))
    by = answers.bot_times(s, SCOPE)
    assert by.overall == found.reply_ms
    for channel in ("web", "rest"):
        count = sum(
            one["channel"] == channel and bool(one["said"].replies) and one["said"].replies[0][1] is not None
            for one in asked
        )
        assert by.channels[channel].count == count if count else channel not in by.channels
    assert sum(one.count for one in by.hours.values()) == len(times)


def _visits(s: Session, log: Log) -> None:
    runs = visits_of(log)
    counted: Counter[str] = Counter()
    for place, run in enumerate(runs):
        last = run[-1]
        if not within(last["at"]):
            continue
        following = runs[place + 1] if place + 1 < len(runs) else None
        back = following[0]["at"] if following and following[0]["chat"] == last["chat"] else None
        wished = any(one["said"].wish in ("wishes", "comes") for one in run)
        left = outcome_of(last["said"]) == "clarify" or any(one["alone"] for one in run)
        judged = not left and last["at"] <= SCOPE.now - RETURN
        served = (
            judged
            and any(outcome_of(one["said"]) == "answered" for one in run)
            and not wished
            and not any(one["said"].wish == "complains" for one in run)
            and (back is None or back - last["at"] > RETURN)
        )
        counted.update(visits=1, judged=judged, served=served, left=left, handed=wished)
    found = answers.self_service(s, SCOPE)
    assert (found.visits, found.judged, found.served, found.left_open, found.handed_over) == tuple(
        counted[name] for name in ("visits", "judged", "served", "left", "handed")
    )


def _waits(s: Session, log: Log) -> None:
    spans = [(spoke - at).total_seconds() for _, at, spoke in log.waits if within(at) and spoke]
    found = waits.human_waits(s, SCOPE)
    assert sorted((found.done - found.began) / 10**6) == sorted(spans)
    assert waits.durations(s, found).clock == spread(spans)
    for axis in waits.BY:
        groups = waits.grouped(s, waits.human_waits(s, SCOPE, axis), axis)
        assert sum(one.clock.count for one in groups.values()) == len(spans)
    channels = Counter(channel for channel, at, spoke in log.waits if within(at) and spoke)
    by_channel = waits.grouped(s, waits.human_waits(s, SCOPE, "channel"), "channel")
    assert {key: one.clock.count for key, one in by_channel.items()} == channels
    hours = Counter(at.astimezone(SHANGHAI).hour for _, at, spoke in log.waits if within(at) and spoke)
    by_hour = waits.grouped(s, waits.human_waits(s, SCOPE, "hour"), "hour")
    assert [(int(key), one.clock.count) for key, one in by_hour.items()] == sorted(hours.items())


def _ratings(s: Session, service: Service) -> None:
    offers = [one for one in service.rated if within(SINCE + one.after)]
    scores = [one.score for one in offers if one.score]
    speeds = [one.speed for one in offers if one.score and one.speed]
    found = satisfaction.satisfaction(s, SCOPE)
    # a person's conversation that ended was offered a rating, too
    others = found.offers - len(offers)
    assert others >= 0 and dict(found.scores) == dict(Counter(scores))
    if scores:
        assert found.csat == pytest.approx(sum(score >= 4 for score in scores) / len(scores))
        low, high = found.interval or (0, 0)
        assert 0 <= low <= (found.csat or 0) <= high <= 1
    if speeds:
        assert found.dimensions["response_speed"] == pytest.approx((mean(speeds), len(speeds)))
    marks = [helpful for after, helpful in service.marks if within(SINCE + after)]
    assert (found.helpful, found.unhelpful) == (sum(marks), len(marks) - sum(marks))


def test_what_is_counted_again_is_counted_once(db: Database) -> None:
    """Counting twice, and anew, gives the same rows."""
    said = tuple(Said(pause, (("answered", 12.4),), "") for pause in (MINUTE, MINUTE, 2 * HOUR))
    with db.begin() as s:
        live(s, Service((Guest("web", MINUTE, said),), (), ()))
    assert refresh.refresh(db) == 2
    before = rows(db)
    assert refresh.refresh(db) == 0
    assert refresh.rebuild(db) == 2
    assert rows(db) == before
    assert [row["messages"] for row in before["visits"]] == [2, 1]


def rows(db: Database) -> dict[str, list[dict[str, Any]]]:
    with db.reading() as s:
        return {
            table.__tablename__: [
                {column.key: getattr(row, column.key) for column in table.__mapper__.column_attrs}
                for row in s.scalars(select(table).order_by(*table.__mapper__.primary_key))
            ]
            for table in (Exchange, Visit, ServiceDay, RefusedQuestion)
        }


def test_turns_that_moved_are_counted_where_they_are(db: Database) -> None:
    """A guest's messages become a customer's: each is still counted once, whoever is counted first."""
    said = (Said(MINUTE, (("refused", 12.0),), ""),)
    with db.begin() as s:
        live(s, Service((Guest("web", MINUTE, said),), (), ()))
    refresh.refresh(db)
    with db.begin() as s:
        own = customers.join(s, guest="guest 0", customer_id="app:1", now=SINCE)
        refresh.count(s, [own])
        assert [row.conversation_id for row in s.scalars(select(Exchange))] == [own]
    refresh.refresh(db)
    assert [row["conversation_id"] for row in rows(db)["exchanges"]] == [own]
    assert [row["messages"] for row in rows(db)["visits"]] == [1]
    assert [row["conversation_id"] for row in rows(db)["refused_questions"]] == [own]
