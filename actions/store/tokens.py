"""Tokens of secret links: the id of one thing and a proof that only this installation can make."""

from __future__ import annotations

import base64
import binascii
import hmac

from sqlalchemy.orm import Session

from actions.store.crypto import cipher_of

_ID = _PROOF = 16  # bytes


def token(s: Session, purpose: str, thing: str) -> str:
    """Return the token of a thing (32 hex digits) for a purpose; it serves no other purpose."""
    return _token(s, purpose, bytes.fromhex(thing))


def thing_of(s: Session, purpose: str, text: str) -> str | None:
    """Return the id of the thing that a token is for, None for any text that is no token of this purpose."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"==")[:_ID]
    except (binascii.Error, UnicodeEncodeError):
        return None
    # The whole text is compared: base64 knows several spellings of the same bytes, a link has one.
    if len(raw) != _ID or not hmac.compare_digest(text.encode(), _token(s, purpose, raw).encode()):
        return None
    return raw.hex()


def _token(s: Session, purpose: str, raw: bytes) -> str:
    proof = cipher_of(s.get_bind().dialect).proof(f"{purpose} link ".encode() + raw)[:_PROOF]
    return base64.urlsafe_b64encode(raw + proof).decode("ascii").rstrip("=")
