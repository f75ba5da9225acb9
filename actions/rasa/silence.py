"""A customer comes back after hours or days: the open form says where it was before it goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from actions.rasa.talk import Talk
from actions.service import conversations
from actions.store.tables.service import Turn

AWAY = timedelta(hours=2)


def away_since(talk: Talk) -> datetime | None:
    """Return when the last word was said where that is two hours ago or longer, else None."""
    turn = talk.session.get(Turn, talk.turn.turn_id) if talk.turn.turn_id else None
    last = conversations.turn_at(talk.session, turn.conversation_id, turn.seq - 1) if turn else None
    return last.created_at if last and talk.now - last.created_at >= AWAY else None
