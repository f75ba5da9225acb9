"""The rows behind each figure: what was counted, one by one, with what each counts as.

From these rows a figure can be counted again to the last digit: a count is how many there are, a share how
many of them are counted, a duration the spread of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from actions.figures import complaints, satisfaction, waits
from actions.figures.answers import QUESTIONS, visit_judged, visit_served
from actions.figures.scope import Scope
from actions.figures.waits import Wait
from actions.store.tables.desk import Ticket
from actions.store.tables.figures import Exchange, TicketCycle, Visit
from actions.store.tables.service import AnswerMark, Rating, RatingOffer, Turn

_BATCH = 1000


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


Find = Callable[[Session, Scope], Iterator[Row]]


def messages(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the customers' messages."""
    for one, text in _stream(s, _exchanges(scope)):
        yield _exchange(one, text, 1)


def bot_times(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the messages whose first reply was timed, with milliseconds."""
    for one, text in _stream(s, _exchanges(scope).where(Exchange.reply_ms.is_not(None))):
        yield _exchange(one, text, one.reply_ms or 0)


def questions(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield what was asked of the manual; 1 for what it does not answer."""
    for one, text in _stream(s, _exchanges(scope).where(Exchange.outcome.in_(QUESTIONS))):
        yield _exchange(one, text, one.outcome == "refused")


def visits_judged(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the visits of which it is known whether they were served; 1 for those that were."""
    found = select(Visit, visit_served()).where(*scope.said(Visit, Visit.ended_at), visit_judged(scope))
    for one, served in _stream(s, found.order_by(Visit.ended_at, Visit.conversation_id)):
        yield _visit(one, bool(served))


def visits(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield all visits; 1 for those with a wish for a person."""
    found = select(Visit).where(*scope.said(Visit, Visit.ended_at))
    for (one,) in _stream(s, found.order_by(Visit.ended_at, Visit.conversation_id)):
        yield _visit(one, one.handed_over)


def human_waits(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the hand-overs that a person answered, with seconds by the clock."""
    for one in _in_order(waits.human_waits(s, scope), began=True):
        yield _wait(one, one.began, talk=one.conversation_id or "", ticket="")


def first_responses(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the rounds of complaints first responded to, with seconds by the clock."""
    for one in _in_order(waits.first_responses(s, scope)):
        yield _wait(one, one.done, talk="", ticket=one.id)


def resolutions(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the rounds of complaints decided, with seconds by the clock."""
    for one in _in_order(waits.resolutions(s, scope)):
        yield _wait(one, one.done, talk="", ticket=one.id)


def deadlines(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the rounds whose deadline was met or missed; 1 for those met."""
    met, missed = complaints.met_in(scope), complaints.missed_in(scope)
    for ticket, one in _stream(s, _rounds(scope).where(or_(met, missed))):
        in_time = one.decided_at is not None and one.decided_at <= one.due_at
        yield _round(ticket, one, one.decided_at if in_time else one.due_at, in_time)


def decisions(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the rounds decided; 1 for those that another round followed."""
    found = _rounds(scope).where(and_(*scope.within(TicketCycle.decided_at)))
    for ticket, one in _stream(s, found):
        yield _round(ticket, one, one.decided_at, one.cycle < ticket.cycle)


def created(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the complaints registered."""
    found = select(Ticket).where(
        *scope.within(Ticket.created_at), *scope.complaints(), *complaints.ticket_queue(scope)
    )
    for (one,) in _stream(s, found.order_by(Ticket.created_at, Ticket.id)):
        yield _ticket(one, 1)


def backlog(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the complaints that wait for a decision, the oldest first, with their age in seconds."""
    found = select(Ticket).where(
        Ticket.stopped_at.is_(None), *scope.complaints(), *complaints.ticket_queue(scope)
    )
    for (one,) in _stream(s, found.order_by(Ticket.created_at, Ticket.id)):
        yield _ticket(one, (scope.now - one.created_at) / timedelta(seconds=1))


def ratings(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the ratings; 1 for those of 4 and 5."""
    for offer, rating in _stream(s, _offers(scope)):
        if rating is not None:
            yield _rated(offer, rating, rating.score >= satisfaction.SATISFIED)


def offers(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the offers of a rating; 1 for those that were taken."""
    for offer, rating in _stream(s, _offers(scope)):
        yield _rated(offer, rating, rating is not None)


def marks(s: Session, scope: Scope) -> Iterator[Row]:
    """Yield the answers that were marked; 1 for those that helped."""
    chats = scope.chats()
    found = (
        select(AnswerMark, Turn.conversation_id, chats.c.channel, Turn.text)
        .join(Turn, Turn.id == AnswerMark.turn_id)
        .join(chats, chats.c.id == Turn.conversation_id)
        .where(*scope.within(AnswerMark.created_at))
        .order_by(AnswerMark.created_at, AnswerMark.turn_id)
    )
    for mark, talk, channel, text in _stream(s, found):
        yield Row(mark.created_at, talk, "", channel, text, float(mark.helpful))


def _stream(s: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """Yield rows a batch at a time; the transaction is one moment of the database."""
    yield from s.execute(query.execution_options(yield_per=_BATCH))


def _exchanges(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(Exchange, Turn.text)
        .join(Turn, Turn.id == Exchange.turn_id)
        .where(*scope.said(Exchange, Exchange.asked_at))
        .order_by(Exchange.asked_at, Exchange.turn_id)
    )


def _exchange(one: Exchange, text: str, value: float) -> Row:
    return Row(one.asked_at, one.conversation_id, "", one.channel, text, float(value))


def _visit(one: Visit, counted: bool) -> Row:
    return Row(one.ended_at, one.conversation_id, "", one.channel, f"{one.messages} 条消息", float(counted))


def _in_order(found: list[Wait], *, began: bool = False) -> list[Wait]:
    return sorted(found, key=lambda one: (one.began if began else one.done, one.id))


def _wait(one: Wait, at: datetime, *, talk: str, ticket: str) -> Row:
    return Row(at, talk, ticket, one.queue, "", (one.done - one.began).total_seconds())


def _rounds(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(Ticket, TicketCycle)
        .join(TicketCycle, TicketCycle.ticket_id == Ticket.id)
        .where(*scope.complaints(), *complaints.round_queue(scope))
        .order_by(TicketCycle.started_at, Ticket.id, TicketCycle.cycle)
    )


def _round(ticket: Ticket, one: TicketCycle, at: datetime | None, counted: bool) -> Row:
    return Row(at or one.due_at, "", ticket.id, one.queue, ticket.number, float(counted))


def _ticket(one: Ticket, value: float) -> Row:
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
