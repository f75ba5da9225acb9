"""What supervisors do: give time, hand out work, reopen; never in their own cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from actions.desk import supervision, tickets, work
from actions.desk.events import clock_of
from actions.desk.rules import DEFAULT
from actions.service import accounts, conversations
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import KEY, NOW, Servers
from tests.actions.desk.people import CUSTOMER, DAY, People, as_is, complain, decide, hire, take


def code_of(told: pytest.ExceptionInfo[WenjinError]) -> str:
    return told.value.code


def test_more_time_is_approved_with_its_reason_and_told(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    take(session, ticket, people.li)
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等银行回函")
    assert (ticket.asked_days, ticket.asked_by) == (30, people.li.id)
    supervision.grant_time(session, **as_is(ticket, people.zhao), reason="情况属实")
    assert (ticket.asked_days, ticket.asked_by) == (None, None)
    event = tickets.timeline(session, ticket.id)[-1]
    assert (event.data["text"], event.data["reason"], event.actor) == (
        "情况属实",
        "等银行回函",
        people.zhao.id,
    )
    told = conversations.history(session, conversation.id)[-1].text
    assert "等银行回函" in told
    assert "2026年4月1日" in told
    assert ticket.rule.endswith("情况复杂，30日内")


def test_a_refusal_leaves_the_date_and_another_may_be_asked_for(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    due = ticket.due_at
    take(session, ticket, people.li)
    turns = len(conversations.history(session, conversation.id))
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    supervision.refuse_time(session, **as_is(ticket, people.zhao), reason="可以按时办")
    assert (ticket.due_at, ticket.asked_days) == (due, None)
    assert len(conversations.history(session, conversation.id)) == turns
    with pytest.raises(WenjinError) as told:
        supervision.grant_time(session, **as_is(ticket, people.zhao), reason="")
    assert code_of(told) == "nothing_asked"
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="又有新证据")


def test_nobody_approves_for_themselves(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.zhao)
    work.ask_time(session, **as_is(ticket, people.zhao), kind="complex", reason="等回函")
    for step in (supervision.grant_time, supervision.refuse_time):
        with pytest.raises(WenjinError) as told:
            step(session, **as_is(ticket, people.zhao), reason="同意")
        assert code_of(told) == "own_request"
    supervision.assign(session, **as_is(ticket, people.zhao), to=people.sun.id)
    with pytest.raises(WenjinError) as told:  # nor for what is on their own desk by now
        supervision.grant_time(session, **as_is(ticket, people.sun), reason="同意")
    assert code_of(told) == "own_request"


def test_a_request_outlives_its_author_s_leave(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    work.release(session, **as_is(ticket, people.li), reason="休假")
    supervision.grant_time(session, **as_is(ticket, people.zhao), reason="同意")
    assert (ticket.state, clock_of(session, ticket).days) == ("received", 30)


def test_assigning(session: Session, ticket: Ticket, people: People) -> None:
    supervision.assign(session, **as_is(ticket, people.zhao), to=people.li.id)
    assert (ticket.state, ticket.handler_id) == ("received", people.li.id)  # taking it is up to li
    with pytest.raises(WenjinError) as told:
        take(session, ticket, people.wang)
    assert code_of(told) == "ticket_taken"
    take(session, ticket, people.li)
    before = ticket.version
    supervision.assign(session, **as_is(ticket, people.zhao), to=people.li.id)
    assert ticket.version == before  # no news
    work.escalate(session, **as_is(ticket, people.li), reason="金额大")
    supervision.assign(session, **as_is(ticket, people.zhao), to=people.li.id)
    assert (ticket.state, ticket.handler_id) == ("in_progress", people.li.id)


def test_whom_nothing_is_assigned_to(session: Session, ticket: Ticket, people: People) -> None:
    ticket.barred = [people.wang.id]
    off = accounts.add_user(session, name="off", password=None, roles=["handler"], now=NOW)[0]
    accounts.set_active(session, user_id=off.id, active=False, now=NOW)
    for to, code in (
        (people.staff.id, "not_a_handler"), (off.id, "not_a_handler"), (people.wang.id, "handler_barred"),
        ("none", "user_not_found"),
    ):  # fmt: skip
        with pytest.raises(WenjinError) as told:
            supervision.assign(session, **as_is(ticket, people.zhao), to=to)
        assert code_of(told) == code
    assert ticket.version == 1


def test_who_works_on_what(session: Session, people: People) -> None:
    li = supervision.set_work(
        session, user_id=people.li.id, queues=["fraud", "fraud"], takes_new=False, now=NOW
    )
    assert (li.queues, li.takes_new) == (["fraud"], False)
    for user_id, queues, code in (
        (people.staff.id, ["fraud"], "not_a_handler"), (people.li.id, ["none"], "unknown_queue")
    ):  # fmt: skip
        with pytest.raises(WenjinError) as told:
            supervision.set_work(session, user_id=user_id, queues=queues, takes_new=True, now=NOW)
        assert code_of(told) == code


@pytest.fixture
def busy(servers: Servers, tmp_path: Path) -> Iterator[Session]:
    """A desk that assigns new tickets by itself."""
    with servers.migrated("sqlite", tmp_path) as url:
        database = Database(url, KEY, info={"desk": replace(DEFAULT, auto_assign=True)})
        with database.begin() as s:
            yield s
        database.dispose()


def of(s: Session, key: str, seed: int, matter: str = "到账慢") -> Ticket:
    return complain(s, key, draft=tickets.TicketDraft(matter), seed=seed)


def test_new_tickets_go_to_who_has_the_least_to_do(busy: Session) -> None:
    people = hire(busy)
    first, second, third = (of(busy, str(n), n) for n in range(3))
    assert {first.handler_id, second.handler_id} == {people.li.id, people.wang.id}
    take(busy, second, owner := busy.get_one(User, second.handler_id))
    decide(busy, second, owner)  # decided ones are no load
    fourth = of(busy, "3", 3)
    assert sorted([third.handler_id or "", fourth.handler_id or ""]) == sorted([people.li.id, people.wang.id])
    events = tickets.timeline(busy, first.id)
    assert [(event.type, event.actor_kind) for event in events] == [
        ("created", "customer"),
        ("assign", "system"),
    ]


def test_queues_leave_and_interests_are_heeded(busy: Session) -> None:
    people = hire(busy)
    supervision.set_work(busy, user_id=people.li.id, queues=["fraud"], takes_new=True, now=NOW)
    supervision.set_work(busy, user_id=people.wang.id, queues=[], takes_new=False, now=NOW)
    assert of(busy, "1", 1).handler_id is None
    made = of(busy, "2", 2, "有人冒充客服骗走我三千元")
    assert (made.queue, made.handler_id) == ("fraud", people.li.id)
    work.bar(busy, **as_is(made, people.li), reason="亲属")
    assert supervision.assign_by_load(busy, made, NOW).handler_id is None


def test_a_review_is_assigned_to_somebody_else(busy: Session) -> None:
    people = hire(busy)
    made = of(busy, "1", 1)
    author = people.li if made.handler_id == people.li.id else people.wang
    take(busy, made, author)
    decide(busy, made, author)
    tickets.review(busy, ticket_id=made.id, customer_id=CUSTOMER, reason="不认可", now=NOW + DAY)
    assert made.handler_id == ({people.li.id, people.wang.id} - {author.id}).pop()


def test_reopening_starts_another_clock_and_is_told(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    take(session, ticket, people.li)
    decide(session, ticket, people.li)
    supervision.reopen(session, **as_is(ticket, people.zhao, NOW + 3 * DAY), reason="漏算收益")
    assert (ticket.state, ticket.cycle, ticket.handler_id, ticket.decided_at) == ("reopened", 2, None, None)
    clock = clock_of(session, ticket)
    assert (clock.started_at, clock.kind) == (NOW + 3 * DAY, "simple")
    assert ticket.first_due_at is not None
    assert ticket.first_response_at is None
    assert "漏算收益" in conversations.history(session, conversation.id)[-1].text
    take(session, ticket, people.li)  # no review: who decided may do better
