"""What handlers do: in order, on record, told to the customer, never over a colleague's head."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import customer, supervision, tickets, work
from actions.desk.events import clock_of
from actions.service import accounts, conversations
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.service import Conversation
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, at_once, open_guest
from tests.actions.desk.people import (
    ASSESSED,
    CUSTOMER,
    DAY,
    DECISION,
    DRAFT,
    HOUR,
    People,
    as_is,
    complain,
    decide,
    extended,
    hire,
    take,
)


def refused(told: pytest.ExceptionInfo[WenjinError]) -> tuple[str, int]:
    return told.value.code, told.value.status


def said(s: Session, conversation: Conversation) -> list[tuple[str, str]]:
    return [(turn.actor, turn.kind) for turn in conversations.history(s, conversation.id)]


def last(s: Session, conversation: Conversation) -> str:
    return conversations.history(s, conversation.id)[-1].text


def test_a_whole_life(session: Session, conversation: Conversation, ticket: Ticket, people: People) -> None:
    li = people.li
    take(session, ticket, li, NOW + HOUR)
    assert (ticket.state, ticket.handler_id, ticket.version) == ("acknowledged", li.id, 2)
    assert "受理" in last(session, conversation)
    work.note(session, **as_is(ticket, li), text="已联系理财部")
    assert len(said(session, conversation)) == 1
    work.assess(session, **as_is(ticket, li), **ASSESSED)
    assert (ticket.state, ticket.cause, ticket.severity, ticket.urgency) == (
        "in_progress",
        "facilities",
        2,
        3,
    )
    work.ask(session, **as_is(ticket, li, NOW + 2 * HOUR), text="请发付款截图")
    assert (ticket.state, ticket.first_response_at) == ("waiting", NOW + 2 * HOUR)
    customer.add_facts(session, ticket_id=ticket.id, customer_id=CUSTOMER, text="截图已发", now=NOW + DAY)
    assert (ticket.state, ticket.customer_at) == ("in_progress", NOW + DAY)
    work.decide(session, **as_is(ticket, li, NOW + 2 * DAY), **DECISION)
    assert (ticket.state, ticket.decided_at, ticket.stopped_at) == ("decided", NOW + 2 * DAY, NOW + 2 * DAY)
    told = conversations.history(session, conversation.id)[-1]
    assert (told.actor, told.kind, told.outcome) == ("handler", "ticket", "ticket")
    for word in (*DECISION.values(), "申请核查", "诉讼"):
        assert word in told.text
    work.close(session, **as_is(ticket, li, NOW + 3 * DAY))
    assert (ticket.state, ticket.closed_at) == ("closed", NOW + 3 * DAY)
    assert said(session, conversation)[-1] == ("system", "rating")
    events = tickets.timeline(session, ticket.id)
    steps = ["created", "take", "note", "assess", "ask", "add_facts", "decide", "close"]
    assert [event.type for event in events] == steps
    assert [e.actor_kind for e in events if e.actor_kind == "customer"] == ["customer"] * 2
    assert events[-1].data["in_time"] is events[-2].data["in_time"] is True
    assert events[3].data["proposed"] == {}
    assert tickets.verify(session, ticket) == []
    rows = audit.entries(session, object_type="ticket", object_id=ticket.id)
    assert [row.action for row in rows] == ["ticket.create", *(f"ticket.{step}" for step in steps[1:])]
    assert "收益" not in str([row.data for row in rows])


def test_a_ticket_without_conversation_lives_too(session: Session, people: People) -> None:
    made = take(session, complain(session), people.li)
    decide(session, made, people.li)
    assert work.close(session, **as_is(made, people.li)).state == "closed"


def test_a_decision_is_the_first_response_where_nothing_was_said_before(
    session: Session, ticket: Ticket, people: People
) -> None:
    take(session, ticket, people.li)
    work.note(session, **as_is(ticket, people.li), text="内部")
    assert ticket.first_response_at is None
    decide(session, ticket, people.li, NOW + HOUR)
    assert ticket.first_response_at == NOW + HOUR


HANDLER_STEPS: dict[str, Callable[..., Ticket]] = {
    "take": work.take,
    "reply": lambda s, **by: work.reply(s, text="好", **by),
    "note": lambda s, **by: work.note(s, text="好", **by),
    "decide": lambda s, **by: work.decide(s, **DECISION, **by),
    "pause": lambda s, **by: work.pause(s, reason="鉴定", **by),
}


@pytest.mark.parametrize("step", HANDLER_STEPS)
def test_a_stale_version_is_told_and_changes_nothing(
    session: Session, conversation: Conversation, ticket: Ticket, people: People, step: str
) -> None:
    if step != "take":
        take(session, ticket, people.li)
    before, turns = ticket.version, said(session, conversation)
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id=ticket.id, user=people.li, version=before - 1, now=NOW)
    assert refused(told) == ("stale_version", 409)
    assert told.value.message == "这张工单刚被别人更新，请刷新后再试。"
    assert told.value.data == {"version": before}
    assert (ticket.version, said(session, conversation)) == (before, turns)


@pytest.mark.parametrize("step", HANDLER_STEPS)
def test_an_unknown_ticket_is_not_found(session: Session, people: People, step: str) -> None:
    with pytest.raises(WenjinError) as told:
        HANDLER_STEPS[step](session, ticket_id="none", user=people.li, version=1, now=NOW)
    assert refused(told) == ("ticket_not_found", 404)


def test_taking_ones_own_again_changes_nothing(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    for _ in range(2):
        work.take(session, ticket_id=ticket.id, user=people.li, version=1, now=NOW)
    assert (ticket.version, len(said(session, conversation))) == (2, 1)


def test_what_lies_before_the_supervisors_is_not_taken_from_them(
    session: Session, ticket: Ticket, people: People
) -> None:
    take(session, ticket, people.li)
    work.escalate(session, **as_is(ticket, people.li), reason="金额大")
    for user in (people.li, people.wang):
        with pytest.raises(WenjinError) as told:
            take(session, ticket, user)
        assert refused(told) == ("role_needed", 403)
    work.reply(session, **as_is(ticket, people.li), text="主管正在看")  # its handler works on meanwhile
    work.ask(session, **as_is(ticket, people.li), text="请补充")
    assert ticket.state == "escalated"
    assert take(session, ticket, people.zhao).handler_id == people.zhao.id
    assert ticket.state == "in_progress"


@pytest.mark.parametrize("text", ["", " ", "\x00", "\u200b"])
def test_empty_words_are_refused(session: Session, ticket: Ticket, people: People, text: str) -> None:
    by = as_is(take(session, ticket, people.li), people.li)
    steps: list[Callable[[], Ticket]] = [
        lambda: work.reply(session, text=text, **by),
        lambda: work.ask(session, text=text, **by),
        lambda: work.note(session, text=text, **by),
        lambda: work.release(session, reason=text, **by),
        lambda: work.escalate(session, reason=text, **by),
        lambda: work.bar(session, reason=text, **by),
        lambda: work.pause(session, reason=text, **by),
        lambda: work.ask_time(session, kind="complex", reason=text, **by),
        *(lambda part=part: work.decide(session, **{**DECISION, part: text}, **by) for part in DECISION),
    ]
    for step in steps:
        with pytest.raises(WenjinError) as told:
            step()
        assert told.value.status == 422
    assert ticket.version == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"cause": "none"}, "unknown_category"), ({"business": ""}, "unknown_category"), ({"channel": "x"}, "unknown_category"),
     ({"severity": 0}, "bad_level"), ({"urgency": 4}, "bad_level")],
)  # fmt: skip
def test_an_assessment_keeps_to_the_list(
    session: Session, ticket: Ticket, people: People, change: dict[str, Any], code: str
) -> None:
    take(session, ticket, people.li)
    with pytest.raises(WenjinError) as told:
        work.assess(session, **as_is(ticket, people.li), **{**ASSESSED, **change})
    assert refused(told) == (code, 422)


def test_nothing_is_decided_that_was_not_assessed(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    with pytest.raises(WenjinError) as told:
        work.decide(session, **as_is(ticket, people.li), **DECISION)
    assert refused(told) == ("not_assessed", 409)


def test_it_is_taken_before_it_is_answered(session: Session, ticket: Ticket, people: People) -> None:
    for user in (people.li, people.zhao):
        with pytest.raises(WenjinError, match="请先受理"):
            work.reply(session, **as_is(ticket, user), text="好")


def test_release_and_move_leave_the_clock_alone(session: Session, ticket: Ticket, people: People) -> None:
    due = ticket.due_at
    take(session, ticket, people.li)
    work.release(session, **as_is(ticket, people.li), reason="休假")
    assert (ticket.state, ticket.handler_id, ticket.due_at) == ("received", None, due)
    work.move(session, **as_is(ticket, people.wang), queue="fraud", reason="")  # nobody has it
    take(session, ticket, people.li)
    with pytest.raises(WenjinError) as told:
        work.move(session, **as_is(ticket, people.wang), queue="privacy", reason="")
    assert refused(told) == ("ticket_taken", 409)
    work.move(session, **as_is(ticket, people.li), queue="privacy", reason="涉及泄露")
    assert (ticket.state, ticket.handler_id, ticket.queue, ticket.due_at) == (
        "received",
        None,
        "privacy",
        due,
    )
    for queue, code in (("none", "unknown_queue"), ("privacy", "same_queue")):
        with pytest.raises(WenjinError) as told:
            work.move(session, **as_is(ticket, people.li), queue=queue, reason="")
        assert told.value.code == code


def test_who_has_an_interest_is_kept_away(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    work.bar(session, **as_is(ticket, people.wang), reason="亲属")  # not the handler: nothing changes for him
    assert (ticket.state, ticket.handler_id) == ("acknowledged", people.li.id)
    work.bar(session, **as_is(ticket, people.li), reason="同学")
    assert (ticket.state, ticket.handler_id, ticket.barred) == (
        "received", None, sorted([people.li.id, people.wang.id])
    )  # fmt: skip
    for user in (people.li, people.wang):
        for step in HANDLER_STEPS.values():
            with pytest.raises(WenjinError) as told:
                step(session, **as_is(ticket, user))
            assert refused(told) == ("barred", 403)
    assert [event.type for event in tickets.timeline(session, ticket.id)][-2:] == ["bar", "release"]


def test_a_supervisor_bars_somebody_else(session: Session, ticket: Ticket, people: People) -> None:
    """A complaint about a handler must not be handled by them, whether they say so or not."""
    take(session, ticket, people.li)
    with pytest.raises(WenjinError) as told:
        work.bar(session, **as_is(ticket, people.wang), reason="被投诉人", whom=people.li.id)
    assert refused(told) == ("role_needed", 403)
    work.bar(session, **as_is(ticket, people.zhao), reason="被投诉人", whom=people.li.id)
    assert (ticket.handler_id, ticket.barred) == (None, [people.li.id])


def test_a_pause_moves_the_date_and_is_told(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    due = ticket.due_at
    take(session, ticket, people.li)
    work.pause(session, **as_is(ticket, people.li, NOW + DAY), reason="笔迹鉴定")
    assert (ticket.paused_at, "不计入" in last(session, conversation)) == (NOW + DAY, True)
    with pytest.raises(WenjinError) as told:
        work.pause(session, **as_is(ticket, people.li), reason="再鉴定")
    assert refused(told) == ("already_paused", 409)
    work.unpause(session, **as_is(ticket, people.li, NOW + 4 * DAY))
    assert (ticket.paused_at, ticket.due_at) == (None, due + 3 * DAY)
    assert "2026年3月20日" in last(session, conversation)
    with pytest.raises(WenjinError) as told:
        work.unpause(session, **as_is(ticket, people.li))
    assert refused(told) == ("not_paused", 409)


def test_a_decision_in_a_pause_is_in_time_and_a_late_one_is_late(
    session: Session, ticket: Ticket, people: People
) -> None:
    late = complain(session, "late", seed=2)
    for one in (ticket, late):
        take(session, one, people.li)
        work.assess(session, **as_is(one, people.li), **ASSESSED)
    work.pause(session, **as_is(ticket, people.li, NOW + DAY), reason="鉴定")
    for one in (ticket, late):
        work.decide(session, **as_is(one, people.li, NOW + 40 * DAY), **DECISION)
        work.close(session, **as_is(one, people.li, NOW + 41 * DAY))
    judged = [
        [event.data["in_time"] for event in tickets.timeline(session, one.id)[-2:]] for one in (ticket, late)
    ]
    assert judged == [[True, True], [False, False]]


def test_nothing_gives_time_to_what_is_late(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    after = ticket.due_at + timedelta(seconds=1)
    steps: list[Callable[[], Ticket]] = [
        lambda: supervision.grant_time(session, **as_is(ticket, people.zhao, after), reason="同意"),
        lambda: work.pause(session, **as_is(ticket, people.li, after), reason="鉴定"),
    ]
    for step in steps:
        with pytest.raises(WenjinError) as told:
            step()
        assert refused(told) == ("overdue", 409)
    supervision.refuse_time(session, **as_is(ticket, people.zhao, after), reason="已超时")
    with pytest.raises(WenjinError) as told:
        work.ask_time(session, **as_is(ticket, people.li, after), kind="complex", reason="等回函")
    assert refused(told) == ("overdue", 409)


def test_periods_grow_step_by_step(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)

    def ask(kind: str) -> str:
        with pytest.raises(WenjinError) as told:
            work.ask_time(session, **as_is(ticket, people.li), kind=kind, reason="等回函")
        return told.value.code

    assert ask("special") == "complex_first"
    assert ask("review") == ask("") == "bad_extension"
    extended(session, ticket, "complex", people.li, people.zhao)
    assert clock_of(session, ticket).days == 30
    assert ask("complex") == "not_longer"
    extended(session, ticket, "special", people.li, people.zhao)
    assert (clock_of(session, ticket).days, "特别复杂" in ticket.rule) == (60, True)
    assert ask("special") == "not_longer"


def test_a_decision_settles_what_was_asked_for(session: Session, ticket: Ticket, people: People) -> None:
    take(session, ticket, people.li)
    work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    with pytest.raises(WenjinError) as told:
        work.ask_time(session, **as_is(ticket, people.li), kind="complex", reason="等回函")
    assert refused(told) == ("already_asked", 409)
    decide(session, ticket, people.li)
    assert (ticket.asked_days, ticket.asked_by) == (None, None)


def merge(s: Session, ticket: Ticket, into: Ticket, people: People, user: Any = None) -> Ticket:
    return work.merge(s, **as_is(ticket, user or people.li, NOW + HOUR), into=into.number)


def test_the_same_matter_is_merged_into_the_earlier_ticket(
    session: Session, conversation: Conversation, ticket: Ticket, people: People
) -> None:
    second = complain(session, "2", conversation=conversation, now=NOW + HOUR, seed=2)
    due = ticket.due_at
    merge(session, second, ticket, people)  # nobody has it: who sorts the queue may merge
    assert (second.state, second.merged_into, second.decided_at) == ("closed", ticket.id, None)
    assert second.stopped_at == second.closed_at == NOW + HOUR
    assert ticket.due_at == due
    assert DRAFT.matter in tickets.timeline(session, ticket.id)[-1].data["text"]
    assert second.number in last(session, conversation)
    assert tickets.verify(session, second) == tickets.verify(session, ticket) == []


def test_a_merging_never_gives_more_time_or_mixes_customers(
    session: Session, ticket: Ticket, people: People
) -> None:
    later = complain(session, "2", now=NOW + HOUR, seed=2)
    other = complain(session, "3", customer="guest-2", seed=3)
    barred = complain(session, "4", seed=4)
    barred.barred = [people.li.id]
    over = tickets.withdraw(
        session, ticket_id=complain(session, "5", seed=5).id, customer_id=CUSTOMER, now=NOW
    )
    for target, code in (
        (later, "later_ticket"), (other, "other_customer"), (ticket, "same_ticket"), (barred, "barred"),
        (over, "wrong_state"),
    ):  # fmt: skip
        with pytest.raises(WenjinError) as told:
            merge(session, ticket, target, people)
        assert told.value.code == code
    assert ticket.version == 1


def test_what_was_merged_by_mistake_stands_alone_again(
    session: Session, ticket: Ticket, people: People
) -> None:
    second = complain(session, "2", now=NOW + HOUR, seed=2)
    due = second.due_at
    merge(session, second, ticket, people)
    supervision.reopen(session, **as_is(second, people.zhao, NOW + 5 * DAY), reason="不是同一件事")
    assert (second.state, second.merged_into, second.due_at, second.cycle) == ("reopened", None, due, 2)


def test_two_who_take_at_once_get_one(db: Database) -> None:
    with db.begin() as s:
        handlers = [hire(s).li, accounts.add_user(s, name="x", password=None, roles=["handler"], now=NOW)[0]]
        made = complain(s, conversation=open_guest(s, CUSTOMER))

    def run(number: int) -> str:
        try:
            with db.begin() as s:
                return str(work.take(s, ticket_id=made.id, user=handlers[number], version=1, now=NOW).state)
        except WenjinError as error:
            return error.code

    assert sorted(at_once(2, run)) == ["acknowledged", "ticket_taken"]


def test_a_handler_and_a_customer_at_once_do_not_block_each_other(db: Database) -> None:
    with db.begin() as s:
        conversation, people = open_guest(s, CUSTOMER), hire(s)
        made = take(s, complain(s, conversation=conversation), people.li)

    def run(number: int) -> None:
        for turn in range(5):
            with db.begin() as s:
                if number:
                    asked = conversations.receive(
                        s, conversation=conversation, text="补充", key=None, now=NOW
                    )[0]
                    customer.add_facts(s, ticket_id=made.id, customer_id=CUSTOMER, text=asked.text, now=NOW)
                    continue
                version = s.scalar(select(Ticket.version).where(Ticket.id == made.id)) or 0
                by: dict[str, Any] = {"user": people.li, "version": version, "now": NOW}
                try:
                    work.reply(s, ticket_id=made.id, text=f"答复{turn}", **by)
                except WenjinError as error:
                    assert error.code == "stale_version"

    at_once(2, run)
    with db.begin() as s:
        turns = conversations.history(s, conversation.id)
        assert [turn.seq for turn in turns] == list(range(1, len(turns) + 1))
        assert tickets.verify(s, tickets.get(s, made.id)) == []
        assert audit.verify(s) == []


def test_merging_crosswise_at_once_blocks_nobody(db: Database) -> None:
    """Two tickets of two conversations, each merged into the other by another handler: one of them wins."""
    with db.begin() as s:
        people = hire(s)
        pair = [complain(s, str(n), conversation=open_guest_twice(s, n), seed=n + 1) for n in range(2)]

    def run(number: int) -> str:
        user = (people.li, people.wang)[number]
        try:
            with db.begin() as s:
                work.merge(
                    s, ticket_id=pair[number].id, user=user, version=1, into=pair[1 - number].number, now=NOW
                )
                return "merged"
        except WenjinError as error:
            return error.code

    found = at_once(2, run)
    assert "merged" in found
    assert set(found) <= {"merged", "stale_version", "wrong_state"}
    with db.begin() as s:
        states = [tickets.get(s, one.id).state for one in pair]
        assert sorted(states) == [TicketState.CLOSED, TicketState.RECEIVED]


def open_guest_twice(s: Session, number: int) -> Conversation:
    return conversations.open_conversation(
        s, channel="web", external_id=f"tab-{number}", customer_id=CUSTOMER, audience="customer", now=NOW
    )
