"""Who a customer is, said by the host application: a JWT signed with its key, read strictly."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from actions.service.customers import Known
from actions.service.messages import clean
from knowledge.errors import WenjinError, forbidden, unauthenticated

PREFIX = "app:"
LEAST_KEY = 32  # bytes of a shared secret (RFC 7518, 3.2)
LEAST_RSA = 2048
LONGEST = timedelta(hours=24)  # from now to a token's end
LEEWAY = timedelta(seconds=60)  # between the clocks of two houses
MAX_TOKEN, MAX_SUBJECT, MAX_NAME = 8192, 255, 50
_PHONE = re.compile(r"1[3-9]\d{9}")
_EMAIL = re.compile(r"[\w.%+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+", re.ASCII)


_OPTIONS: Any = {
    "require": ["exp", "sub"],
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False),
}


class HostKey:
    """The host's key with the one algorithm that it is for, so that a token cannot choose another.

    Raises:
        ValueError: in Chinese, for a secret under 32 bytes and a PEM that is no RSA (2048 bits) or P-256 key.
    """

    def __init__(self, text: str) -> None:
        pem = text.replace("\\n", "\n").strip()
        if not pem.startswith("-----BEGIN"):
            if len(text.encode()) < LEAST_KEY:
                raise ValueError(f"共享密钥至少要 {LEAST_KEY} 个字节")
            self.key: Any = text.encode()
            self.algorithm = "HS256"
            return
        try:
            self.key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("PEM 公钥读不出来，须以 -----BEGIN PUBLIC KEY----- 开头") from error
        self.algorithm = _algorithm(self.key)


def _algorithm(key: Any) -> str:
    if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    raise ValueError(f"公钥只能是 {LEAST_RSA} 位以上的 RSA 或 P-256 椭圆曲线")


class Identities:
    """Reads host tokens; `secret` is the installation's, so that ids do not tell the host's numbers."""

    def __init__(self, key: str, secret: bytes, *, issuer: str = "", audience: str = "") -> None:
        self._key = HostKey(key) if key else None
        self._secret, self._issuer, self._audience = secret, issuer or None, audience or None

    def read(self, token: object, now: datetime) -> Known:
        """Return the customer of a host token; a phone or mail address that is none is left out.

        Raises:
            WenjinError: 403 `identity_off`; 401 `bad_identity`, `identity_expired`, `identity_audience`,
                `identity_issuer`, `identity_early`, `identity_incomplete`, `identity_too_long`.
        """
        if self._key is None:
            raise forbidden("identity_off", "本服务没有开通身份对接，请以访客身份使用。")
        if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN:
            raise _bad()
        claims = self._checked(token, self._key, now)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or clean(subject) != subject:
            raise _bad()
        return Known(
            self.customer_id(subject),
            _text(claims, "name")[:MAX_NAME],
            _matching(_PHONE, _text(claims, "phone").replace(" ", "").removeprefix("+86")),
            _matching(_EMAIL, _text(claims, "email")),
        )

    def customer_id(self, subject: str) -> str:
        """Return the id of the host's customer, always the same."""
        return (
            PREFIX + hmac.new(self._secret, b"customer:" + subject.encode(), hashlib.sha256).hexdigest()[:40]
        )

    def _checked(self, token: str, host: HostKey, now: datetime) -> Mapping[str, Any]:
        """Return the claims of a token that is genuine, ours, and in its time by `now`."""
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token, host.key, algorithms=[host.algorithm], issuer=self._issuer, audience=self._audience,
                options=_OPTIONS,
            )  # fmt: skip
            _in_time(claims, now)
        except jwt.PyJWTError as error:
            raise _refusal(error) from error
        return claims


def _in_time(claims: Mapping[str, Any], now: datetime) -> None:
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    ends, begins = claims["exp"], claims.get("nbf", 0)
    if not (_is_time(ends) and _is_time(begins)):
        raise jwt.DecodeError("times must be numbers")
    if ends <= at - leeway:
        raise jwt.ExpiredSignatureError
    if begins > at + leeway:
        raise jwt.ImmatureSignatureError
    if ends > at + LONGEST.total_seconds() + leeway:
        raise unauthenticated("identity_too_long", "身份凭证的有效期不能超过 24 小时。")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return " ".join(clean(value).split()) if isinstance(value, str) else ""


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _refusal(error: jwt.PyJWTError) -> WenjinError:
    match error:
        case jwt.ExpiredSignatureError():
            return unauthenticated("identity_expired", "身份凭证已过期，请返回应用重新进入。")
        case jwt.InvalidAudienceError():
            return unauthenticated("identity_audience", "身份凭证不是签发给本服务的，请联系应用的技术人员。")
        case jwt.InvalidIssuerError():
            return unauthenticated("identity_issuer", "身份凭证的签发方不对，请联系应用的技术人员。")
        case jwt.ImmatureSignatureError():
            return unauthenticated("identity_early", "身份凭证还没有生效，请检查应用服务器的时间。")
        case jwt.MissingRequiredClaimError():
            return unauthenticated("identity_incomplete", "身份凭证缺少必要的内容（sub、exp）。")
    return _bad()


def _bad() -> WenjinError:
    return unauthenticated("bad_identity", "身份凭证无效，请返回应用重新进入。")
