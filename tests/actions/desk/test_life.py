"""Every step in every state by everybody: what the tables allow works, nothing else does or leaves a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from actions.desk import customer, supervision, tickets, work
from actions.desk.life import (
    OPEN_STATES,
    OVER,
    PENDING,
    RESERVED,
    STATE_LABELS,
    STEP_LABELS,
    TRANSITIONS,
    WHO,
    Step,
    Who,
    after,
    allowed,
    who,
)
from actions.desk.steps import SYSTEM, for_system, parts_of
from actions.store.base import Base
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketEvent, TicketState
from bot.settings import PROJECT
from knowledge.errors import WenjinError
from tests.actions.conftest import KEY, NOW, Servers
from tests.actions.desk.people import ASSESSED, CUSTOMER, DECISION, HOUR, People, bring, complain, hire

LATER = NOW + HOUR
UNOWNED = (TicketState.RECEIVED, TicketState.REOPENED, TicketState.ESCALATED)
Do = Callable[[Session, dict[str, Any], str], Ticket]
STAFF: dict[Step, Do] = {
    Step.TAKE: lambda s, by, _: work.take(s, **by),
    Step.ASSIGN: lambda s, by, other: supervision.assign(s, **by, to=other),
    Step.RELEASE: lambda s, by, _: work.release(s, **by, reason="休假"),
    Step.ASSESS: lambda s, by, _: work.assess(s, **by, **ASSESSED),
    Step.REPLY: lambda s, by, _: work.reply(s, **by, text="正在核实"),
    Step.ASK: lambda s, by, _: work.ask(s, **by, text="请补充截图"),
    Step.RESUME: lambda s, by, _: work.resume(s, **by),
    Step.ASK_TIME: lambda s, by, _: work.ask_time(s, **by, kind="complex", reason="等回函"),
    Step.GRANT_TIME: lambda s, by, _: supervision.grant_time(s, **by, reason=""),
    Step.REFUSE_TIME: lambda s, by, _: supervision.refuse_time(s, **by, reason="可以按时办"),
    Step.PAUSE: lambda s, by, _: work.pause(s, **by, reason="笔迹鉴定"),
    Step.UNPAUSE: lambda s, by, _: work.unpause(s, **by),
    Step.DECIDE: lambda s, by, _: work.decide(s, **by, **DECISION),
    Step.CLOSE: lambda s, by, _: work.close(s, **by),
    Step.ESCALATE: lambda s, by, _: work.escalate(s, **by, reason="金额大"),
    Step.REOPEN: lambda s, by, _: supervision.reopen(s, **by, reason="决定有误"),
    Step.MERGE: lambda s, by, _: work.merge(s, **by, into=number_of_first(s)),
    Step.MOVE: lambda s, by, _: work.move(s, **by, queue="privacy", reason="涉及信息泄露"),
    Step.BAR: lambda s, by, _: work.bar(s, **by, reason="亲属"),
    Step.NOTE: lambda s, by, _: work.note(s, **by, text="已联系理财部"),
}
CUSTOMERS: dict[Step, Callable[[Session, str, str], Ticket]] = {
    Step.ADD_FACTS: lambda s, t, c: customer.add_facts(
        s, ticket_id=t, customer_id=c, text="新情况", now=LATER
    ),
    Step.REVIEW: lambda s, t, c: customer.review(s, ticket_id=t, customer_id=c, reason="不认可", now=LATER),
    Step.WITHDRAW: lambda s, t, c: customer.withdraw(s, ticket_id=t, customer_id=c, now=LATER),
}
SYSTEMS: dict[Step, Callable[[Session, str, str], Ticket]] = {
    Step.ASSIGN: lambda s, t, other: supervision.assign(
        s, ticket_id=t, user=SYSTEM, version=None, to=other, now=LATER
    ),
    Step.ESCALATE: lambda s, t, _: work.escalate(s, ticket_id=t, user=SYSTEM, reason="超时", now=LATER),
    Step.CLOSE: lambda s, t, _: work.close(s, ticket_id=t, user=SYSTEM, version=0, now=LATER),
}
ACTORS = ("li", "wang", "zhao", "barred", "staff")
# A step that is done already changes nothing and is no mistake.
DONE_ALREADY = {
    (Step.TAKE, state) for state in (TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS, TicketState.WAITING)
}


def number_of_first(s: Session) -> str:
    return s.scalars(select(Ticket.number).where(Ticket.idempotency_key == "first")).one()


@pytest.fixture(scope="module")
def desk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, People]]:
    """A database with a ticket in every state, each with a handler and, where that can be, without."""
    folder: Path = tmp_path_factory.mktemp("life")
    with servers.migrated("sqlite", folder) as url:
        database = Database(url, KEY)
        with database.begin() as s:
            people = hire(s)
            complain(s, "first")
            for seed, state in enumerate(TicketState, 2):
                for owned in (True, False):
                    if owned or state in UNOWNED:
                        made = complain(s, f"{state}:{owned}", seed=2 * seed + owned)
                        bring(s, made, state, people, owned=owned)
        yield database, people
        database.dispose()


@pytest.fixture
def s(desk: tuple[Database, People]) -> Iterator[Session]:
    """A transaction that is taken back at the end of the test."""
    session = desk[0]._sessions()
    yield session
    session.rollback()
    session.close()


def the(s: Session, state: TicketState, *, owned: bool) -> Ticket:
    return s.scalars(select(Ticket).where(Ticket.idempotency_key == f"{state}:{owned}")).one()


def traces(s: Session) -> list[Any]:
    """Return all that a step could have left behind: the tickets' rows and how many rows each table has."""
    s.flush()
    rows = s.execute(text("SELECT * FROM tickets ORDER BY id")).all()
    return [
        *rows,
        *(s.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables),
    ]


