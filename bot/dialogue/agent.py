"""The dialogue's own thread: understanding is pure computing that would block the server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from actions.service.replies import Reply
from bot.dialogue.added import Manual
from bot.dialogue.quiet import hush, quiet_warnings

if TYPE_CHECKING:
    from bot.dialogue.engine import Engine

T = TypeVar("T")


class Dialogue:
    """A loaded model on a thread with an event loop of its own; close it when the server stops."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dialogue", daemon=True)
        self._thread.start()

    @classmethod
    def load(cls, model: Path, manual: Manual | None = None) -> Dialogue:
        """Load a model that `train` made; `manual` tells what can be answered whatever it sounds like."""
        hush()
        with quiet_warnings():
            from bot.dialogue.engine import Engine

            return cls(Engine(model, manual))

    @property
    def domain(self) -> Any:
        """Return the domain that the model was trained with."""
        return self._engine.domain

    async def respond(self, text: str, sender_id: str, metadata: dict[str, Any] | None = None) -> list[Reply]:
        """Return at least one reply to one message, within the current session (`actions.store.context`).

        The whole turn is one piece: nothing else runs on this thread in between.
        """
        return self._engine.turn(text, sender_id, metadata or {})

    def understand(self, text: str) -> dict[str, Any]:
        """Return `intent`, `intent_ranking` and `entities` of a text, for tests and evaluation."""
        return self._engine.understand(text)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start work on the dialogue's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run work on the dialogue's thread; a caller who goes away does not stop a turn half-way."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    def close(self) -> None:
        """Stop the thread after the work that is running."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
