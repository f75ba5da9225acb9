"""Complaints about the same thing: the customer's own of before, and those of others (an incident).

Two complaints are alike by their vectors, by numbers that both name, and by order numbers. The thresholds are
tuned on one half of training_data/complaints/similar.yml; `wenjin eval complaints` reports the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from actions.desk import forms
from actions.desk.amounts import numbers
from actions.desk.life import PENDING
from actions.desk.rules import rules_of
from actions.store.tables.desk import Ticket, TicketVector

Floats = npt.NDArray[np.float32]
CompareBy = Callable[[Floats], Floats]  # rows whose products tell how alike their vectors are

SAME = 0.46  # from here on a customer is asked whether it is the same matter
ALIKE = 0.7  # from here on a complaint of somebody else is shown as alike
SHARED_NUMBER, SHARED_ORDER, OTHER_ORDER = 0.15, 0.5, -0.3
INCIDENT_DAYS = 7
_CHECKED = 40  # of the likest by vector alone, so many are read


@dataclass(frozen=True, slots=True)
class Vector:
    """A matter's sentence vector, and the fingerprint of the encoder that made it."""

    encoder: str
    values: Floats


@dataclass(frozen=True, slots=True)
class Like:
    """A ticket and how alike it is (1 and more for the same words)."""

    ticket: Ticket
    score: float


@dataclass(frozen=True, slots=True)
class Similar:
    """Open tickets of other customers about the same thing, and how many came in the last days."""

    tickets: tuple[Like, ...]
    recent: int


def store(s: Session, ticket: Ticket, vector: Vector) -> None:
    """Keep a new ticket's vector, in the transaction that makes the ticket."""
    s.add(
        TicketVector(
            ticket_id=ticket.id, encoder=vector.encoder, vector=vector.values.astype(np.float16).tobytes()
        )
    )
    s.flush()


def same_matter(
    s: Session, customer_id: str, vector: Vector, text: str, now: datetime, *, compare_by: CompareBy
) -> Ticket | None:
    """Return the customer's pending ticket of the last days that is about the same matter, or None."""
    within = timedelta(days=rules_of(s).same_within)
    own = (
        select(Ticket, TicketVector.vector)
        .join(TicketVector, TicketVector.ticket_id == Ticket.id)
        .where(
            Ticket.customer_id == customer_id, Ticket.state.in_(PENDING), Ticket.created_at > now - within,
            TicketVector.encoder == vector.encoder,
        )
    )  # fmt: skip
    rows = s.execute(own.order_by(Ticket.created_at.desc(), Ticket.number)).tuples().all()
    scores = _products(vector.values, [stored for _, stored in rows], compare_by).tolist()
    scored = [
        Like(ticket, score + evidence(text, ticket.matter))
        for (ticket, _), score in zip(rows, scores, strict=True)
    ]
    best = max(scored, key=lambda like: like.score, default=None)
    return best.ticket if best and best.score >= SAME else None


def similar(s: Session, ticket: Ticket, now: datetime, *, compare_by: CompareBy, limit: int = 5) -> Similar:
    """Return the likest open tickets of other customers, and count those of the last days, open or not."""
    own = s.get(TicketVector, ticket.id)
    if own is None:
        return Similar((), 0)
    recently = now - timedelta(days=INCIDENT_DAYS)
    # Two queries, each along an index of its own: what is pending, what is new.
    pending = _vectors(s, ticket, own.encoder, Ticket.stopped_at.is_(None))
    new = _vectors(s, ticket, own.encoder, Ticket.created_at > recently)
    values = np.frombuffer(own.vector, np.float16).astype(np.float32)
    vectors = {**new, **pending}
    scores = dict(zip(vectors, _products(values, list(vectors.values()), compare_by).tolist(), strict=True))
    likely = sorted(pending, key=lambda one: (-scores[one], one))[:_CHECKED]
    found = s.scalars(select(Ticket).where(Ticket.id.in_(likely)))
    scored = [Like(one, scores[one.id] + evidence(ticket.matter, one.matter)) for one in found]
    alike = sorted(
        (like for like in scored if like.score >= ALIKE), key=lambda like: (-like.score, like.ticket.number)
    )
    return Similar(tuple(alike[:limit]), sum(scores[one] >= ALIKE for one in new))


def _vectors(s: Session, ticket: Ticket, encoder: str, which: ColumnElement[bool]) -> dict[str, bytes]:
    """Return the vectors of other customers' tickets, by id."""
    of_others = (
        select(TicketVector.ticket_id, TicketVector.vector)
        .join(Ticket, Ticket.id == TicketVector.ticket_id)
        .where(which, Ticket.customer_id != ticket.customer_id, TicketVector.encoder == encoder)
    )
    return dict(s.execute(of_others).tuples().all())


def _products(values: Floats, stored: Sequence[bytes], compare_by: CompareBy) -> Floats:
    if not stored:
        return np.zeros(0, np.float32)
    others = np.frombuffer(b"".join(stored), np.float16).reshape(len(stored), -1).astype(np.float32)
    products: Floats = compare_by(others) @ compare_by(values[None])[0]
    return products


def evidence(text: str, other: str) -> float:
    """Return what numbers say about two texts being of one matter: shared ones raise, other orders lower."""
    orders, other_orders = _orders(text), _orders(other)
    if orders & other_orders:
        return SHARED_ORDER
    if orders and other_orders:
        return OTHER_ORDER
    return SHARED_NUMBER if numbers(text) & numbers(other) else 0.0


def _orders(text: str) -> set[str]:
    return {one.value.lower() for one in forms.find(text) if one.kind == "order_number"}
