"""Customers whom a host application has named: how to reach them, what they said before they were known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.service import conversations
from actions.store.tables.desk import Attachment, Ticket
from actions.store.tables.dialogue import DialogueTracker
from actions.store.tables.service import Conversation, Customer, Handover, Mode, RatingOffer, Turn
from knowledge.document import Audience


@dataclass(frozen=True, slots=True)
class Known:
    """What a host application says of a customer; all but `id` may be ""."""

    id: str
    name: str = ""
    phone: str = ""
    email: str = ""


def remember(s: Session, known: Known, now: datetime) -> Customer:
    """Keep what is known of a customer; what is left out this time stays as it was."""
    kept = s.get(Customer, known.id)
    if kept is None:
        kept = s.merge(Customer(id=known.id, name="", phone="", email="", seen_at=now))
    kept.seen_at = now
    for field in ("name", "phone", "email"):
        if value := getattr(known, field):
            setattr(kept, field, value)
    s.flush()
    return kept


def contact_of(s: Session, customer_id: str) -> str:
    """Return how a customer can be reached, the phone first, "" where nobody has said."""
    kept = s.get(Customer, customer_id)
    return (kept.phone or kept.email) if kept else ""


def name_of(s: Session, customer_id: str) -> str:
    """Return what a customer is called, "" where nobody has said."""
    kept = s.get(Customer, customer_id)
    return kept.name if kept else ""


def join(s: Session, *, guest: str, customer_id: str, now: datetime) -> str:
    """Give a customer a guest's turns, tickets and files; return the id of the conversation that they are in.

    The guest's turns follow the customer's own, in their order, and the dialogue goes on where somebody spoke
    last. The guest's conversation is left empty, so that who still holds its session learns nothing of the
    customer. While a person is asked for in both, the conversations stay apart and only tickets and files
    are joined. "" where the guest never spoke.
    """
    _own(s, guest, customer_id)
    before = _conversation(s, guest)
    if before is None:
        return ""
    own = conversations.open_conversation(
        s, channel=conversations.WEB, external_id=customer_id, customer_id=customer_id,
        audience=Audience.CUSTOMER.value, now=now,
    )  # fmt: skip
    for conversation_id in sorted((before.id, own.id)):
        conversations.lock(s, conversation_id)
    if before.mode is Mode.BOT or own.mode is Mode.BOT:
        _append(s, before, own)
    return own.id


def _own(s: Session, guest: str, customer_id: str) -> None:
    for table in (Ticket, Attachment):
        s.execute(update(table).where(table.customer_id == guest).values(customer_id=customer_id))


def _conversation(s: Session, who: str) -> Conversation | None:
    same = (
        Conversation.channel == conversations.WEB,
        Conversation.external_id == who,
        Conversation.audience == Audience.CUSTOMER.value,
    )
    return s.scalar(select(Conversation).where(*same))


def _append(s: Session, before: Conversation, own: Conversation) -> None:
    """Move everything of one conversation behind another. Both are locked."""
    last = conversations.last_seq(s, own.id)
    _move_turns(s, before, own, last)
    moved = update(Handover).where(Handover.conversation_id == before.id)
    s.execute(
        moved.values(
            conversation_id=own.id,
            handler_read_seq=Handover.handler_read_seq + last,
            customer_read_seq=Handover.customer_read_seq + last,
        )
    )
    for table in (Ticket, Attachment, RatingOffer):
        s.execute(update(table).where(table.conversation_id == before.id).values(conversation_id=own.id))
    if before.mode is not Mode.BOT:
        own.mode, own.handler_id = before.mode, before.handler_id
        before.mode, before.handler_id = Mode.BOT, None
    _move_tracker(s, before, own)
    own.last_at = max(own.last_at, before.last_at)
    wished = [one for one in (own.forget_at, before.forget_at) if one]  # to be deleted, once that may be
    own.forget_at, before.forget_at = max(wished, default=None), None
    own.uncounted = before.uncounted = True
    s.flush()


def _move_turns(s: Session, before: Conversation, own: Conversation, last: int) -> None:
    """Number the turns on; a key that the customer's own conversation has already is dropped."""
    taken = set(s.scalars(select(Turn.key).where(Turn.conversation_id == own.id, Turn.key.is_not(None))))
    for turn in s.scalars(select(Turn).where(Turn.conversation_id == before.id).order_by(Turn.seq)):
        turn.conversation_id, turn.seq = own.id, turn.seq + last
        turn.key = None if turn.key in taken else turn.key
    s.flush()


def _move_tracker(s: Session, before: Conversation, own: Conversation) -> None:
    """Let the dialogue go on where somebody spoke last."""
    theirs, mine = s.get(DialogueTracker, before.id), s.get(DialogueTracker, own.id)
    if theirs is None:
        return
    if mine is None:
        s.add(
            DialogueTracker(
                sender_id=own.id, version=theirs.version, payload=theirs.payload, updated_at=theirs.updated_at
            )
        )
    elif theirs.updated_at > mine.updated_at:
        mine.payload, mine.updated_at, mine.version = theirs.payload, theirs.updated_at, mine.version + 1
    s.delete(theirs)
