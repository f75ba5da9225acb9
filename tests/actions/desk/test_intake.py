"""Taking in: one ticket for one complaint, whoever asks however often, whole or not at all."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.desk import attachments, cards, tickets
from actions.desk.attachments import Upload, add, of_ticket, pending
from actions.desk.intake import TicketDraft
from actions.desk.registry import new_number, normal_number
from actions.desk.workdays import SHANGHAI
from actions.rasa.complaint import registered
from actions.service import conversations
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.desk import Ticket, TicketEvent, TicketTerm
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest
from tests.actions.desk.people import CUSTOMER, DRAFT, complain

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"


def test_a_complaint_is_registered_with_number_deadline_and_rule(ticket: Ticket) -> None:
    assert normal_number(ticket.number) == ticket.number
    assert ticket.number.startswith("TS260302-")
    assert ticket.due_at.astimezone(SHANGHAI) == datetime(2026, 3, 17, 23, 59, 59, tzinfo=SHANGHAI)
    assert ticket.rule == "《银行业保险业消费投诉处理管理办法》：事实清楚、争议简单，15日内"
    # Monday half past five in the afternoon: half an hour today, the rest tomorrow
    assert ticket.first_due_at == datetime(2026, 3, 3, 12, 30, tzinfo=SHANGHAI)
    assert (ticket.state, ticket.version, ticket.priority, ticket.cycle) == ("received", 1, "normal", 1)
    assert (ticket.contact_masked, ticket.customer_at) == ("139****4321", NOW)


def test_a_product_is_not_encrypted_and_so_masked() -> None:
    draft = TicketDraft("会员乱扣费", product="给13822223333充的会员")
    assert draft.checked().product == "给138****3333充的会员"


def test_what_the_customer_wrote_is_encrypted(session: Session, ticket: Ticket) -> None:
    raw = str(session.execute(text("SELECT matter, demand, contact, contact_masked FROM tickets")).all())
    raw += str(session.execute(text("SELECT data FROM ticket_events")).all())
    for word in ("理财到账", "补偿", "13987654321"):
        assert word not in raw
    session.expire_all()
    assert session.get_one(Ticket, ticket.id).matter == DRAFT.matter


def test_the_card_in_the_chat_is_masked(session: Session, ticket: Ticket) -> None:
    shown = cards.card(session, ticket)
    assert shown["matter"] == "理财到账晚了三天，客服电话 138****5678 打不通"
    assert shown["contact_masked"] == "139****4321"
    assert "contact" not in shown
    assert shown["state_label"] == "已登记"
    told = registered(session, ticket)
    for word in (ticket.number, "2026年3月17日", ticket.rule):
        assert word in told.text


def test_the_number_carries_the_day_in_shanghai() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert new_number(late, random.Random(1)).startswith("TS260303-")


@pytest.mark.parametrize(
    "typed", ["TS260302-12345", "ts26030212345", " TS 260302 12345 ", "ＴＳ２６０３０２－１２３４５", "单号：ts260302—12345。"]
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(typed: str) -> None:
    assert normal_number(typed) == "TS260302-12345"


@pytest.mark.parametrize("typed", ["", "TS26030-12345", "260302-12345", "TS260302"])
def test_what_is_no_number(typed: str) -> None:
    assert normal_number(typed) is None


def test_files_that_waited_come_along(session: Session, conversation: Conversation) -> None:
    other = open_guest(session, "guest-2")
    for place in (conversation, other):
        who = place.customer_id
        add(session, Upload("a.pdf", PDF), customer_id=who, conversation_id=place.id, now=NOW)
    made = complain(session, conversation=conversation)
    assert [one.name for one in of_ticket(session, made.id, internal=False)] == ["a.pdf"]
    assert pending(session, conversation.id) == []
    assert len(pending(session, other.id)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [({"matter": " "}, "empty_field"), ({"matter": "长" * 2001}, "field_too_long"), ({"product": "长" * 201}, "field_too_long"),
     ({"contact": "1" * 201}, "field_too_long"), ({"name": "长" * 61}, "field_too_long")],
)  # fmt: skip
def test_a_draft_that_cannot_be_used(session: Session, change: dict[str, Any], code: str) -> None:
    with pytest.raises(WenjinError) as told:
        complain(session, draft=tickets.TicketDraft(**{"matter": "事", **change}))
    assert (told.value.code, told.value.status) == (code, 422)


@pytest.mark.parametrize("key", ["", "x" * 129])
def test_a_key_that_cannot_be_used(session: Session, key: str) -> None:
    with pytest.raises(WenjinError) as told:
        complain(session, key)
    assert told.value.code == "bad_key"


def test_the_same_key_is_the_same_ticket(session: Session, ticket: Ticket) -> None:
    again = complain(session, draft=tickets.TicketDraft("另一件事"), seed=2)
    assert (again.id, again.matter) == (ticket.id, DRAFT.matter)
    with pytest.raises(WenjinError) as told:
        complain(session, customer="guest-2", seed=3)
    assert (told.value.code, told.value.status) == ("key_taken", 409)
    assert session.scalar(select(func.count()).select_from(TicketEvent)) == 1


def test_a_taken_number_is_drawn_again(session: Session) -> None:
    first, second = complain(session, "1", seed=1), complain(session, "2", seed=1)
    assert first.number != second.number


def test_a_double_click_is_one_ticket(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, CUSTOMER)

    def run(number: int) -> str:
        with db.begin() as s:
            return complain(s, conversation=conversation, seed=number).number

    assert len(set(at_once(4, run))) == 1
    with db.begin() as s:
        made = s.scalars(select(Ticket)).one()
        assert tickets.verify(s, made) == audit.verify(s) == []


def test_the_same_key_from_two_windows_is_one_ticket(db: Database) -> None:
    """Nothing but the key holds these together: the conversations are two."""
    with db.begin() as s:
        places = [
            conversations.open_conversation(
                s, channel="web", external_id=f"tab-{n}", customer_id=CUSTOMER, audience="customer", now=NOW
            )
            for n in range(3)
        ]

    def run(number: int) -> str:
        with db.begin() as s:
            return complain(s, conversation=places[number], seed=number).number

    assert len(set(at_once(3, run))) == 1


def test_many_at_once_get_different_numbers(db: Database) -> None:
    def run(number: int) -> str:
        with db.begin() as s:
            return complain(s, str(number), seed=1).number

    assert len(set(at_once(4, run))) == 4


def test_a_complaint_that_fails_half_way_never_was(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "adopt", lambda _s, _t: 1 / 0)
    with pytest.raises(ZeroDivisionError), db.begin() as s:
        complain(s)
    with db.reading() as s:
        for table in (Ticket, TicketEvent, TicketTerm):
            assert s.scalar(select(func.count()).select_from(table)) == 0
