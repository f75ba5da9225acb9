"""What is said to a customer: structured for those who can draw it, readable text for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from actions.service.messages import is_blank


class ReplyKind(StrEnum):
    """What a reply is, and so what its `data` holds."""

    TEXT = "text"
    ANSWER = "answer"
    TICKET = "ticket"
    QUIZ_ITEM = "quiz_item"
    QUIZ_FEEDBACK = "quiz_feedback"
    QUIZ_RESULT = "quiz_result"
    RATING = "rating"
    HANDOVER = "handover"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press; `payload` is sent as the customer's text."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `text` can be read on its own."""

    kind: ReplyKind
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()


APOLOGY = Reply(
    ReplyKind.ERROR,
    "抱歉，这句话我没有答上来。您可以换个说法再问，或转人工。",
    {"code": "empty_reply"},
    (Button("转人工", "转人工"),),
)


def presentable(reply: Reply) -> Reply:
    """Return the reply, or an apology with an offer of a person where it has no text."""
    return APOLOGY if is_blank(reply.text) else reply


def text_reply(text: str, *buttons: Button) -> Reply:
    """Return a reply of plain text."""
    return Reply(ReplyKind.TEXT, text, {}, buttons)