def made_possible(s: Session, step: Step, ticket: Ticket, people: People) -> None:
    """Bring about what a step needs besides the state."""
    by: dict[str, Any] = {"ticket_id": ticket.id, "user": people.sun, "version": ticket.version, "now": NOW}
    at_work = ticket.state in TRANSITIONS[Step.PAUSE]
    if step in (Step.GRANT_TIME, Step.REFUSE_TIME) and at_work:
        work.ask_time(s, **by, kind="complex", reason="等回函")
    if step is Step.UNPAUSE and at_work:
        work.pause(s, **by, reason="笔迹鉴定")
    ticket.cause = ticket.cause or "facilities"


def refusal(step: Step, ticket: Ticket, user: User) -> str | None:
    """Return the code that the tables want for a step of staff, None where it is allowed."""
    parts = parts_of(user, ticket)
    if not parts:
        return "role_needed" if "staff" in user.roles else "barred"
    may = who(step, ticket.state)
    if not parts & may:
        if Who.OWNER not in may:
            return "role_needed"
        if ticket.handler_id and ticket.state in OPEN_STATES:
            return "ticket_taken"
        if ticket.state in TRANSITIONS[step]:
            return "not_taken"
    if ticket.state not in TRANSITIONS[step]:
        return "wrong_state"
    return "not_taken" if step is Step.RELEASE and ticket.handler_id is None else None


def expect(s: Session, ticket: Ticket, step: Step, code: str | None, do: Callable[[], Ticket]) -> None:
    """Do a step: either it leads where the table says, on record, or it is refused and leaves no trace."""
    before, version, to = traces(s), ticket.version, TRANSITIONS[step].get(ticket.state)
    if code is not None:
        with pytest.raises(WenjinError) as told:
            do()
        assert told.value.code == code
        assert traces(s) == before
        return
    do()
    kept = s.scalars(
        select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.seq > version)
    ).all()
    assert kept[0].type == step
    if step is Step.BAR and len(kept) == 2:  # their own ticket goes back as well
        assert kept[1].type == Step.RELEASE
        to = TRANSITIONS[Step.RELEASE][to] if to else None
    assert ticket.state is to
    assert (ticket.stopped_at is None) is (ticket.state in PENDING)
    assert tickets.verify(s, ticket) == []


