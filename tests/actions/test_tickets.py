"""Tickets: registered once, lived through in order, seen by their customer only, every step on record."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.desk import cards, tickets
from actions.desk.life import STATE_LABELS, TRANSITIONS, Step, after, allowed
from actions.desk.registry import new_number, normal_number
from actions.service import accounts, conversations
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest

AddUser = Callable[..., User]
DRAFT = tickets.TicketDraft(
    "理财到账晚了三天，客服电话 13812345678 打不通", "稳健理财", "说明原因并补偿", "13987654321"
)


def create(
    s: Session,
    *,
    key: str = "k",
    customer: str = "guest-1",
    conversation: Conversation | None = None,
    draft: tickets.TicketDraft = DRAFT,
    now: datetime = NOW,
    seed: int = 1,
) -> Ticket:
    return tickets.create(
        s,
        draft=draft,
        customer_id=customer,
        conversation_id=conversation.id if conversation else None,
        key=key,
        now=now,
        rng=random.Random(seed),
    )


@pytest.fixture
def ticket(session: Session, conversation: Conversation) -> Ticket:
    return create(session, conversation=conversation)


@pytest.fixture
def li(add_user: AddUser) -> User:
    return add_user("li")


@pytest.fixture
def wang(add_user: AddUser) -> User:
    return add_user("wang")


def refused(told: pytest.ExceptionInfo[WenjinError]) -> tuple[str, int]:
    return told.value.code, told.value.status


def said(s: Session, conversation: Conversation) -> list[tuple[str, str]]:
    return [(turn.actor, turn.kind) for turn in conversations.history(s, conversation.id)]


def test_a_complaint_is_registered_with_number_deadline_and_rule(ticket: Ticket) -> None:
    assert normal_number(ticket.number) == ticket.number
    assert ticket.number.startswith("TS260302-")
    assert ticket.due_at == NOW + timedelta(days=15)
    assert ticket.rule == "《银行业保险业消费投诉处理管理办法》15日"
    assert (ticket.state, ticket.version, ticket.priority) == ("received", 1, "normal")
    assert ticket.contact_masked == "139****4321"


def test_what_the_customer_wrote_is_encrypted(session: Session, ticket: Ticket) -> None:
    raw = str(session.execute(text("SELECT matter, demand, contact, contact_masked FROM tickets")).all())
    raw += str(session.execute(text("SELECT data FROM ticket_events")).all())
    assert "理财到账" not in raw
    assert "补偿" not in raw
    assert "13987654321" not in raw
    session.expire_all()
    assert session.get_one(Ticket, ticket.id).matter == DRAFT.matter


def test_the_card_in_the_chat_is_masked(ticket: Ticket) -> None:
    shown = cards.card(ticket)
    assert shown["matter"] == "理财到账晚了三天，客服电话 138****5678 打不通"
    assert shown["contact_masked"] == "139****4321"
    assert "contact" not in shown
    assert shown["state_label"] == "已受理登记"
    assert datetime.fromisoformat(shown["due_at"]) == ticket.due_at
    told = cards.registered(ticket)
    for word in (ticket.number, "2026年3月17日", ticket.rule):
        assert word in told.text
    assert cards.progress(ticket).data == shown


def test_the_number_carries_the_day_in_shanghai() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert new_number(late, random.Random(1)).startswith("TS260303-")


@pytest.mark.parametrize(
    "written",
    [
        "TS260302-01234",
        "ts260302-01234",
        " TS260302 01234",
        "ＴＳ260302—01234",
        "工单TS26030201234怎么样了",
        "ts-260302-01234",
    ],
)
def test_a_number_is_read_as_people_write_it(written: str) -> None:
    assert normal_number(written) == "TS260302-01234"


@pytest.mark.parametrize("written", ["", "TS", "260302-01234", "TS260302-0123", "投诉"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert normal_number(written) is None


@pytest.mark.parametrize("matter", ["", "  \n", "\u200b", "\x00"])
def test_a_complaint_about_nothing_is_refused(session: Session, matter: str) -> None:
    with pytest.raises(WenjinError) as told:
        create(session, draft=tickets.TicketDraft(matter))
    assert refused(told) == ("empty_field", 422)
    assert "投诉事项" in told.value.message


@pytest.mark.parametrize(
    "draft",
    [
        tickets.TicketDraft("长" * 2_001),
        tickets.TicketDraft("事", product="x" * 201),
        tickets.TicketDraft("事", demand="x" * 2_001),
        tickets.TicketDraft("事", contact="1" * 201),
    ],
)
def test_fields_that_are_too_long_are_refused(session: Session, draft: tickets.TicketDraft) -> None:
    with pytest.raises(WenjinError) as told:
        create(session, draft=draft)
    assert refused(told) == ("field_too_long", 422)


def test_contact_demand_and_product_may_be_missing(session: Session) -> None:
    made = create(session, draft=tickets.TicketDraft("事"))
    assert (made.product, made.demand, made.contact, made.contact_masked) == ("", "", "", "")


def test_the_same_key_is_the_same_ticket(session: Session, ticket: Ticket) -> None:
    assert create(session, draft=tickets.TicketDraft("另一件事")).id == ticket.id
    assert create(session, key="other").id != ticket.id
    with pytest.raises(WenjinError) as told:
        create(session, customer="guest-2")
    assert refused(told) == ("key_taken", 409)


def test_a_number_in_use_is_not_given_twice(session: Session) -> None:
    numbers = {create(session, key=str(number), seed=1).number for number in range(5)}
    assert len(numbers) == 5


def test_the_same_complaint_sent_twice_at_once_is_one_ticket(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")

    def run(number: int) -> str:
        with db.begin() as s:
            return create(s, conversation=conversation if number % 2 else None, seed=number).number

    assert len(set(at_once(4, run))) == 1
    with db.begin() as s:
        assert s.scalar(select(func.count()).select_from(Ticket)) == 1
        assert audit.verify(s) == []


def test_complaints_at_once_get_numbers_of_their_own(db: Database) -> None:
    def run(number: int) -> str:
        with db.begin() as s:
            return create(s, key=str(number), seed=1).number

    assert len(set(at_once(4, run))) == 4


def test_a_ticket_is_found_by_its_customer_only(session: Session, ticket: Ticket) -> None:
    assert tickets.get_by_number(session, ticket.number.lower()).id == ticket.id
    assert tickets.get_by_number(session, ticket.number, customer_id="guest-1").id == ticket.id
    for number, customer in (
        (ticket.number, "guest-2"),
        ("TS260302-00000", "guest-1"),
        ("什么", "guest-1"),
        ("", None),
    ):
        with pytest.raises(WenjinError) as told:
            tickets.get_by_number(session, number, customer_id=customer)
        assert refused(told) == ("ticket_not_found", 404)
    with pytest.raises(WenjinError) as told:
        tickets.get(session, "none")
    assert refused(told) == ("ticket_not_found", 404)
    assert [one.id for one in tickets.for_customer(session, "guest-1")] == [ticket.id]
    assert tickets.for_customer(session, "guest-2") == []


def test_a_whole_life(session: Session, conversation: Conversation, ticket: Ticket, li: User) -> None:
    tickets.take(session, ticket_id=ticket.id, user=li, version=1, now=NOW)
    assert (ticket.state, ticket.handler_id, ticket.version) == ("in_progress", li.id, 2)
    tickets.note(session, ticket_id=ticket.id, user=li, text="已联系理财部", version=2, now=NOW)
    assert said(session, conversation) == []
    tickets.reply(
        session, ticket_id=ticket.id, user=li, text="因系统维护延迟，已补发收益。", version=3, now=NOW
    )
    assert ticket.state == "answered"
    told = conversations.history(session, conversation.id)[-1]
    assert (told.actor, told.kind, told.outcome) == ("handler", "ticket", "ticket")
    assert "因系统维护延迟，已补发收益。" in told.text
    assert told.data["state_label"] == "已答复"
    tickets.close(
        session,
        ticket_id=ticket.id,
        user=li,
        version=4,
        resolution="补发收益 12 元",
        now=NOW + timedelta(days=1),
    )
    assert (ticket.state, ticket.closed_at) == ("closed", NOW + timedelta(days=1))
    assert [kind for _, kind in said(session, conversation)] == ["ticket", "ticket", "rating"]
    events = tickets.timeline(session, ticket.id)
    assert [event.type for event in events] == ["created", "take", "note", "reply", "close"]
    assert [event.actor_kind for event in events] == ["customer", *["handler"] * 4]
    assert [event.data["state"] for event in events] == [
        "received",
        "in_progress",
        "in_progress",
        "answered",
        "closed",
    ]
    assert events[-1].data["in_time"] is True
    assert tickets.verify(session, ticket) == []
    rows = audit.entries(session, object_type="ticket", object_id=ticket.id)
    assert [row.action for row in rows] == [
        "ticket.create",
        "ticket.take",
        "ticket.note",
        "ticket.reply",
        "ticket.close",
    ]
    assert "收益" not in str([row.data for row in rows])


def test_a_ticket_without_conversation_lives_too(session: Session, li: User) -> None:
    made = create(session)
    tickets.take(session, ticket_id=made.id, user=li, version=1, now=NOW)
    tickets.reply(session, ticket_id=made.id, user=li, text="好", version=2, now=NOW)
    assert (
        tickets.close(session, ticket_id=made.id, user=li, version=3, resolution="好", now=NOW).state
        == "closed"
    )


HANDLER_STEPS: dict[str, Callable[..., Ticket]] = {
    "take": tickets.take,
    "reply": lambda s, **more: tickets.reply(s, text="好", **more),
    "note": lambda s, **more: tickets.note(s, text="好", **more),
    "close": lambda s, **more: tickets.close(s, resolution="好", **more),
}


@pytest.mark.parametrize("step", HANDLER_STEPS)
def test_a_stale_version_is_told_and_changes_nothing(
    session: Session, conversation: Conversation, ticket: Ticket, li: User, step: str
) -> None:
    if step != "take":
        tickets.take(session, ticket_id=ticket.id, user=li, version=1, now=NOW)
    before = ticket.version
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id=ticket.id, user=li, version=before - 1, now=NOW)
    assert refused(told) == ("stale_version", 409)
    assert told.value.message == "这张工单刚被别人更新，请刷新后再试。"
    assert told.value.data == {"version": before}
    assert (ticket.version, said(session, conversation)) == (before, [])


@pytest.mark.parametrize("step", HANDLER_STEPS)
def test_it_takes_a_handler(session: Session, ticket: Ticket, add_user: AddUser, step: str) -> None:
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id=ticket.id, user=add_user("staff", "staff"), version=1, now=NOW)
    assert refused(told) == ("role_needed", 403)


@pytest.mark.parametrize("step", HANDLER_STEPS)
def test_an_unknown_ticket_is_not_found(session: Session, li: User, step: str) -> None:
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id="none", user=li, version=1, now=NOW)
    assert refused(told) == ("ticket_not_found", 404)


@pytest.mark.parametrize("step", ["take", "reply", "close"])
def test_a_colleagues_ticket_is_left_alone(
    session: Session, ticket: Ticket, li: User, wang: User, add_user: AddUser, step: str
) -> None:
    tickets.take(session, ticket_id=ticket.id, user=li, version=1, now=NOW)
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id=ticket.id, user=wang, version=2, now=NOW)
    assert refused(told) == ("ticket_taken", 409)
    if step != "take":
        assert HANDLER_STEPS[step](
            session, ticket_id=ticket.id, user=add_user("root", "admin"), version=2, now=NOW
        )


def test_taking_ones_own_again_changes_nothing(session: Session, ticket: Ticket, li: User) -> None:
    for _ in range(2):
        tickets.take(session, ticket_id=ticket.id, user=li, version=1, now=NOW)
    assert ticket.version == 2


@pytest.mark.parametrize("text", ["", " ", "\x00"])
def test_an_empty_answer_is_refused(session: Session, ticket: Ticket, li: User, text: str) -> None:
    tickets.take(session, ticket_id=ticket.id, user=li, version=1, now=NOW)
    common: dict[str, Any] = {"ticket_id": ticket.id, "user": li, "version": 2, "now": NOW}
    steps: list[Callable[[], Ticket]] = [
        lambda: tickets.reply(session, text=text, **common),
        lambda: tickets.note(session, text=text, **common),
        lambda: tickets.close(session, resolution=text, **common),
    ]
    for step in steps:
        with pytest.raises(WenjinError) as told:
            step()
        assert told.value.status == 422
    assert ticket.version == 2


def test_it_is_taken_before_it_is_answered(session: Session, ticket: Ticket, li: User) -> None:
    for step in ("reply", "close"):
        with pytest.raises(WenjinError, match="请先受理") as told:
            HANDLER_STEPS[step](session, ticket_id=ticket.id, user=li, version=1, now=NOW)
        assert refused(told) == ("wrong_state", 409)


def test_every_state_has_its_label_and_only_the_table_moves_a_ticket() -> None:
    assert set(STATE_LABELS) == set(TicketState)
    for step in Step:
        for state in TicketState:
            if state in TRANSITIONS[step]:
                assert after(state, step) in TicketState
                assert step in allowed(state)
            else:
                with pytest.raises(WenjinError) as told:
                    after(state, step)
                assert refused(told) == ("wrong_state", 409)
    assert allowed(TicketState.CLOSED) == allowed(TicketState.WITHDRAWN) == [Step.NOTE]


def test_a_customer_withdraws(session: Session, ticket: Ticket, li: User) -> None:
    for _ in range(2):
        made = tickets.withdraw(session, ticket_id=ticket.id, customer_id="guest-1", now=NOW)
        assert (made.state, made.closed_at, made.version) == ("withdrawn", NOW, 2)
    with pytest.raises(WenjinError) as told:
        tickets.take(session, ticket_id=ticket.id, user=li, version=2, now=NOW)
    assert refused(told) == ("wrong_state", 409)


def test_new_facts_after_an_answer_ask_for_another(session: Session, ticket: Ticket, li: User) -> None:
    due = ticket.due_at
    tickets.add_facts(session, ticket_id=ticket.id, customer_id="guest-1", text="补充一张截图", now=NOW)
    assert ticket.state == "received"
    tickets.take(session, ticket_id=ticket.id, user=li, version=2, now=NOW)
    tickets.reply(session, ticket_id=ticket.id, user=li, text="好", version=3, now=NOW)
    tickets.add_facts(session, ticket_id=ticket.id, customer_id="guest-1", text="还是没有到账", now=NOW)
    assert (ticket.state, ticket.due_at, ticket.handler_id) == ("in_progress", due, li.id)
    assert tickets.timeline(session, ticket.id)[-1].data["text"] == "还是没有到账"
    tickets.close(session, ticket_id=ticket.id, user=li, version=5, resolution="好", now=NOW)
    with pytest.raises(WenjinError) as told:
        tickets.add_facts(session, ticket_id=ticket.id, customer_id="guest-1", text="再说", now=NOW)
    assert refused(told) == ("wrong_state", 409)


def test_somebody_elses_ticket_does_not_exist(session: Session, ticket: Ticket) -> None:
    with pytest.raises(WenjinError) as told:
        tickets.withdraw(session, ticket_id=ticket.id, customer_id="guest-2", now=NOW)
    assert refused(told) == ("ticket_not_found", 404)
    with pytest.raises(WenjinError) as told:
        tickets.add_facts(session, ticket_id=ticket.id, customer_id="guest-2", text="x", now=NOW)
    assert refused(told) == ("ticket_not_found", 404)


def test_the_queue_shows_what_is_due_first_and_what_is_over_last(session: Session, li: User) -> None:
    for day in (3, 1, 2):
        create(
            session, key=str(day), now=NOW + timedelta(days=day), draft=tickets.TicketDraft(f"第{day}天的事")
        )
    made = {one.matter: one for one in tickets.queue(session)}
    assert list(made) == ["第1天的事", "第2天的事", "第3天的事"]
    tickets.withdraw(session, ticket_id=made["第1天的事"].id, customer_id="guest-1", now=NOW)
    tickets.take(session, ticket_id=made["第3天的事"].id, user=li, version=1, now=NOW)

    def shown(**wanted: Any) -> list[str]:
        return [one.matter for one in tickets.queue(session, **wanted)]

    assert shown() == ["第2天的事", "第3天的事", "第1天的事"]
    assert shown(state="received") == ["第2天的事"]
    assert shown(state=TicketState.WITHDRAWN) == ["第1天的事"]
    assert shown(mine=li.id) == ["第3天的事"]
    assert shown(text=" 第2天 ") == ["第2天的事"]
    assert shown(text=made["第3天的事"].number.lower()) == ["第3天的事"]
    assert shown(text="没有的") == []
    assert shown(limit=1) == ["第2天的事"]
    assert shown(text="天", limit=2) == ["第2天的事", "第3天的事"]
    standing = {"received": 1, "in_progress": 1, "withdrawn": 1, "answered": 0, "closed": 0}
    assert tickets.count_by_state(session) == standing


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE ticket_events SET actor = 'x' WHERE seq = 2",
        "DELETE FROM ticket_events WHERE seq = 2",
        "DELETE FROM ticket_events WHERE seq = 3",
        "UPDATE ticket_events SET seq = 9 - seq WHERE seq > 1",
    ],
)
def test_spoilt_events_show(session: Session, ticket: Ticket, spoil: str) -> None:
    for fact in ("一", "二"):
        tickets.add_facts(session, ticket_id=ticket.id, customer_id="guest-1", text=fact, now=NOW)
    assert tickets.verify(session, ticket) == []
    session.execute(text(spoil))
    assert tickets.verify(session, ticket)


def test_two_who_take_at_once_get_one(db: Database) -> None:
    with db.begin() as s:
        people = [
            accounts.add_user(s, name=n, password=None, roles=["handler"], now=NOW)[0] for n in ("li", "wang")
        ]
        made = create(s, conversation=open_guest(s, "guest-1"))

    def take(number: int) -> str:
        try:
            with db.begin() as s:
                return str(tickets.take(s, ticket_id=made.id, user=people[number], version=1, now=NOW).state)
        except WenjinError as error:
            return error.code

    assert sorted(at_once(2, take)) == ["in_progress", "ticket_taken"]


def test_a_handler_and_a_customer_at_once_do_not_block_each_other(db: Database) -> None:
    with db.begin() as s:
        conversation = open_guest(s, "guest-1")
        li, _ = accounts.add_user(s, name="li", password=None, roles=["handler"], now=NOW)
        made = create(s, conversation=conversation)
        tickets.take(s, ticket_id=made.id, user=li, version=1, now=NOW)

    def run(number: int) -> None:
        for turn in range(5):
            with db.begin() as s:
                if number:
                    asked = conversations.receive(
                        s, conversation=conversation, text="补充", key=None, now=NOW
                    )[0]
                    tickets.add_facts(s, ticket_id=made.id, customer_id="guest-1", text=asked.text, now=NOW)
                else:
                    version = s.scalar(select(Ticket.version).where(Ticket.id == made.id)) or 0
                    try:
                        tickets.reply(
                            s, ticket_id=made.id, user=li, text=f"答复{turn}", version=version, now=NOW
                        )
                    except WenjinError as error:
                        assert error.code == "stale_version"

    at_once(2, run)
    with db.begin() as s:
        turns = conversations.history(s, conversation.id)
        assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
        assert tickets.verify(s, tickets.get(s, made.id)) == []
        assert audit.verify(s) == []
