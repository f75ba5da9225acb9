"""One turn of the Rasa agent: text in, structured replies out."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage

from actions.desk.workdays import SHANGHAI
from actions.service.replies import APOLOGY, Button, Reply, ReplyKind
from actions.store.context import current_turn
from bot.dialogue.actions import InProcessActions
from bot.dialogue.added import Manual, as_question
from bot.dialogue.payloads import as_text, read_payload
from bot.dialogue.quick import StraightRunner, quicken, shorten
from bot.dialogue.quiet import hush_structlog
from bot.dialogue.tracker_store import TurnTrackerStore
from bot.metrics import stage


class Collector(OutputChannel):  # type: ignore[misc]
    """Keeps each message whole: text, buttons and structure belong together."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "wenjin"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one message as a reply."""
        del recipient_id
        reply = reply_of(message)
        if reply.text or reply.data:
            self.replies.append(reply)


def reply_of(message: dict[str, Any]) -> Reply:
    """Return one of Rasa's messages as a reply."""
    custom = message.get("custom") or {}
    buttons = tuple(Button(str(b["title"]), str(b["payload"])) for b in message.get("buttons") or [])
    kind = ReplyKind(custom.get("kind", ReplyKind.TEXT))
    return Reply(kind, str(message.get("text") or "").strip(), dict(custom.get("data") or {}), buttons)


class Engine:
    """The loaded agent. A turn never waits for anything, so that turns in one thread cannot mix."""

    def __init__(self, model: Path, manual: Manual | None = None) -> None:
        self._manual = manual
        hush_structlog()
        quicken()
        self.actions = InProcessActions()
        self._agent = Agent.load(str(model), tracker_store=TurnTrackerStore(), action_endpoint=self.actions)
        runner = StraightRunner(self._agent.processor.graph_runner)
        for policy in runner.policies():
            shorten(policy)
        self._agent.processor.graph_runner = runner

    @property
    def domain(self) -> Any:
        """Return the domain that the model was trained with."""
        return self._agent.domain

    def turn(self, text: str, sender_id: str, metadata: dict[str, Any]) -> list[Reply]:
        """Run one turn inside the current session; return at least one reply."""
        collector = Collector()
        message = _message(text, sender_id, metadata, collector)
        if self._manual and message.parse_data is None:
            parsed = self.understand(text)
            asked = as_question(parsed, text, self._manual, lambda: self._in_form(sender_id))
            message.parse_data = asked or parsed
        _finish(self._agent.processor.handle_message(message))
        return collector.replies or [APOLOGY]

    def _in_form(self, sender_id: str) -> bool:
        tracker = _finish(self._agent.tracker_store.retrieve(sender_id))
        return tracker is not None and bool(tracker.active_loop)

    def understand(self, text: str) -> dict[str, Any]:
        """Return intent, ranking and entities of a text."""
        message = UserMessage(as_text(text))
        with stage("understand"):
            parsed: dict[str, Any] = _finish(self._agent.processor.parse_message(message))
        return parsed


def _message(text: str, sender_id: str, metadata: dict[str, Any], channel: OutputChannel) -> UserMessage:
    payload = read_payload(text)
    return UserMessage(
        text if payload else as_text(text),
        channel,
        sender_id,
        input_channel="wenjin",
        parse_data=payload.parse_data(text) if payload else None,
        metadata={**metadata, "said": text, "tapped": payload is not None, "on": _today()},
    )


def _today() -> str:
    """Return the day in China of the turn: 昨天 is counted from the day on which it was said."""
    return current_turn().now.astimezone(SHANGHAI).date().isoformat()


def _finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing; raise RuntimeError if it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("a turn of the dialogue waited for something")
