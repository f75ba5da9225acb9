"""Rasa's trackers in our database: one row a sender, no longer than the last few turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

from actions.store import trackers
from actions.store.context import current_session, current_turn
from bot.dialogue.discretion import discreet, discreet_slot

KEPT_TURNS = 8
_FORM = 1


class TurnTrackerStore(TrackerStore):  # type: ignore[misc]
    """Works in the running turn's transaction; slots and the open form outlive the kept turns."""

    def __init__(self, domain: Domain | None = None) -> None:
        super().__init__(domain)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the tracker as it was after the last turn, or None."""
        payload = trackers.load(current_session(), sender_id)
        if payload is None or payload.get("form") != _FORM:
            return None
        events = [*_prefix(payload["slots"], payload["loop"]), *deserialise_events(payload["events"])]
        return DialogueStateTracker.from_events(
            sender_id, events, slots=self.domain.slots, domain=self.domain
        )

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write slots, open form and the last turns, masked but for what a flow still needs.

        One in which nothing was said yet is not worth a row: Rasa saves it as soon as it is made.
        """
        events = list(tracker.events)
        if tracker.latest_message is None or not tracker.latest_message.text:
            return
        start, held = window(events), tracker.current_slot_values()
        slots, loop = fold(events[:start])
        payload = {
            "form": _FORM,
            "slots": {name: discreet_slot(name, value, held) for name, value in slots.items()},
            "loop": loop,
            "events": [discreet(event.as_dict(), held) for event in events[start:]],
        }
        trackers.save(current_session(), tracker.sender_id, payload, current_turn().now)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """Return an empty tracker; it is written with its first turn."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def keys(self) -> Iterable[str]:
        """Return nothing: conversations are listed by the service, not by Rasa."""
        return []


def window(events: Sequence[Event], turns: int = KEPT_TURNS) -> int:
    """Return where the last `turns` turns begin: the place of the customer's sentence, or 0."""
    said = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
    return said[-turns] if len(said) > turns else 0


def fold(events: Iterable[Event]) -> tuple[dict[str, Any], str | None]:
    """Return the slots and the open form after these events."""
    slots: dict[str, Any] = {}
    loop: str | None = None
    for event in events:
        if isinstance(event, SlotSet):
            slots[event.key] = event.value
        elif isinstance(event, AllSlotsReset):
            slots.clear()
        elif isinstance(event, ActiveLoop):
            loop = event.name
    return {name: value for name, value in slots.items() if value is not None}, loop


def _prefix(slots: dict[str, Any], loop: str | None) -> list[Event]:
    """Return events that lead to the state in which the kept turns begin."""
    if not slots and loop is None:
        return []
    opened = [ActiveLoop(loop)] if loop else []
    remembered = [SlotSet(name, value) for name, value in slots.items()]
    return [
        ActionExecuted(ACTION_SESSION_START_NAME),
        *opened,
        *remembered,
        ActionExecuted(ACTION_LISTEN_NAME),
    ]
