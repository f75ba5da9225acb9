"""The rows behind each figure: what was counted, one by one, with what each counts as.

From these rows a figure can be counted again to the last digit: a count is how many there are, a share how
many of them are counted, a duration the spread of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.figures import complaints, satisfaction, waits
from actions.figures.answers import QUESTIONS
from actions.figures.scope import Scope
from actions.figures.visits import visit_judged, visit_served
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import Exchange, TicketCycle, Visit
from actions.store.tables.service import AnswerMark, Conversation, Handover, Rating, RatingOffer, Turn

_BATCH = 1000
_VISITS = (Visit.ended_at, Visit.conversation_id, Visit.number)  # their order


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was counted, at the time by which it belongs to the period.

    `talk` and `ticket` are the ids of the conversation and the complaint that it is about, "" for none;
    `group` is its channel or queue; `text` what was said or given, as it is stored: masked. `value` is 1 or 0
    in a share, seconds or milliseconds in a duration, 1 in a count.
    """

    at: datetime
    talk: str
    ticket: str
    group: str
    text: str
    value: float


Find = Callable[[Session, Scope, slice], Iterator[Row]]
ALL = slice(0, None)


def messages(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the customers' messages."""
    for one, text in _exchanges(s, scope, part):
        yield _exchange(one, text, 1)


def bot_times(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the messages whose first reply was timed, with milliseconds."""
    for one, text in _exchanges(s, scope, part, Exchange.reply_ms.is_not(None)):
        yield _exchange(one, text, one.reply_ms or 0)


def questions(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield what was asked of the manual; 1 for what it does not answer."""
    for one, text in _exchanges(s, scope, part, Exchange.outcome.in_(QUESTIONS)):
        yield _exchange(one, text, one.outcome == "refused")


def visits_judged(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the visits of which it is known whether they were served; 1 for those that were."""
    found = select(Visit, visit_served()).where(*scope.said(Visit, Visit.ended_at), visit_judged(scope))
    for one, served in _stream(s, found.order_by(*_VISITS), part):
        yield _visit(one, bool(served))


def visits(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield all visits; 1 for those with a wish for a person."""
    found = select(Visit).where(*scope.said(Visit, Visit.ended_at))
    for (one,) in _stream(s, found.order_by(*_VISITS), part):
        yield _visit(one, one.handed_over)


def human_waits(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the hand-overs that a person answered, with seconds by the clock."""
    asked = Handover.requested_at
    found = select(asked, Handover.first_said_at, Handover.conversation_id, Handover.queue)
    found = found.where(*waits.answered(scope)).order_by(asked, Handover.id)
    for began, said, talk, queue in _stream(s, found, part):
        yield Row(began, talk, "", queue, "", (said - began).total_seconds())


def first_responses(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the rounds of complaints first responded to, with seconds by the clock."""
    yield from _lasted(s, scope, TicketCycle.first_response_at, part)


def resolutions(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the rounds of complaints decided, with seconds by the clock."""
    yield from _lasted(s, scope, TicketCycle.decided_at, part)


def deadlines(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the rounds whose deadline was met or missed; 1 for those met."""
    met = and_(*complaints.decided_in(scope), complaints.in_time())
    for _, number, one in _rounds(s, scope, or_(met, complaints.missed_in(scope)), part):
        in_time = one.decided_at is not None and one.decided_at <= one.due_at
        yield _round(number, one, one.decided_at if in_time else one.due_at, in_time)


def decisions(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the rounds decided; 1 for those that another round followed."""
    for latest, number, one in _rounds(s, scope, and_(*complaints.decided_in(scope)), part):
        yield _round(number, one, one.decided_at, one.cycle < latest)


def created(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the complaints registered."""
    for ticket in _tickets(s, and_(*scope.within(Ticket.created_at), *scope.complaints()), part):
        yield _ticket(ticket, 1)


def backlog(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the complaints that wait for a decision, the oldest first, with their age in seconds."""
    for ticket in _tickets(s, and_(Ticket.stopped_at.is_(None), *scope.complaints()), part):
        yield _ticket(ticket, (scope.now - ticket.created_at) / timedelta(seconds=1))


def ratings(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the ratings; 1 for those of 4 and 5."""
    for offer, rating in _stream(s, _offers(scope).where(Rating.id.is_not(None)), part):
        yield _rated(offer, rating, rating.score >= satisfaction.SATISFIED)


def offers(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the offers of a rating; 1 for those that were taken."""
    for offer, rating in _stream(s, _offers(scope), part):
        yield _rated(offer, rating, rating is not None)


def marks(s: Session, scope: Scope, part: slice = ALL) -> Iterator[Row]:
    """Yield the answers that were marked; 1 for those that helped."""
    found = (
        select(AnswerMark, Turn.conversation_id, Conversation.channel, Turn.text)
        .join(Turn, Turn.id == AnswerMark.turn_id)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .where(*satisfaction.marked(scope))
        .order_by(AnswerMark.created_at, AnswerMark.turn_id)
    )
    for mark, talk, channel, text in _stream(s, found, part):
        yield Row(mark.created_at, talk, "", channel, text, float(mark.helpful))


def _stream(s: Session, query: Select[*tuple[Any, ...]], part: slice) -> Iterator[Any]:
    """Yield a part of the rows, a batch at a time; the transaction is one moment of the database."""
    yield from s.execute(_cut(query, part).execution_options(yield_per=_BATCH))


def _cut(query: Select[*tuple[Any, ...]], part: slice) -> Select[*tuple[Any, ...]]:
    return query if part == ALL else query.offset(part.start).limit(part.stop - part.start)


def _exchanges(s: Session, scope: Scope, part: slice, *more: ColumnElement[bool]) -> Iterator[Any]:
    order = (Exchange.asked_at, Exchange.turn_id)
    found = select(Exchange, Turn.text).join(Turn, Turn.id == Exchange.turn_id).order_by(*order)
    wanted = select(Exchange.turn_id).where(*scope.said(Exchange, Exchange.asked_at), *more)
    return _looked_up(s, found, wanted.order_by(*order), part)


def _looked_up(
    s: Session, found: Select[*tuple[Any, ...]], wanted: Select[*tuple[Any, ...]], part: slice
) -> Iterator[Any]:
    """Yield what is found of the rows wanted, which are named by their keys: both in the same order.

    A page's keys are taken from an index first, so that what is skipped or sorted is not looked up.
    """
    if part == ALL:
        which = wanted.whereclause
        return _stream(s, found if which is None else found.where(which), ALL)
    keys = [tuple(key) for key in s.execute(_cut(wanted, part))]
    first, *more = columns = wanted.selected_columns
    found = found.where(first.in_([key[0] for key in keys]))  # what an index finds
    return _stream(s, found.where(tuple_(*columns).in_(keys)) if more else found, ALL)


def _exchange(one: Exchange, text: str, value: float) -> Row:
    return Row(one.asked_at, one.conversation_id, "", one.channel, text, float(value))


def _visit(one: Visit, counted: bool) -> Row:
    return Row(one.ended_at, one.conversation_id, "", one.channel, f"{one.messages} 条消息", float(counted))


def _lasted(
    s: Session, scope: Scope, at: InstrumentedAttribute[datetime | None], part: slice
) -> Iterator[Row]:
    found = (
        select(TicketCycle.started_at, at, TicketCycle.ticket_id, TicketCycle.queue)
        .where(*scope.within(at), *scope.rounds())
        .order_by(at, TicketCycle.ticket_id, TicketCycle.cycle)
    )
    for began, done, ticket, queue in _stream(s, found, part):
        yield Row(done, "", ticket, queue, "", (done - began).total_seconds())


def _rounds(s: Session, scope: Scope, which: ColumnElement[bool], part: slice) -> Iterator[Any]:
    """Yield rounds with their tickets' last round and number; of tickets nothing else, it is encrypted."""
    key = (TicketCycle.ticket_id, TicketCycle.cycle)
    order = (TicketCycle.started_at, *key)
    found = select(Ticket.cycle, Ticket.number, TicketCycle).join(Ticket, Ticket.id == TicketCycle.ticket_id)
    return _looked_up(
        s, found.order_by(*order), select(*key).where(which, *scope.rounds()).order_by(*order), part
    )


def _round(number: str, one: TicketCycle, at: datetime | None, counted: bool) -> Row:
    return Row(at or one.due_at, "", one.ticket_id, one.queue, number, float(counted))


def _tickets(s: Session, which: ColumnElement[bool], part: slice) -> Iterator[Any]:
    order = (Ticket.created_at, Ticket.id)
    found = select(Ticket.created_at, Ticket.id, Ticket.queue, Ticket.number).order_by(*order)
    return _looked_up(s, found, select(Ticket.id).where(which).order_by(*order), part)


def _ticket(one: Any, value: float) -> Row:
    return Row(one.created_at, "", one.id, one.queue, one.number, float(value))


def _offers(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(RatingOffer, Rating)
        .outerjoin(Rating, Rating.offer_id == RatingOffer.id)
        .where(*satisfaction.offered(scope))
        .order_by(RatingOffer.offered_at, RatingOffer.id)
    )


def _rated(offer: RatingOffer, rating: Rating | None, counted: bool) -> Row:
    ticket = offer.subject_id if offer.subject == "ticket" else ""
    text = "" if rating is None else f"{rating.score} 分 {rating.comment}".strip()
    return Row(offer.offered_at, offer.conversation_id or "", ticket, offer.subject, text, float(counted))


BEHIND: Mapping[str, Find] = {
    "messages": messages,
    "no_answer": questions,
    "self_service": visits_judged,
    "handover": visits,
    "bot_time": bot_times,
    "human_time": human_waits,
    "complaints": created,
    "first_response": first_responses,
    "resolution": resolutions,
    "deadline": deadlines,
    "reopen": decisions,
    "backlog": backlog,
    "csat": ratings,
    "response_rate": offers,
    "helpful": marks,
}
