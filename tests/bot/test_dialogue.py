"""Tests of the dialogue around Rasa: training once, the thread, payloads, failures, complete rules."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import event, select

from actions.rasa.answering import AnswerAction
from actions.rasa.services import Services, configure
from actions.service.replies import APOLOGY, ReplyKind
from actions.store.engine import Database
from actions.store.tables.dialogue import DialogueTracker
from bot.dialogue import fingerprint, train, training
from bot.dialogue.engine import _finish, reply_of
from bot.dialogue.payloads import ALLOWED, as_text, read_payload
from knowledge.document import Answer
from knowledge.errors import WenjinError
from tests.bot.talking import Chat, FewSentences, dialogue, encoder_folder, model_file, new_database, prepared

RULES = sorted(training.TRAINING_DATA[1].glob("*.yml"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh database."""
    made = new_database(tmp_path)
    yield made
    made.dispose()


def test_nothing_is_trained_twice() -> None:
    model = model_file()
    said: list[str] = []
    assert train(out=prepared() / "models", encoder_path=encoder_folder(), progress=said.append) == model
    assert said == []


def test_the_fingerprint_follows_data_and_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint("encoder-1")
    assert fingerprint("encoder-1") == before
    assert fingerprint("encoder-2") != before
    (tmp_path / "more.yml").write_text("x", encoding="utf-8")
    monkeypatch.setattr(training, "PROJECT", Path("/"))
    monkeypatch.setattr(training, "TRAINING_DATA", (*training.TRAINING_DATA, tmp_path))
    one = fingerprint("encoder-1")
    (tmp_path / "more.yml").write_text("y", encoding="utf-8")
    assert fingerprint("encoder-1") != one


def test_refused_data_end_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain" / "domain.yml").write_text("intents: {", encoding="utf-8")
    (tmp_path / "config.yml").write_text("recipe: nothing.v1\n", encoding="utf-8")
    monkeypatch.setattr(training, "PROJECT", Path("/"))
    monkeypatch.setattr(training, "RASA", tmp_path)
    with pytest.raises(WenjinError, match="没有训练成功"):
        train(out=tmp_path / "models", encoder_path=encoder_folder())
    assert list((tmp_path / "models").iterdir()) == []


def test_work_runs_on_the_dialogues_own_thread() -> None:
    async def where() -> str:
        return threading.current_thread().name

    assert dialogue().submit(where()).result(timeout=10) == "dialogue"
    assert asyncio.run(dialogue().run(where())) == "dialogue"


def test_a_caller_who_goes_away_does_not_stop_the_turn() -> None:
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()

    async def turn() -> None:
        started.set()
        while not go_on.is_set():
            await asyncio.sleep(0)
        done.set()

    async def caller() -> None:
        task = asyncio.ensure_future(dialogue().run(turn()))
        while not started.is_set():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(caller())
    go_on.set()
    assert done.wait(timeout=10)


def test_a_turn_that_waits_is_refused() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waited"):
        _finish(waits())


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/back",
        "/session_start",
        "/affirm",
        "/nlu_fallback",
        '/rate{"score":{}}',
        '/rate{"x":"1"}',
        "/rate{",
        "x",
    ],
)
def test_only_buttons_payloads_are_payloads(text: str) -> None:
    assert read_payload(text) is None


def test_a_payload_is_read() -> None:
    payload = read_payload('/rate{"score":5}')
    assert payload is not None
    assert payload.parse_data("t")["entities"] == [{"entity": "score", "value": "5"}]
    assert payload.parse_data("t")["intent"] == {"name": "rate", "confidence": 1.0}


def test_what_buttons_may_carry_exists() -> None:
    assert set(ALLOWED) <= set(dialogue().domain.intents)


def test_typed_text_never_begins_with_a_slash() -> None:
    assert as_text(" /restart") == "／restart"
    assert as_text("1/2") == "1/2"


