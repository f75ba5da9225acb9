"""A person in the chat: standing, typing, reading, files, absence, hours and messages left, by the page's API."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from actions.service import handovers
from actions.store.tables.service import Conversation, Handover, Turn
from bot import upkeep
from bot.settings import Settings
from tests.actions.conftest import scratch_postgres
from tests.bot.serving import Guest, Live, Message, Staff, live
from tests.bot.test_hub import need_redis
from tests.conftest import data_dir_like

QUESTION = "投诉一般多久能处理完"
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in China
EVENING = MORNING + timedelta(hours=10)
KINDS = [
    pytest.param("memory", id="sqlite-memory"),
    pytest.param("redis", id="postgres-redis", marks=[pytest.mark.postgres, pytest.mark.redis]),
]


class Clock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        """Turn it forward."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture(scope="module", params=KINDS)
def running(
    request: pytest.FixtureRequest, prepared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """An installation of its own, on SQLite alone and on PostgreSQL with Redis."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("live"))
    if request.param == "memory":
        with live(Settings(data_dir=folder)) as made:
            yield made
        return
    redis_url = need_redis()
    with (
        scratch_postgres() as url,
        live(Settings(data_dir=folder, database_url=url, redis_url=redis_url)) as made,
    ):
        yield made


@pytest.fixture
def clock(running: Live) -> Iterator[Clock]:
    """The installation's clock, at ten on a Monday; at the end nobody waits any more."""
    running.mine().runtime.clock = made = Clock()
    yield made
    with running.runtime.db.begin() as s:
        s.query(Handover).update({"state": "ended"})
        s.query(Conversation).update({"mode": "bot"})


@pytest.fixture
def server(running: Live, clock: Clock) -> Live:
    """The installation, with its clock."""
    assert running.runtime.now() == clock.now
    return running


@pytest.fixture
def guest(server: Live) -> Guest:
    """A new customer."""
    return server.guest()


@pytest.fixture
def handler(server: Live) -> Staff:
    """A signed-in handler."""
    return server.staff("handler")


def ask(guest: Guest) -> str:
    """Ask for a person and return the address of the handler's pane."""
    reply = next(m for m in guest.replies("转人工") if m["kind"] == "handover")
    return f"/desk/handovers/{reply['data']['handover_id']}"


def taken(guest: Guest, handler: Staff) -> str:
    """Ask for a person who comes at once."""
    path = ask(guest)
    assert handler.submit(f"{path}/take").status_code == 303
    return path


def script(handler: Staff, path: str, **sent: Any) -> None:
    """Send JSON as the pane's scripts do."""
    handler.http.post(path, json=sent, headers={"x-csrf-token": handler.csrf}).raise_for_status()


@contextmanager
def pushed(who: Guest | Staff, path: str, event: str) -> Iterator[Callable[[], Any]]:
    """Open a stream and give what returns the data of its next event of a kind."""
    with who.http.stream("GET", path) as answer:
        lines = answer.iter_lines()

        def following() -> Any:
            for line in lines:
                if line == f"event: {event}":
                    return json.loads(next(lines).removeprefix("data:"))
            raise AssertionError("the stream ended")

        yield following


def png() -> bytes:
    """Return a small image."""
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG")
    return content.getvalue()


def texts(guest: Guest, actor: str) -> list[str]:
    """Return what one side has said."""
    return [m["text"] for m in guest.history() if m["actor"] == actor]


class TestStanding:
    def test_the_session_says_where_one_stands(self, guest: Guest, handler: Staff) -> None:
        assert guest.session["standing"]["mode"] == "bot"
        path = ask(guest)
        standing = guest.open()["standing"]
        assert (standing["mode"], standing["position"]) == ("waiting_human", 1)
        handler.submit(f"{path}/take")
        standing = guest.open()["standing"]
        assert (standing["mode"], standing["handler"]) == ("human", handler.name)

    def test_the_place_moves_up_while_one_waits(self, server: Live, clock: Clock, handler: Staff) -> None:
        first, second = server.guest(), server.guest()
        path = ask(first)
        clock.forward(seconds=1)
        assert "排在第 2 位" in second.heard("转人工")
        handler.submit(f"{path}/take")
        answer = second.http.get("/api/chat/messages", params={"after": 0}).json()
        assert answer["standing"]["position"] == 1

    def test_one_may_stop_waiting_and_the_bot_goes_on(self, guest: Guest) -> None:
        ask(guest)
        answer = guest.http.delete("/api/chat/waiting").raise_for_status().json()
        assert answer["mode"] == "bot"
        assert "已取消等候" in guest.history()[-1]["text"]
        assert guest.http.delete("/api/chat/waiting").raise_for_status().json()["mode"] == "bot"

    def test_a_person_who_is_there_is_not_sent_away(self, guest: Guest, handler: Staff) -> None:
        taken(guest, handler)
        answer = guest.http.delete("/api/chat/waiting")
        assert (answer.status_code, answer.json()["code"]) == (409, "handover_taken")

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "typing"), ("POST", "read"), ("DELETE", "waiting")]
    )
    def test_another_site_changes_nothing(self, guest: Guest, method: str, path: str) -> None:
        answer = guest.http.request(
            method, f"/api/chat/{path}", json={"seq": 1}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


class TestTypingAndReading:
    def test_each_side_sees_that_the_other_types(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        with pushed(guest, "/api/chat/events?after=99", "standing") as customers:
            assert customers()["typing"] is False
            script(handler, f"{path}/typing")
            assert customers()["typing"] is True
        with pushed(handler, f"{path}/events?after=99", "standing") as handlers:
            assert handlers()["typing"] is False
            guest.http.post("/api/chat/typing").raise_for_status()
            while not handlers()["typing"]:
                pass

    def test_a_message_ends_the_typing(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        script(handler, f"{path}/typing")
        handler.submit(f"{path}/say", text="您好")
        with pushed(guest, "/api/chat/events?after=1", "standing") as customers:
            assert customers()["typing"] is False

    def test_only_who_has_the_conversation_types_in_it(
        self, server: Live, guest: Guest, handler: Staff
    ) -> None:
        path = taken(guest, handler)
        script(server.staff("handler"), f"{path}/typing")
        with pushed(guest, "/api/chat/events?after=99", "standing") as customers:
            assert customers()["typing"] is False

    def test_each_side_sees_what_the_other_has_read(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        asked = guest.say("在吗")[0]["seq"]
        script(handler, f"{path}/read", seq=asked)
        assert guest.open()["standing"]["read_seq"] == asked
        handler.submit(f"{path}/say", text="在的")
        last = guest.history()[-1]["seq"]
        with pushed(handler, f"{path}/events?after={last}", "standing") as handlers:
            assert handlers()["read_seq"] < last
            guest.http.post("/api/chat/read", json={"seq": last}).raise_for_status()
            while handlers()["read_seq"] != last:
                pass

    def test_the_handler_sees_whether_the_customer_is_there(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        with pushed(handler, f"{path}/events?after=99", "standing") as handlers:
            assert handlers()["here"] is False
            with pushed(guest, "/api/chat/events?after=99", "standing") as customers:
                assert customers()["mode"] == "human"
                while not handlers()["here"]:
                    pass

    def test_what_is_said_comes_to_the_pane_as_it_is_said(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        last = guest.history()[-1]["seq"]
        with pushed(handler, f"{path}/events?after={last}", "turns") as turns:
            guest.say("我的钱 <b>什么</b>时候退")
            html = turns()
        assert "我的钱 &lt;b&gt;什么&lt;/b&gt;时候退" in html and f'data-seq="{last + 1}"' in html


class TestSuggestions:
    def test_the_manuals_sentences_are_for_the_handler_alone(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        seq = guest.say(QUESTION)[0]["seq"]
        before = guest.history()
        found = handler.http.get(f"{path}/suggestions", params={"seq": seq}).raise_for_status().json()
        assert found["passages"] and all("《运营手册》" in one["source"] for one in found["passages"])
        assert guest.history() == before

    def test_small_talk_and_what_others_said_bring_none(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        for seq in (guest.say("在吗")[0]["seq"], 2, 10_000):
            found = handler.http.get(f"{path}/suggestions", params={"seq": seq}).raise_for_status().json()
            assert found["passages"] == [], seq

    def test_what_customers_may_not_read_is_not_suggested(self, guest: Guest, handler: Staff) -> None:
        path = taken(guest, handler)
        seq = guest.say("员工培训多久一次")[0]["seq"]
        found = handler.http.get(f"{path}/suggestions", params={"seq": seq}).raise_for_status().json()
        assert not any("》7." in one["source"] for one in found["passages"])


class TestAbsence:
    def test_a_message_to_an_empty_chair_is_answered_by_the_bot(
        self, server: Live, clock: Clock, guest: Guest, handler: Staff
    ) -> None:
        taken(guest, handler)
        guest.say("还在吗")
        clock.forward(seconds=91)
        said = guest.replies(QUESTION)
        assert [m["data"]["outcome"] for m in said] == ["answered"]
        assert sum("似乎暂时离开了" in text for text in texts(guest, "system")) == 1
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"
        assert sum("似乎暂时离开了" in text for text in texts(guest, "system")) == 1
        with server.runtime.db.reading() as s:
            (held,) = s.query(Handover).filter_by(conversation_id=guest.session["conversation_id"])
            assert (held.state, held.returned) == ("requested", 1)

    def test_the_timer_notices_it_too_and_open_chats_are_told(
        self, server: Live, clock: Clock, guest: Guest, handler: Staff
    ) -> None:
        taken(guest, handler)
        last = guest.say("还在吗")[-1]["seq"]
        with pushed(guest, f"/api/chat/events?after={last}", "message") as messages:
            clock.forward(minutes=2)
            upkeep.watch_handovers(server.runtime)
            assert messages()["data"]["state"] == "returned"

    def test_an_open_pane_keeps_the_conversation(
        self, server: Live, clock: Clock, guest: Guest, handler: Staff
    ) -> None:
        path = taken(guest, handler)
        guest.say("还在吗")
        clock.forward(minutes=2)
        with pushed(handler, f"{path}/events?after=99", "standing") as handlers:
            assert handlers()["own"] is True
            upkeep.watch_handovers(server.runtime)
        assert guest.open()["standing"]["mode"] == "human"


class TestHours:
    def test_in_the_evening_nobody_is_promised(self, clock: Clock, guest: Guest) -> None:
        clock.now = EVENING
        (reply,) = guest.replies("转人工")
        assert "明天 9:00 起有同事上班" in reply["text"] and "接通" not in reply["text"]
        assert [button["title"] for button in reply["buttons"]] == ["登记投诉", "留言"]
        assert guest.open()["standing"]["opens"] == "明天 9:00"

    def test_a_message_waits_for_the_morning(self, clock: Clock, guest: Guest, handler: Staff) -> None:
        clock.now = EVENING
        guest.say("转人工")
        assert "请写下要留言的内容" in guest.heard("留言")
        (reply,) = guest.replies("退款还没到账，请明天看一下")
        assert reply["data"]["state"] == "left" and "明天 9:00 起同事会看到" in reply["text"]
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"
        assert "留言：退款还没到账" in handler.page("/desk?queue=waiting")

    @pytest.mark.parametrize(
        ("text", "words", "queue"),
        [("我的卡被盗刷了", "110", "fraud"), ("我不想活了", "12356", "crisis")],
    )
    def test_an_emergency_keeps_its_words_and_goes_first(
        self, server: Live, clock: Clock, text: str, words: str, queue: str
    ) -> None:
        for at in (MORNING, EVENING):
            clock.now = at
            other = server.guest()
            ask(server.guest())
            reply = next(m for m in other.replies(text) if m["kind"] == "handover")
            assert words in reply["text"] and "登记投诉" not in str(reply["buttons"])
            with server.runtime.db.reading() as s:
                assert handovers.get(s, reply["data"]["handover_id"]).queue == queue
                assert handovers.open_handovers(s)[0].queue == queue

    def test_an_emergency_in_a_message_is_none_to_leave(self, clock: Clock, guest: Guest) -> None:
        clock.now = EVENING
        guest.say("转人工")
        guest.say("留言")
        assert "12356" in guest.heard("我不想活了")

    def test_who_waits_long_is_told_once(self, server: Live, clock: Clock, guest: Guest) -> None:
        ask(guest)
        for minutes in (4, 2, 1):
            clock.forward(minutes=minutes)
            upkeep.watch_handovers(server.runtime)
        late = [m for m in guest.history() if m["data"].get("state") == "late"]
        assert len(late) == 1 and "排在第 1 位" in late[0]["text"]


class TestFiles:
    def test_a_file_stands_in_the_conversation_and_knows_what_became_of_it(
        self, server: Live, guest: Guest
    ) -> None:
        sent = {"file": ("凭证.png", png(), "image/png")}
        for _ in range(2):
            kept = guest.http.post("/api/chat/files", files=sent).raise_for_status().json()
        (shown,) = [m for m in guest.history() if m["kind"] == "file"]
        assert (shown["actor"], shown["text"], shown["data"]["file_id"]) == (
            "customer",
            "[图片] 凭证.png",
            kept["id"],
        )
        assert shown["data"]["place"] == "pending"
        guest.http.delete(f"/api/chat/files/{kept['id']}").raise_for_status()
        assert _file(guest)["data"]["place"] == "gone"
        guest.http.post("/api/chat/files", files={"file": ("新.png", png(), "image/png")}).raise_for_status()
        guest.complain()
        assert _file(guest)["data"]["place"] == "kept"
        with server.runtime.db.reading() as s:
            mine = s.query(Turn).filter_by(conversation_id=guest.session["conversation_id"], kind="file")
            assert mine.count() == 2


def _file(guest: Guest) -> Message:
    """Return the last file of a conversation."""
    return [m for m in guest.history() if m["kind"] == "file"][-1]
