"""Customers whom a host application names: tokens read strictly, one history on all devices, nothing asked twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.base import new_id
from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation, Customer, Turn
from bot.guests import COOKIE
from bot.identity import Identities
from bot.settings import Settings, load_settings
from knowledge.errors import WenjinError
from tests.bot.serving import Guest, Live, live
from tests.conftest import data_dir_like

KEY = "a key that the bank and the bot share, 32+ bytes"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
QUESTION = "投诉一般多久能处理完"
_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())


def private(key: Any) -> bytes:
    """Return a private key as PEM."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def public(key: Any) -> str:
    """Return a public key as PEM."""
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def token(
    sub: object = "c-1001", *, key: Any = KEY, alg: str = "HS256", now: datetime = NOW, **claims: Any
) -> str:
    """Return a host's token, an hour long."""
    ends = int((now + timedelta(hours=1)).timestamp())
    said = {"sub": sub, "exp": ends, **claims}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, alg)


def refused(identities: Identities, given_: object) -> str:
    """Return the code that a token is refused with."""
    with pytest.raises(WenjinError) as caught:
        identities.read(given_, NOW)
    assert caught.value.status in {401, 403}
    return caught.value.code


class TestTokens:
    identities = Identities(KEY, b"secret")

    def test_a_token_names_a_customer_and_how_to_reach_them(self) -> None:
        known = self.identities.read(
            token(name=" 王 小明 ", phone="+86 13812345678", email="wang@example.com"), NOW
        )
        assert (known.name, known.phone, known.email) == ("王 小明", "13812345678", "wang@example.com")
        assert known.id == self.identities.read(token(), NOW).id
        assert known.id.startswith("app:")
        assert "1001" not in known.id

    def test_what_is_no_phone_and_no_address_is_left_out(self) -> None:
        known = self.identities.read(token(name=5, phone="客服说没有", email="a@b"), NOW)
        assert (known.name, known.phone, known.email) == ("", "", "")

    def test_customers_and_installations_have_ids_of_their_own(self) -> None:
        one = self.identities.read(token("a"), NOW).id
        assert one != self.identities.read(token("b"), NOW).id
        assert one != Identities(KEY, b"another secret").read(token("a"), NOW).id

    @pytest.mark.parametrize("key", [_RSA, _EC], ids=["rsa", "ec"])
    def test_a_public_key_takes_its_own_algorithm_only(self, key: Any) -> None:
        algorithm = "RS256" if key is _RSA else "ES256"
        identities = Identities(public(key).replace("\n", "\\n"), b"secret")
        assert identities.read(token(key=private(key), alg=algorithm), NOW).id
        assert refused(identities, confused(public(key).encode())) == "bad_identity"

    def test_no_signature_is_none(self) -> None:
        head, body, _ = token().split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
        assert refused(self.identities, f"{none}.{body}.") == "bad_identity"
        assert refused(self.identities, f"{head}.{body}.") == "bad_identity"
        assert refused(self.identities, token(alg="HS512")) == "bad_identity"

    @pytest.mark.parametrize(
        ("made", "code"),
        [
            (token(key="another key that is long enough, surely"), "bad_identity"),
            (token(now=NOW - timedelta(hours=2)), "identity_expired"),
            (token(now=NOW + timedelta(hours=24)), "identity_too_long"),
            (token(exp=None), "identity_incomplete"),
            (token(None), "identity_incomplete"),
            (token(exp="2026"), "bad_identity"),
            (token(exp=float("nan")), "bad_identity"),
            (token(exp=float("inf")), "bad_identity"),
            (token(exp=True), "bad_identity"),
            (token(nbf=int((NOW + timedelta(minutes=5)).timestamp())), "identity_early"),
            (token(aud="another-service"), "identity_audience"),
            (token(""), "bad_identity"),
            (token("x" * 256), "bad_identity"),
            (token("a\x00"), "bad_identity"),
            ("", "bad_identity"),
            ("a.b.c", "bad_identity"),
            ("x" * 9000, "bad_identity"),
            (None, "bad_identity"),
            (5, "bad_identity"),
        ],
    )
    def test_anything_else_is_refused(self, made: object, code: str) -> None:
        assert refused(self.identities, made) == code

    def test_issuer_and_audience_are_held_to_where_they_are_set(self) -> None:
        strict = Identities(KEY, b"secret", issuer="bank", audience="wenjin")
        assert strict.read(token(iss="bank", aud=["wenjin", "x"]), NOW).id
        assert refused(strict, token(iss="bank")) == "identity_incomplete"
        assert refused(strict, token(iss="bank", aud="crm")) == "identity_audience"
        assert refused(strict, token(iss="other", aud="wenjin")) == "identity_issuer"

    @given(st.text(max_size=200))
    def test_no_text_is_a_token(self, text: str) -> None:
        assert refused(self.identities, text) == "bad_identity"

    @given(st.integers(0, 400), st.characters(codec="ascii"))
    def test_a_changed_token_is_refused_or_the_same(self, at: int, char: str) -> None:
        whole = token()
        changed = whole[: at % len(whole)] + char + whole[at % len(whole) + 1 :]
        try:
            found = self.identities.read(changed, NOW)
        except WenjinError:
            return
        assert found == self.identities.read(whole, NOW)

    def test_without_a_key_nobody_is_named(self) -> None:
        assert refused(Identities("", b"secret"), token()) == "identity_off"

    @pytest.mark.parametrize(
        "key",
        [
            "short",
            "字" * 10,
            "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----",
            private(_RSA).decode(),
        ],
        ids=["short", "few", "broken", "private"],
    )
    def test_a_key_that_is_none_stops_the_start(self, key: str) -> None:
        with pytest.raises(WenjinError) as caught:
            load_settings({"WENJIN_IDENTITY_KEY": key})
        assert caught.value.code == "bad_setting"
        assert key not in caught.value.message


