"""What every custom action shares: the turn's session and context, replies, failures said politely."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.rasa.heard import Heard, heard
from actions.rasa.scope import joined
from actions.service import conversations
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.context import TurnContext
from actions.store.tables.service import Conversation
from knowledge.document import Audience
from knowledge.errors import WenjinError

Events = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Talk:
    """One action at work: read what was heard, say replies, use the turn's one transaction."""

    dispatcher: Any
    tracker: Any
    session: Session
    turn: TurnContext

    @property
    def heard(self) -> Heard:
        """Return what the customer just said."""
        return heard(self.tracker.latest_message)

    @property
    def now(self) -> datetime:
        """Return the turn's time."""
        return self.turn.now

    @property
    def audience(self) -> Audience:
        """Return who is asking."""
        return Audience(self.turn.audience)

    @property
    def conversation(self) -> Conversation:
        """Return the conversation of this turn."""
        return conversations.get(self.session, self.turn.conversation_id)

    def slot(self, name: str) -> Any:
        """Return a slot's value."""
        return self.tracker.get_slot(name)

    def say(self, reply: Reply) -> None:
        """Utter a structured reply; its text is readable on its own."""
        self.dispatcher.utter_message(
            text=reply.text,
            json_message={"kind": str(reply.kind), "data": dict(reply.data)},
            buttons=[{"title": b.title, "payload": b.payload} for b in reply.buttons],
        )

    def say_text(self, text: str, *buttons: str, outcome: str | None = None) -> None:
        """Utter plain text; each button sends its own title."""
        made = tuple(Button(title, title) for title in buttons)
        self.say(Reply(ReplyKind.TEXT, text, {"outcome": outcome} if outcome else {}, made))

    def respond(self, response: str) -> None:
        """Utter a response of the domain."""
        self.dispatcher.utter_message(response=response)


class DialogueAction(Action, ABC):  # type: ignore[misc]
    """An action with a name that works on a `Talk`; an expected failure becomes a polite reply."""

    action_name: ClassVar[str]

    def name(self) -> str:
        """Return the name by which the domain knows this action."""
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]) -> Events:
        """Run the action inside the turn's transaction."""
        del domain
        try:
            with joined(tracker) as (session, turn):
                return self.act(Talk(dispatcher, tracker, session, turn)) or []
        except WenjinError as error:
            dispatcher.utter_message(
                text=error.message, json_message={"kind": "error", "data": {"code": error.code}}
            )
            return []

    @abstractmethod
    def act(self, talk: Talk) -> Events | None:
        """Do the work, say the replies, return the events."""


def set_slots(values: Mapping[str, Any]) -> Events:
    """Return the events that set these slots."""
    return [SlotSet(name, value) for name, value in values.items()]
