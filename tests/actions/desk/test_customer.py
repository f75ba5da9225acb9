"""What customers do with their ticket: add, take back, object; each in its time, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from actions.desk import customer, supervision, tickets, work
from actions.desk.events import clock_of
from actions.desk.registry import Wanted, listed
from actions.service import conversations
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW
from tests.actions.desk.people import CUSTOMER, DAY, HOUR, People, as_is, complain, decide, take


def facts(
    s: Session, ticket: Ticket, text: str = "还是没到账", *, after: timedelta = HOUR, key: str = ""
) -> Ticket:
    return customer.add_facts(
        s, ticket_id=ticket.id, customer_id=CUSTOMER, text=text, key=key, now=NOW + after
    )


def review(s: Session, ticket: Ticket, *, after: timedelta = HOUR, key: str = "") -> Ticket:
    return customer.review(
        s, ticket_id=ticket.id, customer_id=CUSTOMER, reason="不认可结论", key=key, now=NOW + after
    )


@pytest.fixture
def decided(session: Session, ticket: Ticket, people: People) -> Ticket:
    take(session, ticket, people.li)
    return decide(session, ticket, people.li)


def test_more_facts_never_make_a_customer_wait_longer(session: Session, ticket: Ticket) -> None:
    due = ticket.due_at
    facts(session, ticket, "补充一张截图", after=3 * DAY)
    assert (ticket.state, ticket.due_at, ticket.cycle) == ("received", due, 1)
    assert [one.id for one in listed(session, Wanted(text="一张截图"), NOW)] == [ticket.id]


def test_new_facts_after_a_decision_start_another_round(
    session: Session, decided: Ticket, people: People
) -> None:
    facts(session, decided, after=5 * DAY)
    assert (decided.state, decided.cycle, decided.handler_id, decided.barred) == ("reopened", 2, None, [])
    assert clock_of(session, decided).started_at == NOW + 5 * DAY
    take(session, decided, people.li)  # the matter goes on; nobody's decision is reviewed


def test_a_review_is_done_by_somebody_else(session: Session, decided: Ticket, people: People) -> None:
    review(session, decided, after=2 * DAY)
    clock = clock_of(session, decided)
    assert (decided.state, clock.kind, clock.days, decided.barred) == (
        "reopened",
        "review",
        30,
        [people.li.id],
    )
    with pytest.raises(WenjinError) as told:
        take(session, decided, people.li)
    assert told.value.code == "barred"
    with pytest.raises(WenjinError) as told:
        supervision.assign(session, **as_is(decided, people.zhao), to=people.li.id)
    assert told.value.code == "handler_barred"
    take(session, decided, people.wang)
    with pytest.raises(WenjinError) as told:
        work.ask_time(session, **as_is(decided, people.wang), kind="special", reason="等回函")
    assert told.value.code == "no_extension"


def test_the_author_is_who_decided_not_who_had_the_ticket(
    session: Session, ticket: Ticket, people: People
) -> None:
    take(session, ticket, people.li)
    decide(session, ticket, people.zhao)
    work.reply(session, **as_is(ticket, people.li), text="有问题随时找我")
    review(session, ticket)
    assert ticket.barred == [people.zhao.id]


def test_a_review_is_not_reviewed_again(
    session: Session, conversation: Conversation, decided: Ticket, people: People
) -> None:
    review(session, decided)
    take(session, decided, people.wang)
    decide(session, decided, people.wang, NOW + 2 * HOUR)
    told_text = conversations.history(session, conversation.id)[-1].text
    assert "诉讼" in told_text
    assert "申请核查" not in told_text
    with pytest.raises(WenjinError) as told:
        review(session, decided, after=DAY)
    assert (told.value.code, told.value.status) == ("already_reviewed", 409)
    facts(session, decided, "找到了新的合同", after=DAY)  # but new facts are heard
    assert clock_of(session, decided).kind == "simple"


@pytest.mark.parametrize("closed", [False, True])
def test_a_decision_can_be_objected_to_until_the_end_of_the_last_day(
    session: Session, decided: Ticket, people: People, closed: bool
) -> None:
    if closed:
        work.close(session, **as_is(decided, people.li))
    until = customer.review_until(session, decided)
    assert until is not None
    assert until.date() == (NOW + 30 * DAY).date()
    for step in (facts, review):
        with pytest.raises(WenjinError) as told:
            step(session, decided, after=until - NOW + timedelta(seconds=1))
        assert (told.value.code, told.value.status) == ("too_late", 409)
    assert decided.cycle == 1
    assert review(session, decided, after=until - NOW).cycle == 2


def test_the_same_key_twice_changes_nothing(session: Session, ticket: Ticket, people: People) -> None:
    for _ in range(2):
        facts(session, ticket, key="a")
    assert ticket.version == 2
    take(session, ticket, people.li)
    decide(session, ticket, people.li)
    for _ in range(2):
        review(session, ticket, key="b")
    assert ticket.cycle == 2


def test_a_customer_withdraws(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    for _ in range(2):
        customer.withdraw(session, ticket_id=ticket.id, customer_id=CUSTOMER, now=NOW)
        assert (ticket.state, ticket.closed_at, ticket.version) == ("withdrawn", NOW, 4)
    assert (ticket.asked_days, ticket.decided_at, ticket.stopped_at) == (None, None, NOW)
    assert customer.review_until(session, ticket) is None
    for step in (facts, review):
        with pytest.raises(WenjinError) as told:
            step(session, ticket)
        assert told.value.code == "wrong_state"


def test_what_was_merged_goes_on_as_the_other(session: Session, ticket: Ticket, people: People) -> None:
    second = complain(session, "2", now=NOW + HOUR, seed=2)
    work.merge(session, **as_is(second, people.li, NOW + HOUR), into=ticket.number)
    assert customer.review_until(session, second) is None
    for step in (facts, review):
        with pytest.raises(WenjinError) as told:
            step(session, second)
        assert (told.value.code, told.value.data) == ("merged", {"number": ticket.number})
    assert (second.state, second.cycle) == ("closed", 1)


def test_somebody_elses_ticket_does_not_exist(session: Session, ticket: Ticket) -> None:
    for ticket_id, who in ((ticket.id, "guest-2"), ("none", CUSTOMER)):
        of: dict[str, Any] = {"ticket_id": ticket_id, "customer_id": who, "now": NOW}
        steps: list[Callable[[], Ticket]] = [
            lambda of=of: customer.withdraw(session, **of),  # type: ignore[misc]
            lambda of=of: customer.add_facts(session, **of, text="x"),  # type: ignore[misc]
            lambda of=of: customer.review(session, **of, reason="x"),  # type: ignore[misc]
        ]
        for step in steps:
            with pytest.raises(WenjinError) as told:
                step()
            assert (told.value.code, told.value.status) == ("ticket_not_found", 404)


def test_a_customer_called_system_is_still_a_customer(session: Session) -> None:
    made = complain(session, customer="system")
    tickets.add_facts(session, ticket_id=made.id, customer_id="system", text="新情况", now=NOW + HOUR)
    assert tickets.timeline(session, made.id)[-1].actor_kind == "customer"
    assert made.customer_at == NOW + HOUR
