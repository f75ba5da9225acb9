"""Sessions without cookies: pages of other sites and apps carry the signed session themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from actions.store.base import new_id
from bot.guests import COOKIE
from bot.settings import Settings
from tests.bot.serving import Guest, Live, live
from tests.conftest import data_dir_like

SHOP = "https://www.example-shop.cn"
QUESTION = "投诉一般多久能处理完"


@pytest.fixture(scope="module")
def embedding(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An installation whose chat a shop's pages may use."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("embedding"))
    with live(Settings(data_dir=folder, widget_origins=f"{SHOP}/, https://app.example.cn:8443")) as made:
        yield made


@pytest.fixture
def server(embedding: Live) -> Live:
    """The installation, with the services of its own."""
    return embedding.mine()


def from_shop(server: Live) -> httpx.Client:
    """Return a client that calls as a script of the shop's page does."""
    return server.client(origin=SHOP, **{"sec-fetch-site": "cross-site"})


class Widget(Guest):
    """A customer on the shop's page; the session goes as a bearer, no cookie is kept."""

    def __init__(self, server: Live, session: str = "") -> None:
        http = from_shop(server)
        http.headers.update({"authorization": f"Bearer {session}"} if session else {})
        super().__init__(http)
        assert not http.cookies
        http.headers["authorization"] = f"Bearer {self.session['session']}"


class TestBearer:
    def test_a_conversation_is_held_and_found_again_without_a_cookie(self, server: Live) -> None:
        guest = Widget(server)
        said = guest.say(QUESTION)
        assert said[1]["data"]["outcome"] == "answered"
        again = Widget(server, guest.session["session"])
        assert again.session["conversation_id"] == guest.session["conversation_id"]
        assert again.session["messages"] == said

    def test_files_ratings_typing_pushes_and_tickets_take_it_too(self, server: Live) -> None:
        guest = Widget(server)
        ticket = guest.complain()
        number = ticket["data"]["number"]
        added = guest.http.post("/api/chat/files", files={"file": ("a.txt", "凭证".encode())})
        assert added.status_code in (201, 422)
        assert guest.http.get("/api/chat/files").status_code == 200
        assert guest.http.post("/api/chat/typing").status_code == 204
        assert guest.http.post("/api/chat/read", json={"seq": 1}).status_code == 204
        unknown = guest.http.post("/api/chat/ratings", json={"offer_id": "x", "score": 5})
        assert unknown.status_code == 404
        assert guest.http.get(f"/api/tickets/{number}").raise_for_status().json()["number"] == number
        with guest.http.stream("GET", "/api/chat/events", params={"after": 0}) as stream:
            line = next(line for line in stream.iter_lines() if line.startswith("data:"))
        assert json.loads(line.removeprefix("data:"))["text"] == "我要投诉"

    def test_the_bearer_counts_where_a_cookie_comes_along(self, server: Live) -> None:
        one, two = server.guest(), Widget(server)
        one.say("您好")
        two.http.cookies.set(COOKIE, one.http.cookies[COOKIE])
        assert two.history() == []

    def test_staff_who_chat_as_a_customer_read_as_one(self, server: Live) -> None:
        person = server.staff("staff")
        session = Widget(server).session["session"]
        staff = person.http.get("/api/manuals/wenjin/sections/7.1")
        bearer = {"authorization": f"Bearer {session}"}
        customer = person.http.get("/api/manuals/wenjin/sections/7.1", headers=bearer)
        assert (staff.status_code, customer.status_code) == (200, 404)

    @pytest.mark.parametrize("session", ["x", "ImFiYyI.AAAAAAAAAAAAAAAAAAAAAAAAAAA", "a" * 5000])
    def test_a_session_that_was_not_given_out_is_refused(self, server: Live, session: str) -> None:
        guest = server.guest()
        guest.http.headers["authorization"] = f"Bearer {session}"
        for answer in (guest.post("您好"), guest.http.get("/api/chat/messages")):
            assert (answer.status_code, answer.json()["code"]) == (401, "unknown_session")
        assert guest.open()["messages"] == []

    def test_staff_get_no_session_to_carry_away(self, server: Live) -> None:
        assert server.staff("staff").http.post("/api/chat/session").json()["session"] == ""


class TestOrigins:
    def test_a_named_sites_browser_is_told_that_it_may(self, server: Live) -> None:
        asked = {
            "origin": SHOP,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,last-event-id,idempotency-key",
        }
        allowed = server.client().options("/api/chat/messages", headers=asked)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, SHOP)
        assert "access-control-allow-credentials" not in allowed.headers
        opened = from_shop(server).post("/api/chat/session")
        assert opened.headers["access-control-allow-origin"] == SHOP
        assert "set-cookie" not in opened.headers

    def test_a_failure_can_be_read_there_too(self, server: Live) -> None:
        refused = from_shop(server).get("/api/chat/messages", headers={"authorization": "Bearer x"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, SHOP)

    def test_other_sites_and_other_paths_get_nothing(self, server: Live) -> None:
        other = server.client(
            origin="https://www.example-shop.cn.evil.cn", **{"sec-fetch-site": "cross-site"}
        )
        refused = other.post("/api/chat/session")
        assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
        assert "access-control-allow-origin" not in refused.headers
        for path in ("/login", "/metrics", "/desk"):
            assert "access-control-allow-origin" not in from_shop(server).get(path).headers

    def test_with_a_cookie_of_ours_even_a_named_site_is_refused(self, server: Live) -> None:
        guest = server.guest()
        answer = guest.http.post(
            "/api/chat/messages",
            json={"text": "您好", "key": new_id()},
            headers={"origin": SHOP, "sec-fetch-site": "cross-site"},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
