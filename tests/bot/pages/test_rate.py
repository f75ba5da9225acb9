"""A rating behind its link: without cookie and script, once, changeable, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from actions.service import conversations, rating_links, ratings
from actions.store.base import new_id
from bot.settings import Settings
from tests.bot.serving import Live, live


class Asked:
    """Somebody who was asked for a rating outside of the chat page."""

    def __init__(self, server: Live) -> None:
        self.server, self.http = server, server.client(accept="text/html")
        now, who = server.runtime.now(), new_id()
        with server.runtime.db.begin() as s:
            talk = conversations.open_conversation(
                s, channel="rest", external_id=who, customer_id=who, audience="customer", now=now
            )
            made = ratings.offer(s, conversation=talk, subject="conversation", subject_id=talk.id, now=now)
            assert made
            self.offer_id, self.path = made.id, rating_links.path(s, made)

    def rate(self, site: str = "same-origin", **fields: str) -> httpx.Response:
        """Submit the form as its page does, or as another site's would."""
        return self.http.post(self.path, data=fields, headers={"sec-fetch-site": site})

    @property
    def given(self) -> tuple[int, dict[str, int], str] | None:
        """Return what is kept."""
        with self.server.runtime.db.reading() as s:
            found = ratings.rating_of(s, self.offer_id)
            return (found.score, found.dimensions, found.comment) if found else None


@pytest.fixture
def asked(settings: Settings) -> Iterator[Asked]:
    with live(settings, dialogue=False) as server:
        yield Asked(server)


def test_it_is_given_changed_and_shown_again(asked: Asked) -> None:
    assert "评价这次服务" in asked.http.get(asked.path).raise_for_status().text
    for given in ("2", "2", "4"):
        sent = asked.rate(score=given, response_speed="5", comment="电话 13812345678 没人接")
        assert (sent.status_code, sent.headers["location"]) == (303, f"{asked.path}?done=1")
    assert asked.given is not None
    score, dimensions, comment = asked.given
    assert (score, dimensions) == (4, {"response_speed": 5})
    assert "13812345678" not in comment
    page = asked.http.get(f"{asked.path}?done=1").text
    assert "谢谢您的评价" in page
    assert "修改评价" in page
    assert comment in page


def test_what_cannot_be_kept_comes_back_with_what_was_typed(asked: Asked) -> None:
    answer = asked.rate(score="9", comment="这句话不能丢")
    assert answer.status_code == 422
    assert "这句话不能丢" in answer.text
    assert asked.given is None


def test_another_site_and_a_wrong_link_rate_nothing(asked: Asked) -> None:
    assert asked.rate("cross-site", score="1").status_code == 403
    assert asked.http.get(f"{rating_links.PATH}{'A' * 43}").status_code == 404
    assert asked.given is None
