"""Runs: what is due and nothing else goes, once, in pieces that a kill cannot tear, with the chains whole."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import proof, tickets
from actions.desk.registry import Wanted, listed
from actions.figures.scope import Scope
from actions.retention import runs, talks
from actions.retention.periods import DEFAULT, LEAST_FILE, Periods
from actions.service import conversations, ratings
from actions.store import audit, trackers
from actions.store.base import Base
from actions.store.engine import Database
from actions.store.erased import BY_PERIOD
from actions.store.tables.audit import AuditRow
from actions.store.tables.desk import Attachment, Ticket, TicketText
from actions.store.tables.service import Conversation, Turn
from tests.actions.conftest import NOW, at_once
from tests.actions.desk.people import DAY, HOUR, hire
from tests.actions.retention.past import (
    LONG_AGO,
    PERIODS,
    SECRET,
    closed,
    counts,
    everything,
    lived,
    rated,
    readable,
    talked,
)  # fmt: skip

ALL = Scope(LONG_AGO - DAY, NOW + DAY, NOW)


def test_a_plan_changes_nothing_and_a_run_does_what_it_says(db: Database) -> None:
    with db.begin() as s:
        lived(s)
    before = everything(db)
    planned = counts(db)
    assert everything(db) == before
    assert planned == {
        "tickets": 1, "turns": 11, "trackers": 1, "files": 1, "customers": 1, "comments": 1, "sessions": 1,
        "failures": 1, "notices": 1,
    }  # fmt: skip
    done = runs.run(db, PERIODS, NOW)
    # The mail of the complaint goes with it.
    assert (done.erased, done.finished) == (Counter({**planned, "notices": 0}) + Counter(), True)
    assert counts(db) == {}


def test_nothing_that_a_person_wrote_is_left_and_the_chains_are_whole(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    assert list(proof.problems(db)) == []
    assert all(word in readable(db) for word in (SECRET, "张三", "13987654321", "a@example.com"))
    runs.run(db, PERIODS, NOW)
    left = readable(db)
    for word in (SECRET, "张三", "13987654321", "139****4321", "a@example.com", "某某理财"):
        assert word not in left, word
    assert list(proof.problems(db)) == []
    with db.reading() as s:
        ticket = s.get_one(Ticket, past.ticket.id)
        assert (ticket.matter, ticket.state, ticket.number) == (BY_PERIOD, "closed", past.ticket.number)
        assert [one.type for one in tickets.timeline(s, ticket.id)] == [
            "created", "take", "reply", "assess", "decide", "close", "note",
        ]  # fmt: skip
        assert [*s.scalars(select(TicketText)), *s.scalars(select(Attachment))] == []
        assert listed(s, Wanted(text="扣错了钱"), NOW) == []


def test_the_file_of_sqlite_holds_no_erased_byte(db: Database, tmp_path: Path) -> None:
    if db.dialect != "sqlite":
        pytest.skip("PostgreSQL frees pages by VACUUM")
    masked = "紫罗兰".encode()  # what is not encrypted: turns
    with db.begin() as s:
        lived(s)

    def on_disk() -> bool:
        return any(masked in path.read_bytes() for path in tmp_path.glob("wenjin.db*"))

    assert on_disk()
    runs.run(db, PERIODS, NOW)
    assert not on_disk()


def test_the_day_of_a_period_is_kept_and_the_day_after_not(db: Database) -> None:
    edge = NOW - timedelta(days=PERIODS.conversations)
    with db.begin() as s:
        for guest, at in (("old", edge - HOUR), ("new", edge + HOUR)):
            talked(s, guest, at)
    assert runs.run(db, PERIODS, NOW).erased == Counter(turns=2, trackers=1)
    with db.reading() as s:
        texts = list(s.scalars(select(Turn.text).order_by(Turn.created_at)))
        assert texts[:2] == [BY_PERIOD] * 2 and SECRET in texts[2]


def test_a_customer_who_comes_back_keeps_what_is_young(db: Database) -> None:
    with db.begin() as s:
        chat, _ = talked(s, "guest-1", NOW - 300 * DAY)
        talked(s, "guest-1", NOW - DAY)
    runs.run(db, PERIODS, NOW)
    with db.begin() as s:
        said = conversations.history(s, chat.id)
        assert [(one.seq, one.text == BY_PERIOD) for one in said] == [(2, True), (3, False), (4, False)]
        assert conversations.shown_actor(said[0]) == "system"
        assert trackers.load(s, chat.id) is not None
        again, new = conversations.receive(s, conversation=chat, text="还在吗", key="k", now=NOW)
        assert (again.seq, new) == (5, True)


def test_a_run_that_is_killed_at_any_moment_is_gone_on_with(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.begin() as s:
        people = hire(s)
        for n in range(3):
            chat, _ = talked(s, f"guest-{n}", LONG_AGO)
            closed(s, people, chat, LONG_AGO, key=f"k{n}", seed=n, customer=f"guest-{n}")
    whole = counts(db)
    monkeypatch.setattr(runs, "BATCH", 1)
    erased: Counter[str] = Counter()
    while True:
        steps_left = iter((False, True))
        done = runs.run(db, PERIODS, NOW, stop=lambda left=steps_left: next(left))  # type: ignore[misc]
        erased += done.erased
        assert list(proof.problems(db)) == []
        if done.finished or not done.erased:
            break
    assert erased["tickets"] == 3 and erased["turns"] == whole["turns"]
    assert runs.run(db, PERIODS, NOW).erased == Counter()
    assert SECRET not in readable(db)


class Killed(BaseException):
    """What ends a process in the middle of a transaction."""


def test_a_kill_within_a_transaction_leaves_it_undone(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.begin() as s:
        lived(s)
    before = everything(db)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(audit, "record", die)
        runs.run(db, PERIODS, NOW)
    assert everything(db) == before
    runs.run(db, PERIODS, NOW)
    assert SECRET not in readable(db)


def test_what_cannot_be_erased_keeps_nothing_else(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with db.begin() as s:
        chats = [talked(s, f"guest-{n}", LONG_AGO)[0].id for n in range(4)]
    real = talks.erase_said

    def fails(s: Session, chat: Conversation, *more: Any) -> int:
        if chat.id == chats[1]:
            raise ValueError("broken")
        return real(s, chat, *more)

    with monkeypatch.context() as patched:
        patched.setattr(talks, "erase_said", fails)
        done = runs.run(db, PERIODS, NOW)
    assert (done.erased["turns"], done.failed, done.finished) == (6, 1, True)
    assert chats[1] in caplog.text and SECRET not in caplog.text
    assert runs.run(db, PERIODS, NOW).erased == Counter(turns=2)


def test_each_transaction_and_each_run_is_in_the_audit_without_words(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    runs.run(db, PERIODS, NOW)
    with db.reading() as s:
        rows = list(s.scalars(select(AuditRow).order_by(AuditRow.seq)))
    erasures = {row.object_id: row.data["count"] for row in rows if row.action == "retention.erase"}
    (run,) = (row for row in rows if row.action == "retention.run")
    assert erasures == run.data["erased"]
    assert run.data["before"]["conversations"] == (NOW - 180 * DAY).isoformat()
    (erased,) = (row for row in rows if row.action == "ticket.erase")
    assert (erased.object_id, erased.data["number"]) == (past.ticket.id, past.ticket.number)


def test_processes_that_run_at_once_erase_each_thing_once(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        for n in range(30):
            chat, _ = talked(s, f"guest-{n}", LONG_AGO)
            if n % 3 == 0:
                closed(s, people, chat, LONG_AGO, key=f"k{n}", seed=n, customer=f"guest-{n}")
    planned = counts(db)
    done = at_once(3, lambda _: runs.run(db, PERIODS, NOW).erased)
    both = sum(done, Counter())
    assert {name: both[name] for name in ("tickets", "turns", "trackers")} == {
        name: planned[name] for name in ("tickets", "turns", "trackers")
    }
    assert SECRET not in readable(db)
    assert list(proof.problems(db)) == []


def test_a_new_comment_has_a_new_period(db: Database) -> None:
    short = Periods(ratings=1)
    with db.begin() as s:
        chat, _ = talked(s, "guest-1", NOW - 3 * DAY)
        offer = rated(s, chat, NOW - 3 * DAY)
    assert runs.run(db, short, NOW).erased["comments"] == 1
    with db.begin() as s:
        ratings.rate(s, offer_id=offer.id, conversation_id=chat.id, score=4, comment=SECRET, now=NOW)
    assert runs.run(db, short, NOW).erased == Counter()
    assert runs.run(db, short, NOW + 2 * DAY).erased["comments"] == 1


def test_a_days_run_is_due_once_and_in_the_night(db: Database) -> None:
    night = NOW.replace(hour=19, minute=30)  # 03:30 in China
    with db.reading() as s:
        assert not runs.is_due(s, NOW.replace(hour=18))
        assert runs.is_due(s, night)
    runs.run(db, PERIODS, night)
    with db.reading() as s:
        assert not runs.is_due(s, night + HOUR)
        assert runs.is_due(s, night + DAY)


def test_the_period_of_complaints_is_three_years_with_a_leap_day() -> None:
    assert (DEFAULT.tickets, LEAST_FILE) == (1096, 1096)


def test_every_table_with_words_of_persons_is_thought_of() -> None:
    """A new encrypted column has to be erased, or named here with the reason why it stays."""
    thought_of = {
        ("tickets", "name"), ("tickets", "matter"), ("tickets", "demand"), ("tickets", "contact"), ("tickets", "found"),
        ("tickets", "hold_reason"),  # an erased ticket is not on hold
        ("ticket_texts", "said"), ("attachments", "name"), ("attachments", "content"),
        ("ticket_events", "facts"),  # the chain: facts and digests; older events' words are told in the docs
        ("notices", "address"), ("notices", "payload"), ("dialogue_trackers", "payload"), ("customers", "name"),
        ("customers", "phone"), ("customers", "email"), ("ratings", "comment"), ("follow_ups", "note"),
        ("kept_files", "content"),
        ("users", "mail"), ("drill_runs", "said"),  # the house's own people: training has rules of its own
        ("key_check", "word"),  # no person's
    }  # fmt: skip
    encrypted = {
        (table.name, column.key)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if type(column.type).__name__.startswith("Encrypted")
    }
    assert encrypted == thought_of