def confused(secret: bytes) -> str:
    """Return a token signed by HS256 with somebody's public key as its secret."""
    import hashlib
    import hmac

    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "x", "exp": int(NOW.timestamp()) + 60})
    ]
    signed = b".".join(parts)
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + mac).decode()


@pytest.fixture(scope="module")
def bank(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An installation that a bank's application names its customers to."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("bank"))
    with live(Settings(data_dir=folder, identity_key=KEY)) as made:
        yield made


@pytest.fixture
def server(bank: Live) -> Live:
    """The installation, with the services of its own."""
    return bank.mine()


class Named(Guest):
    """A customer in the bank's application, on one device."""

    def __init__(self, server: Live, sub: str, session: str = "", **claims: Any) -> None:
        self._token = token(sub, now=server.runtime.now(), **claims)
        http = server.client(**({"authorization": f"Bearer {session}"} if session else {}))
        super().__init__(http)
        http.headers["authorization"] = f"Bearer {self.session['session']}"

    def open(self) -> dict[str, Any]:
        """Open the session with the token."""
        return dict(
            self.http.post("/api/chat/session", json={"token": self._token}).raise_for_status().json()
        )


class TestCustomers:
    def test_history_follows_the_customer_from_device_to_device(self, server: Live) -> None:
        sub = new_id()
        said = Named(server, sub).say(QUESTION)
        other = Named(server, sub)
        assert other.session["messages"] == said
        assert not other.http.cookies
        assert Named(server, new_id()).session["messages"] == []

    def test_a_complaint_asks_for_no_contact_that_is_known(self, server: Live) -> None:
        guest = Named(server, new_id(), name="王小明", phone="13912345678")
        replies = [
            guest.heard(text)
            for text in (
                "我要投诉",
                "上周三买东西扣了我两次钱，打了三次电话都没有人处理",
                "支付",
                "退还多扣的钱",
            )
        ]
        assert "请您核对" in replies[-1]
        assert "139****5678" in replies[-1]
        assert not any("怎么联系您" in reply for reply in replies)
        number = next(m for m in guest.replies("确认提交") if m["kind"] == "ticket")["data"]["number"]
        with server.runtime.db.reading() as s:
            ticket = s.query(Ticket).filter_by(number=number).one()
            assert (ticket.contact, ticket.name) == ("13912345678", "王小明")
            raw = s.connection().exec_driver_sql("SELECT name, phone FROM customers").all()
        assert "王小明" not in str(raw)
        assert "13912345678" not in str(raw)

    def test_what_a_guest_said_before_becomes_the_customers(self, server: Live) -> None:
        guest, sub = server.guest(), new_id()
        number = guest.complain()["data"]["number"]
        before = guest.history()
        named = Named(server, sub, session=guest.session["session"])
        assert [m["text"] for m in named.session["messages"]] == [m["text"] for m in before]
        assert number in named.heard("查进度")
        assert named.http.get(f"/api/tickets/{number}").status_code == 200
        assert guest.history() == []
        assert "还没有工单" in guest.heard("查进度")

    def test_a_form_that_a_guest_began_goes_on_behind_the_customers_own_words(self, server: Live) -> None:
        sub = new_id()
        own = Named(server, sub).say(QUESTION)
        guest = server.guest()
        guest.say("我要投诉")
        asked = guest.heard("上周三买东西扣了我两次钱，打了三次电话都没有人处理")
        named = Named(server, sub, session=guest.session["session"])
        assert named.session["messages"][: len(own)] == own
        assert named.session["messages"][-1]["text"] == asked
        assert [m["seq"] for m in named.session["messages"]] == list(range(1, len(own) + 5))
        assert "希望我们怎么处理" in named.heard("支付")

    def test_a_person_who_is_waited_for_comes_along(self, server: Live) -> None:
        guest, sub = server.guest(), new_id()
        handover_id = guest.replies("转人工")[0]["data"]["handover_id"]
        named = Named(server, sub, session=guest.session["session"])
        assert named.session["standing"]["handover_id"] == handover_id
        with server.runtime.db.begin() as s:
            user = find_user(s, server.add_user("handler"))
            assert user
            handovers.take(s, handover_id=handover_id, user=user, now=server.runtime.now())
            handovers.say(
                s, handover_id=handover_id, user=user, text="您好，我来处理。", now=server.runtime.now()
            )
        assert named.history()[-1]["text"] == "您好，我来处理。"
        assert guest.history() == []
        with server.runtime.db.begin() as s:
            user = find_user(s, user.name)
            assert user
            handovers.end(s, handover_id=handover_id, user=user, now=server.runtime.now())

    def test_joining_twice_and_with_the_same_keys_changes_nothing_more(self, server: Live) -> None:
        sub, key = new_id(), new_id()
        Named(server, sub).say("您好", key)
        guest = server.guest()
        guest.say("您好", key)
        first = Named(server, sub, session=guest.session["session"]).session["messages"]
        again = Named(server, sub, session=guest.session["session"]).session["messages"]
        assert [m["id"] for m in first] == [m["id"] for m in again]
        assert len(first) == 4

    def test_one_customers_session_with_anothers_token_joins_nothing(self, server: Live) -> None:
        one = Named(server, new_id())
        one.say(QUESTION)
        other = Named(server, new_id(), session=one.session["session"])
        assert other.session["messages"] == []
        assert len(one.history()) == 2

    def test_our_own_pages_guest_is_joined_by_the_cookie(self, server: Live) -> None:
        guest, sub = server.guest(), new_id()
        guest.say(QUESTION)
        body = {"token": token(sub, now=server.runtime.now())}
        opened = guest.http.post("/api/chat/session", json=body)
        assert len(opened.json()["messages"]) == 2
        assert "set-cookie" not in opened.headers
        assert server.runtime.guests.read(guest.http.cookies[COOKIE])

    def test_a_session_lasts_a_day(self, server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
        guest = Named(server, new_id())
        clock = server.runtime.clock
        monkeypatch.setattr(server.runtime, "clock", lambda: clock() + timedelta(hours=23))
        assert guest.http.get("/api/chat/messages").status_code == 200
        monkeypatch.setattr(server.runtime, "clock", lambda: clock() + timedelta(hours=25))
        assert guest.http.get("/api/chat/messages").json()["code"] == "unknown_session"

    @pytest.mark.parametrize("given_", ["x", "a.b.c"])
    def test_a_bad_token_opens_nothing(self, server: Live, given_: str) -> None:
        answer = server.client().post("/api/chat/session", json={"token": given_})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_identity")
        assert "session" not in answer.json()

    def test_without_a_host_a_token_is_refused(self, shared_live: Live) -> None:
        answer: httpx.Response = (
            shared_live.mine().client().post("/api/chat/session", json={"token": token()})
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "identity_off")

    def test_nobody_else_is_in_the_rows(self, server: Live) -> None:
        named = Named(server, new_id(), phone="13700000000")
        with server.runtime.db.reading() as s:
            row = s.get_one(Conversation, named.session["conversation_id"])
            assert s.get_one(Customer, row.customer_id).phone == "13700000000"
            assert s.query(Turn).filter_by(conversation_id=row.id).count() == 0
