"""Whether an answer helped: 有用 or 没用, given once or changed, never asked for twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import conversations
from actions.store.tables.service import Actor, AnswerMark, Turn
from knowledge.errors import not_found

MARKED_KINDS = ("answer",)


def mark(s: Session, *, conversation_id: str, turn_id: str, helpful: bool, now: datetime) -> AnswerMark:
    """Keep what a customer says of an answer in their conversation; the last word counts.

    Raises:
        WenjinError: 404 `answer_not_found` for what is no answer of the bot in this conversation.
    """
    conversations.lock(s, conversation_id)
    turn = s.get(Turn, turn_id)
    if turn is None or turn.conversation_id != conversation_id or not may_be_marked(turn):
        raise not_found("answer_not_found", "没有找到这条答案，请刷新页面后再试。")
    found = s.get(AnswerMark, turn_id)
    if found is None:
        found = AnswerMark(turn_id=turn_id, created_at=now, helpful=helpful)
        s.add(found)
    found.helpful = helpful
    s.flush()
    return found


def given(s: Session, turns: Iterable[Turn]) -> dict[str, bool]:
    """Return what customers say of answers among some turns, by the turn's id."""
    asked = [turn.id for turn in turns if may_be_marked(turn)]
    if not asked:
        return {}
    found = select(AnswerMark.turn_id, AnswerMark.helpful).where(AnswerMark.turn_id.in_(asked))
    return {turn_id: helpful for turn_id, helpful in s.execute(found)}  # noqa: C416


def may_be_marked(turn: Turn) -> bool:
    """Tell whether a turn is an answer that customers judge."""
    return turn.actor is Actor.BOT and turn.kind in MARKED_KINDS and turn.erased_at is None
