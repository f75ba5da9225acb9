"""What falls due by itself: reminders, escalation, closing; and older tickets get what newer ones have.

Every ticket is handled in a short transaction of its own and looked at again once it is locked, so that any
number of processes may do this at once and a crash leaves nothing half done.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from actions.desk import terms
from actions.desk.events import clock_of, keep_cycles, set_clock
from actions.desk.life import Step, Who, allowed
from actions.desk.notices import inform_house
from actions.desk.rules import DeskRules, rules_of
from actions.desk.steps import SYSTEM, locked
from actions.desk.work import close, escalate
from actions.store.engine import Database
from actions.store.tables.desk import Ticket, TicketState
from actions.store.tables.figures import TicketCycle
from knowledge.errors import WenjinError

log = logging.getLogger(__name__)
FIRST, OVERDUE = "first", "overdue"  # what `Ticket.alert` says besides "due3", "due1"
_MOST = 500  # tickets of one kind of work at a time; the next minute goes on
_DAY = timedelta(days=1)
Handle = Callable[[Session, Ticket, datetime], str]


def run(db: Database, now: datetime) -> Counter[str]:
    """Do what is due now and return how many tickets were reminded of, escalated, closed…; repeating is safe.

    Keys: "due3", "due1" (days before the due date, as set), "first" (first response late), "overdue"
    (escalated), "closed", "failed".
    """
    done: Counter[str] = Counter()
    for waiting, handle in ((_to_warn, _warn), (_to_close, _close)):
        with db.reading() as s:
            found = list(s.scalars(select(Ticket.id).where(waiting(rules_of(s), now)).limit(_MOST)))
        for ticket_id in found:
            done[_tried(db, ticket_id, handle, now)] += 1
    del done[""]
    return done


def prepare_old(db: Database, now: datetime) -> int:
    """Give tickets of older versions their clock and search terms; return how many there were."""
    done = 0
    while True:
        with db.reading() as s:
            found = list(s.scalars(select(Ticket.id).where(_is_older()).limit(_MOST)))
        if not found:
            return done
        for ticket_id in found:
            done += bool(_in_turn(db, ticket_id, _prepare, now))


def _is_older() -> ColumnElement[bool]:
    """Return the condition of tickets that lack search terms, or the rounds that figures are counted from."""
    counted = exists().where(TicketCycle.ticket_id == Ticket.id)
    return or_(Ticket.indexed != terms.FORM, ~counted)


def alert_of(ticket: Ticket, rules: DeskRules, now: datetime) -> str:
    """Return what is to be warned of in a ticket now: `OVERDUE`, "due<days>", `FIRST`, or nothing."""
    if ticket.stopped_at is not None:
        return ""
    if ticket.paused_at is None:
        if now > ticket.due_at:
            return OVERDUE
        near = [days for days in rules.remind if ticket.due_at - days * _DAY <= now]
        if near:
            return f"due{min(near)}"
    late = ticket.first_due_at is not None and ticket.first_response_at is None and ticket.first_due_at < now
    return FIRST if late else ""


def _tried(db: Database, ticket_id: str, handle: Handle, now: datetime) -> str:
    """Handle one ticket; one that cannot be handled does not keep the others waiting."""
    try:
        return _in_turn(db, ticket_id, handle, now)
    except WenjinError:  # the database cannot be reached or read: nothing else will work either
        raise
    except Exception:
        log.exception("upkeep of ticket %s failed", ticket_id)
        return "failed"


def _in_turn(db: Database, ticket_id: str, handle: Handle, now: datetime) -> str:
    """Handle one ticket in its own transaction; what somebody has just done with it is no failure."""
    with db.begin() as s:
        try:
            return handle(s, locked(s, ticket_id), now)
        except WenjinError as error:
            s.rollback()
            if error.status == 409:
                return ""
            raise


def _to_warn(rules: DeskRules, now: datetime) -> ColumnElement[bool]:
    """Return the condition of tickets whose alert may have to change."""
    first = and_(Ticket.first_due_at < now, Ticket.first_response_at.is_(None), Ticket.alert == "")
    answered = and_(Ticket.alert == FIRST, Ticket.first_response_at.is_not(None))
    near = [
        and_(Ticket.due_at <= now + days * _DAY, Ticket.alert.not_in(_at_least(rules, days)))
        for days in rules.remind
    ]
    late = and_(Ticket.due_at < now, Ticket.alert != OVERDUE)
    runs = and_(Ticket.paused_at.is_(None), or_(late, *near))
    return and_(Ticket.stopped_at.is_(None), or_(first, answered, runs))


def _at_least(rules: DeskRules, days: int) -> list[str]:
    """Return the alerts that say as much as "in so many days" or more."""
    return [OVERDUE, *(f"due{fewer}" for fewer in rules.remind if fewer <= days)]


def _warn(s: Session, ticket: Ticket, now: datetime) -> str:
    """Set the alert that holds now, once; what is overdue goes before the supervisors."""
    alert = alert_of(ticket, rules_of(s), now)
    if alert == ticket.alert:
        return ""
    if alert == OVERDUE and Step.ESCALATE in allowed(ticket.state, Who.SYSTEM):
        reason = f"已超过时限（{ticket.rule}），系统自动升级。"
        escalate(s, ticket_id=ticket.id, user=SYSTEM, reason=reason, now=now)
    ticket.alert = alert
    if alert:
        inform_house(s, ticket, _EVENTS.get(alert, f"due_in_{alert.removeprefix('due')}_days"), now)
    return alert


_EVENTS = {OVERDUE: "overdue", FIRST: "first_response_late"}


def _to_close(rules: DeskRules, now: datetime) -> ColumnElement[bool]:
    until = now - rules.close_after * _DAY
    return and_(Ticket.state == TicketState.DECIDED, Ticket.decided_at < until)


def _close(s: Session, ticket: Ticket, now: datetime) -> str:
    """Close what was decided and not objected to for long enough."""
    if ticket.decided_at is None or ticket.decided_at >= now - rules_of(s).close_after * _DAY:
        return ""
    close(s, ticket_id=ticket.id, user=SYSTEM, version=ticket.version, now=now)
    return "closed"


def _prepare(s: Session, ticket: Ticket, now: datetime) -> str:
    del now
    if ticket.indexed != terms.FORM:
        terms.index(s, ticket)
    set_clock(ticket, clock_of(s, ticket))
    keep_cycles(s, ticket)
    return "prepared"
