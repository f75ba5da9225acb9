"""How far a window has got whose protocol cannot say so: what was sent, when, and what must have arrived."""

from __future__ import annotations

import time
from collections import deque

from actions.service import conversations
from bot.runtime import Runtime


class Place:
    """What was sent in one connection, by the time it was sent; `seq` is the last turn of it."""

    def __init__(self, conversation_id: str = "", seq: int = 0) -> None:
        self.conversation_id, self.seq = conversation_id, seq
        self._sent: deque[tuple[float, int]] = deque()

    def sent(self, seq: int, at: float | None = None) -> None:
        """Note that everything up to a turn was sent."""
        self.seq = seq
        self._sent.append((time.monotonic() if at is None else at, seq))

    def arrived(self, seconds: float, now: float | None = None) -> int | None:
        """Return the last turn that was sent at least so long ago, None where that is nothing new."""
        until = (time.monotonic() if now is None else now) - seconds
        found = None
        while self._sent and self._sent[0][0] <= until:
            found = self._sent.popleft()[1]
        return found


def certain(runtime: Runtime, conversation_id: str, seq: int) -> None:
    """Keep how far the windows of a conversation have certainly got; it never goes back."""
    with runtime.db.begin() as s:
        held = conversations.lock(s, conversation_id)
        held.delivered_seq = max(held.delivered_seq, seq)
