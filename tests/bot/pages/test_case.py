"""The ticket behind its secret link: what its customer sees and may do, and nobody else."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from actions.desk import links, tickets
from actions.service import ratings
from actions.store.base import new_id
from actions.store.tables.desk import Ticket, TicketState
from bot.settings import Settings
from tests.bot import forms
from tests.bot.handling import DECISION, INSIDE, QUESTION, REPLY, handle
from tests.bot.pictures import PDF, picture
from tests.bot.serving import Live, live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The application without its dialogue."""
    with live(Settings(data_dir=tmp_path_factory.mktemp("case")), dialogue=False) as running:
        yield running


class Holder:
    """Somebody who has a ticket's link, no cookie and no JavaScript."""

    def __init__(self, server: Live) -> None:
        server.runtime.__dict__.pop("hub", None)
        self.server, self.http = server, server.client(accept="text/html")
        with server.runtime.db.begin() as s:
            made = tickets.create(
                s, draft=tickets.TicketDraft("扣了两次钱，电话 13812345678", contact="13987654321"),
                customer_id=new_id(), conversation_id=None, key=new_id(), now=server.runtime.now(), rng=random.SystemRandom(),
            )  # fmt: skip
            self.number, self.path = made.number, links.path(s, made)

    @property
    def ticket(self) -> Ticket:
        """Return the ticket as it is now."""
        with self.server.runtime.db.reading() as s:
            return tickets.get_by_number(s, self.number)

    def see(self) -> str:
        """Return the page."""
        return self.http.get(self.path).raise_for_status().text

    def key(self, form: str) -> str:
        """Return the key that a form of the page carries."""
        part = self.see().partition(f'action="{self.path}/{form}"')[2]
        found = re.search(r'name="key" value="(\w+)"', part)
        assert found
        return found[1]

    def post(self, form: str, **fields: str) -> httpx.Response:
        """Send a form."""
        return self.http.post(f"{self.path}/{form}", data=fields)

    def steps(self) -> list[str]:
        """Return what happened to the ticket."""
        with self.server.runtime.db.reading() as s:
            return [event.type for event in tickets.timeline(s, self.ticket.id)]


@pytest.fixture
def holder(server: Live) -> Holder:
    return Holder(server)


class TestSee:
    def test_number_state_date_and_rule(self, holder: Holder) -> None:
        page = holder.see()
        assert holder.number in page
        assert re.search(r'aria-current="step">\s*<span[^>]*></span>已登记', page)
        assert re.search(r"最晚 \d{4}年\d+月\d+日 前答复您", page)
        assert "《银行业保险业消费投诉处理管理办法》" in page

    def test_replies_are_there_and_the_houses_own_is_not(self, server: Live, holder: Holder) -> None:
        handle(server, holder.number, "note", "reply", "ask")
        page = holder.see()
        assert REPLY in page
        assert QUESTION in page
        for inside in (INSIDE, "13812345678", "13987654321", "handler", "general"):
            assert inside not in page
        with server.runtime.db.reading() as s:
            handler = holder.ticket.handler_id
            assert handler
            assert handler not in page
            assert s

    def test_a_pause_and_a_decision_are_told(self, server: Live, holder: Holder) -> None:
        handle(server, holder.number, "pause")
        assert "送检测机构鉴定" in holder.see()
        assert "不计入时限" in holder.see()

    def test_a_decision_is_told_with_the_way_to_object(self, server: Live, holder: Holder) -> None:
        handle(server, holder.number, "decide")
        page = holder.see()
        assert all(part in page for part in DECISION.values())
        assert "申请核查" in page

    @pytest.mark.parametrize("path", ["", "/news", "/files/x"])
    def test_its_address_stays_secret(self, holder: Holder, path: str) -> None:
        answer = holder.http.get(f"{holder.path}{path}")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "no-store" in answer.headers["cache-control"]

    def test_it_is_not_in_the_log(self, holder: Holder, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO, logger="bot.app"):
            holder.see()
        ours = [record.getMessage() for record in caplog.records if record.name == "bot.app"]
        assert any("GET /t/…" in line for line in ours)
        assert not any(holder.path in line for line in ours)

    @pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "A" + t[1:], lambda _: "x", lambda _: "%00"])  # fmt: skip
    def test_another_token_is_a_404(self, holder: Holder, change: object) -> None:
        assert callable(change)
        token = change(holder.path.removeprefix("/t/"))
        for answer in (
            holder.http.get(f"/t/{token}"),
            holder.http.post(f"/t/{token}/withdraw", data={"sure": "true"}),
        ):
            assert answer.status_code == 404
            assert "没有找到这张工单" in answer.text
        assert holder.ticket.state is TicketState.RECEIVED

    def test_news_have_a_number_that_the_page_compares(self, server: Live, holder: Holder) -> None:
        before = holder.http.get(f"{holder.path}/news").json()
        assert f'data-version="{before["version"]}"' in holder.see()
        handle(server, holder.number)
        after = holder.http.get(f"{holder.path}/news").json()
        assert after["version"] > before["version"]


