"""Tickets of version 0.1: brought along with their events untouched, then worked on like any other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Text, insert, table
from sqlalchemy import column as sql_column

from actions.desk import tickets, upkeep, work
from actions.desk.registry import Wanted, listed
from actions.store.base import EncryptedText, UTCDateTime
from actions.store.chain import link_hash
from actions.store.engine import Database
from actions.store.migrate import config
from actions.store.tables.desk import TicketEvent
from tests.actions.conftest import KEY, NOW
from tests.actions.desk.people import ASSESSED, DAY, DECISION, as_is, hire, take

# State, and the events with the state after each, a day apart: as version 0.1 wrote them.
LIVES: dict[str, list[tuple[str, str]]] = {
    "received": [("created", "received")],
    "in_progress": [("created", "received"), ("take", "in_progress"), ("note", "in_progress")],
    "answered": [("created", "received"), ("take", "in_progress"), ("reply", "answered")],
    "asked again": [("created", "received"), ("take", "in_progress"), ("reply", "answered"), ("add_facts", "in_progress")],
    "closed": [("created", "received"), ("take", "in_progress"), ("reply", "answered"), ("close", "closed")],
    "withdrawn": [("created", "received"), ("withdraw", "withdrawn")],
}  # fmt: skip
TICKETS = table(
    "tickets",
    *(sql_column(name, Text()) for name in ("id", "number", "customer_id", "idempotency_key", "state", "product", "contact_masked", "priority", "rule")),
    *(sql_column(name, EncryptedText()) for name in ("matter", "demand", "contact")),
    *(sql_column(name, UTCDateTime()) for name in ("created_at", "due_at", "closed_at")),
    sql_column("version"),
)  # fmt: skip


def old_ticket(connection: Connection, number: int, life: list[tuple[str, str]]) -> str:
    """Insert a ticket and its events as version 0.1 left them; return its id."""
    ticket_id, state = f"{number:032x}", life[-1][1]
    row: dict[str, Any] = {
        "id": ticket_id, "number": f"TS260302-{number:05d}", "customer_id": "guest-1", "idempotency_key": str(number),
        "state": state, "product": "稳健理财", "contact_masked": "", "priority": "normal", "rule": "《银行业保险业消费投诉处理管理办法》15日",
        "matter": "理财到账晚了三天", "demand": "补偿", "contact": "", "created_at": NOW, "due_at": NOW + 15 * DAY,
        "closed_at": day(len(life) - 1) if state in ("closed", "withdrawn") else None, "version": len(life),
    }  # fmt: skip
    connection.execute(insert(TICKETS), row)
    before = ""
    for seq, (kind, after) in enumerate(life, 1):
        event = TicketEvent(
            id=f"{number:016x}{seq:016x}", ticket_id=ticket_id, seq=seq, type=kind, actor="x", actor_kind="handler",
            data={"text": "好", "state": after}, created_at=day(seq - 1), prev_hash=before,
        )  # fmt: skip
        event.hash = before = link_hash(before, event.content())
        connection.execute(
            insert(TicketEvent), {c.key: getattr(event, c.key) for c in TicketEvent.__mapper__.column_attrs}
        )
    return ticket_id


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


@pytest.fixture
def older(empty_url: str) -> tuple[Database, dict[str, str]]:
    """A database of version 0.1, migrated."""
    database = Database(empty_url, KEY)
    with database.engine.begin() as connection:
        command.upgrade(config(connection), "0003")
        ids = {name: old_ticket(connection, n, life) for n, (name, life) in enumerate(LIVES.items(), 1)}
    database.migrate()
    return database, ids


def test_they_are_brought_along_and_proven(older: tuple[Database, dict[str, str]]) -> None:
    database, ids = older
    assert upkeep.prepare_old(database, NOW) == len(LIVES)
    assert upkeep.prepare_old(database, NOW) == 0
    with database.begin() as s:
        made = {name: tickets.get(s, ticket_id) for name, ticket_id in ids.items()}
        assert {name: str(one.state) for name, one in made.items()} == {
            "received": "received", "in_progress": "in_progress", "answered": "decided", "asked again": "in_progress",
            "closed": "closed", "withdrawn": "withdrawn",
        }  # fmt: skip
        assert {name: one.decided_at for name, one in made.items()} == {
            **dict.fromkeys(LIVES), "answered": day(2), "closed": day(2)
        }  # fmt: skip
        assert made["withdrawn"].stopped_at == day(1)
        assert made["asked again"].stopped_at is None
        assert {one.id for one in listed(s, Wanted(text="理财到账"), NOW)} == set(ids.values())
        for one in made.values():
            assert tickets.verify(s, one) == []
    database.dispose()


def test_they_are_worked_on_like_any_other(older: tuple[Database, dict[str, str]]) -> None:
    database, ids = older
    upkeep.prepare_old(database, NOW)
    with database.begin() as s:
        people = hire(s)
        new = take(s, tickets.get(s, ids["received"]), people.li)
        work.assess(s, **as_is(new, people.li), **ASSESSED)
        work.ask_time(s, **as_is(new, people.li), kind="complex", reason="等回函")
        work.decide(s, **as_is(new, people.li, day(3)), **DECISION)
        assert tickets.timeline(s, new.id)[-1].data["in_time"] is True
        answered = tickets.get(s, ids["answered"])
        tickets.review(s, ticket_id=answered.id, customer_id="guest-1", reason="不认可", now=day(3))
        assert (answered.cycle, answered.barred) == (2, ["x"])  # who answered then decided
        for one in (new, answered):
            assert tickets.verify(s, one) == []
    database.dispose()
