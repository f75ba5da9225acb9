"""What stays: open and held complaints, figures, chains, and what is shown of an erased complaint."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select, text

from actions.desk import attachments, cards, holds, proof, public, steps, tickets, upkeep, work
from actions.desk.attachments import Upload
from actions.figures import refresh, unanswered
from actions.figures.overview import FIGURES, Overview
from actions.figures.scope import Scope
from actions.retention import runs, talks
from actions.retention.periods import LEAST_FILE, Periods
from actions.service import follow_ups
from actions.store.base import Base
from actions.store.chain import link_hash
from actions.store.engine import Database
from actions.store.erased import BY_PERIOD
from actions.store.tables.desk import Ticket, TicketEvent
from actions.store.tables.figures import RefusedQuestion
from actions.store.tables.service import Conversation, Customer, Handover, Rating
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW, open_guest
from tests.actions.desk.people import DAY, HOUR, as_is, complain, hire, take
from tests.actions.retention.past import (
    LONG_AGO,
    PERIODS,
    PIXEL,
    SECRET,
    closed,
    counts,
    everything,
    lived,
    rated,
    talked,
)  # fmt: skip

ALL = Scope(LONG_AGO - DAY, NOW + DAY, NOW)


def test_figures_stay_what_they_were(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
        closed(s, past.people, None, LONG_AGO + 3 * DAY, key="k2", seed=2)
        chat, _ = talked(s, "guest-3", NOW - DAY)
        rated(s, chat, NOW - HOUR, score=2)
    refresh.refresh(db)

    def figures() -> tuple[object, ...]:
        with db.reading() as s:
            found = [Overview(s, scope) for scope in (ALL, Scope(NOW - 2 * DAY, NOW, NOW))]
            values = [one.value(whole) for whole in found for one in FIGURES.values()]
            whole = [(one.answers, one.visits, one.human, one.resolution, one.satisfaction) for one in found]
            tables = [Base.metadata.tables[name] for name in ("exchanges", "visits", "service_days")]
            rows = [sorted(tuple(map(str, row)) for row in s.execute(table.select())) for table in tables]
            return (*values, whole, rows)

    before = figures()
    assert sum(value is not None for value in before) > 22
    assert runs.run(db, PERIODS, NOW).erased["turns"] > 0
    assert figures() == before
    refresh.rebuild(db)
    assert figures() == before


def test_a_question_without_an_answer_goes_with_its_words(db: Database) -> None:
    """It is kept a second time for the dashboard, until the words are erased; it stays counted."""
    with db.begin() as s:
        chat, _ = talked(s, "guest-1", LONG_AGO, outcome="refused")
        talked(s, "guest-1", NOW - DAY, outcome="refused")
    refresh.refresh(db)

    def found() -> tuple[list[tuple[str, int]], int]:
        with db.reading() as s:
            asked = [(one.text, one.count) for one in unanswered.most_asked(s, ALL)]
            return asked, Overview(s, ALL).answers.outcomes["refused"]

    assert found() == ([(f"{SECRET}，怎么提现", 2)], 2)
    runs.run(db, PERIODS, NOW)
    assert found() == ([(f"{SECRET}，怎么提现", 1)], 2)
    refresh.rebuild(db)
    assert found() == ([(f"{SECRET}，怎么提现", 1)], 2)
    with db.begin() as s:
        talks.forget(s, s.get_one(Conversation, chat.id), NOW, NOW)
    assert found() == ([], 2)
    with db.reading() as s:
        assert not s.scalars(select(RefusedQuestion)).all()


@pytest.mark.parametrize("state", ["open", "held", "merged"])
def test_what_an_open_or_held_complaint_needs_is_never_touched(db: Database, state: str) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LONG_AGO)
        offer = rated(s, chat, LONG_AGO)
        attachments.add(
            s, Upload("a.gif", PIXEL), customer_id="guest-1", conversation_id=chat.id, now=LONG_AGO
        )
        if state == "open":
            complain(s, conversation=chat, now=LONG_AGO)
        elif state == "held":
            ticket = closed(s, people, chat, LONG_AGO)
            holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        else:  # merged into one that is open, which came by another way
            target = complain(s, "1", now=LONG_AGO, seed=1)
            ticket = complain(s, "2", conversation=chat, now=LONG_AGO + HOUR, seed=2)
            take(s, ticket, people.li, LONG_AGO + HOUR)
            work.merge(s, **as_is(ticket, people.li, LONG_AGO + HOUR), into=target.number)
    before = everything(db)
    assert counts(db) == {}
    assert runs.run(db, PERIODS, NOW).erased == Counter()
    with db.begin() as s:
        assert attachments.forget_pending(s, NOW) == 0
        assert s.scalar(select(Rating.comment).where(Rating.offer_id == offer.id)) == f"很好，{SECRET}"
    after = everything(db)
    assert {name for name in before if before[name] != after[name]} == {"audit_log", "audit_head"}
    assert list(proof.problems(db)) == []


def test_a_lifted_hold_lets_the_period_hold_again(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        ticket = closed(s, people, None, LONG_AGO)
        for user in (people.li, people.staff):
            with pytest.raises(WenjinError, match="投诉主管"):
                holds.hold(s, ticket, user=user, reason="x", now=NOW)
        holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        with pytest.raises(WenjinError) as told:
            holds.hold(s, ticket, user=people.zhao, reason="法院调取", now=NOW)
        assert told.value.code == "held"
        holds.lift(s, ticket, user=people.sun, now=NOW)
        with pytest.raises(WenjinError) as told:
            holds.lift(s, ticket, user=people.sun, now=NOW)
        assert told.value.code == "not_held"
    assert runs.run(db, PERIODS, NOW).erased["tickets"] == 1
    assert list(proof.problems(db)) == []


def test_merged_complaints_go_together_with_the_last_of_them(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        target = complain(s, "1", now=LONG_AGO, seed=1)
        ticket = complain(s, "2", now=LONG_AGO + HOUR, seed=2)
        take(s, ticket, people.li, LONG_AGO + HOUR)
        work.merge(s, **as_is(ticket, people.li, LONG_AGO + HOUR), into=target.number)
        tickets.withdraw(s, ticket_id=target.id, customer_id="guest-1", now=NOW - DAY)
    assert "tickets" not in counts(db)
    later = NOW + LEAST_FILE * DAY
    assert runs.run(db, PERIODS, later).erased["tickets"] == 2
    assert list(proof.problems(db)) == []


def test_zero_keeps(db: Database) -> None:
    with db.begin() as s:
        lived(s)
    before = everything(db)
    nothing = Periods(0, 0, 0, 0, 0)
    assert runs.run(db, nothing, NOW).erased == Counter()
    after = everything(db)
    assert {name for name in before if before[name] != after[name]} == {"audit_log", "audit_head"}


def test_words_within_an_older_chain_stay_unseen(db: Database) -> None:
    """Events from before words lay beside the chain keep them: the chain is not rewritten for anything."""
    with db.begin() as s:
        ticket = closed(s, hire(s), None, LONG_AGO)
        events = tickets.timeline(s, ticket.id)
        older = TicketEvent(
            ticket_id=ticket.id, seq=ticket.version + 1, type="reply", actor="x", actor_kind="handler",
            facts={"text": SECRET, "state": "closed", "handler": ticket.handler_id, "queue": ticket.queue},
            created_at=LONG_AGO + 3 * DAY, prev_hash=events[-1].hash,
        )  # fmt: skip
        older.hash = link_hash(older.prev_hash, older.content())
        ticket.version += 1
        s.add(older)
    assert list(proof.problems(db)) == []
    assert runs.run(db, PERIODS, NOW).erased["tickets"] == 1
    assert list(proof.problems(db)) == []
    with db.reading() as s:
        ticket = s.get_one(Ticket, ticket.id)
        case = public.case_of(s, ticket, NOW)
        assert case.entries[-1].text == BY_PERIOD and SECRET not in repr(case)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ("DELETE FROM ticket_texts", "文字不在了"),
        ("UPDATE ticket_texts SET said = (SELECT max(said) FROM ticket_texts)", "文字被改动"),
        ("UPDATE tickets SET erased_at = created_at", "与审计日志不符"),
        ("UPDATE tickets SET held_at = created_at", "与审计日志不符"),
    ],
)
def test_erasing_by_hand_shows(db: Database, spoil: str, told: str) -> None:
    with db.begin() as s:
        closed(s, hire(s), None, NOW)
    with db.begin() as s:
        s.execute(text(spoil))
    assert any(told in line for line in proof.problems(db))


def test_an_erased_complaint_can_be_looked_at_but_not_worked_on(db: Database) -> None:
    with db.begin() as s:
        past = lived(s)
    runs.run(db, PERIODS, NOW)
    with db.begin() as s:
        ticket = s.get_one(Ticket, past.ticket.id)
        case = public.case_of(s, ticket, NOW)
        assert case.facts == {"投诉事项": BY_PERIOD}
        assert {one.text for one in case.entries} == {"", BY_PERIOD}
        assert not case.may and not case.rateable and not case.files
        assert steps.parts_of(past.people.zhao, ticket) == set()
        with pytest.raises(WenjinError, match="已按保存期限删除"):
            work.note(s, **as_is(ticket, past.people.zhao), text="x")
        with pytest.raises(WenjinError, match="已按保存期限删除"):
            tickets.withdraw(s, ticket_id=ticket.id, customer_id="guest-1", now=NOW)
        told = cards.progress(s, ticket).text
        assert told == f"工单 {ticket.number}：已办结。内容{BY_PERIOD}。"
    assert upkeep.prepare_old(db, NOW) == 0


def test_an_open_follow_up_keeps_its_comment_until_it_is_done(db: Database) -> None:
    with db.begin() as s:
        people = hire(s)
        chat, _ = talked(s, "guest-1", LONG_AGO)
        rated(s, chat, LONG_AGO, score=1)
    assert "comments" not in counts(db)
    with db.begin() as s:
        (case,) = follow_ups.waiting(s)
        follow_ups.finish(s, task_id=case.task.id, note=f"已回访，{SECRET}", user=people.li, now=LONG_AGO)
    assert runs.run(db, PERIODS, NOW).erased["comments"] == 1
    with db.reading() as s:
        (case,) = follow_ups.done(s)
        assert (case.score, case.comment, case.task.note) == (1, "", "")


def test_a_contact_stays_while_a_complaint_needs_it(db: Database) -> None:
    with db.begin() as s:
        lived(s, NOW - 400 * DAY)
    assert "customers" not in counts(db)
    runs.run(db, PERIODS, NOW)
    with db.reading() as s:
        assert s.get(Customer, "guest-1") is not None
        assert set(s.scalars(select(Handover.reason))) == {""}


def test_a_guest_without_anything_old_is_left_alone(db: Database) -> None:
    with db.begin() as s:
        open_guest(s, "guest-1")
    before = everything(db)["conversations"]
    runs.run(db, PERIODS, NOW)
    assert everything(db)["conversations"] == before
