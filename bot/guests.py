"""Guests: a customer's signed cookie names their conversation, nobody can guess or make one."""

from __future__ import annotations

import secrets
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "wenjin_guest"
_SALT = "guest"


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
    """Signs and reads guest cookies."""

    def __init__(self, secret: bytes) -> None:
        self._serializer = URLSafeSerializer(secret, salt=_SALT)

    def new(self) -> str:
        """Return a fresh customer id."""
        return secrets.token_hex(16)

    def sign(self, customer_id: str) -> str:
        """Return the cookie of a customer."""
        return str(self._serializer.dumps(customer_id))

    def read(self, cookie: str | None) -> str | None:
        """Return the customer of a cookie, None where it was not made here.

        Base64 reads several last letters as the same bytes; only the one that was given out is taken.
        """
        if not cookie:
            return None
        try:
            value = self._serializer.loads(cookie)
        except (BadSignature, UnicodeError):
            return None
        return value if isinstance(value, str) and self.sign(value) == cookie else None
