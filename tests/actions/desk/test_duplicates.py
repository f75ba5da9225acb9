"""Tests of finding complaints about the same thing, on both databases, with small vectors of our own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy.orm import Session

from actions.desk import duplicates, tickets
from actions.desk.duplicates import Floats, Similar, Vector, evidence, same_matter, similar
from actions.desk.rules import rules_of
from actions.store.tables.desk import Ticket, TicketVector
from tests.actions.conftest import NOW
from tests.actions.desk.people import CUSTOMER, DAY, DRAFT, People, bring, complain

NORTH, NEAR, EAST = (
    Vector("e1", np.array(v, np.float32)) for v in ([1.0, 0, 0, 0], [0.8, 0.6, 0, 0], [0, 1.0, 0, 0])
)


def as_they_are(vectors: Floats) -> Floats:
    """Compare by the vectors themselves."""
    return vectors


def told(
    s: Session,
    key: str,
    vector: Vector,
    *,
    customer: str = CUSTOMER,
    now: datetime = NOW,
    matter: str = "扣款",
) -> Ticket:
    """Register a complaint with a vector."""
    draft = replace(DRAFT, matter=matter, vector=vector)
    return complain(s, key, customer=customer, draft=draft, now=now, seed=abs(hash(key)) % 1000)


def again(s: Session, vector: Vector, text: str = "扣款", now: datetime = NOW) -> Ticket | None:
    """Look for the customer's own ticket of the same matter."""
    return same_matter(s, CUSTOMER, vector, text, now, compare_by=as_they_are)


def like(s: Session, ticket: Ticket, now: datetime = NOW) -> Similar:
    """Look for tickets of other customers."""
    return similar(s, ticket, now, compare_by=as_they_are)


def test_a_vector_is_kept_with_its_ticket(session: Session) -> None:
    ticket = told(session, "a", NEAR)
    kept = session.get_one(TicketVector, ticket.id)
    assert kept.encoder == "e1"
    assert np.allclose(np.frombuffer(kept.vector, np.float16), NEAR.values, atol=1e-3)


def test_the_same_key_keeps_one_vector(session: Session) -> None:
    assert told(session, "a", NEAR) is told(session, "a", EAST)
    assert session.query(TicketVector).count() == 1


class TestSameMatter:
    def test_the_likest_of_the_customers_own(self, session: Session) -> None:
        told(session, "other", EAST)
        ticket = told(session, "same", NEAR)
        told(session, "stranger", NORTH, customer="guest-2")
        assert again(session, NORTH) is ticket

    def test_nothing_alike(self, session: Session) -> None:
        told(session, "other", EAST)
        assert again(session, NORTH) is None

    def test_only_within_the_period(self, session: Session) -> None:
        ticket = told(session, "same", NEAR)
        assert again(session, NORTH, now=NOW + 29 * DAY) is ticket
        assert again(session, NORTH, now=NOW + 31 * DAY) is None

    @pytest.mark.parametrize(
        "state", [tickets.TicketState.DECIDED, tickets.TicketState.CLOSED, tickets.TicketState.WITHDRAWN]
    )
    def test_only_what_is_pending(self, session: Session, people: People, state: tickets.TicketState) -> None:
        bring(session, told(session, "same", NORTH), state, people)
        assert again(session, NORTH) is None

    def test_vectors_of_another_encoder_are_not_compared(self, session: Session) -> None:
        told(session, "same", Vector("e2", NORTH.values))
        assert again(session, NORTH) is None

    def test_an_order_number_decides(self, session: Session) -> None:
        ticket = told(session, "same", NORTH, matter="订单号A20260105001扣了两次")
        assert again(session, EAST, "订单号a20260105001还没退") is ticket
        assert again(session, NORTH, "订单号B20260105002还没退") is ticket  # for the same words
        assert again(session, NEAR, "订单号B20260105002还没退") is ticket
        less = Vector("e1", np.array([0.6, 0.8, 0, 0], np.float32))
        assert again(session, less, "还没退") is ticket
        assert again(session, less, "订单号B20260105002还没退") is None


class TestSimilar:
    def test_open_tickets_of_others_the_likest_first(self, session: Session, people: People) -> None:
        mine = told(session, "mine", NORTH)
        near = told(session, "near", NEAR, customer="guest-2")
        same = told(session, "same", NORTH, customer="guest-3")
        told(session, "far", EAST, customer="guest-4")
        told(session, "own", NORTH)
        closed = told(session, "closed", NORTH, customer="guest-1b")
        bring(session, closed, tickets.TicketState.CLOSED, people)
        found = like(session, mine)
        assert [one.ticket for one in found.tickets] == [same, near]
        assert found.tickets[0].score == pytest.approx(1.0, abs=1e-3)

    def test_those_of_the_last_days_are_counted_open_or_not(self, session: Session) -> None:
        mine = told(session, "mine", NORTH, now=NOW)
        told(session, "new", NORTH, customer="guest-2", now=NOW - 2 * DAY)
        told(session, "old", NORTH, customer="guest-3", now=NOW - 9 * DAY)
        gone = told(session, "gone", NEAR, customer="guest-4", now=NOW - DAY)
        tickets.withdraw(session, ticket_id=gone.id, customer_id="guest-4", now=NOW)
        found = like(session, mine)
        assert (len(found.tickets), found.recent) == (2, 2)

    def test_no_more_than_asked_for(self, session: Session) -> None:
        mine = told(session, "mine", NORTH)
        for number in range(7):
            told(session, f"k{number}", NORTH, customer=f"other-{number}")
        found = like(session, mine)
        assert (len(found.tickets), found.recent) == (5, 7)

    def test_a_ticket_without_a_vector_has_none(self, session: Session) -> None:
        assert like(session, complain(session)) == Similar((), 0)


@pytest.mark.parametrize(
    ("a", "b", "raised"),
    [
        ("提现8000没到", "那八千块还是没见着", duplicates.SHARED_NUMBER),
        ("订单号A20260105001", "订单号a20260105001没退", duplicates.SHARED_ORDER),
        ("订单号A20260105001", "订单号B20260105002", duplicates.OTHER_ORDER),
        ("扣了两次", "扣了三次", 0.0),
    ],
)
def test_numbers_speak_for_and_against(a: str, b: str, raised: float) -> None:
    assert evidence(a, b) == evidence(b, a) == raised


def test_the_period_is_a_setting(session: Session) -> None:
    ticket = told(session, "same", NEAR)
    session.info["desk"] = replace(rules_of(session), same_within=0)
    try:
        assert again(session, NORTH, now=NOW + timedelta(minutes=1)) is None
    finally:
        del session.info["desk"]
    assert again(session, NORTH, now=NOW + timedelta(minutes=1)) is ticket
