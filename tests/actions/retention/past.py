"""A house with a past: two customers, conversations, complaints, ratings, mails, and a year ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from actions.desk import attachments, tickets, work
from actions.desk.attachments import Upload
from actions.retention import runs
from actions.retention.periods import Periods
from actions.service import conversations, customers, handovers, ratings
from actions.service.replies import Reply, ReplyKind
from actions.store import trackers
from actions.store.engine import Database
from actions.store.tables.accounts import LoginFailure, SignInSession
from actions.store.tables.desk import Notice, Ticket
from actions.store.tables.service import AnswerMark, Conversation, RatingOffer, Turn
from tests.actions.conftest import NOW, open_guest
from tests.actions.desk.people import DAY, HOUR, People, as_is, complain, decide, hire, take

PERIODS = Periods()
LONG_AGO = NOW - 1200 * DAY  # past every period
SECRET = "我的暗号是紫罗兰"
PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@dataclass(frozen=True)
class Past:
    """What was there: the complaint that was closed, its conversation, and who works here."""

    people: People
    ticket: Ticket
    talk: Conversation


def talked(s: Session, guest: str, at: datetime, outcome: str = "answered") -> tuple[Conversation, Turn]:
    """Let a guest ask something and get an answer, which is marked and rated."""
    chat = open_guest(s, guest)
    asked, _ = conversations.receive(
        s, conversation=chat, text=f"{SECRET}，怎么提现", key=f"{guest}{at}", now=at
    )
    reply = Reply(ReplyKind.ANSWER, f"提现到账要一天，{SECRET}", {"quoted": SECRET})
    answer = conversations.add_reply(
        s, conversation=chat, reply=reply, reply_to=asked.id, actor="bot", outcome=outcome, latency_ms=12.5,
        now=at,
    )  # fmt: skip
    s.add(AnswerMark(turn_id=answer.id, helpful=True, created_at=at))
    trackers.save(s, chat.id, {"form": 1, "slots": {"x": SECRET}}, at)
    return chat, asked


def rated(s: Session, chat: Conversation, at: datetime, score: int = 5) -> RatingOffer:
    """Let the customer rate a conversation with a comment."""
    offer = ratings.open_offer(s, chat.id) or RatingOffer(
        conversation_id=chat.id, subject="conversation", subject_id=chat.id, cycle=1, offered_at=at
    )
    s.add(offer)
    s.flush()
    ratings.rate(
        s, offer_id=offer.id, conversation_id=chat.id, score=score, comment=f"很好，{SECRET}", now=at + HOUR
    )
    return offer


def closed(s: Session, people: People, chat: Conversation | None, at: datetime, key: str = "k", seed: int = 1,
           customer: str = "guest-1") -> Ticket:  # fmt: skip
    """Bring a complaint with a file, an answer, a note and a decision to its end."""
    draft = tickets.TicketDraft(f"扣错了钱，{SECRET}", "某某理财", f"退钱，{SECRET}", "13987654321", "张三")
    ticket = complain(s, key, customer=customer, conversation=chat, draft=draft, now=at, seed=seed)
    attachments.add(s, Upload(f"{SECRET}.gif", PIXEL), customer_id=customer, ticket=ticket, now=at)
    take(s, ticket, people.li, at)
    work.reply(s, **as_is(ticket, people.li, at), text=f"请稍候，{SECRET}")
    decide(s, ticket, people.li, at + DAY)
    work.close(s, **as_is(ticket, people.li, at + 2 * DAY))
    work.note(s, **as_is(ticket, people.li, at + 2 * DAY), text=f"备注，{SECRET}")
    s.add(
        Notice(
            key=f"mail:{ticket.id}", channel="mail", ticket_id=ticket.id, address="a@example.com",
            payload={"text": SECRET}, created_at=at, next_at=at, done_at=at,
        )
    )  # fmt: skip
    s.flush()
    return ticket


def lived(s: Session, at: datetime = LONG_AGO) -> Past:
    """Let a customer talk, be served by a person, complain and rate, beginning at a time."""
    people = hire(s)
    chat, _ = talked(s, "guest-1", at)
    held = handovers.request(s, conversation=chat, reason=f"留言：{SECRET}", now=at)
    handovers.take(s, handover_id=held.id, user=people.wang, now=at)
    handovers.say(s, handover_id=held.id, user=people.wang, text=f"您好，{SECRET}", now=at + HOUR)
    handovers.end(s, handover_id=held.id, user=people.wang, now=at + HOUR)
    rated(s, chat, at + HOUR)
    ticket = closed(s, people, chat, at)
    loose = open_guest(s, "guest-2")
    attachments.add(s, Upload("loose.gif", PIXEL), customer_id="guest-2", conversation_id=loose.id, now=at)
    customers.remember(s, customers.Known("guest-1", "张三", "13987654321", "a@example.com"), at)
    s.add(LoginFailure(name="somebody", failed_at=at))
    s.add(
        SignInSession(
            token_hash="x", user_id=people.li.id, csrf="x", created_at=at, last_seen_at=at, expires_at=at
        )
    )  # fmt: skip
    s.flush()
    return Past(people, ticket, chat)


def counts(db: Database, periods: Periods = PERIODS) -> dict[str, int]:
    """Return how much is due now, by kind."""
    return {one.kind.name: one.count for one in runs.plan(db, periods, NOW) if one.count}


def everything(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables, as the database has them."""
    from actions.store.base import Base

    with db.reading() as s:
        return {
            table.name: sorted(
                (tuple(row) for row in s.execute(text(f'SELECT * FROM "{table.name}"'))),  # noqa: S608
                key=repr,
            )
            for table in Base.metadata.sorted_tables
        }


def readable(db: Database) -> str:
    """Return all that the holder of the secret can read, in one text."""
    from actions.store.base import Base

    with db.reading() as s:
        return repr(
            [[tuple(row) for row in s.execute(table.select())] for table in Base.metadata.sorted_tables]
        )
