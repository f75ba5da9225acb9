"""Encryption of single columns with a key made from the installation's secret."""

from __future__ import annotations

import base64
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect

from knowledge.errors import unavailable

_INFO = b"wenjin column encryption v1"


class Cipher:
    """Encrypts and decrypts text with a key derived by HKDF-SHA256 (RFC 5869) from `secret`."""

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise unavailable("no_key", "没有数据密钥，无法打开数据库。请检查数据目录中的 secret.key。")
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def encrypt(self, text: str) -> str:
        """Return the text as a Fernet token."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of a token; raise 503 `wrong_key` where it was made with another secret."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise unavailable(
                "wrong_key",
                "数据密钥与数据库不匹配，无法读取加密内容。请换回建立这个数据库时使用的 secret.key。",
            ) from None


# A column type meets its database only as a dialect: each engine has its own.
_ciphers: WeakKeyDictionary[Dialect, Cipher] = WeakKeyDictionary()


def use_cipher(dialect: Dialect, cipher: Cipher) -> None:
    """Give the engine that owns `dialect` its cipher."""
    _ciphers[dialect] = cipher


def cipher_of(dialect: Dialect) -> Cipher:
    """Return the cipher of the engine that owns `dialect`; raise RuntimeError where there is none."""
    found = _ciphers.get(dialect)
    if found is None:
        raise RuntimeError("this engine was made without a key: use actions.store.engine.Database")
    return found
