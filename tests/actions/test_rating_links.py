"""A rating is asked for in every channel: on a card, or by a link that leads to that one question."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from actions.desk.rules import DeskRules
from actions.service import conversations, rating_links, ratings
from actions.store.engine import Database
from actions.store.tables.service import RatingOffer
from knowledge.errors import WenjinError
from tests.actions.conftest import KEY, NOW, Servers

SITE = "https://kefu.example.com"


def asked(s: Session, channel: str) -> tuple[RatingOffer, str]:
    """Offer a rating on a channel; return the offer and what is said."""
    talk = conversations.open_conversation(
        s,
        channel=channel,
        external_id=f"{channel}-1",
        customer_id=f"{channel}-1",
        audience="customer",
        now=NOW,
    )
    made = ratings.offer(s, conversation=talk, subject="conversation", subject_id=talk.id, now=NOW)
    assert made
    return made, ratings.rating_reply(s, made, talk).text


@pytest.mark.parametrize("channel", conversations.CHANNELS)
def test_where_there_is_no_card_there_is_a_link(servers: Servers, tmp_path: Path, channel: str) -> None:
    with servers.migrated("sqlite", tmp_path) as url:
        db = Database(url, KEY, info={"desk": DeskRules(public_url=f"{SITE}/")})
        with db.begin() as s:
            made, said = asked(s, channel)
            link = f"{SITE}{rating_links.path(s, made)}"
            assert rating_links.by_token(s, link.rpartition("/")[2]).id == made.id
        assert (link in said) == (channel != conversations.WEB)
        db.dispose()


def test_without_a_public_address_no_link_is_said(session: Session) -> None:
    made, said = asked(session, "rest")
    assert "http" not in said
    assert rating_links.link(session, made) == ""


@pytest.mark.parametrize("text", ["", "x", "字", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_link_to_nothing(session: Session, text: str) -> None:
    with pytest.raises(WenjinError) as told:
        rating_links.by_token(session, text)
    assert (told.value.code, told.value.status) == ("offer_not_found", 404)
