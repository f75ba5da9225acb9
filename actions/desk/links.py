"""Secret links: whoever has one sees that one ticket, without signing in."""

from __future__ import annotations

import base64
import binascii
import hmac

from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.rules import rules_of
from actions.store.crypto import cipher_of
from actions.store.tables.desk import Ticket

PATH = "/t/"
_ID = _PROOF = 16  # bytes


def token(s: Session, ticket: Ticket) -> str:
    """Return the ticket's token: its id and a proof that only this installation can make."""
    return _token(s, bytes.fromhex(ticket.id))


def path(s: Session, ticket: Ticket) -> str:
    """Return the link within this site."""
    return PATH + token(s, ticket)


def link(s: Session, ticket: Ticket) -> str:
    """Return the whole link, for messages that leave the house."""
    return rules_of(s).public_url.rstrip("/") + path(s, ticket)


def by_token(s: Session, text: str) -> Ticket:
    """Return the ticket of a token; raise 404 `ticket_not_found` for any other text."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
    except (binascii.Error, UnicodeEncodeError):
        raise registry.missing() from None
    ticket_id = raw[:_ID]
    # The whole text is compared: base64 knows several spellings of the same bytes, a link has one.
    if len(ticket_id) != _ID or not hmac.compare_digest(text.encode(), _token(s, ticket_id).encode()):
        raise registry.missing()
    return registry.get(s, ticket_id.hex())


def _token(s: Session, raw: bytes) -> str:
    proof = cipher_of(s.get_bind().dialect).proof(b"ticket link " + raw)[:_PROOF]
    return base64.urlsafe_b64encode(raw + proof).decode("ascii").rstrip("=")
