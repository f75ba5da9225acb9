"""What goes wrong: the right status, one Chinese sentence, a number to ask for, and nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from actions.store.base import new_id
from tests.bot.serving import PASSWORD, Guest, Live

SECRET = "the inside 13812345678"
MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "'; DROP TABLE turns; --", "1 OR 1=1",
    "{{7*7}} ${7*7} {% raw %}", "/restart", "/session_start", '/complain{"x": "y"}', "/affirm", "😀😀👩‍👩‍👧‍👦", "a\x00b\x07c\x1b[31m",
    "\u202e反过来\u202c", "%s%s%n", "../../etc/passwd", "﷽" * 50, "Ⅷ①㊙️", "字" * 2000, "\n" * 50 + "您好", "null", "undefined",
]  # fmt: skip


@pytest.fixture
def breaking(server: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Break the library: reading a section then fails in a way that nobody expected."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(server.runtime.library, "document", fail)
    yield


class TestShape:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nothing", 404), ("GET", "/api/nothing", 404), ("GET", "/static/nothing.js", 404),
            ("DELETE", "/api/chat/messages", 405), ("GET", "/webhooks/rest/webhook", 405), ("POST", "/metrics", 405),
            ("GET", "/api/chat/messages", 401), ("GET", "/api/manuals/x/sections/1.1", 404),
            ("GET", "/api/chat/messages?after=x", 401),
        ],
    )  # fmt: skip
    def test_every_error_is_problem_json(self, server: Live, method: str, path: str, status: int) -> None:
        answer = server.client().request(method, path)
        assert answer.status_code == status
        _is_problem(answer)

    def test_a_browser_gets_a_page_instead(self, server: Live) -> None:
        answer = server.client(accept="text/html").get("/nothing")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["x-request-id"] in answer.text

    @pytest.mark.parametrize(
        "path", ["/", "/healthz", "/static/wenjin.css", "/nothing", "/login", "/api/nothing"]
    )
    def test_security_headers_are_on_everything(self, server: Live, path: str) -> None:
        _is_guarded(server.client().get(path))

    def test_request_ids_differ(self, server: Live) -> None:
        ids = {server.client().get("/healthz").headers["x-request-id"] for _ in range(3)}
        assert len(ids) == 3


@pytest.mark.usefixtures("breaking")
class TestTheUnexpected:
    def test_it_is_logged_with_its_number_and_not_shown(
        self, guest: Guest, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.ERROR):
            answer = guest.http.get("/api/manuals/wenjin/sections/1.1")
        assert answer.status_code == 500
        _is_problem(answer)
        assert SECRET not in answer.text
        assert "Traceback" not in answer.text
        assert any(answer.json()["request_id"] in record.getMessage() for record in caplog.records)

    def test_its_answer_carries_the_security_headers_too(self, guest: Guest) -> None:
        _is_guarded(guest.http.get("/api/manuals/wenjin/sections/1.1"))


class TestMessages:
    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    def test_hostile_text_is_a_turn_like_any_other(self, guest: Guest, text: str) -> None:
        asked, *replies = guest.say(text)
        assert replies
        assert all(reply["text"].strip() for reply in replies)
        assert asked["text"] == guest.history()[0]["text"]
        if text.isprintable() and "\u202e" not in text and not text.startswith("/"):
            assert asked["text"] == text
        assert not set("\x00\x07\x1b\u202e") & set(asked["text"])

    def test_hostile_text_is_escaped_on_the_desk(self, server: Live, guest: Guest) -> None:
        bad = "<script>alert('x')</script>扣了我两次钱，没有人处理"
        number = guest.complain(matter=bad)["data"]["number"]
        page = server.staff("handler").page(f"/desk/tickets/{number}")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page

    def test_a_form_is_not_lost_by_rasas_own_commands(self, guest: Guest) -> None:
        guest.fill()
        for command in ("/restart", "/session_start", "/back"):
            guest.say(command)
        assert guest.replies("确认提交")[0]["kind"] == "ticket"

    @pytest.mark.parametrize("text", [None, "", "  ", 5, [], "字" * 10_000])
    def test_nothing_or_too_much_is_refused_and_the_chat_goes_on(self, guest: Guest, text: object) -> None:
        answer = guest.post(text)
        assert answer.status_code == 422
        _is_problem(answer)
        assert guest.history() == []
        assert guest.replies("您好")

    @pytest.mark.parametrize("key", ["", "short", "k" * 101, None, 5, "a\x00bcdefgh"])
    def test_a_key_that_is_none_is_refused(self, guest: Guest, key: object) -> None:
        answer = guest.http.post("/api/chat/messages", json={"text": "您好", "key": key})
        assert answer.status_code == 422
        assert guest.history() == []

    def test_a_failing_turn_apologises_and_keeps_what_was_said(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def fail(*_: object) -> None:
            raise RuntimeError(SECRET)

        key = new_id()
        with monkeypatch.context() as broken:
            broken.setattr(server.runtime.turns._dialogue, "respond", fail)
            asked, reply = guest.say("投诉一般多久能处理完", key)
        assert (reply["kind"], SECRET in reply["text"]) == ("error", False)
        assert guest.history() == [asked, reply]
        assert guest.say("投诉一般多久能处理完", key) == [asked, reply]
        assert guest.replies("投诉一般多久能处理完")[0]["data"]["outcome"] == "answered"
        assert any(SECRET in str(record.exc_info) for record in caplog.records if record.exc_info)


class TestSize:
    def test_a_large_body_is_refused(self, guest: Guest) -> None:
        body = b'{"text": "' + b"a" * 1_000_001 + b'", "key": "12345678"}'
        answer = guest.http.post(
            "/api/chat/messages", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413
        _is_problem(answer)

    def test_a_large_body_that_hides_its_size_is_refused(self, guest: Guest) -> None:
        def parts() -> Iterator[bytes]:
            yield b'{"text": "'
            for _ in range(20):
                yield b"a" * 100_000

        headers = {"Content-Type": "application/json"}
        answer = guest.http.post("/api/chat/messages", content=parts(), headers=headers)
        assert answer.status_code == 413
        _is_problem(answer)


class TestRate:
    def test_the_thirty_first_message_of_a_minute_waits(self, server: Live, guest: Guest) -> None:
        limit = server.runtime.settings.messages_per_minute
        answers = [guest.post("") for _ in range(5)]  # what is refused does not count
        answers = [guest.post("您好") for _ in range(limit + 1)]
        assert [a.status_code for a in answers] == [200] * limit + [429]
        _is_problem(answers[-1])
        assert len([m for m in guest.history() if m["actor"] == "customer"]) == limit
        assert server.guest().replies("您好")


class TestSignIn:
    def test_a_wrong_password_says_neither_which_was_wrong(self, server: Live) -> None:
        name = server.add_user("handler")
        wrong = _sign_in(server, name, "not the password")
        unknown = _sign_in(server, "nobody-of-that-name", "not the password")
        assert wrong.status_code == unknown.status_code == 401
        assert "账号或密码不对" in wrong.text
        assert wrong.text.replace(name, "") == unknown.text.replace("nobody-of-that-name", "")
        assert "set-cookie" not in wrong.headers

    def test_five_wrong_ones_lock_the_name_even_for_the_right_one(self, server: Live) -> None:
        name = server.add_user("handler")
        assert [_sign_in(server, name, "wrong").status_code for _ in range(5)] == [401] * 5
        locked = _sign_in(server, name, PASSWORD)
        assert locked.status_code == 429
        assert "分钟后再试" in locked.text
        assert _sign_in(server, server.add_user("handler"), PASSWORD).status_code == 303

    @pytest.mark.parametrize(
        "where",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/desk\r\nX: y",
        ],
    )
    def test_nobody_is_sent_to_another_site(self, server: Live, where: str) -> None:
        answer = _sign_in(server, server.add_user("handler"), PASSWORD, next=where)
        assert (answer.status_code, answer.headers["location"]) == (303, "/home")

    def test_from_another_site_nobody_signs_in(self, server: Live) -> None:
        name = server.add_user("handler")
        client = server.client(**{"sec-fetch-site": "cross-site"})
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 403
        assert not client.cookies

    def test_the_cookie_is_for_the_server_only(self, server: Live) -> None:
        cookie = _sign_in(server, server.add_user("handler"), PASSWORD).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie

    def test_signing_out_ends_the_session(self, server: Live) -> None:
        person = server.staff("handler")
        cookies = dict(person.http.cookies)
        assert person.submit("/logout").headers["location"] == "/login"
        client = server.client()
        client.cookies.update(cookies)
        assert client.get("/desk").status_code == 303


class TestRoles:
    @pytest.mark.parametrize(
        "path", ["/desk", "/training", "/dashboard", "/home", "/desk/tickets/TS260101-00001"]
    )
    def test_a_customer_is_sent_to_sign_in_and_back(self, server: Live, path: str) -> None:
        answer = server.guest().http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/login?next={path.replace('/', '%2F')}"

    @pytest.mark.parametrize(("roles", "path", "status"), [
        (("staff",), "/desk", 403), (("staff",), "/dashboard", 403), (("staff",), "/training", 200),
        (("handler",), "/desk", 200), (("handler",), "/dashboard", 200), (("handler",), "/training", 200),
        (("admin",), "/desk", 200), (("admin",), "/dashboard", 200), (("admin",), "/training", 200),
    ])  # fmt: skip
    def test_each_role_enters_its_pages(
        self, server: Live, roles: tuple[str, ...], path: str, status: int
    ) -> None:
        answer = server.staff(*roles).http.get(path)
        assert answer.status_code == status

    def test_a_form_without_the_sessions_token_is_refused(self, server: Live, guest: Guest) -> None:
        number = guest.complain()["data"]["number"]
        person, other = server.staff("handler"), server.staff("handler")
        for token in ("", "x", other.csrf):
            answer = person.http.post(f"/desk/tickets/{number}/take", data={"version": "1", "csrf": token})
            assert (answer.status_code, answer.json()["code"]) == (403, "bad_csrf")
        assert "还没有人受理" in person.page(f"/desk/tickets/{number}")

    def test_staff_without_the_role_cannot_do_it_by_hand_either(self, server: Live, guest: Guest) -> None:
        number = guest.complain()["data"]["number"]
        answer = server.staff("staff").submit(f"/desk/tickets/{number}/take", version="1")
        assert (answer.status_code, answer.json()["code"]) == (403, "role_needed")


class TestStrangeAddresses:
    @pytest.mark.parametrize("path", [
        "/desk/tickets/%00", "/desk/tickets/TS1", "/desk/handovers/%ED%A0%80", "/desk?q=%00&queue=%3Cx%3E", "/desk?q=" + "长" * 500,
        "/desk/news?seen=abc", "/desk/news?seen=2026-01-01", "/desk/news?seen=9999-12-31T23:59:59%2B00:00",
        "/training/attempts/x/items/999999999999999999999", "/dashboard?days=99999999999", "/static/%2e%2e/%2e%2e/app.py",
        "/desk/news?seen=0001-01-01T00:00:00%2B14:00",
    ], ids=range(12))  # fmt: skip
    def test_no_address_breaks_a_page(self, server: Live, path: str) -> None:
        assert server.staff("admin").http.get(path).status_code in {200, 404, 422}

    @pytest.mark.parametrize(("path", "fields"), [
        ("/desk/tickets/TS1/take", {"version": "9" * 30}), ("/desk/tickets/TS1/take", {}), ("/desk/tickets/TS1/x", {"version": "1"}),
        ("/desk/handovers/x/say", {"text": "\x00"}), ("/training/attempts/x/answer", {"index": "9" * 30, "given": "A"}),
    ], ids=range(5))  # fmt: skip
    def test_no_form_breaks_a_page(self, server: Live, path: str, fields: dict[str, str]) -> None:
        assert server.staff("admin").submit(path, **fields).status_code in {404, 422}


def _sign_in(server: Live, name: str, password: str, **more: str) -> httpx.Response:
    return server.client().post("/login", data={"name": name, "password": password, **more})


def _is_problem(answer: httpx.Response) -> None:
    body: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) >= MEMBERS
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:wenjin:error:{body['code']}"
    assert body["request_id"]
    assert any("\u4e00" <= char <= "\u9fff" for char in body["detail"])
    assert body["detail"].endswith("。")


def _is_guarded(answer: httpx.Response) -> None:
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-request-id"]
