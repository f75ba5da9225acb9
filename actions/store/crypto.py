"""Encryption of single columns with a key made from the installation's secret."""

from __future__ import annotations

import base64
import hmac
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect

from knowledge.errors import unavailable

_INFO, _BLIND = b"wenjin column encryption v1", b"wenjin blind index v1"
_PROOF = b"wenjin proofs v1"


class Cipher:
    """Encrypts and decrypts text with a key derived by HKDF-SHA256 (RFC 5869) from `secret`."""

    def __init__(self, secret: bytes) -> None:
        if not secret:
            raise unavailable("no_key", "没有数据密钥，无法打开数据库。请检查数据目录中的 secret.key。")
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(secret, _INFO)))
        self._blinding = _derive(secret, _BLIND)
        self._proving = _derive(secret, _PROOF)

    def encrypt(self, text: str) -> str:
        """Return the text as a Fernet token."""
        return self.encrypt_bytes(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """Return the text of a token; raise 503 `wrong_key` where it was made with another secret."""
        return self.decrypt_bytes(token.encode()).decode()

    def encrypt_bytes(self, content: bytes) -> bytes:
        """Return bytes as a Fernet token."""
        return self._fernet.encrypt(content)

    def decrypt_bytes(self, token: bytes) -> bytes:
        """Return the bytes of a token; raise 503 `wrong_key` where it was made with another secret."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise unavailable(
                "wrong_key",
                "数据密钥与数据库不匹配，无法读取加密内容。请换回建立这个数据库时使用的 secret.key。",
            ) from None

    def blind(self, word: str) -> int:
        """Return a keyed hash of a word as a signed 64-bit number: equal words are found, none is read."""
        digest = hmac.digest(self._blinding, word.encode(), "sha256")
        return int.from_bytes(digest[:8], "big", signed=True)

    def proof(self, content: bytes) -> bytes:
        """Return 32 bytes that show that the holder of the secret vouches for this content."""
        return hmac.digest(self._proving, content, "sha256")


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


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
