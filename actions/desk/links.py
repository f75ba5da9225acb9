"""Secret links: whoever has one sees that one ticket, without signing in."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.rules import rules_of
from actions.store import tokens
from actions.store.tables.desk import Ticket

PATH = "/t/"
PURPOSE = "ticket"


def token(s: Session, ticket: Ticket) -> str:
    """Return the ticket's token: its id and a proof that only this installation can make."""
    return tokens.token(s, PURPOSE, ticket.id)


def path(s: Session, ticket: Ticket) -> str:
    """Return the link within this site."""
    return PATH + token(s, ticket)


def link(s: Session, ticket: Ticket) -> str:
    """Return the whole link, for messages that leave the house."""
    return rules_of(s).public_url.rstrip("/") + path(s, ticket)


def by_token(s: Session, text: str) -> Ticket:
    """Return the ticket of a token; raise 404 `ticket_not_found` for any other text."""
    ticket_id = tokens.thing_of(s, PURPOSE, text)
    if ticket_id is None:
        raise registry.missing()
    return registry.get(s, ticket_id)
