"""Messages that a customer leaves for a person: asked for, kept as they are, waiting in the queue."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from actions.service import attendance, conversations, handovers
from actions.service.replies import Reply, ReplyKind
from actions.store.tables.service import Conversation, Handover, Mode, Turn

ASKED, LEFT = "leave", "left"
REASON = "客户留言"
MAX_SHOWN = 200
_ASKS = re.compile(r"(?:我要|我想|请|帮我)?(?:给(?:客服|人工)?)?留个?言[。！!]?")
_WITH_TEXT = re.compile(r"留言[:：]\s*(?P<text>.+)", re.DOTALL)
_GIVES_UP = re.compile(
    r"(?:取消|算了|不用了|不留了|不说了|没有了?|我要投诉|登记投诉|转人工|查进度|/[a-z_].*)[。！!]?", re.DOTALL
)


def is_one(s: Session, turn: Turn) -> bool:
    """Tell whether a customer's turn asks to leave a message, or is one."""
    if _ASKS.fullmatch(turn.text) or _WITH_TEXT.fullmatch(turn.text):
        return True
    asked = conversations.before(s, turn)
    return bool(asked and asked.data.get("state") == ASKED and not _GIVES_UP.fullmatch(turn.text))


def hear(s: Session, *, conversation: Conversation, turn: Turn, now: datetime) -> Reply:
    """Return the reply to such a turn: ask for the message, or say that it is kept and who reads it when."""
    if _ASKS.fullmatch(turn.text):
        return Reply(ReplyKind.HANDOVER, _asking(s, now), {"state": ASKED, "outcome": "handover"})
    with_text = _WITH_TEXT.fullmatch(turn.text)
    said = " ".join((with_text["text"] if with_text else turn.text).split())
    held = _queued(s, conversation, said, now)
    return Reply(
        ReplyKind.HANDOVER,
        _kept(s, conversation, now),
        {"handover_id": held.id, "state": LEFT, "outcome": "handover"},
    )


def _queued(s: Session, conversation: Conversation, said: str, now: datetime) -> Handover:
    """Put the conversation into the queue, the message as its reason."""
    held = handovers.request(s, conversation=conversation, reason=REASON, now=now)
    if held.queue not in handovers.URGENT:
        held.reason = f"留言：{said}"[:MAX_SHOWN]
    return held


def _asking(s: Session, now: datetime) -> str:
    when = "" if attendance.is_open(s, now) else f"{attendance.opening_words(s, now)} 起"
    return f"请写下要留言的内容，一条发完。同事{when}会看到，并在这里回复您。不想留言请说“取消”。"


def _kept(s: Session, conversation: Conversation, now: datetime) -> str:
    if attendance.is_open(s, now) and conversation.mode is Mode.WAITING_HUMAN:
        return "留言已记下，接入的同事会先看到它，并在这里回复您。"
    opens = attendance.opening_words(s, now)
    return f"留言已记下。{opens} 起同事会看到，并在这里回复您。您可以先离开，回到这个页面就能看到回复。"
