"""A blind index: encrypted tickets are found by keyed hashes of what they contain.

The database holds no word of a complaint, only hashes that need the installation's secret: of two
neighbouring characters, of four neighbouring digits, and of a number's last four. A hit has all the hashes of
what is looked for; whoever shows hits checks the text itself (`contains`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, and_, func, insert, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql import Select

from actions.desk.events import timeline
from actions.store.crypto import cipher_of
from actions.store.tables.desk import Ticket, TicketTerm
from knowledge.text import normalise

FORM = 1  # of the terms; a ticket with another one is indexed anew
SUFFIX = 4  # last digits by which a phone or account number is found
_DIGITS = re.compile(r"\d+")
_GAPS = re.compile(r"\s+")
_MOST = 16  # hashes of a search that are looked up
_FEW = 3000  # hits that are listed by their keys
_COMMON = 4000  # beyond this it does not matter how common a hash is


def index(s: Session, ticket: Ticket) -> None:
    """Let a ticket be found by what its customer wrote in it."""
    _write(s, ticket, words_of_ticket(ticket))
    ticket.indexed = FORM


def add(s: Session, ticket: Ticket, *texts: str) -> None:
    """Let a ticket be found by further texts."""
    _write(s, ticket, {word for text in texts for word in words_of(text)})


def _write(s: Session, ticket: Ticket, words: set[str]) -> None:
    terms = {_blind(s, word) for word in words}
    known = select(TicketTerm.term).where(
        TicketTerm.term.in_(sorted(terms)), TicketTerm.ticket == ticket.search_key
    )
    new = terms - set(s.scalars(known))
    if new:
        s.execute(insert(TicketTerm), [{"term": term, "ticket": ticket.search_key} for term in sorted(new)])


def words_of_ticket(ticket: Ticket) -> set[str]:
    """Return all that a ticket is found by when it is registered."""
    return {word for text in _fields(ticket) for word in words_of(text)}


def words_of(text: str) -> set[str]:
    """Return all that a text is found by."""
    flat = plain(text)
    numbers = _DIGITS.findall(_joined(flat))
    ends = {"#" + number[-SUFFIX:] for number in numbers if len(number) >= SUFFIX}
    return {*_pairs(flat), *ends, *(run for number in numbers for run in _runs(number))}


def plain(text: str) -> str:
    """Return text as it is compared: normalised, without spaces."""
    return _GAPS.sub("", normalise(text))


def having(s: Session, text: str) -> ColumnElement[bool] | None:
    """Return the condition that a ticket has all hashes of what is looked for; None for too short a text.

    A rare text is looked up first and named by its tickets; with a common one the tickets are walked in their
    order, and the first of them soon fill a page. Either way a list takes milliseconds.
    """
    terms = _rarest_first(s, {_blind(s, word) for word in _looked_for(text)})
    if not terms:
        return None
    few = list(s.scalars(_with_all(terms).limit(_FEW + 1)))
    if len(few) <= _FEW:
        return Ticket.search_key.in_(few)
    return and_(*(_has(term, Ticket.search_key) for term in terms))


def contains(s: Session, ticket: Ticket, text: str) -> bool:
    """Tell whether a ticket really has what is looked for: one with all its hashes nearly always does."""
    looked_for = plain(text)
    if len(_looked_for(text)) <= 1:
        return True  # one hash says it all
    if any(_within(looked_for, field) for field in _fields(ticket)):
        return True
    return any(_within(looked_for, str(event.data.get("text", ""))) for event in timeline(s, ticket.id))


def _looked_for(text: str) -> list[str]:
    """Return the words that a search needs, at most `_MOST`."""
    flat = plain(text)
    number = _joined(flat)
    if number.isdecimal() and len(number) == SUFFIX:
        return ["#" + number]
    if number.isdecimal() and len(number) > SUFFIX:
        return _runs(number)[:_MOST]
    return list(dict.fromkeys(_pairs(flat)))[:_MOST]


def _rarest_first(s: Session, terms: set[int]) -> list[int]:
    if len(terms) < 2:
        return list(terms)

    def counted(term: int) -> Select[int, int]:
        some = select(TicketTerm.ticket).where(TicketTerm.term == term).limit(_COMMON).subquery()
        return select(literal(term, BigInteger), func.count()).select_from(some)

    rows = s.execute(union_all(*map(counted, sorted(terms)))).all()
    return [term for term, _ in sorted(rows, key=lambda row: (row[1], row[0]))]


def _with_all(terms: Sequence[int]) -> Select[int]:
    """Return a query of the tickets that have all the terms; it reads those of the first."""
    first, *others = terms
    read = aliased(TicketTerm)
    return select(read.ticket).where(read.term == first, *(_has(term, read.ticket) for term in others))


def _has(term: int, key: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    probed = aliased(TicketTerm)
    return select(probed.term).where(probed.term == term, probed.ticket == key).exists()


def _fields(ticket: Ticket) -> tuple[str, ...]:
    return ticket.matter, ticket.product, ticket.demand, ticket.name, ticket.contact


def _within(looked_for: str, text: str) -> bool:
    flat = plain(text)
    return looked_for in flat or _joined(looked_for) in _joined(flat)


def _joined(flat: str) -> str:
    """Return text with its numbers in one piece: 138-1234-5678."""
    return flat.replace("-", "")


def _pairs(flat: str) -> list[str]:
    return [flat[i : i + 2] for i in range(len(flat) - 1)]


def _runs(number: str) -> list[str]:
    return ["=" + number[i : i + SUFFIX] for i in range(len(number) - SUFFIX + 1)]


def _blind(s: Session, word: str) -> int:
    return cipher_of(s.get_bind().dialect).blind(word)
