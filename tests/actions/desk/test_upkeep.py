"""The timer: what falls due is done once, by whichever process comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from actions.desk import tickets, upkeep, work
from actions.desk.registry import Wanted, listed
from actions.desk.rules import DEFAULT
from actions.store.chain import link_hash
from actions.store.engine import Database
from actions.store.tables.desk import Notice, Ticket, TicketEvent
from tests.actions.conftest import BOTH, KEY, NOW, Servers, at_once, open_guest
from tests.actions.desk.people import (
    CUSTOMER,
    DAY,
    HOUR,
    People,
    as_is,
    complain,
    decide,
    extended,
    hire,
    take,
)


@pytest.fixture(params=BOTH)
def desk(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A desk whose webhook is told everything."""
    with servers.migrated(request.param, tmp_path_factory.mktemp("desk")) as url:
        database = Database(url, KEY, info={"desk": replace(DEFAULT, webhook=True)})
        yield database
        database.dispose()


def register(db: Database, *, taken: bool = True) -> tuple[Ticket, People]:
    with db.begin() as s:
        people = hire(s)
        made = complain(s, conversation=open_guest(s, CUSTOMER))
        if taken:
            take(s, made, people.li)
            work.reply(s, **as_is(made, people.li), text="正在核实")
        return made, people


def now_is(db: Database, ticket: Ticket) -> Ticket:
    with db.begin() as s:
        assert tickets.verify(s, tickets.get(s, ticket.id)) == []
        return tickets.get(s, ticket.id)


def told(db: Database) -> list[str]:
    with db.reading() as s:
        found = s.scalars(select(Notice).order_by(Notice.created_at, Notice.key))
        return [str(one.payload["event"]).removeprefix("ticket.") for one in found]


def run(db: Database, now: datetime) -> dict[str, int]:
    done = dict(upkeep.run(db, now))
    assert dict(upkeep.run(db, now)) == {}  # again changes nothing
    return done


def test_reminders_then_escalation_once(desk: Database) -> None:
    made, _ = register(desk)
    due, before = made.due_at, len(told(desk))
    assert run(desk, due - 3 * DAY - HOUR) == {}
    assert run(desk, due - 3 * DAY) == {"due3": 1}
    assert run(desk, due - 2 * DAY) == {}
    assert run(desk, due - DAY) == {"due1": 1}
    assert now_is(desk, made).alert == "due1"
    assert run(desk, due) == {}
    assert run(desk, due + timedelta(seconds=1)) == {"overdue": 1}
    late = now_is(desk, made)
    assert (late.alert, late.state, late.handler_id) == ("overdue", "escalated", made.handler_id)
    assert run(desk, due + 9 * DAY) == {}
    assert told(desk)[before:] == ["due_in_3_days", "due_in_1_days", "escalated", "overdue"]
    with desk.reading() as s:
        event = tickets.timeline(s, made.id)[-1]
        assert (event.type, event.actor_kind) == ("escalate", "system")


def test_a_server_that_slept_says_only_what_matters_now(desk: Database) -> None:
    made, _ = register(desk)
    assert run(desk, made.due_at + DAY) == {"overdue": 1}


def test_it_is_escalated_once_a_cycle(desk: Database) -> None:
    made, people = register(desk)
    run(desk, made.due_at + DAY)
    with desk.begin() as s:
        ticket = tickets.get(s, made.id)
        take(s, ticket, people.zhao, made.due_at + DAY)
    assert run(desk, made.due_at + 2 * DAY) == {}
    with desk.begin() as s:
        ticket = tickets.get(s, made.id)
        decide(s, ticket, people.zhao, made.due_at + 3 * DAY)
        tickets.add_facts(
            s, ticket_id=made.id, customer_id=CUSTOMER, text="新情况", now=made.due_at + 4 * DAY
        )
    assert run(desk, made.due_at + 4 * DAY) == {}
    assert run(desk, made.due_at + 30 * DAY) == {"overdue": 1}


def test_another_date_has_its_own_reminders(desk: Database) -> None:
    made, people = register(desk)
    run(desk, made.due_at - 2 * DAY)
    with desk.begin() as s:
        ticket = extended(s, tickets.get(s, made.id), "complex", people.li, people.zhao, made.due_at - DAY)
        assert ticket.alert == ""
        due = ticket.due_at
    assert run(desk, made.due_at) == {}
    assert run(desk, due - 3 * DAY) == {"due3": 1}


