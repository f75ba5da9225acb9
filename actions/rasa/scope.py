"""The turn an action belongs to: the one of this process, or its own on a separate action server."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from actions.rasa.services import services
from actions.service import conversations
from actions.store.context import TurnContext, current_session, current_turn, session_scope
from actions.store.engine import Database
from knowledge.errors import unavailable


@contextmanager
def joined(tracker: Any) -> Iterator[tuple[Session, TurnContext]]:
    """Join the current turn, or open a transaction for a call that came over the network."""
    if running():
        yield current_session(), current_turn()
        return
    with _database().begin() as session:
        turn = _own_turn(session, tracker)
        with session_scope(session, turn):
            yield session, turn


def running() -> bool:
    """Tell whether a turn of this process is running."""
    try:
        current_session()
    except LookupError:
        return False
    return True


def _database() -> Database:
    return services().database or _database_of_environment()


@lru_cache(maxsize=1)
def _database_of_environment() -> Database:
    """Open the database that the server of this data folder uses."""
    folder = Path(os.environ.get("WENJIN_DATA_DIR") or Path(__file__).resolve().parents[2] / ".wenjin")
    key = folder / "secret.key"
    if not key.is_file():
        raise unavailable("no_database", "服务还没有准备好，请稍后再试。")
    url = os.environ.get("WENJIN_DATABASE_URL") or f"sqlite:///{folder / 'wenjin.db'}"
    return Database(url, key.read_bytes().strip())


def _own_turn(session: Session, tracker: Any) -> TurnContext:
    """Return a customer's turn: whoever calls a separate action server is nobody signed in."""
    now = datetime.now(UTC)
    conversation = conversations.open_conversation(
        session,
        channel="rest",
        external_id=tracker.sender_id,
        customer_id=tracker.sender_id,
        audience="customer",
        now=now,
    )
    return TurnContext(
        conversation_id=conversation.id,
        customer_id=conversation.customer_id,
        audience="customer",
        user_id=None,
        turn_id=None,
        now=now,
        rng=random.SystemRandom(),
        channel="rest",
    )
