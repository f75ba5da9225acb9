"""Turns from end to end: stored first, answered once, silent for a person; on SQLite, and on PostgreSQL with Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from actions.desk import tickets
from actions.service import accounts, conversations, handovers
from actions.service.accounts import find_user
from actions.service.replies import Reply, ReplyKind
from actions.store.base import new_id
from actions.store.tables.accounts import User
from actions.store.tables.service import Conversation, Turn
from bot.settings import Settings
from knowledge.encoder import Encoded
from knowledge.errors import conflict
from tests.actions.conftest import scratch_postgres
from tests.bot.serving import Guest, Live, live
from tests.bot.test_hub import need_redis
from tests.conftest import data_dir_like

QUESTION = "投诉一般多久能处理完"
STEPS: dict[str, dict[str, str]] = {
    "take": {},
    "assess": {
        "business": "payment", "channel": "app", "cause": "facilities", "severity": "2", "complexity": "1",
        "impact": "1", "urgency": "2",
    },
    "reply": {"text": "已退还多扣的钱。"},
    "decide": {"finding": "重复扣款属实。", "basis": "《运营手册》2.2", "remedy": "已原路退回。"},
    "close": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def networked(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """An installation on PostgreSQL and Redis."""
    redis_url = need_redis()
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("networked"))
    with (
        scratch_postgres() as url,
        live(Settings(data_dir=folder, database_url=url, redis_url=redis_url)) as running,
    ):
        yield running


class TestStored:
    def test_a_turn_keeps_outcome_latency_and_what_it_answers(self, server: Live, guest: Guest) -> None:
        guest.say(QUESTION)
        with server.runtime.db.reading() as s:
            asked, answer = _turns(s, guest)
            assert (asked.actor, asked.text, asked.reply_to) == ("customer", QUESTION, None)
            assert (answer.actor, answer.outcome, answer.reply_to) == ("bot", "answered", asked.id)
            assert answer.latency_ms is not None
            assert answer.latency_ms > 0

    @pytest.mark.parametrize(("text", "outcome"), [
        ("您好", "smalltalk"), ("我要投诉", "ticket"), ("转人工", "handover"), ("今天股票会涨吗", "refused"), ("开始测验", "refused"),
    ])  # fmt: skip
    def test_outcomes_are_counted_as_what_they_are(
        self, server: Live, guest: Guest, text: str, outcome: str
    ) -> None:
        guest.say(text)
        with server.runtime.db.reading() as s:
            assert _turns(s, guest)[1].outcome == outcome

    def test_prometheus_counts_turns_and_tickets(self, server: Live, guest: Guest) -> None:
        answered = 'wenjin_turns_total{channel="web",outcome="answered"}'
        before = _metric(server, answered)
        guest.say(QUESTION)
        assert _metric(server, answered) == before + 1
        waiting = _metric(server, 'wenjin_tickets{state="received"}')
        guest.complain()
        assert _metric(server, 'wenjin_tickets{state="received"}') == waiting + 1

    def test_what_was_said_is_stored_before_it_is_answered(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a turn that broke off there is the message, and the same key answers it later."""

        async def die(*_: object) -> None:
            raise RuntimeError("a power cut")

        key = new_id()
        with monkeypatch.context() as dying:
            dying.setattr(server.runtime.turns, "_reply", die)
            assert guest.post(QUESTION, key).status_code == 500
        assert [m["text"] for m in guest.history()] == [QUESTION]
        asked, answer = guest.say(QUESTION, key)
        assert answer["data"]["outcome"] == "answered"
        assert guest.history() == [asked, answer]

    def test_an_expected_failure_is_told_in_its_own_words(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object) -> None:
            raise conflict("some_code", "这件事现在不能办，请稍后再试。")

        monkeypatch.setattr(server.runtime.turns._dialogue, "respond", refuse)
        reply = guest.replies("您好")[0]
        assert (reply["kind"], reply["text"], reply["data"]["code"]) == (
            "error",
            "这件事现在不能办，请稍后再试。",
            "some_code",
        )

    def test_a_reply_that_says_nothing_becomes_an_apology_with_a_way_on(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def silence(*_: object) -> list[Reply]:
            return [Reply(ReplyKind.TEXT, " \u200b ", {}, ())]

        monkeypatch.setattr(server.runtime.turns._dialogue, "respond", silence)
        reply = guest.replies("您好")[0]
        assert reply["kind"] == "error"
        assert reply["buttons"] == [{"title": "转人工", "payload": "转人工"}]

    def test_a_message_is_read_ahead_and_only_once(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        encoder = server.runtime.encoder
        encode, read = encoder.encode_full, list[list[str]]()

        def noted(texts: Sequence[str]) -> list[Encoded]:
            read.append(list(texts))
            return encode(texts)

        monkeypatch.setattr(encoder, "encode_full", noted)
        said = "请问我上周五提交的投诉要几天才会有人回"
        server.runtime.turns._ahead(said)
        assert read == [[said]]
        guest.say(said)
        assert read == [[said]]

    def test_a_message_that_could_not_be_read_ahead_is_answered(
        self, server: Live, guest: Guest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: str) -> None:
            raise MemoryError

        monkeypatch.setattr(server.runtime.turns, "_ahead", fail)
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"

    def test_the_rehearsal_at_the_start_leaves_no_trace(self, server: Live) -> None:
        server.runtime.turns.warm()
        with server.runtime.db.reading() as s:
            assert s.query(Conversation).filter(Conversation.external_id.like("rehearsal%")).count() == 0


class TestPersons:
    def test_the_bot_is_silent_while_a_person_talks_and_talks_again_afterwards(
        self, server: Live, guest: Guest
    ) -> None:
        handover_id = guest.replies("转人工")[0]["data"]["handover_id"]
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"  # while one waits, the bot goes on
        with server.runtime.db.begin() as s:
            handovers.take(s, handover_id=handover_id, user=_handler(s, server), now=server.runtime.now())
        key = new_id()
        said = guest.say("在吗", key)
        assert [m["actor"] for m in said] == ["customer"]
        assert guest.say("在吗", key) == said
        with server.runtime.db.begin() as s:
            handovers.end(s, handover_id=handover_id, user=_handler(s, server), now=server.runtime.now())
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"
        assert [m["actor"] for m in guest.history()].count("handler") == 0

    def test_a_form_is_taken_up_again_after_a_person(self, server: Live, guest: Guest) -> None:
        for text in ("我要投诉", "上周三买东西扣了我两次钱"):
            guest.say(text)
        handover_id = next(m for m in guest.replies("转人工") if m["kind"] == "handover")["data"][
            "handover_id"
        ]
        with server.runtime.db.begin() as s:
            user = _handler(s, server)
            handovers.take(s, handover_id=handover_id, user=user, now=server.runtime.now())
        guest.say("您看看我的事")
        with server.runtime.db.begin() as s:
            handovers.end(s, handover_id=handover_id, user=_handler(s, server), now=server.runtime.now())
        for text in ("支付", "退还多扣的钱", "13812345678"):
            guest.say(text)
        assert guest.replies("确认提交")[0]["kind"] == "ticket"


@pytest.mark.postgres
@pytest.mark.redis
class TestOnPostgresAndRedis:
    @pytest.fixture
    def guest(self, networked: Live) -> Guest:
        """A customer of the networked installation."""
        return networked.mine().guest()

    def test_it_runs_on_what_was_set(self, networked: Live) -> None:
        assert networked.runtime.db.dialect == "postgresql"
        assert type(networked.runtime.hub).__name__ == "RedisHub"

    def test_a_complaint_goes_through_and_reaches_the_desk_and_back(
        self, networked: Live, guest: Guest
    ) -> None:
        assert guest.replies(QUESTION)[0]["data"]["outcome"] == "answered"
        number = guest.complain(phone="13987654321")["data"]["number"]
        with networked.runtime.db.reading() as s:
            ticket = tickets.get_by_number(s, number)
            assert (ticket.contact, ticket.contact_masked) == ("13987654321", "139****4321")
        handler, before = networked.staff("handler"), len(guest.history())
        for act, fields in STEPS.items():
            version = _version(networked, number)
            answer = handler.submit(f"/desk/tickets/{number}/{act}", version=version, **fields)
            assert answer.status_code == 303, (act, answer.text)
        told = guest.history()[before:]
        by_person = "".join(m["text"] for m in told if m["actor"] == "handler")
        assert "已退还多扣的钱。" in by_person and "已原路退回。" in by_person
        assert (told[-1]["actor"], told[-1]["kind"]) == ("system", "rating")

    def test_the_same_key_at_the_same_time_is_one_turn(self, guest: Guest) -> None:
        key = new_id()
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: guest.say(QUESTION, key), range(4)))
        assert answers.count(answers[0]) == 4
        assert guest.history() == answers[0]

    @pytest.mark.parametrize("text", ["\x00\x01您好", "😀", "'; DROP TABLE turns; --", "a\ud800b"])
    def test_characters_that_postgres_refuses_do_no_harm(self, guest: Guest, text: str) -> None:
        body = json.dumps({"text": text, "key": new_id()})
        answer = guest.http.post(
            "/api/chat/messages", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 200
        assert len(guest.history()) >= 2

    def test_limits_are_shared_through_redis(self, guest: Guest, networked: Live) -> None:
        limit = networked.runtime.settings.messages_per_minute
        # a minute may turn in between: then the count begins again
        statuses = [guest.post("您好").status_code for _ in range(2 * limit + 2)]
        assert statuses[:limit].count(200) == limit
        assert 429 in statuses


def _turns(s: Session, guest: Guest) -> list[Turn]:
    return conversations.history(s, guest.session["conversation_id"])


def _handler(s: Session, server: Live) -> User:
    """Return the one handler of these tests, made on first use."""
    found = find_user(s, "turns-handler")
    if found is None:
        found, _ = accounts.add_user(
            s, name="turns-handler", password=None, roles=["handler"], now=server.runtime.now()
        )
    return found


def _version(server: Live, number: str) -> str:
    with server.runtime.db.reading() as s:
        return str(tickets.get_by_number(s, number).version)


def _metric(server: Live, name: str) -> float:
    lines: list[Any] = server.client().get("/metrics").raise_for_status().text.splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)), 0.0)
