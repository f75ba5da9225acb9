"""The proof of a ticket: whatever is changed behind the desk's back shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from actions.desk import proof, tickets, work
from actions.store.engine import Database
from actions.store.tables.desk import Ticket, TicketEvent
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, open_guest
from tests.actions.desk.people import CUSTOMER, DAY, People, as_is, complain, decide, extended, hire, take


@pytest.fixture
def worked(session: Session, ticket: Ticket, people: People) -> Ticket:
    """A ticket with many kinds of events."""
    take(session, ticket, people.li)
    extended(session, ticket, "complex", people.li, people.zhao)
    work.pause(session, **as_is(ticket, people.li, NOW + DAY), reason="鉴定")
    work.unpause(session, **as_is(ticket, people.li, NOW + 2 * DAY))
    decide(session, ticket, people.li, NOW + 3 * DAY)
    tickets.review(session, ticket_id=ticket.id, customer_id=CUSTOMER, reason="不认可", now=NOW + 4 * DAY)
    assert tickets.verify(session, ticket) == []
    return ticket


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE ticket_events SET actor = 'x' WHERE seq = 2",
        "UPDATE ticket_events SET actor_kind = 'system' WHERE seq = 2",
        "UPDATE ticket_events SET type = 'note' WHERE seq = 4",
        "UPDATE ticket_events SET created_at = '2026-03-01 00:00:00' WHERE seq = 2",
        "UPDATE ticket_events SET data = (SELECT data FROM ticket_events WHERE seq = 1) WHERE seq = 3",
        "UPDATE ticket_events SET hash = prev_hash WHERE seq = 3",
        "DELETE FROM ticket_events WHERE seq = 1",
        "DELETE FROM ticket_events WHERE seq = 2",
        "DELETE FROM ticket_events WHERE seq = (SELECT max(seq) FROM ticket_events)",
        "UPDATE ticket_events SET seq = seq + 100",
        "DELETE FROM ticket_events",
        "UPDATE tickets SET version = version + 1",
        "UPDATE tickets SET state = 'closed'",
        "UPDATE tickets SET due_at = '2027-01-01 00:00:00'",
        "UPDATE tickets SET rule = '三百日内'",
        "UPDATE tickets SET cycle = 1",
        "UPDATE tickets SET cycle = 1, indexed = 0",
        "UPDATE tickets SET first_response_at = created_at",
        "UPDATE tickets SET first_due_at = NULL",
        "UPDATE tickets SET paused_at = created_at",
        "UPDATE tickets SET stopped_at = created_at",
        "UPDATE tickets SET decided_at = created_at",
        "UPDATE tickets SET queue = 'fraud'",
        "UPDATE tickets SET handler_id = (SELECT max(id) FROM users)",
        "UPDATE tickets SET matter = demand",
        "UPDATE tickets SET product = '别的产品'",
    ],
)
def test_what_is_spoilt_shows(session: Session, worked: Ticket, spoil: str) -> None:
    session.execute(text(spoil))
    found = tickets.verify(session, worked)
    assert found
    assert all(one and not one.isascii() for one in found)


def test_events_are_never_changed_through_the_program(session: Session, worked: Ticket) -> None:
    def change(event: TicketEvent) -> None:
        event.actor = "x"

    for spoil in (change, session.delete):
        with pytest.raises(RuntimeError, match="append-only"), session.begin_nested():
            spoil(tickets.timeline(session, worked.id)[0])
            session.flush()
    assert tickets.verify(session, worked) == []


def wrong(db: Database) -> list[str]:
    return list(proof.problems(db))


def filled(db: Database) -> list[str]:
    """Register three tickets, work on one, and return their numbers."""
    with db.begin() as s:
        people = hire(s)
        made = [complain(s, str(n), conversation=open_guest(s, CUSTOMER), seed=n) for n in range(3)]
        take(s, made[0], people.li)
        decide(s, made[0], people.li)
        return [one.number for one in made]


def test_a_whole_desk_is_proven(db: Database) -> None:
    filled(db)
    seen: list[tuple[int, int]] = []
    assert list(proof.problems(db, progress=lambda done, total: seen.append((done, total)))) == []
    assert seen == [(3, 3)]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("UPDATE audit_log SET actor = 'x' WHERE seq = 7", "审计日志"),
        ("DELETE FROM audit_log WHERE seq = (SELECT max(seq) FROM audit_log)", "审计日志"),
        ("UPDATE tickets SET state = 'withdrawn' WHERE idempotency_key = '0'", "状态与经过不符"),
        ("UPDATE ticket_events SET actor = 'x' WHERE seq = 3", "第 3 条内容被改动"),
    ],
)
def test_what_is_wrong_is_named(db: Database, spoil: str, says: str) -> None:
    numbers = filled(db)
    with db.begin() as s:
        s.execute(text(spoil))
    found = wrong(db)
    assert any(says in line for line in found)
    if says != "审计日志":
        assert all(numbers[0] in line for line in found)


def test_a_desk_at_work_is_no_alarm(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers go on while the proof reads: what they do in between is not taken for tampering."""
    numbers = filled(db)
    monkeypatch.setattr(proof, "_BATCH", 1)

    def go_on(_done: int, _all: int) -> None:
        with db.begin() as s:
            for number in numbers:
                tickets.add_facts(
                    s,
                    ticket_id=tickets.get_by_number(s, number).id,
                    customer_id=CUSTOMER,
                    text="又想起一件事",
                    now=NOW + DAY,
                )

    assert list(proof.problems(db, progress=go_on)) == []
    go_on(0, 0)
    assert wrong(db) == []


