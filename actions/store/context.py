"""The running turn: its session and facts, found by actions and the tracker store without being passed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class TurnContext:
    """Who speaks where in the turn that is being answered, and the turn's clock and dice."""

    conversation_id: str
    customer_id: str
    audience: str
    user_id: str | None
    turn_id: str | None
    now: datetime
    rng: random.Random
    channel: str


_session: ContextVar[Session | None] = ContextVar("wenjin_session", default=None)
_turn: ContextVar[TurnContext | None] = ContextVar("wenjin_turn", default=None)


@contextmanager
def session_scope(session: Session, turn: TurnContext | None = None) -> Iterator[Session]:
    """Make `session` (and `turn`) current within the block; scopes may be nested."""
    session_token, turn_token = _session.set(session), _turn.set(turn)
    try:
        yield session
    finally:
        _turn.reset(turn_token)
        _session.reset(session_token)


def current_session() -> Session:
    """Return the session of the running turn; raise LookupError outside of one."""
    session = _session.get()
    if session is None:
        raise LookupError("no session is current: enter session_scope first")
    return session


def session_or_none() -> Session | None:
    """Return the session of the running turn, None outside of one."""
    return _session.get()


def current_turn() -> TurnContext:
    """Return the facts of the running turn; raise LookupError outside of one."""
    turn = _turn.get()
    if turn is None:
        raise LookupError("no turn is running: enter session_scope with a TurnContext first")
    return turn