def test_a_button_with_an_intent_works(database: Database) -> None:
    assert "发生了什么" in Chat(database).heard("/complain")


def test_an_action_that_fails_ends_in_an_apology(database: Database) -> None:
    class Broken(FewSentences):
        def answer(self, *_: object, **__: object) -> Answer:
            raise ZeroDivisionError

    chat = Chat(database)
    chat.answerer = Broken()
    assert chat.say("投诉一般多久能处理完") == [APOLOGY]
    assert chat.say("你好")


def test_an_expected_failure_is_said(database: Database) -> None:
    class Missing(FewSentences):
        def answer(self, *_: object, **__: object) -> Answer:
            raise WenjinError("no_manual", 503, "手册还没有准备好。")

    chat = Chat(database)
    chat.answerer = Missing()
    [reply] = chat.say("投诉一般多久能处理完")
    assert (reply.kind, reply.text, reply.data["code"]) == (
        ReplyKind.ERROR,
        "手册还没有准备好。",
        "no_manual",
    )


def test_a_message_of_rasa_becomes_a_reply() -> None:
    reply = reply_of(
        {"text": " 好 ", "buttons": [{"title": "a", "payload": "b"}], "custom": {"kind": "ticket"}}
    )
    assert (reply.kind, reply.text, reply.buttons[0].payload, reply.data) == (ReplyKind.TICKET, "好", "b", {})


def test_actions_and_domain_name_the_same() -> None:
    running = dialogue()._engine.actions.names
    assert running == set(dialogue().domain.user_actions) - set(dialogue().domain.responses)


@pytest.mark.parametrize("form", ["complaint_form", "quiz_form"])
def test_every_intent_has_its_rule(form: str) -> None:
    """Outside of a form and inside each form there is a rule for everything that people say."""
    intents = set(dialogue().domain.intents) - {"restart", "back", "session_start", "out_of_scope"}
    assert _covered(None) >= intents
    assert _covered(form) >= intents


def _covered(form: str | None) -> set[str]:
    found: set[str] = set()
    for file in RULES:
        for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]:
            if rule.get("condition", [{"active_loop": None}])[0]["active_loop"] == form:
                found |= _intents(rule["steps"][0])
    return found


def _intents(step: dict[str, Any]) -> set[str]:
    return {one["intent"] for one in step.get("or", [step]) if "intent" in one}


def test_actions_also_run_on_a_separate_server(database: Database) -> None:
    configure(Services(answerer=FewSentences(), database=database))
    dispatcher = CollectingDispatcher()
    tracker = Tracker.from_dict(
        {
            "sender_id": "abc",
            "slots": {},
            "events": [],
            "latest_message": {"text": "投诉多久能处理完", "intent": {}},
        }
    )
    events = AnswerAction().run(dispatcher, tracker, {})
    assert dispatcher.messages[0]["custom"]["data"]["outcome"] == "answered"
    assert {"event": "slot", "name": "answered", "value": True} in events


def test_closing_twice_is_harmless() -> None:
    from bot.dialogue import Dialogue

    short = Dialogue(SimpleNamespace())  # type: ignore[arg-type]
    short.close()
    short.close()


def test_a_late_turn_reads_and_keeps_no_more_than_an_early_one(database: Database) -> None:
    chat, sent, kept = Chat(database), [], []
    event.listen(database.engine, "before_cursor_execute", lambda *sql: sent.append(sql[2]))
    said = ("您好", "投诉一般多久能处理完", "你是机器人吗", "谢谢")
    counts = []
    for number in range(40):
        sent.clear()
        chat.say(said[number % len(said)])
        counts.append(len(sent))
        with database.begin() as s:
            [tracker] = s.scalars(select(DialogueTracker))
            kept.append(len(json.loads(tracker.payload)["events"]))
    early, late = slice(12, 16), slice(36, 40)
    assert counts[late] == counts[early]
    assert kept[late] == kept[early]
