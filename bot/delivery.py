"""Ways out of the house: mail through SMTP, signed webhooks. Each raises where nothing arrived."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from actions.desk.outbox import Parcel
from bot.channels.rasa_forms import rest_form

SECONDS = 20.0  # for one step of a conversation with another server
WHOLE_SECONDS = 120.0  # for all of it; shorter than the lease of a notice
LONGEST_AGE = 300.0  # seconds between a signature and its check
ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "X-Wenjin-Id", "X-Wenjin-Timestamp", "X-Wenjin-Signature"
_PORTS = {"smtp": 587, "smtps": 465}


class Undelivered(Exception):
    """The other side did not take a notice; it is tried again."""


class Hopeless(Undelivered):
    """The other side will never take this notice."""


class Mailer:
    """Sends notices as mails, each under a Message-ID made of its own id."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._sender, self._secure = sender, parts.scheme == "smtps"
        self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    async def __call__(self, parcel: Parcel) -> None:
        """Send one notice.

        Raises:
            Undelivered: the server did not take it; `Hopeless` where it never will.
        """
        await asyncio.wait_for(asyncio.to_thread(self._send, self.message(parcel)), WHOLE_SECONDS)

    def message(self, parcel: Parcel) -> EmailMessage:
        """Return the mail."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, parcel.address
        mail["Subject"] = str(parcel.payload["subject"])
        mail["Date"] = format_datetime(parcel.created_at)
        mail["Message-ID"] = f"<{parcel.id}@{Address(addr_spec=self._sender).domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(str(parcel.payload["text"]), charset="utf-8", cte="base64")
        return mail

    def _send(self, mail: EmailMessage) -> None:
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refused(code, said) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(f"邮件服务器没有收下：{error}") from error

    def _connected(self) -> smtplib.SMTP:
        """Open a connection: encrypted wherever the server can; a password never goes out in the clear."""
        context = ssl.create_default_context()
        if self._secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self._user and not _is_local(self._host):
                server.close()
                raise Undelivered("邮件服务器不支持加密，没有发送密码。")
        if self._user:
            server.login(self._user, self._password)
        return server


def _refused(code: int, said: bytes | str) -> Undelivered:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return (Hopeless if 500 <= code < 600 else Undelivered)(f"邮件服务器拒收：{code} {words}")


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Webhook:
    """Posts notices as signed JSON; any answer of the 200s is an arrival."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret.encode()
        self._context = ssl.create_default_context()  # reading all authorities takes longer than a call

    async def __call__(self, parcel: Parcel) -> None:
        """Post one notice.

        Raises:
            Undelivered: no answer, or another than 2xx; redirects are not followed.
        """
        await self._post(parcel.id, {"id": parcel.id, **parcel.payload})

    async def _post(self, parcel_id: str, content: Mapping[str, Any]) -> None:
        body = json.dumps(content, ensure_ascii=False).encode()
        at = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            ID_HEADER: parcel_id,
            TIME_HEADER: at,
            SIGNATURE_HEADER: f"v1={signature(self._secret, at, body)}",
        }
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, verify=self._context) as client:
                answer = await client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Undelivered(f"没有连上 {urlsplit(self._url).hostname}：{error}") from error
        if not answer.is_success:
            raise Undelivered(f"对方答复 {answer.status_code}")


class Callback(Webhook):
    """Posts the replies of the callback channel in Rasa's form, with their place in the conversation."""

    def __init__(self, url: str, secret: str, title: str) -> None:
        super().__init__(url, secret)
        self._title = title

    async def __call__(self, parcel: Parcel) -> None:
        """Post one reply; raise `Undelivered` as for any webhook."""
        place = {"id": parcel.id, "seq": parcel.payload["seq"], "actor": parcel.payload["actor"]}
        await self._post(parcel.id, {**rest_form(parcel.payload, parcel.address, self._title), **place})


def is_signed(secret: str, at: str, body: bytes, given: str, now: float) -> bool:
    """Tell whether a signature is of this body and not older than five minutes, nor from the future."""
    if not at.isascii() or not at.isdecimal() or len(at) > 12 or abs(now - int(at)) > LONGEST_AGE:
        return False
    return hmac.compare_digest(given.encode(), f"v1={signature(secret.encode(), at, body)}".encode())


def signature(secret: bytes, at: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of "timestamp.body" in hex: a body cannot be changed, nor used again later."""
    return hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
