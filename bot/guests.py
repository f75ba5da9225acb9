"""Sessions: a signed name of a customer's conversation, nobody can guess or make one."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "wenjin_guest"
KNOWN_FOR = timedelta(hours=24)  # how long a session of a customer whom the host has named lasts
_SALT, _KNOWN_SALT = "guest", "customer"


def load_secret(data_dir: Path) -> bytes:
    """Return the installation's secret, made on first use and readable by its owner only."""
    path = data_dir / "secret.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.is_file():
        draft = data_dir / f".secret.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            path.hardlink_to(draft)  # the first of two processes wins, both read the same
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip().encode()


class Guests:
    """Signs and reads sessions: of guests for as long as they keep them, of known customers for a day."""

    def __init__(self, secret: bytes) -> None:
        self._serializer = URLSafeSerializer(secret, salt=_SALT)
        self._known = URLSafeSerializer(secret, salt=_KNOWN_SALT)

    def new(self) -> str:
        """Return a fresh customer id."""
        return secrets.token_hex(16)

    def sign(self, customer_id: str) -> str:
        """Return a guest's session, which is also their cookie."""
        return str(self._serializer.dumps(customer_id))

    def sign_known(self, customer_id: str, now: datetime) -> str:
        """Return the session of a customer whom the host has just named."""
        return str(self._known.dumps([customer_id, int((now + KNOWN_FOR).timestamp())]))

    def read(self, cookie: str | None) -> str | None:
        """Return the guest of a session, None where it was not made here."""
        value = _loaded(self._serializer, cookie)
        return value if isinstance(value, str) else None

    def read_any(self, session: str | None, now: datetime) -> str | None:
        """Return the guest or known customer of a session, None where it was not made here or is over."""
        value = _loaded(self._known, session)
        if isinstance(value, list):
            customer_id, ends = value
            return str(customer_id) if now.timestamp() < ends else None
        return self.read(session)


def _loaded(serializer: URLSafeSerializer, signed: str | None) -> Any:
    """Return what was signed, None where it was not made here.

    Base64 reads several last letters as the same bytes; only the one that was given out is taken.
    """
    if not signed:
        return None
    try:
        value = serializer.loads(signed)
    except (BadSignature, UnicodeError):
        return None
    return value if str(serializer.dumps(value)) == signed else None
