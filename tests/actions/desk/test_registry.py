"""Lists: in the order in which they want a look, narrowed as one likes, searched in Chinese."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from actions.desk import customer, registry, tickets, work
from actions.desk.registry import Wanted, count, listed
from actions.store.tables.desk import Priority, Ticket, TicketState
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW
from tests.actions.desk.people import ASSESSED, CUSTOMER, DAY, HOUR, People, as_is, complain, decide, take


@pytest.fixture
def some(session: Session, people: People) -> dict[str, Ticket]:
    """Six tickets, registered a day apart, in different states."""
    made = {}
    for n, name in enumerate(("新的", "在办", "等待", "答复", "办结", "撤回")):
        made[name] = complain(
            session, name, draft=tickets.TicketDraft(f"{name}的到账问题"), now=NOW + n * DAY, seed=n
        )
    for name in ("在办", "等待", "答复", "办结"):
        take(session, made[name], people.li, NOW + 6 * DAY)
    work.ask(session, **as_is(made["等待"], people.li, NOW + 6 * DAY), text="请补充")
    decide(session, made["答复"], people.li, NOW + 6 * DAY)
    decide(session, made["办结"], people.zhao, NOW + 6 * DAY)
    work.close(session, **as_is(made["办结"], people.li, NOW + 6 * DAY))
    tickets.withdraw(session, ticket_id=made["撤回"].id, customer_id=CUSTOMER, now=NOW + 6 * DAY)
    return made


def names(found: list[Ticket]) -> list[str]:
    return [ticket.matter[:2] for ticket in found]


def shown(
    s: Session, *, now: timedelta = 7 * DAY, limit: int = 50, offset: int = 0, **wanted: Any
) -> list[str]:
    found = listed(s, Wanted(**wanted), NOW + now, limit=limit, offset=offset)
    if limit == 50:
        assert count(s, Wanted(**wanted), NOW + now) == len(found)
    return names(found)


@pytest.mark.usefixtures("some")
def test_what_waits_comes_first_by_its_date_what_is_over_last(session: Session) -> None:
    everything = ["新的", "在办", "等待", "撤回", "办结", "答复"]
    assert shown(session) == everything
    for size in (1, 2, 4):
        pages = [shown(session, limit=size, offset=at) for at in range(0, 8, size)]
        assert [name for page in pages for name in page] == everything
        pages = [shown(session, limit=size, offset=at, text="到账问题") for at in range(0, 8, size)]
        assert [name for page in pages for name in page] == everything


def test_each_filter_narrows(session: Session, people: People, some: dict[str, Ticket]) -> None:
    assert shown(session, states=[TicketState.RECEIVED]) == ["新的"]
    assert shown(session, states=[TicketState.WITHDRAWN, TicketState.CLOSED]) == ["撤回", "办结"]
    assert shown(session, states=[TicketState.WAITING, TicketState.DECIDED]) == ["等待", "答复"]
    assert shown(session, handler=people.li.id) == ["在办", "等待", "办结", "答复"]
    assert shown(session, handler="") == ["新的", "撤回"]
    assert shown(session, handler=people.wang.id) == []
    work.move(session, **as_is(some["新的"], people.li), queue="privacy", reason="")
    some["新的"].priority = Priority.HIGH
    assert shown(session, queue="privacy") == shown(session, priority=Priority.HIGH) == ["新的"]
    assert shown(session, business=ASSESSED["business"], cause=ASSESSED["cause"]) == ["办结", "答复"]
    assert shown(session, business="lending") == []


def test_dates(session: Session, people: People, some: dict[str, Ticket]) -> None:
    assert shown(session, overdue=True) == []
    assert shown(session, now=15 * DAY, overdue=True) == []  # till the end of the day
    assert shown(session, now=16 * DAY, overdue=True) == ["新的"]
    assert shown(session, now=40 * DAY, overdue=True) == ["新的", "在办", "等待"]
    assert shown(session, now=15 * DAY, soon=NOW + 16 * DAY) == ["新的"]
    assert shown(session, now=16 * DAY, soon=NOW + 17 * DAY) == ["在办"]
    work.pause(session, **as_is(some["在办"], people.li, NOW + 7 * DAY), reason="鉴定")
    assert shown(session, now=40 * DAY, overdue=True) == ["新的", "等待"]
    work.ask_time(session, **as_is(some["等待"], people.li, NOW + 7 * DAY), kind="complex", reason="等回函")
    assert shown(session, asked_time=True) == ["等待"]


def test_unread_until_seen_and_again_with_news(session: Session, some: dict[str, Ticket]) -> None:
    assert shown(session, unread=True) == ["新的", "在办", "等待", "答复"]
    for ticket in some.values():
        ticket.seen_at = NOW + 6 * DAY
    assert shown(session, unread=True) == []
    customer.add_facts(
        session, ticket_id=some["等待"].id, customer_id=CUSTOMER, text="截图", now=NOW + 7 * DAY
    )
    assert shown(session, unread=True) == ["等待"]


def test_counting_states(session: Session, some: dict[str, Ticket]) -> None:
    del some
    found = registry.count_by_state(session)
    assert set(found) == set(TicketState)
    assert {state for state, number in found.items() if number} == {
        "received", "acknowledged", "waiting", "decided", "closed", "withdrawn"
    }  # fmt: skip


SEARCHED = tickets.TicketDraft(
    "2月28日在手机银行转账5000元失败，客服说要等，订单号 2026022800117733，电话138-1234-5678",
    "稳健理财", "退還手續費", "13987654321", "欧阳先生",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["转账", "手机银行", "轉賬", "手机 银行", "稳健理财", "欧阳", "手续费", "5678", "4321", "7733", "5000", "138-1234",
     "13812345678", "20260228001177", "2月28日", "转账5000元", "ＡＰＰ", "app"],
)  # fmt: skip
def test_text_is_found_as_people_type_it(session: Session, text: str) -> None:
    draft = tickets.TicketDraft(SEARCHED.matter + "，APP也打不开", *(
        getattr(SEARCHED, part) for part in ("product", "demand", "contact", "name")
    ))  # fmt: skip
    made = complain(session, draft=draft)
    complain(session, "2", draft=tickets.TicketDraft("柜员态度不好"), seed=2)
    assert [one.id for one in listed(session, Wanted(text=text), NOW)] == [made.id]
    assert count(session, Wanted(text=text), NOW) == 1


@pytest.mark.parametrize("text", ["信用卡", "卡", "5679", "1381234567x", "转帐户", "银行手机", "败转账"])
def test_what_is_not_there_is_not_found(session: Session, text: str) -> None:
    complain(session, draft=SEARCHED)
    assert listed(session, Wanted(text=text), NOW) == []


def test_pairs_from_different_places_are_no_hit(session: Session) -> None:
    complain(session, draft=tickets.TicketDraft("转账慢，账户失效，失败两次"))
    assert listed(session, Wanted(text="转账户失败"), NOW) == []


def test_a_search_reads_what_was_added_later(session: Session, people: People) -> None:
    made = complain(session)
    customer.add_facts(
        session, ticket_id=made.id, customer_id=CUSTOMER, text="营业部经理姓司马", now=NOW + HOUR
    )
    assert [one.id for one in listed(session, Wanted(text="经理姓司马"), NOW)] == [made.id]
    take(session, made, people.li)
    decide(session, made, people.li)
    customer.review(session, ticket_id=made.id, customer_id=CUSTOMER, reason="赔偿金额算错", now=NOW + HOUR)
    assert [one.id for one in listed(session, Wanted(text="金额算错"), NOW)] == [made.id]


def test_numbers_and_parts_of_them(session: Session) -> None:
    made, other = complain(session, "1", seed=1), complain(session, "2", now=NOW + 2 * DAY, seed=2)
    for typed in (
        made.number,
        made.number.lower(),
        made.number[-5:],
        made.number[2:8],
        made.number[:8],
        made.number[:11],
    ):
        assert [one.id for one in listed(session, Wanted(text=typed), NOW)] == [made.id], typed
    assert [one.id for one in listed(session, Wanted(text=other.number), NOW)] == [other.id]
    assert listed(session, Wanted(text="TS990101-00000"), NOW) == []


def test_hits_of_a_search_are_counted_up_to_many(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MANY", 2)
    for n in range(4):
        complain(session, str(n), seed=n)
    assert count(session, Wanted(text="理财"), NOW) == 3
    assert count(session, Wanted(), NOW) == 4


def test_a_ticket_is_found_by_its_customer_only(session: Session, ticket: Ticket) -> None:
    assert tickets.get_by_number(session, ticket.number.lower()).id == ticket.id
    assert tickets.get_by_number(session, ticket.number, customer_id=CUSTOMER).id == ticket.id
    for number, who in (
        (ticket.number, "guest-2"),
        ("TS260302-00000", CUSTOMER),
        ("什么", CUSTOMER),
        ("", None),
    ):
        with pytest.raises(WenjinError) as told:
            tickets.get_by_number(session, number, customer_id=who)
        assert (told.value.code, told.value.status) == ("ticket_not_found", 404)
    with pytest.raises(WenjinError):
        tickets.get(session, "none")
    assert [one.id for one in tickets.for_customer(session, CUSTOMER)] == [ticket.id]
    assert tickets.for_customer(session, "guest-2") == []
