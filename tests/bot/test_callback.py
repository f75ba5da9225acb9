"""The callback channel: what is posted in is answered by posts, signed, in order, until they arrive."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.service import handovers
from actions.service.accounts import find_user
from actions.service.conversations import CALLBACK
from actions.store.base import new_id
from actions.store.tables.desk import Notice
from actions.store.tables.service import Conversation, Turn
from bot.delivery import is_signed, signature
from bot.settings import Settings
from tests.bot.receivers import Hook, hook_server
from tests.bot.serving import Live, live
from tests.conftest import data_dir_like

SECRET = "the key of the callback channel"
WEBHOOK = "/webhooks/callback/webhook"
QUESTION = "投诉一般多久能处理完"
NO_TIME = timedelta()


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """The other side."""
    with hook_server() as made:
        yield made


@pytest.fixture(scope="module")
def called(prepared: Path, tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Live]:
    """An installation with a callback channel."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("callback"))
    with live(Settings(data_dir=folder, callback_url=hook.url, callback_secret=SECRET)) as made:
        yield made


@pytest.fixture
def server(called: Live, hook: Hook) -> Live:
    """The installation, with the services of its own; nothing has been called yet."""
    hook.calls.clear()
    hook.statuses.clear()
    return called.mine()


def send(server: Live, sender: str, message: object, *, signed: bool = True, **more: Any) -> httpx.Response:
    """Post a message in."""
    body = json.dumps({"sender": sender, "message": message, **more}).encode()
    at = str(int(time.time()))
    headers = {"X-Wenjin-Timestamp": at, "X-Wenjin-Signature": f"v1={signature(SECRET.encode(), at, body)}"}
    return server.client().post(WEBHOOK, content=body, headers=headers if signed else {})


def said(hook: Hook, count: int) -> list[dict[str, Any]]:
    """Wait for so many posts and return what they say."""
    hook.wait_for(count)
    return [json.loads(body) for _, body in hook.calls]


def test_a_reply_comes_by_a_signed_post_in_rasas_form(server: Live, hook: Hook) -> None:
    sender = new_id()
    answer = send(server, sender, QUESTION)
    assert (answer.status_code, answer.text) == (200, "success")
    reply = said(hook, 1)[0]
    headers, body = hook.calls[0]
    assert (reply["recipient_id"], reply["seq"], reply["actor"]) == (sender, 2, "bot")
    assert "来源：《运营手册》" in reply["text"]
    assert headers["x-wenjin-id"] == reply["id"]
    at = headers["x-wenjin-timestamp"]
    assert is_signed(SECRET, at, body, headers["x-wenjin-signature"], time.time())


def test_replies_arrive_in_order_also_when_the_other_side_stumbles(
    server: Live, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.desk.outbox.wait", lambda *_: NO_TIME)
    hook.statuses.extend([500, 503])
    sender = new_id()
    for text in ("您好", QUESTION, "谢谢"):
        assert send(server, sender, text).status_code == 200
    with server.runtime.db.reading() as s:
        expected = [n.payload["seq"] for n in notices(s, sender)]
    got = said(hook, len(expected) + 2)
    assert list(dict.fromkeys(one["seq"] for one in got)) == expected
    assert len({one["id"] for one in got}) == len(expected)


def test_a_persons_words_go_the_same_way(server: Live, hook: Hook) -> None:
    sender = new_id()
    send(server, sender, "转人工")
    said(hook, 1)
    name = server.add_user("handler")
    with server.runtime.db.begin() as s:
        place = s.query(Conversation).filter_by(channel=CALLBACK, external_id=sender).one()
        user, held = find_user(s, name), handovers.open_for(s, place.id)
        assert user
        assert held
        handovers.take(s, handover_id=held.id, user=user, now=server.runtime.now())
        handovers.say(s, handover_id=held.id, user=user, text="您好，我来处理。", now=server.runtime.now())
    assert said(hook, 3)[-1]["text"] == "您好，我来处理。"
    assert json.loads(hook.calls[-1][1])["actor"] == "handler"
    with server.runtime.db.begin() as s:
        handovers.end(s, handover_id=held.id, user=user, now=server.runtime.now())


def test_the_same_message_id_is_one_turn_and_one_post_a_reply(server: Live, hook: Hook) -> None:
    sender = new_id()
    for _ in range(3):
        assert send(server, sender, QUESTION, metadata={"message_id": "m-1"}).text == "success"
    said(hook, 1)
    with server.runtime.db.reading() as s:
        place = s.query(Conversation).filter_by(channel=CALLBACK, external_id=sender).one()
        turns = s.query(Turn).filter_by(conversation_id=place.id).count()
        assert (turns, len(notices(s, sender))) == (2, 1)


def test_what_was_not_signed_with_the_key_is_refused(server: Live, hook: Hook) -> None:
    body = json.dumps({"sender": "x", "message": "您好"}).encode()
    now = int(time.time())
    right = signature(SECRET.encode(), str(now), body)
    for at, given in (
        (str(now), "v1=00"),
        (str(now), f"v2={right}"),
        (str(now), ""),
        ("", f"v1={right}"),
        ("²", f"v1={right}"),
        ("9" * 40, f"v1={right}"),
        (str(now - 600), f"v1={signature(SECRET.encode(), str(now - 600), body)}"),
        (str(now + 600), f"v1={signature(SECRET.encode(), str(now + 600), body)}"),
    ):
        headers = {"X-Wenjin-Timestamp": at.encode(), "X-Wenjin-Signature": given.encode()}
        answer = server.client().post(WEBHOOK, content=body, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), at
    assert hook.calls == []


def test_without_a_signature_the_token_counts(server: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    assert send(server, new_id(), "您好", signed=False).status_code == 200
    wanted = server.runtime.settings.model_copy(update={"rest_token": "s3cret"})
    monkeypatch.setattr(server.runtime, "settings", wanted)
    assert send(server, new_id(), "您好", signed=False).json()["code"] == "bad_token"
    assert send(server, new_id(), "您好").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"null", 422),
        (b"[" * 5000, 400),
        (b"\xff", 400),
        (b'{"sender": ""}', 422),
        (b'{"sender": "a"}', 422),
    ],
)
def test_what_cannot_be_read_is_said(server: Live, body: bytes, status: int) -> None:
    answer = server.client().post(WEBHOOK, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


def test_a_sender_named_like_one_elsewhere_is_somebody_else(server: Live) -> None:
    sender = new_id()
    server.client().post("/webhooks/rest/webhook", json={"sender": sender, "message": "我要投诉"})
    send(server, sender, QUESTION)
    with server.runtime.db.reading() as s:
        mine = s.query(Conversation).filter_by(external_id=sender).all()
        assert {(one.channel, one.customer_id) for one in mine} == {
            ("rest", f"rest:{sender}"),
            (CALLBACK, f"callback:{sender}"),
        }


def test_without_an_address_there_is_no_such_channel(shared_live: Live) -> None:
    answer = shared_live.mine().client().post(WEBHOOK, json={"sender": "a", "message": "您好"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_callback")


def notices(s: Any, sender: str) -> list[Notice]:
    """Return the posts to a sender, in their order."""
    place = s.query(Conversation).filter_by(channel=CALLBACK, external_id=sender).one()
    return list(s.query(Notice).filter_by(line=place.id).order_by(Notice.key))
