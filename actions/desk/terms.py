"""A blind index: encrypted tickets are found by keyed hashes of two neighbouring characters.

The database holds no word of a complaint, only hashes that need the installation's secret. A hit has all the
pairs of what is looked for; whoever lists hits checks the text itself.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from actions.store.crypto import cipher_of
from actions.store.tables.desk import Ticket, TicketTerm
from knowledge.text import normalise

_DIGITS = re.compile(r"\d{7,}")
_GAPS = re.compile(r"\s+")
SUFFIX = 4  # last digits by which a phone or account number is found
MOST = 16  # pairs of a search that are looked up


def index(s: Session, ticket: Ticket) -> None:
    """Write what a ticket is found by, anew."""
    s.execute(delete(TicketTerm).where(TicketTerm.ticket == ticket.search_key))
    add(s, ticket, " ".join((ticket.matter, ticket.product, ticket.demand, ticket.name, ticket.contact)))


def add(s: Session, ticket: Ticket, text: str) -> None:
    """Let a ticket be found by further text."""
    wanted = {_blind(s, pair) for pair in _pairs(text)} | {_blind(s, "#" + end) for end in _suffixes(text)}
    known = select(TicketTerm.term).where(
        TicketTerm.ticket == ticket.search_key, TicketTerm.term.in_(sorted(wanted))
    )
    new = wanted - set(s.scalars(known))
    if new:
        s.execute(insert(TicketTerm), [{"term": term, "ticket": ticket.search_key} for term in sorted(new)])


def plain(text: str) -> str:
    """Return text as it is compared: normalised, without spaces."""
    return _GAPS.sub("", normalise(text))


def wanted(s: Session, text: str) -> list[Select[Any]]:
    """Return a query of the tickets with each pair of what is looked for; [] for a single character."""
    looked_for = plain(text)
    if len(looked_for) == SUFFIX and looked_for.isdigit():
        return [_having(_blind(s, "#" + looked_for))]
    pairs = list(dict.fromkeys(_pairs(text)))[:MOST]
    return [_having(_blind(s, pair)) for pair in pairs]


def _having(term: int) -> Select[Any]:
    return select(TicketTerm.ticket).where(TicketTerm.term == term)


def _pairs(text: str) -> list[str]:
    flat = plain(text)
    return [flat[i : i + 2] for i in range(len(flat) - 1)]


def _suffixes(text: str) -> set[str]:
    return {digits[-SUFFIX:] for digits in _DIGITS.findall(plain(text).replace("-", ""))}


def _blind(s: Session, word: str) -> int:
    return cipher_of(s.get_bind().dialect).blind(word)
