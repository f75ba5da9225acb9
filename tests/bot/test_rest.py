"""Rasa's REST protocol, as clients that people already have speak it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.base import new_id
from actions.store.tables.service import Conversation, Turn
from tests.bot.serving import Live

WEBHOOK = "/webhooks/rest/webhook"
QUESTION = "投诉一般多久能处理完"


@pytest.fixture
def http(server: Live) -> httpx.Client:
    """A client without cookies."""
    return server.client()


def _send(http: httpx.Client, message: object, sender: str = "", **more: Any) -> httpx.Response:
    return http.post(WEBHOOK, json={"sender": sender or new_id(), "message": message, **more})


class TestForm:
    def test_a_reply_has_its_recipient_its_text_and_its_source(self, http: httpx.Client) -> None:
        replies = _send(http, QUESTION, "anna").json()
        assert isinstance(replies, list)
        assert {reply["recipient_id"] for reply in replies} == {"anna"}
        first = replies[0]
        assert set(first) <= {"recipient_id", "text", "buttons", "custom"}
        cited = first["custom"]["citations"][0]
        assert f"《运营手册》{cited['section']} {cited['title']}" in first["text"]
        assert (first["custom"]["kind"], first["custom"]["outcome"]) == ("answer", "answered")

    def test_plain_text_has_no_custom_part_and_buttons_have_title_and_payload(
        self, http: httpx.Client
    ) -> None:
        reply = _send(http, "我要投诉").json()[0]
        assert "custom" not in reply
        assert reply["buttons"] == [{"title": "取消登记", "payload": "取消登记"}]

    def test_stream_is_one_json_object_a_line(self, http: httpx.Client) -> None:
        answer = http.post(f"{WEBHOOK}?stream=true", json={"sender": "bert", "message": QUESTION})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert answer.status_code == 200
        assert lines
        assert {line["recipient_id"] for line in lines} == {"bert"}

    def test_a_client_that_names_no_sender_is_answered(self, http: httpx.Client) -> None:
        assert http.post(WEBHOOK, json={"message": "您好"}).json()[0]["recipient_id"] == "default"

    def test_health_is_as_rasas(self, http: httpx.Client) -> None:
        assert http.get("/webhooks/rest/").json() == {"status": "ok"}


class TestConversation:
    def test_a_complaint_goes_through_by_text_alone(self, http: httpx.Client) -> None:
        sender = new_id()
        said = ["我要投诉", "上周三买东西扣了我两次钱", "支付", "退还多扣的钱", "13812345678", "确认提交"]
        replies = [_send(http, text, sender).json() for text in said]
        ticket = replies[-1][0]
        assert ticket["custom"]["kind"] == "ticket"
        assert ticket["custom"]["number"] in ticket["text"]
        assert ticket["custom"]["contact_masked"] == "138****5678"

    def test_the_same_message_id_is_one_turn(self, server: Live, http: httpx.Client) -> None:
        sender, metadata = new_id(), {"message_id": "m-1"}
        first = _send(http, QUESTION, sender, metadata=metadata).json()
        assert _send(http, QUESTION, sender, metadata=metadata).json() == first
        assert _customer_turns(server, sender) == 1

    def test_senders_do_not_see_each_other(self, http: httpx.Client) -> None:
        one = new_id()
        _send(http, "我要投诉", one)
        other = _send(http, QUESTION).json()
        assert len(other) == 1
        assert "我们接着登记" not in other[0]["text"]

    def test_a_sender_named_like_a_web_guest_gets_a_conversation_of_its_own(
        self, server: Live, http: httpx.Client
    ) -> None:
        guest = server.guest()
        guest.complain()
        with server.runtime.db.reading() as s:
            conversation = s.get_one(Conversation, guest.session["conversation_id"])
        said = _send(http, "查进度", conversation.external_id).json()[0]["text"]
        assert "还没有工单" in said

    def test_nobody_is_staff_here(self, http: httpx.Client) -> None:
        for sender in ("user:1", "staff", "admin"):
            reply = _send(http, "开始测验", sender, metadata={"audience": "staff", "user_id": "1"}).json()[0]
            assert "需要员工登录" in reply["text"]

    def test_while_a_person_has_the_conversation_the_list_is_not_empty(
        self, server: Live, http: httpx.Client
    ) -> None:
        sender = new_id()
        handover_id = _send(http, "转人工", sender).json()[0]["custom"]["handover_id"]
        with server.runtime.db.begin() as s:
            user = find_user(s, server.add_user("handler"))
            assert user
            handovers.take(s, handover_id=handover_id, user=user, now=server.runtime.now())
        replies = _send(http, QUESTION, sender).json()
        assert replies == [{"recipient_id": sender, "text": "您的消息已转给人工客服，请稍候回复。"}]
        with server.runtime.db.begin() as s:
            user = find_user(s, user.name)
            assert user
            handovers.end(s, handover_id=handover_id, user=user, now=server.runtime.now())
        assert _send(http, QUESTION, sender).json()[0]["custom"]["outcome"] == "answered"


class TestToken:
    def test_without_the_token_nobody_is_heard(
        self, server: Live, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = server.runtime.settings.model_copy(update={"rest_token": "sesam öffne"})
        monkeypatch.setattr(server.runtime, "settings", wanted)
        body = {"sender": new_id(), "message": "您好"}
        for query, headers in (
            ("", {}),
            ("?token=wrong", {}),
            ("", {"Authorization": "Bearer wrong"}),
            ("?token=", {}),
        ):
            answer = http.post(WEBHOOK + query, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")
        assert _customer_turns(server, body["sender"]) == 0
        assert http.post(WEBHOOK, params={"token": "sesam öffne"}, json=body).status_code == 200

    def test_a_bearer_token_is_taken(
        self, server: Live, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = server.runtime.settings.model_copy(update={"rest_token": "s3cret"})
        monkeypatch.setattr(server.runtime, "settings", wanted)
        answer = http.post(WEBHOOK, json={"message": "您好"}, headers={"Authorization": "Bearer s3cret"})
        assert answer.status_code == 200


class TestBadInput:
    @pytest.mark.parametrize(
        "message", [None, "", "   \n", "\u200b\u200b", "\x00\x01", 5, [], {}, True, "字" * 10_000]
    )
    def test_no_message_is_a_clear_refusal(self, server: Live, http: httpx.Client, message: object) -> None:
        sender = new_id()
        answer = _send(http, message, sender)
        assert answer.status_code == 422
        assert answer.json()["code"] in {"empty_message", "message_too_long"}
        assert "消息" in answer.json()["detail"]
        assert _customer_turns(server, sender) == 0

    def test_a_long_message_says_how_long_it_may_be(self, http: httpx.Client) -> None:
        detail = _send(http, "字" * 10_240).json()["detail"]
        assert detail == "消息太长（10,240 字），请分几次发送，每次不超过 2,000 字。"

    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            ('{"sender":"a","message":"投诉"}'.encode("gb18030"), 400, "UTF-8"),
            (b"[" * 5000 + b"]" * 5000, 400, "读不出来"),
            (b"{", 400, "JSON"),
            (b"", 422, "请求正文"),
            (b"null", 422, "请求正文"),
            (b'{"sender":"a","message":5}', 422, "应当是文字"),
        ],
        ids=["gb18030", "deep", "half", "nothing", "null", "number"],
    )
    def test_a_body_that_cannot_be_read_says_what_is_wrong(
        self, http: httpx.Client, body: bytes, status: int, says: str
    ) -> None:
        answer = http.post(WEBHOOK, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text

    def test_a_missing_message_is_null(self, http: httpx.Client) -> None:
        assert http.post(WEBHOOK, json={"sender": "x"}).json()["code"] == "empty_message"

    @pytest.mark.parametrize("sender", ["", "x" * 201, "a\x00b", "\ud800", None, 5])
    def test_a_sender_that_is_no_name_is_refused(self, http: httpx.Client, sender: object) -> None:
        body = json.dumps({"sender": sender, "message": "您好"})
        answer = http.post(WEBHOOK, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert answer.json()["code"] in {"bad_request", "bad_session"}

    @pytest.mark.parametrize(
        "metadata",
        [
            {"message_id": "a\x00"},
            {"message_id": "\ud800"},
            {"said": "我要投诉", "tapped": True},
            {"message_id": {"a": [1]}},
            {"x": "\ud800"},
        ],
    )
    def test_strange_metadata_does_no_harm(self, http: httpx.Client, metadata: dict[str, Any]) -> None:
        body = json.dumps({"sender": new_id(), "message": QUESTION, "metadata": metadata})
        answer = http.post(WEBHOOK, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {200, 422}
        if answer.status_code == 200:
            assert answer.json()[0]["custom"]["outcome"] == "answered"

    @pytest.mark.parametrize("body", ["{", "", "nul", '{"message": "您好"', "\x00", "[" * 100_000])
    def test_broken_json_is_said_to_be_broken(self, http: httpx.Client, body: str) -> None:
        answer = http.post(WEBHOOK, content=body.encode(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) in {
            (400, "application/problem+json"), (422, "application/problem+json"),
        }  # fmt: skip

    @pytest.mark.parametrize(
        "body", [b"\xff\xfe", '{"message": "您好"}'.encode("gb18030"), '{"message": "您好"}'.encode("utf-16")]
    )
    def test_another_encoding_is_refused(self, http: httpx.Client, body: bytes) -> None:
        answer = http.post(WEBHOOK, content=body, headers={"Content-Type": "application/json"})
        # JSON in UTF-16 with its mark is JSON all the same
        assert answer.status_code in ({400} if not body.startswith(b"\xff\xfe{") else {200, 400})

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    def test_another_content_type_is_refused(self, http: httpx.Client, kind: str) -> None:
        answer = http.post(
            WEBHOOK, content=b'{"message": "x"}', headers={"Content-Type": kind} if kind else {}
        )
        assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_type")


def _customer_turns(server: Live, sender: str) -> int:
    with server.runtime.db.reading() as s:
        turns = s.query(Turn).join(Conversation, Turn.conversation_id == Conversation.id)
        return turns.filter(Conversation.external_id == sender, Turn.actor == "customer").count()
