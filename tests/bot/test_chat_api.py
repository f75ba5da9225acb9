"""The chat page's API: sessions, messages, history, pushes, ratings, passages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from actions.service import handovers
from actions.service.accounts import find_user
from actions.store.base import new_id
from actions.store.tables.desk import Ticket
from bot.channels.suggestions import POOLS
from bot.guests import COOKIE
from knowledge.document import Audience
from tests.bot.serving import Guest, Live, Message

QUESTION = "投诉一般多久能处理完"
STAFF_SECTION = "7.1"


class TestSession:
    def test_a_new_guest_gets_a_signed_cookie_and_four_questions(self, server: Live) -> None:
        answer = server.client().post("/api/chat/session")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        body = answer.json()
        assert (body["audience"], body["staff"], body["messages"]) == ("customer", False, [])
        assert len(set(body["suggestions"])) == 4

    def test_the_same_guest_comes_back_to_what_was_said(self, guest: Guest) -> None:
        first = guest.say(QUESTION)
        again = guest.open()
        assert again["conversation_id"] == guest.session["conversation_id"]
        assert again["messages"] == first

    @pytest.mark.parametrize("audience", ["customer", "staff"])
    def test_every_suggestion_is_answered(self, server: Live, audience: str) -> None:
        questions = POOLS[Audience(audience)]
        asks = [
            server.guest() if audience == "customer" else Guest(server.staff("staff").http) for _ in questions
        ]
        answers = [guest.replies(question)[0] for guest, question in zip(asks, questions, strict=True)]
        outcomes = {
            question: answer["data"].get("outcome")
            for question, answer in zip(questions, answers, strict=True)
        }
        assert set(outcomes.values()) == {"answered"}, outcomes

    def test_staff_have_a_conversation_of_their_own_that_reads_all_sections(self, server: Live) -> None:
        person = server.staff("staff")
        body = person.http.post("/api/chat/session").json()
        assert (body["audience"], body["staff"]) == ("staff", True)

    @pytest.mark.parametrize(
        "cookie", ["", "x", "abc.def", "ImFiYyI.AAAAAAAAAAAAAAAAAAAAAAAAAAA", "%E4%BD%A0", "a" * 5000]
    )
    def test_a_forged_cookie_is_refused(self, server: Live, cookie: str) -> None:
        client = server.client(cookie=f"{COOKIE}={cookie}")
        for answer in (
            client.post("/api/chat/messages", json={"text": "您好", "key": new_id()}),
            client.get("/api/chat/messages"),
            client.get("/api/chat/events"),
        ):
            assert answer.status_code == 401
            assert answer.json()["code"] == "unknown_session"

    def test_a_tampered_cookie_is_refused_and_a_new_session_is_another_guest(self, guest: Guest) -> None:
        guest.say("您好")
        signed = guest.http.cookies[COOKIE]
        other = f"{signed[:3]}{'A' if signed[3] != 'A' else 'B'}{signed[4:]}"
        guest.http.cookies.clear()
        guest.http.cookies.set(COOKIE, other)
        assert guest.post("您好").status_code == 401
        assert guest.open()["messages"] == []


class TestMessages:
    def test_an_answer_has_a_citation_that_can_be_read_in_its_section(self, guest: Guest) -> None:
        asked, answer = guest.say(QUESTION)[:2]
        assert (asked["actor"], asked["text"], answer["actor"], answer["kind"]) == (
            "customer",
            QUESTION,
            "bot",
            "answer",
        )
        assert answer["data"]["outcome"] == "answered"
        cited = answer["data"]["citations"][0]
        section = guest.http.get(f"/api/manuals/{cited['manual']}/sections/{cited['section']}").json()
        assert (section["number"], section["title"]) == (cited["section"], cited["title"])
        assert any(cited["sentence"] in paragraph["text"] for paragraph in section["paragraphs"])

    def test_the_same_key_returns_the_same_messages_once(self, guest: Guest) -> None:
        key = new_id()
        first = guest.say(QUESTION, key)
        assert guest.say(QUESTION, key) == first
        assert guest.history() == first

    def test_a_double_click_on_confirm_makes_one_ticket(self, server: Live, guest: Guest) -> None:
        guest.fill()
        key = new_id()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: guest.say("确认提交", key), range(4)))
        assert answers.count(answers[0]) == 4
        assert len(_tickets(server, guest)) == 1

    def test_confirming_twice_shows_the_ticket_that_is_there(self, server: Live, guest: Guest) -> None:
        ticket = guest.complain()
        again = guest.replies("确认提交")[0]
        assert again["data"]["number"] == ticket["data"]["number"]
        assert len(_tickets(server, guest)) == 1

    def test_messages_at_the_same_time_are_numbered_without_gaps(self, guest: Guest) -> None:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: guest.say(f"您好{n}"), range(6)))
        history = guest.history()
        assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
        assert sum(message["actor"] == "customer" for message in history) == 6

    def test_history_goes_on_after_a_place(self, guest: Guest) -> None:
        guest.say("您好")
        later = guest.say(QUESTION)
        assert guest.history(after=later[0]["seq"] - 1) == later
        assert guest.history(after=later[-1]["seq"]) == []
        assert guest.history(after=-5) == guest.history()

    @pytest.mark.parametrize("after", ["9" * 30, "abc", "1.5", "", "-" + "9" * 30])
    def test_a_place_that_cannot_be_is_no_failure_of_ours(self, guest: Guest, after: str) -> None:
        assert guest.http.get("/api/chat/messages", params={"after": after}).status_code in {200, 422}

    def test_customers_see_only_their_own_tickets_and_conversations(self, server: Live, guest: Guest) -> None:
        number = guest.complain()["data"]["number"]
        other = server.guest()
        assert other.history() == []
        said = other.heard(f"查进度 {number}")
        assert "已登记" not in said
        assert "核对工单号" in said

    def test_a_phone_number_is_stored_masked_and_encrypted(self, server: Live, guest: Guest) -> None:
        number = guest.complain(phone="13987654321")["data"]["number"]
        assert "13987654321" not in json.dumps(guest.history())
        with server.runtime.db.reading() as s:
            ticket = s.query(Ticket).filter_by(number=number).one()
            assert (ticket.contact, ticket.contact_masked) == ("13987654321", "139****4321")
        files = [p for p in server.runtime.settings.data_dir.iterdir() if p.name.startswith("wenjin.db")]
        assert files
        assert not any(b"13987654321" in path.read_bytes() for path in files)


class TestPushes:
    def test_a_persons_words_reach_an_open_chat_and_a_reconnect_goes_on(
        self, server: Live, guest: Guest
    ) -> None:
        last = guest.say("转人工")[-1]
        with _events(guest, after=last["seq"]) as pushed:
            handover_id = last["data"]["handover_id"]
            with server.runtime.db.begin() as s:
                user = find_user(s, server.add_user("handler"))
                assert user
                handovers.take(s, handover_id=handover_id, user=user, now=server.runtime.now())
                handovers.say(
                    s, handover_id=handover_id, user=user, text="您好，我来帮您看。", now=server.runtime.now()
                )
            joined, said = next(pushed), next(pushed)
        assert (joined["actor"], joined["kind"]) == ("system", "handover")
        assert (said["actor"], said["text"]) == ("handler", "您好，我来帮您看。")
        with _events(guest, after=0, **{"Last-Event-ID": str(joined["seq"])}) as pushed:
            assert next(pushed) == said

    def test_a_chat_that_opens_late_is_told_everything(self, guest: Guest) -> None:
        said = guest.say("您好")
        with _events(guest, after=0) as pushed:
            assert [next(pushed) for _ in said] == said

    @pytest.mark.parametrize("last", ["9" * 30, "-1", "abc", "1e3"])
    def test_a_last_event_id_that_is_none_of_ours_does_not_break_the_stream(
        self, guest: Guest, last: str
    ) -> None:
        said = guest.say("您好")
        with guest.http.stream("GET", "/api/chat/events", headers={"Last-Event-ID": last}) as answer:
            assert answer.status_code == 200
            if last != "9" * 30:
                assert json.loads(_data(answer.iter_lines(), "message")) == said[0]


class TestRatings:
    def test_a_rating_is_kept_and_can_be_changed(self, guest: Guest) -> None:
        offer_id = _offer(guest)
        given = {"offer_id": offer_id, "score": 4, "dimensions": {"response_speed": 5}, "comment": "快"}
        assert guest.http.post("/api/chat/ratings", json=given).json() == {"ok": True, "score": 4}
        assert guest.http.post("/api/chat/ratings", json=given).json() == {"ok": True, "score": 4}
        assert guest.http.post("/api/chat/ratings", json={**given, "score": 2}).json()["score"] == 2

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"score": 0}, 422), ({"score": 6}, 422), ({"score": "很好"}, 422), ({"score": None}, 422),
            ({"dimensions": {"price": 3}}, 422), ({"dimensions": {"experience": 9}}, 422),
            ({"dimensions": {"\ud800": 3}}, 422), ({"dimensions": {"\ud800": "x"}}, 422), ({"comment": "好" * 2001}, 422), ({"comment": "好" * 600}, 422),
            ({"offer_id": "0" * 32}, 404), ({"offer_id": "\ud800\x00"}, 422), ({"offer_id": ""}, 422),
        ],
    )  # fmt: skip
    def test_a_wrong_rating_is_refused(self, guest: Guest, change: dict[str, Any], status: int) -> None:
        given = {"offer_id": _offer(guest), "score": 4, **change}
        answer = _post_json(guest, "/api/chat/ratings", given)
        assert answer.status_code == status, answer.text

    def test_another_guests_offer_is_not_there(self, server: Live, guest: Guest) -> None:
        given = {"offer_id": _offer(guest), "score": 1}
        assert server.guest().http.post("/api/chat/ratings", json=given).status_code == 404


class TestPassages:
    def test_a_staff_section_looks_like_a_missing_one_to_a_customer(self, server: Live, guest: Guest) -> None:
        hidden = guest.http.get(f"/api/manuals/wenjin/sections/{STAFF_SECTION}")
        missing = guest.http.get("/api/manuals/wenjin/sections/99.9")
        assert hidden.status_code == missing.status_code == 404
        assert _but_id(hidden) == _but_id(missing)
        shown = server.staff("staff").http.get(f"/api/manuals/wenjin/sections/{STAFF_SECTION}")
        assert shown.status_code == 200
        assert shown.json()["paragraphs"]

    @pytest.mark.parametrize(
        "path",
        [
            "unknown/sections/1.1", "..%2f..%2fwenjin/sections/1.1", "%00/sections/1.1", "wenjin/sections/%00",
            "wenjin/sections/..%2f1.1", "in-use/sections/1.1", "wenjin/sections/1.1%20OR%201=1", "." * 3000 + "/sections/1.1",
            "*/sections/1.1", "%5B/sections/1.1", "**/sections/1.1",
        ],
        ids=range(11),
    )  # fmt: skip
    def test_a_strange_address_is_not_found(self, guest: Guest, path: str) -> None:
        answer = guest.http.get(f"/api/manuals/{path}")
        assert answer.status_code == 404, answer.text

    def test_a_version_that_is_not_there_is_not_found(self, guest: Guest) -> None:
        answer = guest.http.get("/api/manuals/wenjin/sections/1.1", params={"version": "../../v1"})
        assert (
            "../../v1" not in answer.raise_for_status().json()["version"]
        )  # the own edition has one version
        imported = guest.http.get("/api/manuals/nothing/sections/1.1", params={"version": "../../v1"})
        assert imported.status_code == 404


class TestOtherSites:
    @pytest.mark.parametrize("path", ["/api/chat/session", "/api/chat/messages", "/api/chat/ratings"])
    def test_a_post_from_another_site_is_refused(self, guest: Guest, path: str) -> None:
        given = {"text": "您好", "key": new_id(), "offer_id": "x", "score": 1}
        for where in ("cross-site", "same-site"):
            answer = guest.http.post(path, json=given, headers={"Sec-Fetch-Site": where})
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
        assert guest.history() == []

    def test_a_post_of_our_page_is_taken(self, guest: Guest) -> None:
        guest.http.headers["Sec-Fetch-Site"] = "same-origin"
        assert guest.replies("您好")


class _Pushed:
    """An open event stream; iterating gives the pushed messages, leaving the block closes it."""

    def __init__(self, guest: Guest, after: int, headers: dict[str, str]) -> None:
        self._stream = guest.http.stream("GET", "/api/chat/events", params={"after": after}, headers=headers)

    def __enter__(self) -> Iterator[Message]:
        return self._messages(self._stream.__enter__().iter_lines())

    def __exit__(self, *_: object) -> None:
        self._stream.__exit__(None, None, None)

    def _messages(self, lines: Iterator[str]) -> Iterator[Message]:
        while True:
            yield json.loads(_data(lines, "message"))


def _events(guest: Guest, *, after: int, **headers: str) -> _Pushed:
    return _Pushed(guest, after, headers)


def _data(lines: Iterator[str], event: str) -> str:
    """Return the data of the next event of a kind."""
    for line in lines:
        if line == f"event: {event}":
            return next(line for line in lines if line.startswith("data:")).removeprefix("data:").strip()
    raise AssertionError(f"the stream ended without another {event}")


def _offer(guest: Guest) -> str:
    guest.say(QUESTION)
    return str(next(m for m in guest.replies("谢谢") if m["kind"] == "rating")["data"]["offer_id"])


def _post_json(guest: Guest, path: str, body: object) -> httpx.Response:
    """Send JSON in ASCII: a half surrogate goes as its escape."""
    return guest.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


def _but_id(answer: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def _tickets(server: Live, guest: Guest) -> list[Ticket]:
    with server.runtime.db.reading() as s:
        return s.query(Ticket).filter_by(conversation_id=guest.session["conversation_id"]).all()


class TestMarks:
    """有用 and 没用 under an answer."""

    def test_what_was_said_of_an_answer_comes_back_with_the_history(self, guest: Guest) -> None:
        answer = guest.replies(QUESTION)[0]
        path = "/api/chat/marks"
        assert guest.http.post(path, json={"id": answer["id"], "helpful": True}).json() == {"helpful": True}
        assert guest.http.post(path, json={"id": answer["id"], "helpful": False}).json() == {"helpful": False}
        found = {one["id"]: one["data"].get("helpful") for one in guest.open()["messages"]}
        assert found.pop(answer["id"]) is False
        assert set(found.values()) == {None}

    def test_nobody_marks_what_is_not_theirs_or_no_answer(self, server: Live, guest: Guest) -> None:
        answer = guest.replies(QUESTION)[0]
        greeting = guest.replies("你好")[0]
        stranger = server.guest()
        for who, message in ((stranger, answer), (guest, greeting), (guest, guest.open()["messages"][0])):
            refused = who.http.post("/api/chat/marks", json={"id": message["id"], "helpful": True})
            assert (refused.status_code, refused.json()["code"]) == (404, "answer_not_found")
