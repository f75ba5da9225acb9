"""The application as a process of its own with a bot that only echoes, so that it starts quickly; it may die.

While a file says so, it kills itself after a turn: that is stored then, and nothing of it has been sent. This is
the moment at which something could be lost or doubled.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn

from actions.service.replies import Reply, ReplyKind
from bot.app import create_app
from bot.dialogue import Dialogue
from bot.runtime import Runtime
from bot.settings import Settings
from bot.turns import TurnService

THINKING = 0.01  # seconds, long enough for others to come in between if they could


class Echo:
    """Answers with what was said, in two messages."""

    def turn(self, text: str, _sender: str, _metadata: dict[str, Any]) -> list[Reply]:
        """Return two replies."""
        time.sleep(THINKING)
        return [Reply(ReplyKind.TEXT, f"{part}：{text}") for part in ("听到了", "说完了")]


class MortalTurns(TurnService):
    """Dies after a turn while there is poison."""

    poison = Path()

    async def handle(self, *arguments: Any, **more: Any) -> Any:
        """Run a turn, and do not live to send it."""
        done = await super().handle(*arguments, **more)
        if self.poison.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def main(settings: str, port: str, poison: str) -> None:
    """Serve until killed."""
    runtime = Runtime(Settings.model_validate_json(settings))
    engine: Any = Echo()
    turns = MortalTurns(
        runtime.db, Dialogue(engine), runtime.hub,
        per_minute=runtime.settings.messages_per_minute, clock=runtime.now,
    )  # fmt: skip
    turns.poison = Path(poison)
    runtime.__dict__["turns"] = turns
    uvicorn.run(
        create_app(runtime.settings, warmed=runtime), port=int(port), ws="wsproto", log_level="warning",
        access_log=False, timeout_graceful_shutdown=2,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
