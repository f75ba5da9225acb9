"""Exchanges and visits, made by SQL from turns, hand-overs and tickets; all can be made anew at any time.

A conversation is counted again whenever something was added to it (`Conversation.uncounted`, set in the same
transaction), so that figures never miss what was committed and never count it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Numeric,
    Select,
    Subquery,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from actions.figures import days
from actions.store.base import Base
from actions.store.engine import Database
from actions.store.sql import micros
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import Exchange, RefusedQuestion, Visit
from actions.store.tables.service import Actor, Conversation, Handover, HandoverState, Turn

IDLE = timedelta(minutes=30)  # a silence longer than this ends a visit
# What a message counts as when its replies have several outcomes: the first of these that is among them.
OUTCOMES = ("handover", "answered", "clarify", "refused", "ticket", "quiz", "error", "smalltalk")
_BATCH = 500


def refresh(db: Database) -> int:
    """Count what has been added since the last time; return how many conversations that were."""
    done = 0
    while True:
        with db.begin() as s:
            found = _uncounted(s)
            if found:
                count(s, found)
        done += len(found)
        if len(found) < _BATCH:
            break
    days.sum_up(db)
    return done


def rebuild(db: Database) -> int:
    """Count everything anew; return how many conversations that were."""
    with db.begin() as s:
        s.execute(update(Conversation).values(uncounted=True))
        days.note_all(s)
    return refresh(db)


def count(s: Session, conversations: Sequence[str]) -> None:
    """Make the exchanges and visits of some conversations anew, and note on which days they have changed."""
    s.flush()

    def of(table: type[Exchange | RefusedQuestion]) -> ColumnElement[bool]:
        """Return the condition of their rows, those among them that were counted where they came from."""
        kept = aliased(table)
        theirs = select(kept.turn_id).where(kept.conversation_id.in_(conversations))
        return table.turn_id.in_(theirs.union(select(Turn.id).where(Turn.conversation_id.in_(conversations))))

    exchanges, visits = of(Exchange), Visit.conversation_id.in_(conversations)
    before = days.counted(s, exchanges, visits)
    s.execute(delete(RefusedQuestion).where(of(RefusedQuestion)))
    s.execute(delete(Exchange).where(exchanges))
    s.execute(delete(Visit).where(visits))
    _fill(s, Exchange, _exchanges(conversations))
    _fill(s, RefusedQuestion, _refused(conversations))
    _fill(s, Visit, _visits(conversations))
    s.execute(update(Conversation).where(Conversation.id.in_(conversations)).values(uncounted=False))
    days.note(s, (day for day, *_ in before ^ days.counted(s, exchanges, visits)))


def _fill(s: Session, table: type[Base], rows: Select[*tuple[Any, ...]]) -> None:
    s.execute(insert(table).from_select([column.name for column in table.__table__.columns], rows))


def _uncounted(s: Session) -> list[str]:
    """Return conversations to count, locked; another process that counts takes others."""
    found = select(Conversation.id).where(text("uncounted")).limit(_BATCH)  # as the index has it
    return list(s.scalars(found.with_for_update(skip_locked=True)))


def _exchanges(conversations: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Select the customers' turns with their visit's number and what the bot made of them."""
    at = micros(Turn.created_at)
    silence = at - func.lag(at).over(partition_by=Turn.conversation_id, order_by=Turn.seq)
    asked = (
        select(
            Turn.id,
            Turn.conversation_id,
            Turn.seq,
            Turn.created_at,
            case((silence <= _micros(IDLE), 0), else_=1).label("begins"),
        )
        .where(Turn.conversation_id.in_(conversations), _said_by(Actor.CUSTOMER))
        .subquery()
    )
    replied = _replied(conversations)
    number = func.sum(asked.c.begins).over(partition_by=asked.c.conversation_id, order_by=asked.c.seq)
    weight = replied.c.weight
    named: ColumnElement[str] = case(
        (weight.is_(None), ""), *((weight == place, word) for place, word in enumerate(OUTCOMES)), else_=""
    )
    return (
        select(
            asked.c.id, asked.c.conversation_id, cast(number, Integer), Conversation.audience,
            Conversation.channel, asked.c.created_at, named, _whole(replied.c.ms),
        )
        .join(Conversation, Conversation.id == asked.c.conversation_id)
        .outerjoin(replied, replied.c.reply_to == asked.c.id)
    )  # fmt: skip


