"""What else has a period: contacts of customers, comments, what was sent, what has expired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from actions.desk.holds import in_use, untouchable
from actions.retention import files, talks
from actions.retention.kinds import Due, Kind, When, single
from actions.store.tables.accounts import KeptFile, LoginFailure, SignInSession
from actions.store.tables.desk import Notice, Ticket
from actions.store.tables.service import Conversation, Customer, FollowUp, Rating, RatingOffer


def _find_customers(s: Session, when: When) -> Iterable[Due]:
    """Return customers of whom neither a conversation nor a complaint is left that needs their contact."""
    before = when.before("conversations")
    if before is None:
        return []
    return single((one.id, one.seen_at) for one in _gone(s, when, Customer.seen_at < before))


def _gone(s: Session, when: When, which: ColumnElement[bool]) -> list[Customer]:
    talks_on = exists().where(
        Conversation.customer_id == Customer.id, Conversation.last_at >= when.before("conversations")
    )
    found = list(s.scalars(select(Customer).where(which, ~talks_on)))
    due = {one.key for one in files.TICKETS.find(s, when)}
    kept: defaultdict[str, set[str]] = defaultdict(set)
    theirs = select(Ticket.customer_id, Ticket.id).where(
        Ticket.erased_at.is_(None), Ticket.customer_id.in_(select(Customer.id).where(which))
    )
    for customer, ticket in s.execute(theirs).tuples():
        kept[customer].add(ticket)
    return [one for one in found if kept[one.id] <= due]


def _erase_customers(s: Session, keys: Sequence[str], when: When) -> int:
    before = when.before("conversations")
    gone = [one.id for one in _gone(s, when, and_(Customer.id.in_(keys), Customer.seen_at < before))]
    return _deleted(s, Customer.id, Customer.id.in_(gone), Customer.seen_at < before)


def _comments(when: When) -> ColumnElement[bool]:
    """Return the condition of ratings, beside their offers, whose words are due."""
    task = aliased(FollowUp)
    handled = exists().where(task.rating_id == Rating.id, task.done_at.is_(None))
    of_open = exists().where(Ticket.id == RatingOffer.subject_id, untouchable())
    said_in = and_(RatingOffer.conversation_id.is_not(None), in_use(RatingOffer.conversation_id))
    return and_(
        Rating.updated_at < when.before("ratings"), Rating.erased_at.is_(None), ~handled,
        ~and_(RatingOffer.subject == "ticket", of_open), ~said_in,
    )  # fmt: skip


def _find_comments(s: Session, when: When) -> Iterable[Due]:
    """Return ratings whose words are due; one without words counts as none."""
    if when.before("ratings") is None:
        return []
    found = (
        select(Rating, FollowUp.note)
        .join(RatingOffer, RatingOffer.id == Rating.offer_id)
        .outerjoin(FollowUp, FollowUp.rating_id == Rating.id)
        .where(_comments(when))
    )
    return [
        Due(one.id, int(bool(one.comment or note)), one.updated_at, one.updated_at)
        for one, note in s.execute(found).tuples()
    ]


def _erase_comments(s: Session, keys: Sequence[str], when: When) -> int:
    found = (
        select(Rating)
        .join(RatingOffer, RatingOffer.id == Rating.offer_id)
        .where(Rating.id.in_(keys), _comments(when))
        .with_for_update(of=Rating)
    )
    locked = list(s.scalars(found))
    written = select(FollowUp.rating_id, FollowUp.note).where(FollowUp.rating_id.in_(keys))
    notes = dict(s.execute(written).tuples().all())
    talks.erase_comments(s, [one.id for one in locked], when.now)
    return sum(bool(one.comment or notes.get(one.id)) for one in locked)


def _notices(when: When) -> tuple[ColumnElement[bool], ...]:
    of_open = exists().where(Ticket.id == Notice.ticket_id, untouchable())
    free = or_(Notice.line == "", ~in_use(Notice.line))
    return (Notice.done_at.is_not(None), Notice.done_at < when.before("notices"), ~of_open, free)


def _find_notices(s: Session, when: When) -> Iterable[Due]:
    if when.before("notices") is None:
        return []
    found = s.execute(select(Notice.id, Notice.done_at).where(*_notices(when))).tuples()
    return single((key, at) for key, at in found if at is not None)


def _erase_notices(s: Session, keys: Sequence[str], when: When) -> int:
    return _deleted(s, Notice.id, Notice.id.in_(keys), *_notices(when))


def _expired(name: str, label: str, key: InstrumentedAttribute[str], at: InstrumentedAttribute[Any]) -> Kind:
    """Return a kind of rows that are deleted so many days after a time of their own."""

    def find(s: Session, when: When) -> Iterable[Due]:
        before = when.before("sessions")
        return [] if before is None else single(s.execute(select(key, at).where(at < before)).tuples())

    def erase(s: Session, keys: Sequence[str], when: When) -> int:
        return _deleted(s, key, key.in_(keys), at < when.before("sessions"))

    return Kind(name, label, "sessions", find, erase)


def _deleted(s: Session, key: InstrumentedAttribute[str], *conditions: ColumnElement[bool]) -> int:
    gone = delete(key.class_).where(*conditions).execution_options(synchronize_session=False)
    return len(s.scalars(gone.returning(key)).all())


CUSTOMERS = Kind("customers", "客户资料", "conversations", _find_customers, _erase_customers)
COMMENTS = Kind("comments", "评价留言和回访记录", "ratings", _find_comments, _erase_comments)
NOTICES = Kind("notices", "已发出的通知", "notices", _find_notices, _erase_notices)
EXPIRED = (
    _expired("sessions", "过期的登录", SignInSession.token_hash, SignInSession.expires_at),
    _expired("failures", "失败的登录", LoginFailure.id, LoginFailure.failed_at),
    _expired("tried_files", "试导入的文件", KeptFile.digest, KeptFile.created_at),
)
