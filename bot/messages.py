"""How a stored turn looks to a client: the same in the chat page, in pushes and in the history."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from actions.store.tables.service import Turn


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a chat as clients get it; `at` is ISO 8601 in UTC."""

    seq: int
    id: str
    actor: str
    kind: str
    text: str
    data: dict[str, Any]
    buttons: list[dict[str, str]]
    at: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def message_of(turn: Turn) -> Message:
    """Return a stored turn as a message."""
    return Message(
        turn.seq,
        turn.id,
        str(turn.actor),
        str(turn.kind),
        turn.text,
        dict(turn.data or {}),
        [dict(button) for button in turn.buttons or []],
        turn.created_at.isoformat(),
    )
