"""Tests of the tracker store: what it keeps, what it lets go, what a restart finds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from actions.store import trackers
from actions.store.context import TurnContext, current_session, session_scope
from actions.store.engine import Database
from bot.dialogue.tracker_store import KEPT_TURNS, TurnTrackerStore, fold, window
from tests.bot.talking import START, new_database

SLOT = "{type: any, influence_conversation: false, mappings: [{type: custom}]}"
DOMAIN = Domain.from_yaml(
    f"""
version: "3.1"
intents: [say]
slots:
  early: {SLOT}
  late: {SLOT}
  gone: {SLOT}
forms:
  some_form: {{required_slots: [late]}}
session_config: {{session_expiration_time: 0, carry_over_slots_to_new_session: true}}
"""
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh database."""
    made = new_database(tmp_path)
    yield made
    made.dispose()


@contextmanager
def turn(database: Database) -> Iterator[TurnTrackerStore]:
    """Return a store in one turn's transaction, as a new process has it."""
    facts = TurnContext(
        conversation_id="c",
        customer_id="g",
        audience="customer",
        user_id=None,
        turn_id=None,
        now=START,
        rng=random.Random(1),
        channel="web",
    )
    with database.begin() as session, session_scope(session, facts):
        yield TurnTrackerStore(DOMAIN)


def talk(turns: int, first: list[Event]) -> list[Event]:
    """Return the events of some turns, `first` after the first sentence."""
    events: list[Event] = [ActionExecuted("action_listen")]
    for number in range(turns):
        events.append(UserUttered(f"第{number}句", {"name": "say", "confidence": 1.0}))
        events += first if number == 0 else []
        events += [ActionExecuted("some_form"), ActionExecuted("action_listen")]
    return events


def save(database: Database, events: list[Event]) -> None:
    """Save a tracker with these events."""
    with turn(database) as store:
        asyncio.run(
            store.save(DialogueStateTracker.from_events("s", events, slots=DOMAIN.slots, domain=DOMAIN))
        )


def load(database: Database) -> DialogueStateTracker | None:
    """Load the tracker in another turn."""
    with turn(database) as store:
        return asyncio.run(store.retrieve("s"))


def test_an_unknown_sender_has_no_tracker(database: Database) -> None:
    assert load(database) is None


def test_slots_and_open_form_outlive_the_kept_turns(database: Database) -> None:
    first = [ActiveLoop("some_form"), SlotSet("early", {"a": [1]}), SlotSet("gone", 1), SlotSet("gone", None)]
    save(database, talk(KEPT_TURNS * 3, first))
    tracker = load(database)
    assert tracker is not None
    assert tracker.active_loop_name == "some_form"
    assert tracker.get_slot("early") == {"a": [1]}
    assert tracker.get_slot("gone") is None
    assert tracker.latest_action_name == "action_listen"
    assert tracker.latest_message is not None
    assert tracker.latest_message.text == f"第{KEPT_TURNS * 3 - 1}句"


def test_saving_again_and_again_changes_nothing(database: Database) -> None:
    save(database, talk(KEPT_TURNS * 2, [ActiveLoop("some_form"), SlotSet("early", 1)]))
    for _ in range(3):
        tracker = load(database)
        assert tracker is not None
        save(database, list(tracker.events))
    tracker = load(database)
    assert tracker is not None
    assert (tracker.get_slot("early"), tracker.active_loop_name) == (1, "some_form")


def test_the_cost_of_a_turn_does_not_grow(database: Database) -> None:
    sizes = []
    for turns in (KEPT_TURNS, KEPT_TURNS * 10):
        save(database, talk(turns, [SlotSet("early", 1)]))
        with turn(database):
            payload = trackers.load(current_session(), "s")
        assert payload is not None
        sizes.append(len(payload["events"]))
    assert sizes[1] <= sizes[0]


def test_a_turn_that_is_rolled_back_is_forgotten(database: Database) -> None:
    tracker = DialogueStateTracker.from_events("s", talk(1, []), slots=DOMAIN.slots)
    with pytest.raises(RuntimeError), turn(database) as store:
        asyncio.run(store.save(tracker))
        raise RuntimeError
    assert load(database) is None


def test_the_window_begins_with_a_sentence() -> None:
    events = talk(KEPT_TURNS + 2, [])
    assert events[window(events)].text == "第2句"
    assert window(talk(2, [])) == 0


def test_folding_keeps_the_last_word() -> None:
    events = [SlotSet("early", 1), SlotSet("early", 2), ActiveLoop("some_form"), ActiveLoop(None)]
    assert fold(events) == ({"early": 2}, None)
