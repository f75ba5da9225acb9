"""A customer's wish for deletion: what goes now, what stays and why, what goes by itself later."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select, text

from actions.desk import holds, proof, tickets
from actions.desk.registry import Wanted, listed
from actions.figures import refresh
from actions.figures.overview import FIGURES, Overview
from actions.figures.scope import Scope
from actions.retention import runs
from actions.retention.forget import forget
from actions.retention.periods import LEAST_FILE, Periods
from actions.service import conversations, customers
from actions.store.engine import Database
from actions.store.erased import ON_REQUEST
from actions.store.tables.audit import AuditRow
from actions.store.tables.desk import Attachment, Ticket
from actions.store.tables.dialogue import DialogueTracker
from actions.store.tables.service import Conversation, Customer, Turn
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, open_guest
from tests.actions.desk.people import DAY, complain, hire
from tests.actions.retention.past import (
    LONG_AGO,
    PERIODS,
    SECRET,
    closed,
    everything,
    lived,
    readable,
    talked,
)

LATELY = NOW - 40 * DAY


def test_all_goes_at_once_where_nothing_must_be_kept(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    done = forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW)
    assert (done.erased, done.kept) == (Counter(tickets=1, turns=11, customers=1), [])
    left = readable(db)
    for word in (SECRET, "张三", "13987654321", "139****4321", "a@example.com"):
        assert word not in left, word
    with db.reading() as s:
        assert set(s.scalars(select(Turn.text))) == {ON_REQUEST}
        chat = s.get_one(Conversation, past.talk.id)
        assert "guest-1" not in (chat.external_id, chat.customer_id)
        assert s.get_one(Ticket, past.ticket.id).matter == ON_REQUEST
        assert s.scalar(select(func.count()).select_from(DialogueTracker)) == 0
        assert s.scalar(select(func.count()).select_from(Attachment)) == 1  # somebody else's
    assert list(proof.problems(db)) == []
    with db.begin() as s:  # who comes back begins anew
        assert open_guest(s, "guest-1").id != past.talk.id


def test_a_file_that_a_rule_keeps_stays_for_its_time_out_of_sight(db: Database) -> None:
    with db.begin() as s:
        past = lived(s, LATELY)
    done = forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW)
    assert done.erased == Counter(turns=11, customers=1)
    ((what, why),) = done.kept
    assert past.ticket.number in what and "3 年" in why
    with db.reading() as s:
        ticket = s.get_one(Ticket, past.ticket.id)
        assert SECRET in ticket.matter
        assert listed(s, Wanted(text="扣错了钱"), NOW) == []
        assert (
            s.get_one(Conversation, past.talk.id).external_id == "guest-1"
        )  # its customer can still follow it
    assert list(proof.problems(db)) == []
    keeps = Periods(conversations=0, tickets=0, ratings=0, notices=0, sessions=0)
    later = NOW + LEAST_FILE * DAY
    assert runs.run(db, keeps, later).erased == Counter(tickets=1)
    assert SECRET not in readable(db)
    with db.reading() as s:
        chat = s.get_one(Conversation, past.talk.id)
        assert (chat.forget_at, "guest-1" in chat.external_id) == (None, False)


def test_an_open_complaint_and_its_conversation_go_once_it_is_over(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LATELY)
        ticket = complain(s, conversation=chat, now=LATELY)
    done = forget(db, ["guest-1"], PERIODS, user=people.zhao, now=NOW)
    assert done.erased == Counter()
    assert [what for what, _ in done.kept] == [f"投诉 {ticket.number}", "对话"]
    with db.begin() as s:
        assert SECRET in conversations.history(s, chat.id)[0].text
        assert [one.id for one in listed(s, Wanted(text="理财到账"), NOW)] == [
            ticket.id
        ]  # it is being worked on
        tickets.withdraw(s, ticket_id=ticket.id, customer_id="guest-1", now=NOW + DAY)
        conversations.receive(s, conversation=chat, text="后来说的", key="later", now=NOW + DAY)
    assert runs.run(db, PERIODS, NOW + 2 * DAY).erased == Counter(turns=2)
    with db.reading() as s:
        assert [one.text for one in conversations.history(s, chat.id)] == [ON_REQUEST, "后来说的"]
    assert list(proof.problems(db)) == []


def test_a_wish_that_waits_follows_a_guest_who_signs_in(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LATELY)
        ticket = complain(s, conversation=chat, now=LATELY)
    forget(db, ["guest-1"], PERIODS, user=people.zhao, now=NOW)
    with db.begin() as s:
        customers.join(s, guest="guest-1", customer_id="app:1", now=NOW + DAY)
        tickets.withdraw(s, ticket_id=ticket.id, customer_id="app:1", now=NOW + DAY)
    assert runs.run(db, PERIODS, NOW + 2 * DAY).erased == Counter(turns=2)


def test_what_is_on_hold_stays(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
        holds.hold(s, s.get_one(Ticket, past.ticket.id), user=past.people.zhao, reason="法院调取", now=NOW)
    done = forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW)
    assert (done.erased, len(done.kept)) == (Counter(customers=1), 2)
    assert "保全" in done.kept[0][1]
    with db.begin() as s:
        holds.lift(s, s.get_one(Ticket, past.ticket.id), user=past.people.zhao, now=NOW)
    runs.run(db, PERIODS, NOW)
    assert SECRET not in readable(db)


def test_others_are_not_touched(db: Database) -> None:
    with db.begin() as s:
        past = lived(s, LATELY)
        talked(s, "guest-3", LATELY)
        closed(s, past.people, None, LONG_AGO, key="k3", seed=3, customer="guest-3")
    forget(db, ["guest-3"], PERIODS, user=past.people.zhao, now=NOW)
    with db.reading() as s:
        assert s.get_one(Ticket, past.ticket.id).forget_at is None
        assert s.get(Customer, "guest-1") is not None
        texts = select(Turn.text).where(Turn.conversation_id == past.talk.id)
        assert ON_REQUEST not in set(s.scalars(texts))


def test_figures_stay_what_they_were(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    scope = Scope(LONG_AGO - DAY, NOW + DAY, NOW)

    def figures() -> list[float | None]:
        refresh.rebuild(db)
        with db.reading() as s:
            found = Overview(s, scope)
            return [one.value(found) for one in FIGURES.values()]

    before = figures()
    forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW)
    assert figures() == before


def test_it_is_audited_without_naming_anybody(db: Database) -> None:
    customer = "rest:13987654321"
    with db.begin() as s:
        people = hire(s)
        conversations.open_conversation(
            s, channel="rest", external_id="13987654321", customer_id=customer, audience="customer", now=NOW
        )
    forget(db, [customer], PERIODS, user=people.zhao, now=NOW)
    with db.reading() as s:
        rows = list(
            s.scalars(select(AuditRow).where(AuditRow.object_type == "customer").order_by(AuditRow.seq))
        )
    assert [(row.action, row.actor) for row in rows] == [
        ("customer.forget", people.zhao.id), ("customer.forgotten", people.zhao.id),
    ]  # fmt: skip
    assert len({row.object_id for row in rows}) == 1
    assert "13987654321" not in repr(everything(db))


def test_only_who_may_and_only_who_is_known(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    before = everything(db)
    with pytest.raises(WenjinError) as told:
        forget(db, ["guest-1"], PERIODS, user=past.people.li, now=NOW)
    assert told.value.code == "role_needed"
    with pytest.raises(WenjinError) as told:
        forget(db, ["nobody"], PERIODS, user=past.people.zhao, now=NOW)
    assert told.value.code == "customer_not_found"
    assert everything(db) == before


def test_again_changes_nothing_more(db: Database) -> None:
    with db.begin() as s:
        past = lived(s, LATELY)
    forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW)
    with db.begin() as s:
        before = s.execute(text("SELECT * FROM turns ORDER BY id")).all()
    done = forget(db, ["guest-1"], PERIODS, user=past.people.zhao, now=NOW + DAY)
    assert (done.erased, len(done.kept)) == (Counter(), 1)
    with db.begin() as s:
        assert s.execute(text("SELECT * FROM turns ORDER BY id")).all() == before
        assert s.get_one(Ticket, past.ticket.id).forget_at == NOW
