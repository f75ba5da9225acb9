"""Abuse is answered calmly, once; then a person is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from actions.rasa.handover import Call, call_person
from actions.rasa.talk import DialogueAction, Events, Talk
from knowledge.document import Audience

AGAIN = Call("客户情绪激动，多次辱骂", "您的心情我理解，这件事请同事来和您谈。")


class AnswerAbuse(DialogueAction):
    """Asks once what is wrong; who goes on is given to a person."""

    action_name: ClassVar[str] = "action_abuse"

    def act(self, talk: Talk) -> Events:
        """Stay calm, or call a person."""
        if talk.audience is Audience.CUSTOMER and _heard_before(talk.tracker.events):
            call_person(talk, AGAIN)
        else:
            talk.respond("utter_abuse")
        return []


def _heard_before(events: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether abuse was answered already in what is remembered of this conversation."""
    return any(
        event.get("event") == "action" and event.get("name") == AnswerAbuse.action_name for event in events
    )