def tickets_in(s: Session, state: TicketState) -> list[Ticket]:
    return [the(s, state, owned=owned) for owned in (True, False) if owned or state in UNOWNED]


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("step", STAFF)
def test_staff(s: Session, desk: tuple[Database, People], step: Step, actor: str, state: TicketState) -> None:
    people = desk[1]
    user = s.merge(people.wang if actor == "barred" else getattr(people, actor))
    for ticket in tickets_in(s, state):
        made_possible(s, step, ticket, people)
        if actor == "barred":
            ticket.barred = [user.id]
        by = {"ticket_id": ticket.id, "user": user, "version": ticket.version, "now": LATER}
        if (step, state) in DONE_ALREADY and ticket.handler_id == user.id:
            assert STAFF[step](s, by, "").version == by["version"]
            continue
        expect(s, ticket, step, refusal(step, ticket, user), lambda by=by: STAFF[step](s, by, people.sun.id))  # type: ignore[misc]


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("step", CUSTOMERS)
def test_customers(s: Session, step: Step, state: TicketState) -> None:
    for ticket in tickets_in(s, state):
        expect(
            s,
            ticket,
            step,
            "ticket_not_found",
            lambda t=ticket: CUSTOMERS[step](s, t.id, "guest-2"),  # type: ignore[misc]
        )
        if (step, state) == (Step.WITHDRAW, TicketState.WITHDRAWN):
            assert CUSTOMERS[step](s, ticket.id, CUSTOMER).version == ticket.version
            continue
        code = None if state in TRANSITIONS[step] else "wrong_state"
        expect(s, ticket, step, code, lambda t=ticket: CUSTOMERS[step](s, t.id, CUSTOMER))  # type: ignore[misc]


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("step", Step)
def test_the_program_itself(
    s: Session, desk: tuple[Database, People], step: Step, state: TicketState
) -> None:
    for ticket in tickets_in(s, state):
        if step not in SYSTEMS:
            expect(s, ticket, step, "role_needed", lambda t=ticket: for_system(s, t.id, step))  # type: ignore[misc]
            continue
        code = None if state in TRANSITIONS[step] else "wrong_state"
        expect(s, ticket, step, code, lambda t=ticket: SYSTEMS[step](s, t.id, desk[1].sun.id))  # type: ignore[misc]


def test_the_tables_are_complete() -> None:
    assert set(STATE_LABELS) == set(TicketState)
    assert set(STEP_LABELS) == set(TRANSITIONS) == set(WHO) == set(Step)
    assert set(STAFF) | set(CUSTOMERS) == set(Step)
    assert {step for step in Step if Who.SYSTEM in WHO[step]} == set(SYSTEMS)
    assert {step for step in Step if Who.CUSTOMER in WHO[step]} == set(CUSTOMERS)
    assert {*PENDING, TicketState.DECIDED} == set(OPEN_STATES)
    assert set(OPEN_STATES) | set(OVER) == set(TicketState)
    assert all(state in TRANSITIONS[step] for step, state in RESERVED)


def test_every_state_is_reached_and_left() -> None:
    reached = {to for table in TRANSITIONS.values() for at, to in table.items() if at is not to}
    assert reached | {TicketState.RECEIVED} == set(TicketState)
    for state in set(TicketState) - {TicketState.WITHDRAWN}:
        assert any(table.get(state, state) is not state for table in TRANSITIONS.values())


def test_only_the_table_moves_a_ticket_and_says_why_not() -> None:
    for step in Step:
        for state in TicketState:
            if state in TRANSITIONS[step]:
                assert after(state, step) is TRANSITIONS[step][state]
                assert step in allowed(state)
            else:
                with pytest.raises(WenjinError) as told:
                    after(state, step)
                assert (told.value.code, told.value.status) == ("wrong_state", 409)
                assert told.value.message.endswith("。")
    assert allowed(TicketState.WITHDRAWN) == [Step.NOTE]
    assert Step.TAKE in allowed(TicketState.ESCALATED, Who.SUPERVISOR)
    assert Step.TAKE not in allowed(TicketState.ESCALATED, Who.OWNER, Who.HANDLER, Who.FREE)


PARTS = {
    "customer": Who.CUSTOMER, "any handler": Who.HANDLER, "any handler while nobody has it": Who.FREE,
    "its handler": Who.OWNER, "supervisor": Who.SUPERVISOR, "the program": Who.SYSTEM,
}  # fmt: skip


def test_the_documentation_has_the_same_table() -> None:
    page = (PROJECT / "bot" / "docs" / "desk.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.partition("| step |")[2].partition("\n\n")[0].splitlines()
    ]
    states = [TicketState(cell.strip("`")) for cell in rows[0][:-1]]
    told: dict[Step, dict[TicketState, TicketState]] = {}
    for name, *cells, parts in rows[2:]:
        step = Step(name.split("`")[1])
        assert name.endswith(STEP_LABELS[step])
        told[step] = {
            state: state if cell == "·" else TicketState(cell)
            for state, cell in zip(states, cells, strict=True)
            if cell
        }
        assert {PARTS[part] for part in parts.split(", ")} == WHO[step]
    assert told == TRANSITIONS
