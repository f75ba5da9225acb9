"""Complaints as JSON: one ticket for one key, nobody else's tickets, nothing of the house's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from actions.desk import tickets
from actions.store.base import new_id
from actions.store.tables.desk import Ticket
from bot.intake import PER_MINUTE
from bot.settings import Settings
from tests.bot.handling import handle
from tests.bot.pictures import picture
from tests.bot.serving import Live, Visitor, live

TICKETS = "/api/tickets"
TOKEN = "an integration's token"
BODY = {"matter": "上周三扣了我两次钱，电话 13812345678", "product": "支付", "demand": "退还多扣的钱",
        "name": "张先生", "contact": "13987654321"}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The application without its dialogue."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("tickets"), rest_token=TOKEN, public_url="https://desk.example.com"
    )
    with live(settings, dialogue=False) as running:
        yield running


@pytest.fixture
def visitor(server: Live) -> Visitor:
    """A new customer whom nobody's haste slows down."""
    server.runtime.__dict__.pop("hub", None)
    return server.visitor()


@pytest.fixture
def program(server: Live, visitor: Visitor) -> httpx.Client:
    """A program with the token."""
    assert visitor.id
    return server.client(authorization=f"Bearer {TOKEN}")


def create(visitor: Visitor, key: str = "", **changes: Any) -> httpx.Response:
    return visitor.http.post(TICKETS, json={**BODY, **changes}, headers={"Idempotency-Key": key or new_id()})


def number_of(visitor: Visitor) -> str:
    return str(create(visitor).raise_for_status().json()["number"])


