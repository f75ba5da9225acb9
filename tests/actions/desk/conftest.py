"""People and a complaint, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from actions.store.tables.desk import Ticket
from actions.store.tables.service import Conversation
from tests.actions.desk.people import People, complain, hire


@pytest.fixture
def people(session: Session) -> People:
    """Handlers and supervisors."""
    return hire(session)


@pytest.fixture
def ticket(session: Session, conversation: Conversation) -> Ticket:
    """A complaint out of a chat."""
    return complain(session, conversation=conversation)
