"""How a stored turn looks to a client: the same in the chat page, in pushes and in the history."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from actions.service.conversations import shown_actor
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
    """Return a stored turn as a message; of an erased one the program says that it is gone."""
    return Message(
        turn.seq,
        turn.id,
        str(shown_actor(turn)),
        str(turn.kind) if turn.erased_at is None else "text",
        turn.text,
        dict(turn.data or {}),
        [dict(button) for button in turn.buttons or []],
        turn.created_at.isoformat(),
    )