def _said_by(actor: Actor) -> ColumnElement[bool]:
    """Return the condition of an actor's turns; an expression, so that SQLite begins with conversations."""
    return func.coalesce(Turn.actor, "") == actor


def _replied(conversations: Sequence[str]) -> Subquery:
    """Select for each turn that the bot replied to the weight of its outcome and its first reply's time."""
    weights = case(
        {word: place for place, word in enumerate(OUTCOMES)}, value=Turn.outcome, else_=len(OUTCOMES) - 1
    )
    place = func.row_number().over(partition_by=Turn.reply_to, order_by=Turn.seq)
    replies = (
        select(Turn.reply_to, weights.label("weight"), Turn.latency_ms, place.label("place"))
        .where(Turn.conversation_id.in_(conversations), _said_by(Actor.BOT), Turn.reply_to.is_not(None))
        .subquery()
    )
    first = func.max(case((replies.c.place == 1, cast(replies.c.latency_ms, Float))))
    return (
        select(replies.c.reply_to, func.min(replies.c.weight).label("weight"), first.label("ms"))
        .group_by(replies.c.reply_to)
        .subquery()
    )


def _refused(conversations: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Select what was asked in vain in conversations whose exchanges are there, where the words are kept."""
    one = Exchange
    words = select(one.turn_id, one.conversation_id, one.audience, one.channel, one.asked_at, Turn.text)
    refused = (one.conversation_id.in_(conversations), one.outcome == "refused", Turn.erased_at.is_(None))
    return words.join(Turn, Turn.id == one.turn_id).where(*refused)


def _visits(conversations: Sequence[str]) -> Select[*tuple[Any, ...]]:
    """Select the visits of conversations whose exchanges are there."""
    last = func.row_number().over(
        partition_by=(Exchange.conversation_id, Exchange.visit), order_by=Turn.seq.desc()
    )
    ranked = (
        select(Exchange, last.label("from_last"))
        .join(Turn, Turn.id == Exchange.turn_id)
        .where(Exchange.conversation_id.in_(conversations))
        .subquery()
    )
    run = (
        select(
            ranked.c.conversation_id,
            ranked.c.visit,
            func.min(ranked.c.audience).label("audience"),
            func.min(ranked.c.channel).label("channel"),
            func.min(ranked.c.asked_at).label("started_at"),
            func.max(ranked.c.asked_at).label("ended_at"),
            func.count().label("messages"),
            func.max(case((ranked.c.outcome == "answered", 1), else_=0)).label("answered"),
            func.max(case((and_(ranked.c.from_last == 1, ranked.c.outcome == "clarify"), 1), else_=0)).label(
                "asked_back"
            ),
        )
        .group_by(ranked.c.conversation_id, ranked.c.visit)
        .subquery()
    )
    back_at = func.lead(run.c.started_at).over(partition_by=run.c.conversation_id, order_by=run.c.visit)
    visit = select(run, back_at.label("back_at")).subquery()

    def during(column: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        return and_(column >= visit.c.started_at, or_(visit.c.back_at.is_(None), column < visit.c.back_at))

    wished = and_(Handover.conversation_id == visit.c.conversation_id, during(Handover.requested_at))
    alone = and_(wished, Handover.taken_by.is_(None), Handover.state != HandoverState.TAKEN)
    complained = and_(Ticket.conversation_id == visit.c.conversation_id, during(Ticket.created_at))
    return select(
        visit.c.conversation_id, visit.c.visit, visit.c.audience, visit.c.channel, visit.c.started_at,
        visit.c.ended_at, visit.c.messages, visit.c.answered == 1, exists().where(wished),
        exists().where(complained), or_(visit.c.asked_back == 1, exists().where(alone)), visit.c.back_at,
    )  # fmt: skip


def _whole(ms: ColumnElement[float]) -> ColumnElement[int]:
    """Return whole milliseconds; halves go up on both databases, which numbers of base two do not on all."""
    return cast(func.round(cast(ms, Numeric)), Integer)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
