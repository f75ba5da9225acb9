"""Grow a complaint desk of any size from labelled examples: tickets that have lived, their search terms."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from sqlalchemy import insert

from actions.desk import events, terms
from actions.desk.clock import cycles, replay
from actions.desk.rules import DEFAULT
from actions.desk.triage import triage
from actions.store.base import new_id, new_search_key
from actions.store.chain import link_hash
from actions.store.crypto import Cipher
from actions.store.engine import Database
from actions.store.masking import mask_contact
from actions.store.tables.accounts import User
from actions.store.tables.desk import Ticket, TicketEvent, TicketState
from actions.store.tables.figures import TicketCycle
from bot.settings import PROJECT

KEY = b"measuring the desk"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAYS = 1095  # since the first complaint
RECENT = 20  # days since the first one that is not over
HANDLERS = 20
SEED = 4
EXAMPLES = PROJECT / "training_data" / "complaints" / "examples.yml"
_BATCH = 2000
_LIVES: tuple[tuple[tuple[str, ...], int], ...] = (  # how far tickets have come, and how many of a hundred
    ((), 2),
    (("take", "assess"), 3),
    (("take", "assess", "decide"), 3),
    (("withdraw",), 2),
    (("take", "assess", "decide", "close"), 90),
)
_AFTER = {
    "take": TicketState.ACKNOWLEDGED,
    "assess": TicketState.IN_PROGRESS,
    "decide": TicketState.DECIDED,
    "close": TicketState.CLOSED,
    "withdraw": TicketState.WITHDRAWN,
}
_DEMANDS = ("尽快到账并书面道歉", "退还多收的手续费", "说明原因", "赔偿损失并给出处理结果", "更正记录")
_NAMES = ("欧阳先生", "司马女士", "张伟", "王芳", "李娜", "刘洋", "陈静", "杨洋", "赵敏", "黄磊")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What there is to be looked for: pairs by how many tickets have them, and one ticket's particulars."""

    common: str
    third: str
    medium: str
    handler: str
    number: str
    phone: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled complaint."""

    text: str
    business: str
    cause: str
    queue: str


def fill(db: Database, size: int, progress: Progress) -> tuple[Asked, NDArray[np.int64]]:
    """Fill an empty SQLite database with `size` tickets and their events; return also their search terms.

    The terms are an array of (term, ticket) in the order of their key.
    """
    rng, examples = random.Random(SEED), _examples()
    handlers = [new_id() for _ in range(HANDLERS)]
    with db.begin() as s:
        s.execute(insert(User), [_user(one, n) for n, one in enumerate(handlers)])
    blind, pairs, found_by = Blind(), Counter[str](), []
    for start in range(0, size, _BATCH):
        made = [
            _lived(rng, rng.choice(examples), handlers, n) for n in range(start, min(start + _BATCH, size))
        ]
        with db.begin() as s:
            s.execute(insert(Ticket), [_row(ticket) for ticket, _ in made])
            s.execute(insert(TicketEvent), [_row(event) for _, its in made for event in its])
            s.execute(insert(TicketCycle), [row for _, its in made for row in _cycle_rows(its)])
        for ticket, _ in made:
            words = terms.words_of_ticket(ticket)
            pairs.update(word for word in words if not any(char.isdigit() for char in word))
            found_by.append(blind.rows(words, ticket.search_key))
        progress(start + len(made), size)
    rows = np.concatenate(found_by)
    ticket = made[-1][0]
    ranked = pairs.most_common()
    third, medium = (
        min(ranked, key=lambda one: (abs(one[1] - number), one[0]))[0] for number in (size // 3, size // 100)
    )
    asked = Asked(ranked[0][0], third, medium, handlers[0], ticket.number, ticket.contact, ticket.matter[:8])
    return asked, rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def write_terms(db: Database, rows: NDArray[np.int64]) -> None:
    """Insert search terms into SQLite in the order of their key: much faster than ticket by ticket."""
    file = sqlite3.connect(db.url.database or "")
    for start in range(0, len(rows), 500_000):
        with file:
            file.executemany(
                "INSERT INTO ticket_terms (term, ticket) VALUES (?, ?)",
                rows[start : start + 500_000].tolist(),
            )
    file.close()


class Blind:
    """Hashes words, each once."""

    def __init__(self) -> None:
        self._cipher = Cipher(KEY)
        self._known: dict[str, int] = {}

    def rows(self, words: set[str], key: int) -> NDArray[np.int64]:
        """Return (term, ticket) for each word of a ticket."""
        hashes = np.fromiter((self._of(word) for word in words), np.int64, len(words))
        return np.stack([hashes, np.full(len(words), key)], axis=1)

    def _of(self, word: str) -> int:
        if word not in self._known:
            self._known[word] = self._cipher.blind(word)
        return self._known[word]


def _lived(
    rng: random.Random, example: Example, handlers: list[str], place: int
) -> tuple[Ticket, list[TicketEvent]]:
    """Return a ticket with its events, and its clock as they say."""
    (life,) = rng.choices([steps for steps, _ in _LIVES], [share for _, share in _LIVES])
    is_over = "close" in life or "withdraw" in life
    created = NOW - timedelta(days=rng.uniform(RECENT, DAYS) if is_over else rng.uniform(0, RECENT))
    phone = f"1{rng.randrange(30, 99)}{rng.randrange(10**8):08d}"
    order = f"{created:%Y%m%d}{rng.randrange(10**8):08d}"
    matter = (
        f"{example.text}。{created.month}月{created.day}日，金额{rng.randrange(10, 90_000)}元，订单号{order}"
    )
    ticket = Ticket(
        id=new_id(), number=f"TS{created:%y%m%d}-{place * 37 % 100_000:05d}", customer_id=new_id(),
        idempotency_key=new_id(), source="chat", state=TicketState.RECEIVED, queue=example.queue,
        name=rng.choice(_NAMES), matter=matter, product=example.business, demand=rng.choice(_DEMANDS),
        contact=phone, contact_masked=mask_contact(phone), found={}, proposed={}, barred=[], version=0,
        priority="normal" if example.queue == "general" else "high", cycle=1, created_at=created,
        customer_at=created, due_at=created, rule="", alert="", business="", channel="", cause="",
        search_key=new_search_key(), indexed=terms.FORM,
    )  # fmt: skip
    its = [_event(ticket, "created", created, {"clock": DEFAULT.cycle("simple", created)}, "")]
    for number, step in enumerate(life, 1):
        at = min(created + timedelta(days=number * rng.uniform(0.2, 4)), NOW)
        _do(ticket, step, example, rng.choice(handlers), at)
        its.append(_event(ticket, step, at, {"text": "已核实，系统升级期间入账延迟。"}, its[-1].hash))
    clock = replay(its)
    assert clock is not None  # noqa: S101
    events.set_clock(ticket, clock)
    ticket.seen_at = created + timedelta(days=1) if ticket.handler_id and rng.random() < 0.8 else None
    return ticket, its


def _do(ticket: Ticket, step: str, example: Example, handler: str, at: datetime) -> None:
    ticket.state = _AFTER[step]
    if step == "take":
        ticket.handler_id = handler
    if step == "assess":
        ticket.business, ticket.channel, ticket.cause = example.business, "app", example.cause
    if step in ("close", "withdraw"):
        ticket.closed_at = at


def _event(ticket: Ticket, kind: str, at: datetime, data: dict[str, Any], before: str) -> TicketEvent:
    ticket.version += 1
    event = TicketEvent(
        id=new_id(), ticket_id=ticket.id, seq=ticket.version, type=kind, actor="x", actor_kind="handler",
        data={**data, **events.after(ticket)}, created_at=at, prev_hash=before,
    )  # fmt: skip
    event.hash = link_hash(before, event.content())
    return event


def _examples() -> list[Example]:
    rows: list[dict[str, str]] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return [Example(row["text"], row["business"], row["cause"], triage(row["text"]).queue) for row in rows]


def _cycle_rows(its: list[TicketEvent]) -> list[dict[str, Any]]:
    return [
        {"ticket_id": last.ticket_id, "cycle": clock.cycle, **events.cycle_values(clock, last)}
        for clock, last in cycles(its)
    ]


def _row(one: Ticket | TicketEvent) -> dict[str, Any]:
    return {column.key: getattr(one, column.key) for column in one.__mapper__.column_attrs}


def _user(user_id: str, number: int) -> dict[str, Any]:
    return {
        "id": user_id, "name": f"handler-{number}", "password_hash": "x", "roles": ["handler"],
        "display_name": "", "created_at": NOW, "active": True, "queues": [], "takes_new": True,
    }  # fmt: skip


def copied(rows: NDArray[np.int64]) -> Iterator[bytes]:
    """Yield search terms as PostgreSQL's binary COPY wants them."""
    yield b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8
    form = np.dtype([("fields", ">i2"), ("a", ">i4"), ("term", ">i8"), ("b", ">i4"), ("ticket", ">i8")])
    for start in range(0, len(rows), 500_000):
        part = np.zeros(len(rows[start : start + 500_000]), form)
        part["fields"], part["a"], part["b"] = 2, 8, 8
        part["term"], part["ticket"] = rows[start : start + 500_000].T
        yield part.tobytes()
    yield b"\xff\xff"