def test_what_is_paused_or_over_is_left_alone(desk: Database) -> None:
    made, people = register(desk)
    with desk.begin() as s:
        work.pause(s, **as_is(tickets.get(s, made.id), people.li, NOW + DAY), reason="鉴定")
    assert run(desk, made.due_at + 9 * DAY) == {}
    with desk.begin() as s:
        work.unpause(s, **as_is(tickets.get(s, made.id), people.li, made.due_at + 9 * DAY))
    assert run(desk, made.due_at + 10 * DAY) == {}
    with desk.begin() as s:
        tickets.withdraw(s, ticket_id=made.id, customer_id=CUSTOMER, now=made.due_at + 10 * DAY)
    assert run(desk, made.due_at + 99 * DAY) == {}


def test_a_first_response_that_is_late_shows_until_it_is_given(desk: Database) -> None:
    made, people = register(desk, taken=False)
    first = made.first_due_at
    assert first is not None
    assert run(desk, first) == {}
    assert run(desk, first + HOUR) == {"first": 1}
    assert now_is(desk, made).alert == "first"
    with desk.begin() as s:
        ticket = take(s, tickets.get(s, made.id), people.li, first + 2 * HOUR)
        work.reply(s, **as_is(ticket, people.li, first + 2 * HOUR), text="抱歉久等")
    assert run(desk, first + 3 * HOUR) == {}
    assert now_is(desk, made).alert == ""


def test_what_nobody_objects_to_is_closed(desk: Database) -> None:
    made, people = register(desk)
    with desk.begin() as s:
        decide(s, tickets.get(s, made.id), people.li, NOW + DAY)
    assert run(desk, NOW + 31 * DAY) == {}
    assert run(desk, NOW + 31 * DAY + HOUR) == {"closed": 1}
    closed = now_is(desk, made)
    assert (closed.state, closed.closed_at, closed.decided_at) == ("closed", NOW + 31 * DAY + HOUR, NOW + DAY)


def test_processes_at_once_do_it_once(desk: Database) -> None:
    with desk.begin() as s:
        hire(s)
        made = [complain(s, str(n), seed=n) for n in range(12)]
    now = made[0].due_at + DAY
    found = at_once(3, lambda _: upkeep.run(desk, now))
    assert sum(done["overdue"] for done in found) == 12
    assert told(desk).count("overdue") == told(desk).count("escalated") == 12


def test_one_that_fails_does_not_keep_the_others_waiting(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.begin() as s:
        hire(s)
        made = [complain(s, str(n), seed=n) for n in range(3)]

    def fails(s: Session, *, ticket_id: str, **more: Any) -> Ticket:
        if ticket_id == made[1].id:
            raise ValueError("broken")
        return work.escalate(s, ticket_id=ticket_id, **more)

    monkeypatch.setattr(upkeep, "escalate", fails)
    assert dict(upkeep.run(desk, made[0].due_at + DAY)) == {"overdue": 2, "failed": 1}
    assert now_is(desk, made[1]).state == "received"
    monkeypatch.undo()
    assert run(desk, made[0].due_at + DAY) == {"overdue": 1}


def test_older_tickets_get_what_newer_ones_have(desk: Database) -> None:
    """A ticket as version 0.1 left it: no period in its events, no search terms."""
    made, _ = register(desk)
    with desk.begin() as s:
        for table in ("ticket_terms", "ticket_cycles", "ticket_events"):
            s.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        old = {
            "indexed": 0,
            "version": 1,
            "due_at": NOW,
            "rule": "旧",
            "handler_id": None,
            "state": "received",
        }
        s.execute(update(Ticket).values(**old))
        event = TicketEvent(
            ticket_id=made.id, seq=1, type="created", actor=CUSTOMER, actor_kind="customer",
            data={"state": "received"}, created_at=NOW, prev_hash="",
        )  # fmt: skip
        event.hash = link_hash("", event.content())
        s.add(event)
    with desk.begin() as s:
        assert tickets.verify(s, tickets.get(s, made.id)) == []  # not yet held against its columns
    assert (upkeep.prepare_old(desk, NOW), upkeep.prepare_old(desk, NOW)) == (1, 0)
    ready = now_is(desk, made)
    assert (ready.due_at, ready.rule) == (made.due_at, "《银行业保险业消费投诉处理管理办法》15日")
    with desk.reading() as s:
        assert [one.id for one in listed(s, Wanted(text="理财到账"), NOW)] == [made.id]
