"""Runs: what is due and nothing else goes, once, in pieces that a kill cannot tear, with the chains whole."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from actions.desk import attachments, cards, holds, proof, public, steps, tickets, upkeep, work
from actions.desk.attachments import Upload
from actions.desk.registry import Wanted, listed
from actions.figures import refresh
from actions.figures.overview import FIGURES, overview
from actions.figures.scope import Scope
from actions.retention import runs
from actions.retention.periods import DEFAULT, LEAST_FILE, Periods
from actions.service import conversations, follow_ups, ratings
from actions.store import audit, trackers
from actions.store.base import Base
from actions.store.engine import Database
from actions.store.erased import BY_PERIOD
from actions.store.tables.audit import AuditRow
from actions.store.tables.desk import Attachment, Ticket, TicketText
from actions.store.tables.service import Customer, Handover, Rating, Turn
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest
from tests.actions.desk.people import DAY, HOUR, as_is, complain, hire, take
from tests.actions.retention.past import (
    LONG_AGO,
    PERIODS,
    PIXEL,
    SECRET,
    closed,
    everything,
    lived,
    rated,
    readable,
    talked,
)  # fmt: skip

ALL = Scope(LONG_AGO - DAY, NOW + DAY, NOW)


def counts(db: Database, periods: Periods = PERIODS) -> dict[str, int]:
    return {one.kind.name: one.count for one in runs.plan(db, periods, NOW) if one.count}


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


def test_figures_stay_what_they_were(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
        closed(s, past.people, None, LONG_AGO + 3 * DAY, key="k2", seed=2)
        chat, _ = talked(s, "guest-3", NOW - DAY)
        rated(s, chat, NOW - HOUR, score=2)
    refresh.refresh(db)

    def figures() -> tuple[object, ...]:
        with db.reading() as s:
            found = [overview(s, scope) for scope in (ALL, Scope(NOW - 2 * DAY, NOW, NOW))]
            values = [one.value(whole) for whole in found for one in FIGURES.values()]
            tables = Base.metadata.tables["exchanges"], Base.metadata.tables["visits"]
            rows = [sorted(tuple(row) for row in s.execute(table.select())) for table in tables]
            return (*values, found, rows)

    before = figures()
    assert sum(value is not None for value in before) > 22
    assert runs.run(db, PERIODS, NOW).erased["turns"] > 0
    assert figures() == before
    refresh.rebuild(db)
    assert figures() == before


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


@pytest.mark.parametrize("state", ["open", "held", "merged"])
def test_what_an_open_or_held_complaint_needs_is_never_touched(db: Database, state: str) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LONG_AGO)
        offer = rated(s, chat, LONG_AGO)
        attachments.add(
            s, Upload("a.gif", PIXEL), customer_id="guest-1", conversation_id=chat.id, now=LONG_AGO
        )
        if state == "open":
            complain(s, conversation=chat, now=LONG_AGO)
        elif state == "held":
            ticket = closed(s, people, chat, LONG_AGO)
            holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        else:  # merged into one that is open, which came by another way
            target = complain(s, "1", now=LONG_AGO, seed=1)
            ticket = complain(s, "2", conversation=chat, now=LONG_AGO + HOUR, seed=2)
            take(s, ticket, people.li, LONG_AGO + HOUR)
            work.merge(s, **as_is(ticket, people.li, LONG_AGO + HOUR), into=target.number)
    before = everything(db)
    assert counts(db) == {}
    assert runs.run(db, PERIODS, NOW).erased == Counter()
    with db.begin() as s:
        assert attachments.forget_pending(s, NOW) == 0
        assert s.scalar(select(Rating.comment).where(Rating.offer_id == offer.id)) == f"很好，{SECRET}"
    after = everything(db)
    assert {name for name in before if before[name] != after[name]} == {"audit_log", "audit_head"}
    assert list(proof.problems(db)) == []


def test_a_lifted_hold_lets_the_period_hold_again(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        ticket = closed(s, people, None, LONG_AGO)
        for user in (people.li, people.staff):
            with pytest.raises(WenjinError, match="投诉主管"):
                holds.hold(s, ticket, user=user, reason="x", now=NOW)
        holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        with pytest.raises(WenjinError) as told:
            holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        assert told.value.code == "held"
        holds.lift(s, ticket, user=people.sun, now=NOW)
        with pytest.raises(WenjinError) as told:
            holds.lift(s, ticket, user=people.sun, now=NOW)
        assert told.value.code == "not_held"
    assert runs.run(db, PERIODS, NOW).erased["tickets"] == 1
    assert list(proof.problems(db)) == []


def test_merged_complaints_go_together_with_the_last_of_them(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        target = complain(s, "1", now=LONG_AGO, seed=1)
        ticket = complain(s, "2", now=LONG_AGO + HOUR, seed=2)
        take(s, ticket, people.li, LONG_AGO + HOUR)
        work.merge(s, **as_is(ticket, people.li, LONG_AGO + HOUR), into=target.number)
        tickets.withdraw(s, ticket_id=target.id, customer_id="guest-1", now=NOW - DAY)
    assert "tickets" not in counts(db)
    later = NOW + LEAST_FILE * DAY
    assert runs.run(db, PERIODS, later).erased["tickets"] == 2
    assert list(proof.problems(db)) == []


def test_zero_keeps(db: Database) -> None:
    with db.begin() as s:
        lived(s)
    before = everything(db)
    nothing = Periods(0, 0, 0, 0, 0)
    assert runs.run(db, nothing, NOW).erased == Counter()
    after = everything(db)
    assert {name for name in before if before[name] != after[name]} == {"audit_log", "audit_head"}


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


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("DELETE FROM ticket_texts", "文字不在了"),
        ("UPDATE ticket_texts SET said = (SELECT max(said) FROM ticket_texts)", "文字被改动"),
        ("UPDATE tickets SET erased_at = created_at", "与审计日志不符"),
        ("UPDATE tickets SET held_at = created_at", "与审计日志不符"),
    ],
)
def test_erasing_by_hand_shows(db: Database, spoil: str, told: str) -> None:
    with db.begin() as s:
        closed(s, hire(s), None, NOW)
    with db.begin() as s:
        s.execute(text(spoil))
    assert any(told in line for line in proof.problems(db))


def test_an_erased_complaint_can_be_looked_at_but_not_worked_on(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    runs.run(db, PERIODS, NOW)
    with db.begin() as s:
        ticket = s.get_one(Ticket, past.ticket.id)
        case = public.case_of(s, ticket, NOW)
        assert case.facts == {"投诉事项": BY_PERIOD}
        assert {one.text for one in case.entries} == {"", BY_PERIOD}
        assert not case.may and not case.rateable and not case.files
        assert steps.parts_of(past.people.zhao, ticket) == set()
        with pytest.raises(WenjinError, match="已按保存期限删除"):
            work.note(s, **as_is(ticket, past.people.zhao), text="x")
        with pytest.raises(WenjinError, match="已按保存期限删除"):
            tickets.withdraw(s, ticket_id=ticket.id, customer_id="guest-1", now=NOW)
        told = cards.progress(s, ticket).text
        assert told == f"工单 {ticket.number}：已办结。内容{BY_PERIOD}。"
    assert upkeep.prepare_old(db, NOW) == 0


def test_an_open_follow_up_keeps_its_comment_until_it_is_done(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LONG_AGO)
        rated(s, chat, LONG_AGO, score=1)
    assert "comments" not in counts(db)
    with db.begin() as s:
        (case,) = follow_ups.waiting(s)
        follow_ups.finish(s, task_id=case.task.id, note=f"已回访，{SECRET}", user=people.li, now=LONG_AGO)
    assert runs.run(db, PERIODS, NOW).erased["comments"] == 1
    with db.reading() as s:
        (case,) = follow_ups.done(s)
        assert (case.score, case.comment, case.task.note) == (1, "", "")


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


def test_a_contact_stays_while_a_complaint_needs_it(db: Database) -> None:
    with db.begin() as s:
        lived(s, NOW - 400 * DAY)
    assert "customers" not in counts(db)
    runs.run(db, PERIODS, NOW)
    with db.reading() as s:
        assert s.get(Customer, "guest-1") is not None
        assert set(s.scalars(select(Handover.reason))) == {""}


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


def test_a_guest_without_anything_old_is_left_alone(db: Database) -> None:
    with db.begin() as s:
        open_guest(s, "guest-1")
    before = everything(db)["conversations"]
    runs.run(db, PERIODS, NOW)
    assert everything(db)["conversations"] == before
