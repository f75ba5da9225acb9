"""Summed days: figures are the same with them as from the rows, at every moment and after whatever happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.figures import answers, days, refresh
from actions.figures.scope import Scope
from actions.service import conversations, customers
from actions.service.replies import Reply, ReplyKind
from actions.store.engine import Database
from actions.store.tables.figures import ChangedDay, Exchange, ServiceDay, Visit
from actions.store.tables.service import Conversation
from tests.actions.figures.lived import DAY, HOUR, MINUTE, SCOPE, SERVICES, SINCE, Guest, Said, Service, live

EDGES = st.integers(-3 * 24 * 60, 6 * 24 * 60).map(lambda minutes: minutes * MINUTE)
SCOPES = st.builds(
    lambda since, length, waited, channel: Scope(
        SINCE + since, SINCE + since + abs(length), SINCE + since + abs(length) + waited, channel
    ),
    EDGES, EDGES, st.sampled_from((timedelta(), HOUR, 2 * DAY)), st.sampled_from(("", "web")),
)  # fmt: skip
ANSWERED = (("answered", 12.0),)


class Undo(Exception):
    """Ends an example and with it its transaction."""


def figures(s: Session, scope: Scope) -> tuple[Any, ...]:
    """Return all that may be read from summed days."""
    asked, daily = answers.answers(s, scope), answers.daily(s, scope)
    return (
        (dict(asked.outcomes), asked.reply_ms), answers.bot_times(s, scope), answers.self_service(s, scope),
        [(day.day, dict(day.outcomes)) for day in daily],
    )  # fmt: skip


def summed(s: Session) -> list[tuple[Any, ...]]:
    """Sum what has changed and return all sums."""
    while days.sum_changed(s):
        pass
    assert not s.scalars(select(ChangedDay)).all()
    columns = ServiceDay.__table__.columns
    return sorted(tuple(map(str, row)) for row in s.execute(select(*columns)))


def anew(s: Session) -> list[tuple[Any, ...]]:
    """Sum everything from nothing and return all sums."""
    s.execute(delete(ServiceDay))
    days.note_all(s)
    return summed(s)


def all_of(s: Session) -> list[str]:
    return list(s.scalars(select(Conversation.id)))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(SERVICES, SERVICES, st.lists(SCOPES, min_size=1, max_size=4), st.sets(st.integers(-2, 6)))
def test_figures_are_the_same_from_sums_and_from_rows(
    db: Database, service: Service, more: Service, scopes: list[Scope], again: set[int]
) -> None:
    with pytest.raises(Undo), db.begin() as s:
        live(s, service)
        refresh.count(s, all_of(s))
        from_rows = [figures(s, scope) for scope in scopes]
        summed(s)
        assert [figures(s, scope) for scope in scopes] == from_rows
        days.note(s, ((SINCE + number * DAY).date().isoformat() for number in again))
        assert [figures(s, scope) for scope in scopes] == from_rows  # some days from sums, some from rows
        _come_back(s, more)
        refresh.count(s, all_of(s))
        meanwhile = [figures(s, scope) for scope in scopes]
        found = summed(s)
        assert [figures(s, scope) for scope in scopes] == meanwhile
        assert anew(s) == found
        raise Undo


def _come_back(s: Session, more: Service) -> None:
    """Let some of those who are there already say more, also between what they have said."""
    for number, guest in enumerate(more.guests):
        chat = conversations.open_conversation(
            s, channel=guest.channel, external_id=f"guest {number}", customer_id=f"c{number}",
            audience="customer", now=SINCE,
        )  # fmt: skip
        for said in guest.said:
            _ask(s, chat, SINCE + guest.begins + said.pause, said.replies)


def _ask(s: Session, chat: Conversation, at: Any, replies: Any = ANSWERED) -> None:
    asked, _ = conversations.receive(s, conversation=chat, text="问", key=None, now=at)
    for outcome, ms in replies:
        conversations.add_reply(
            s, conversation=chat, reply=Reply(ReplyKind.TEXT, "答"), reply_to=asked.id, actor="bot",
            outcome=outcome, latency_ms=ms, now=at,
        )  # fmt: skip


@pytest.fixture
def talk(db: Database) -> str:
    """A conversation of three days that is counted and summed."""
    said = tuple(Said(pause, ANSWERED, "") for pause in (MINUTE, 26 * HOUR, 26 * HOUR))
    with db.begin() as s:
        live(s, Service((Guest("web", MINUTE, said),), (), ()))
    refresh.refresh(db)
    with db.begin() as s:
        assert len(summed(s)) == 3
        return str(s.scalar(select(Exchange.conversation_id).limit(1)))


def test_only_days_that_have_changed_are_summed_again(db: Database, talk: str) -> None:
    with db.begin() as s:
        refresh.count(s, [talk])
        assert not s.scalars(select(ChangedDay.day)).all()
        last = s.scalars(select(Exchange.asked_at).order_by(Exchange.asked_at.desc())).first()
        assert last is not None
        _ask(s, s.get_one(Conversation, talk), last + 3 * DAY)
        refresh.count(s, [talk])
        assert s.scalars(select(ChangedDay.day)).all() == [(last + 3 * DAY + 8 * HOUR).date().isoformat()]
    with db.begin() as s:
        last = s.scalars(select(Exchange.asked_at).order_by(Exchange.asked_at.desc())).first()
        assert last is not None
        _ask(s, s.get_one(Conversation, talk), last + HOUR)  # came back soon: that visit was not served
        refresh.count(s, [talk])
        assert {(last + 8 * HOUR).date().isoformat()} <= set(s.scalars(select(ChangedDay.day)))
        found = summed(s)
        assert anew(s) == found


@pytest.mark.usefixtures("talk")
def test_what_moves_and_what_is_rebuilt_gives_the_same_sums(db: Database) -> None:
    with db.begin() as s:
        before = summed(s)
        customers.join(s, guest="guest 0", customer_id="app:1", now=SINCE)
    refresh.refresh(db)
    with db.begin() as s:
        after = summed(s)
        assert [row[3:5] for row in after] == [row[3:5] for row in before]  # said as much, as fast
        s.execute(delete(ServiceDay))
    refresh.rebuild(db)
    with db.begin() as s:
        assert summed(s) == after
        s.execute(delete(Exchange))
        s.execute(delete(Visit))
        assert anew(s) == []


@pytest.mark.parametrize("db", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_what_is_committed_while_days_are_summed_is_not_lost(db: Database) -> None:
    said = (Said(MINUTE, ANSWERED, ""),)
    with db.begin() as s:
        live(s, Service((Guest("web", MINUTE, said), Guest("web", 2 * MINUTE, said)), (), ()))
        first, second = all_of(s)[:2]
    with db.begin() as slow:
        refresh.count(slow, [first])
        with db.begin() as quick:
            refresh.count(quick, [second])
        days.sum_up(db)  # sees the second alone
        assert _messages(db) == 1
    assert _messages(db) == 2
    days.sum_up(db)
    assert _messages(db) == 2


def _messages(db: Database) -> int:
    with db.reading() as s:
        whole = replace(SCOPE, since=SINCE - DAY)
        return answers.answers(s, whole).messages