class TestCreate:
    def test_a_ticket_with_number_deadline_and_link(self, visitor: Visitor) -> None:
        answer = create(visitor)
        made = answer.json()
        assert answer.status_code == 201
        assert made["number"].startswith("TS")
        assert (made["state"], made["state_label"]) == ("received", "已登记")
        assert "15日内" in made["rule"]
        assert made["link"].startswith("https://desk.example.com/t/")
        assert made["due_at"] > made["created_at"]

    def test_the_same_key_is_the_same_ticket(self, visitor: Visitor) -> None:
        first, again = create(visitor, "k-1"), create(visitor, "k-1", matter=f"  {BODY['matter']}\r\n")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()

    def test_a_double_click_makes_one(self, server: Live, visitor: Visitor) -> None:
        key = new_id()
        with ThreadPoolExecutor(PER_MINUTE) as pool:
            answers = list(pool.map(lambda _: create(visitor, key), range(PER_MINUTE)))
        assert sorted(answer.status_code for answer in answers) == [200] * (PER_MINUTE - 1) + [201]
        assert len({answer.json()["number"] for answer in answers}) == 1
        assert _count(server, visitor.id) == 1

    def test_another_complaint_under_a_used_key_is_refused(self, visitor: Visitor) -> None:
        number = create(visitor, "k-2").json()["number"]
        answer = create(visitor, "k-2", demand="道歉")
        assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
        assert answer.json()["number"] == number

    def test_the_same_key_of_two_customers_makes_two(self, server: Live, visitor: Visitor) -> None:
        assert create(visitor, "k-3").json()["number"] != create(server.visitor(), "k-3").json()["number"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"matter": ""}, "empty_field"), ({"matter": "\u200b \n"}, "empty_field"),
            ({"matter": "字" * 2001}, "field_too_long"), ({"contact": "1" * 201}, "field_too_long"),
            ({"matter": None}, "bad_request"), ({"matter": ["x"]}, "bad_request"),
        ],
    )  # fmt: skip
    def test_what_is_missing_or_too_long_is_said(
        self, server: Live, visitor: Visitor, changes: dict[str, Any], code: str
    ) -> None:
        answer = create(visitor, **changes)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert _count(server, visitor.id) == 0

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 201}])
    def test_it_needs_a_key(self, visitor: Visitor, headers: dict[str, str]) -> None:
        answer = visitor.http.post(TICKETS, json=BODY, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["code"] in {"key_needed", "bad_request"}

    def test_who_complains_too_fast_waits(self, visitor: Visitor) -> None:
        statuses = [create(visitor).status_code for _ in range(PER_MINUTE + 1)]
        assert statuses == [201] * PER_MINUTE + [429]

    def test_another_site_or_nobody_cannot(self, server: Live, visitor: Visitor) -> None:
        assert server.client().post(TICKETS, json=BODY, headers={"Idempotency-Key": "k"}).status_code == 401
        visitor.http.headers["sec-fetch-site"] = "cross-site"
        assert create(visitor).json()["code"] == "cross_site"

    def test_waiting_files_go_with_it(self, visitor: Visitor) -> None:
        made = visitor.http.post("/api/chat/files", files={"file": ("截图.png", picture())}).json()
        shown = visitor.http.get(f"{TICKETS}/{number_of(visitor)}").json()
        assert shown["files"] == [made]


class TestProgram:
    def test_it_registers_for_a_customer_of_the_rest_channel(
        self, server: Live, program: httpx.Client
    ) -> None:
        key = {"Idempotency-Key": "p-1"}
        made = program.post(TICKETS, json={**BODY, "customer": "crm-7"}, headers=key).json()
        again = program.post(TICKETS, json=BODY, params={"customer": "crm-7"}, headers=key)
        assert (again.status_code, again.json()["number"]) == (200, made["number"])
        own = program.get(TICKETS, params={"customer": "crm-7"}).json()["tickets"]
        assert [one["number"] for one in own] == [made["number"]]
        with server.runtime.db.reading() as s:
            assert tickets.get_by_number(s, made["number"]).customer_id == "rest:crm-7"

    def test_it_must_say_whose(self, program: httpx.Client) -> None:
        for answer in (
            program.get(TICKETS),
            program.post(TICKETS, json=BODY, headers={"Idempotency-Key": "x"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "customer_needed")

    def test_it_reaches_no_guest(self, program: httpx.Client, visitor: Visitor) -> None:
        number = number_of(visitor)
        answer = program.get(f"{TICKETS}/{number}", params={"customer": visitor.id})
        assert answer.status_code == 404

    @pytest.mark.parametrize("given", ["wrong", f"{TOKEN}x", TOKEN.upper()])
    def test_another_token_is_refused_even_with_a_cookie(self, visitor: Visitor, given: str) -> None:
        answer = visitor.http.get(TICKETS, headers={"authorization": f"Bearer {given}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_token")


class TestFollow:
    def test_what_was_said_is_there_masked_and_nothing_inside(self, server: Live, visitor: Visitor) -> None:
        number = number_of(visitor)
        handle(server, number, "note", "ask")
        answer = visitor.http.get(f"{TICKETS}/{number}")
        shown = answer.json()
        assert [entry["title"] for entry in shown["timeline"]] == ["您登记了投诉", "已受理", "请您补充"]
        assert shown["timeline"][-1]["text"] == "请提供交易截图"
        assert (shown["state_label"], shown["may"]) == ("等客户补充", ["add_facts", "withdraw"])
        assert shown["facts"]["联系方式"] == "139****4321"
        assert not any(word in answer.text for word in ("难缠", "13812345678", "13987654321"))

    def test_facts_go_in_once_for_a_key(self, server: Live, visitor: Visitor) -> None:
        number = number_of(visitor)
        handle(server, number, "ask")
        path, key = f"{TICKETS}/{number}/facts", {"Idempotency-Key": "f-1"}
        first = visitor.http.post(path, json={"text": "交易号 20260301"}, headers=key).json()
        again = visitor.http.post(path, json={"text": "交易号 20260301"}, headers=key).json()
        assert first == again
        assert (first["state"], first["timeline"][-1]["text"]) == ("in_progress", "交易号 20260301")

    def test_withdrawing_twice_is_withdrawing_once(self, visitor: Visitor) -> None:
        number = number_of(visitor)
        first = visitor.http.post(f"{TICKETS}/{number}/withdraw").json()
        again = visitor.http.post(f"{TICKETS}/{number}/withdraw").json()
        assert first == again
        assert (first["state"], first["may"]) == ("withdrawn", [])
        answer = visitor.http.post(f"{TICKETS}/{number}/facts", json={"text": "再补充"})
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")

    def test_a_review_is_asked_for_once(self, server: Live, visitor: Visitor) -> None:
        number = number_of(visitor)
        early = visitor.http.post(f"{TICKETS}/{number}/review", json={"text": "不服"})
        assert early.json()["code"] == "wrong_state"
        handle(server, number, "decide")
        decided = visitor.http.get(f"{TICKETS}/{number}").json()
        assert "退还 200 元" in decided["timeline"][-1]["text"]
        assert decided["review_until"]
        path, key = f"{TICKETS}/{number}/review", {"Idempotency-Key": "r-1"}
        first = visitor.http.post(path, json={"text": "金额不对"}, headers=key).json()
        again = visitor.http.post(path, json={"text": "金额不对"}, headers=key).json()
        assert first == again
        assert (first["state"], first["timeline"][-1]["title"]) == ("reopened", "您申请了核查")

    def test_another_customers_ticket_is_not_there(self, server: Live, visitor: Visitor) -> None:
        number, other = number_of(visitor), server.visitor()
        made = visitor.http.post(f"{TICKETS}/{number}/files", files={"file": ("a.png", picture())}).json()
        asks = [
            other.http.get(f"{TICKETS}/{number}"),
            other.http.post(f"{TICKETS}/{number}/facts", json={"text": "x"}),
            other.http.post(f"{TICKETS}/{number}/withdraw"),
            other.http.post(f"{TICKETS}/{number}/review", json={"text": "x"}),
            other.http.post(f"{TICKETS}/{number}/files", files={"file": ("a.png", picture())}),
            other.http.get(f"{TICKETS}/{number}/files/{made['id']}"),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in asks} == {(404, "ticket_not_found")}
        assert other.http.get(TICKETS).json() == {"tickets": []}
        assert visitor.http.get(f"{TICKETS}/{number}/files/{made['id']}").content == picture()

    def test_a_file_of_another_ticket_is_not_there(self, visitor: Visitor) -> None:
        one, other = number_of(visitor), number_of(visitor)
        made = visitor.http.post(f"{TICKETS}/{one}/files", files={"file": ("a.png", picture())}).json()
        assert visitor.http.get(f"{TICKETS}/{other}/files/{made['id']}").json()["code"] == "file_not_found"

    @pytest.mark.parametrize("number", ["TS000000-00000", "x", "%00", "..%2f.."])
    def test_a_ticket_that_does_not_exist_is_a_404(self, visitor: Visitor, number: str) -> None:
        assert visitor.http.get(f"{TICKETS}/{number}").status_code == 404


def _count(server: Live, customer_id: str) -> int:
    with server.runtime.db.reading() as s:
        own = select(func.count()).select_from(Ticket).where(Ticket.customer_id == customer_id)
        return s.scalar(own) or 0
