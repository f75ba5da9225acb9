"""Conversations on the desk: what was said as lines, and who waits for a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from actions.service import conversations, handovers
from actions.store.tables.service import Actor, Handover, HandoverState, Turn
from bot.pages.panes import Row, Tag
from bot.pages.words import Due, moment_words, wait_words

TALK = 60
COMMAND = re.compile(r"/[a-z_]+(\{.*\})?", re.DOTALL)
WHO = {Actor.CUSTOMER: "客户", Actor.BOT: "问津", Actor.HANDLER: "人工客服", Actor.SYSTEM: "系统"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline: who did or said what, and when."""

    actor: str
    who: str
    what: str
    text: str
    at: datetime
    internal: bool = False
    seq: int = 0


def handover_rows(s: Session, now: datetime, current: str) -> list[Row]:
    """Return the lines of the customers who wait for a person or talk with one."""
    return [_handover_row(one, now, current) for one in handovers.open_handovers(s)]


def talk(s: Session, conversation_id: str, after: int = 0) -> list[Line]:
    """Return what was said in a conversation after a place in it."""
    return [
        turn_line(turn) for turn in conversations.history(s, conversation_id, after_seq=after, limit=TALK)
    ]


def turn_line(turn: Turn) -> Line:
    """Return one turn as a line; a pressed button that was a command reads as that."""
    pressed = turn.actor is Actor.CUSTOMER and COMMAND.fullmatch(turn.text)
    text, actor = "（按了一个按钮）" if pressed else turn.text, conversations.shown_actor(turn)
    return Line(str(actor), WHO[actor], "", text, turn.created_at, seq=turn.seq)


def handover_due(one: Handover, now: datetime) -> Due:
    """Return how long a customer has been waiting; once taken, since when."""
    if one.taken_at is None and one.ended_at is None:
        return wait_words(one.requested_at, now)
    return Due(f"{moment_words(one.taken_at or one.requested_at, now)} 接入", "", "person")


def _handover_row(one: Handover, now: datetime, current: str) -> Row:
    due = handover_due(one, now)
    return Row(
        href=f"/desk/handovers/{one.id}",
        top="在线客户",
        when=moment_words(one.requested_at, now),
        line=one.reason or "请求转人工",
        tags=(*_urgent(one), Tag(due.words, due.level, due.icon), Tag(handovers.STATE_LABELS[one.state])),
        current=one.id == current,
        strong=one.taken_at is None,
    )


def _urgent(one: Handover) -> tuple[Tag, ...]:
    """Return what sets a hand-over before the others: its queue, or that a colleague went away."""
    if one.queue in handovers.URGENT:
        return (Tag(handovers.QUEUES[one.queue], "danger", "alert"),)
    again = one.state is HandoverState.REQUESTED and one.returned > 0
    return (Tag("同事离开，重新排队", "warn", "alert"),) if again else ()
