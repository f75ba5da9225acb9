"""Secret links: whoever has one sees that ticket; nobody makes or changes one."""

from __future__ import annotations

import base64
import random
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from actions.desk import links
from actions.store import tokens
from actions.store.engine import Database
from actions.store.tables.desk import Ticket
from knowledge.errors import WenjinError
from tests.actions.conftest import KEY, Servers
from tests.actions.desk.people import complain


def unknown(s: Session, token: str) -> bool:
    with pytest.raises(WenjinError) as told:
        links.by_token(s, token)
    return (told.value.code, told.value.status) == ("ticket_not_found", 404)


def test_a_link_leads_to_its_ticket(session: Session, ticket: Ticket) -> None:
    token = links.token(session, ticket)
    assert links.by_token(session, token).id == ticket.id
    assert links.path(session, ticket) == f"/t/{token}"
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert links.token(session, complain(session, "2", seed=2)) != token


def test_no_altered_token_opens_anything(session: Session, ticket: Ticket) -> None:
    token = links.token(session, ticket)
    letters = string.ascii_letters + string.digits + "-_=+/ .!"
    for place in range(len(token)):
        for letter in letters:
            if letter != token[place]:
                assert unknown(session, token[:place] + letter + token[place + 1 :])
    for other in (
        token + "=",
        token + "==",
        token + "A",
        "!" + token,
        token[:-1],
        token.lower(),
        token + "\n",
        "",
        "工单",
    ):
        assert unknown(session, other)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=16, max_size=16))
def test_a_proof_cannot_be_guessed(session: Session, ticket: Ticket, guess: bytes) -> None:
    raw = bytes.fromhex(ticket.id) + guess
    assert unknown(session, base64.urlsafe_b64encode(raw).decode().rstrip("="))


def test_another_installation_s_link_is_worth_nothing(servers: Servers, tmp_path: Path) -> None:
    """The same ticket under another secret: nothing but the secret makes a link."""
    with servers.migrated("sqlite", tmp_path) as url:
        own, other = Database(url, KEY), Database(url, b"another secret")
        with own.begin() as s:
            made = complain(s)
            token = links.token(s, made)
        with other.reading() as s:
            assert unknown(s, token)
        own.dispose()
        other.dispose()


def test_a_link_to_no_ticket(session: Session) -> None:
    nothing = random.Random(1).randbytes(16).hex()
    assert unknown(session, tokens.token(session, links.PURPOSE, nothing))


def test_a_token_serves_its_purpose_only(session: Session) -> None:
    made = complain(session)
    assert tokens.thing_of(session, "ticket", links.token(session, made)) == made.id
    assert tokens.thing_of(session, "rating", links.token(session, made)) is None