class TestAdd:
    def test_words_and_files_once_for_one_form(self, holder: Holder) -> None:
        key = holder.key("facts")
        for _ in range(2):
            files = [("收据.pdf", PDF), ("图.png", picture())]
            answer = forms.send(
                holder.http, f"{holder.path}/facts", {"text": "补充交易号", "key": key}, files
            )
            assert (answer.status_code, answer.headers["location"]) == (303, f"{holder.path}?done=facts")
        assert holder.steps() == ["created", "add_facts"]
        page = holder.see()
        assert "补充交易号" in page
        found = re.search(rf'href="({holder.path}/files/\w+)"[^>]*>(?:(?!</a>).)*收据.pdf', page, re.S)
        assert found
        assert holder.http.get(found[1]).content == PDF

    def test_nothing_is_asked_for_again(self, holder: Holder) -> None:
        answer = forms.send(holder.http, f"{holder.path}/facts", {"text": " "})
        assert answer.status_code == 422
        assert "消息是空的" in answer.text

    def test_what_cannot_be_added_comes_back(self, holder: Holder) -> None:
        answer = holder.http.post(
            f"{holder.path}/facts", data={"text": "这些字不能丢"}, files={"files": ("x.txt", b"hello")}
        )
        assert answer.status_code == 422
        assert "这些字不能丢" in answer.text
        assert holder.steps() == ["created"]

    def test_a_file_of_another_ticket_is_not_there(self, server: Live, holder: Holder) -> None:
        other = Holder(server)
        other.http.post(f"{other.path}/facts", data={"text": "x"}, files={"files": ("a.png", picture())})
        found = re.search(r"/files/(\w+)", other.see())
        assert found
        assert holder.http.get(f"{holder.path}/files/{found[1]}").status_code == 404

    def test_another_site_cannot_post(self, holder: Holder) -> None:
        holder.http.headers["sec-fetch-site"] = "cross-site"
        for form in ("facts", "withdraw", "review", "rating"):
            assert holder.post(form, text="x", sure="true", score="5").status_code == 403
        assert holder.steps() == ["created"]


class TestEnd:
    def test_withdrawing_needs_a_yes_and_works_once(self, holder: Holder) -> None:
        assert holder.post("withdraw").status_code == 409
        for _ in range(2):
            assert holder.post("withdraw", sure="true").status_code == 303
        assert holder.steps() == ["created", "withdraw"]
        page = holder.see()
        assert "已撤回" in page
        assert "补充情况" not in page

    def test_a_review_is_asked_for_once(self, server: Live, holder: Holder) -> None:
        assert holder.post("review", text="早了").status_code == 409
        handle(server, holder.number, "decide")
        key = holder.key("review")
        for _ in range(2):
            assert holder.post("review", text="金额不对", key=key).status_code == 303
        assert holder.steps()[-1] == "review"
        assert holder.steps().count("review") == 1
        assert "申请核查</h2>" not in holder.see()

    def test_a_review_after_the_period_is_refused(
        self, server: Live, holder: Holder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handle(server, holder.number, "decide")
        later = server.runtime.now() + timedelta(days=32)
        monkeypatch.setattr(server.runtime, "clock", lambda: later)
        assert "申请核查</h2>" not in holder.see()
        answer = holder.post("review", text="晚了")
        assert answer.status_code == 409
        assert "已超过 30 日" in answer.text


class TestRating:
    def test_a_decided_complaint_without_a_chat_is_rated_and_changed(
        self, server: Live, holder: Holder
    ) -> None:
        assert holder.post("rating", score="5").status_code == 409
        handle(server, holder.number, "decide", "close")
        for score in ("2", "2", "4"):
            sent = {"score": score, "response_speed": "5", "comment": "退得快"}
            assert holder.post("rating", **sent).status_code == 303
        with server.runtime.db.reading() as s:
            given = ratings.of_ticket(s, holder.ticket.id)
            assert given
            assert (given.score, given.dimensions, given.comment) == (4, {"response_speed": 5}, "退得快")
        page = holder.see()
        assert re.search(r'name="score" value="4" checked', page)
        assert "退得快" in page

    @pytest.mark.parametrize("score", ["", "0", "6", "x", "55", "-1"])
    def test_a_score_that_is_none_is_refused(self, server: Live, holder: Holder, score: str) -> None:
        handle(server, holder.number, "decide")
        answer = holder.post("rating", score=score, comment="这句话不能丢")
        assert answer.status_code == 422
        assert "这句话不能丢" in answer.text