def test_a_ticket_that_was_removed_or_cut_short_shows(db: Database) -> None:
    """What is left fits together; the audit log knows better."""
    first, second, _ = filled(db)
    with db.begin() as s:
        cut, gone = (tickets.get_by_number(s, number) for number in (first, second))
        s.execute(text("DELETE FROM ticket_cycles"))
        for table in ("ticket_events WHERE ticket_id", "tickets WHERE id"):
            s.execute(text(f"DELETE FROM {table} = :id"), {"id": gone.id})  # noqa: S608
        s.execute(text("DELETE FROM ticket_events WHERE ticket_id = :id AND seq > 2"), {"id": cut.id})
        changed = "UPDATE tickets SET version = 2, state = 'acknowledged', stopped_at = NULL, decided_at = NULL, first_response_at = NULL WHERE id = :id"
        s.execute(text(changed), {"id": cut.id})
    with db.begin() as s:
        assert tickets.verify(s, tickets.get_by_number(s, first)) == []
    assert wrong(db) == [
        f"工单 {second}：审计日志里有，工单却不在了",
        f"工单 {first}：经过应有 4 条，实际 2 条",
    ]


def test_a_ticket_that_nobody_registered_shows(db: Database) -> None:
    filled(db)
    with db.begin() as s:
        known = tickets.get_by_number(s, s.scalars(text("SELECT number FROM tickets LIMIT 1")).one())
        forged = Ticket(
            number="TS990101-00000", customer_id="x", idempotency_key="forged", matter="x", state=known.state,
            created_at=NOW, due_at=NOW, rule="", version=1,
        )  # fmt: skip
        s.add(forged)
        s.flush()
        s.add(
            TicketEvent(ticket_id=forged.id, seq=1, type="created", actor="x", actor_kind="customer", data={}, created_at=NOW, prev_hash="", hash="")
        )  # fmt: skip
    assert any("没有它的登记" in line for line in wrong(db))


def test_only_the_own_secret_reads_it(session: Session, ticket: Ticket) -> None:
    session.execute(text("UPDATE ticket_events SET data = 'gAAAA'"))
    with pytest.raises(WenjinError) as told:
        tickets.verify(session, ticket)
    assert told.value.code == "wrong_key"


def test_a_round_that_figures_are_counted_from_is_held_against_the_events(db: Database) -> None:
    first, _, _ = filled(db)
    with db.begin() as s:
        s.execute(text("UPDATE ticket_cycles SET waited = 1 WHERE cycle = 1"))
    with db.begin() as s:
        assert tickets.verify(s, tickets.get_by_number(s, first)) == ["统计用的各轮时限与经过不符"]
