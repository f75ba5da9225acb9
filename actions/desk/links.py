"""Secret links: whoever has one sees that one ticket, without signing in."""

from __future__ import annotations

import base64
import binascii
import hmac

from sqlalchemy.orm import Session

from actions.desk import registry
from actions.desk.rules import rules_of
from actions.store.tables.desk import Ticket

PATH = "/t/"
_PROOF = 16  # bytes


def token(s: Session, ticket: Ticket) -> str:
    """Return the ticket's token: its id and a proof that only this installation can make."""
    raw = bytes.fromhex(ticket.id)
    return base64.urlsafe_b64encode(raw + _proof(s, raw)).decode("ascii").rstrip("=")


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
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise registry.missing() from None
    ticket_id, proof = raw[:16], raw[16:]
    if len(raw) != 16 + _PROOF or not hmac.compare_digest(proof, _proof(s, ticket_id)):
        raise registry.missing()
    return registry.get(s, ticket_id.hex())


def _proof(s: Session, raw: bytes) -> bytes:
    return hmac.digest(rules_of(s).link_key, b"ticket link " + raw, "sha256")[:_PROOF]
