"""The complaint form: read back before it is registered, registered once, nothing typed is lost."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from actions.desk import tickets
from actions.store.tables.desk import Ticket
from bot.guests import COOKIE
from bot.settings import Settings
from tests.bot import forms
from tests.bot.pictures import PDF, heavy_picture, picture
from tests.bot.serving import Live, live
from tests.conftest import data_dir_like

MATTER = "上周三在商城买东西，订单号 A20260301998，扣了我两次 299 元，打了三次电话都没有人处理"
TYPED = {"matter": MATTER, "product": "", "demand": "退还多扣的 299 元\n并道歉", "name": "张先生", "contact": "13812345678"}  # fmt: skip


@pytest.fixture(scope="module")
def server(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The application without its dialogue, with what reads complaints."""
    with live(
        Settings(data_dir=data_dir_like(prepared, tmp_path_factory.mktemp("form"))), dialogue=False
    ) as running:
        yield running


class Form:
    """Somebody at the form, in a browser without JavaScript."""

    def __init__(self, server: Live) -> None:
        server.runtime.__dict__.pop("hub", None)  # nobody's haste slows this one down
        self.server, self.http = server, server.client(accept="text/html")
        self.page = self.http.get("/complain").raise_for_status().text

    @property
    def fields(self) -> dict[str, str]:
        """Return what the page shows would be sent."""
        inputs = re.findall(r'<input [^>]*name="(\w+)"[^>]*value="([^"]*)"', self.page)
        areas = re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>([^<]*)</textarea>', self.page)
        return {name: html.unescape(text) for name, text in (*inputs, *areas)}

    def send(self, do: str = "check", *files: tuple[str, bytes], **typed: str) -> httpx.Response:
        """Press a button and look at the page that comes."""
        answer = forms.send(self.http, "/complain", {**self.fields, **typed, "do": do}, files)
        if answer.status_code in (200, 422):
            self.page = answer.text
        return answer

    @property
    def tickets(self) -> list[Ticket]:
        """Return the tickets of this customer."""
        guest = self.server.runtime.guests.read(self.http.cookies[COOKIE])
        with self.server.runtime.db.reading() as s:
            return tickets.for_customer(s, str(guest))


@pytest.fixture
def form(server: Live) -> Form:
    return Form(server)


def test_a_summary_is_shown_before_anything_is_registered(form: Form) -> None:
    assert form.send(**TYPED).status_code == 200
    assert "请您核对" in form.page
    for words in (
        MATTER,
        "A20260301998",
        "299 元",
        "张先生",
        "13812345678",
        "15 日内答复",
        "《银行业保险业消费投诉处理管理办法》",
    ):
        assert words in form.page
    assert form.tickets == []


def test_confirming_leads_to_the_ticket_and_the_chat_knows_it(form: Form) -> None:
    form.send(**TYPED)
    answer = form.send("confirm")
    assert answer.status_code == 303
    (ticket,) = form.tickets
    assert (ticket.source, ticket.matter, ticket.demand) == ("form", MATTER, TYPED["demand"])
    assert ticket.found["orders"] == ["A20260301998"]
    assert set(ticket.proposed) >= {"business", "cause", "channel"}
    assert ticket.conversation_id
    page = form.http.get(answer.headers["location"]).text
    assert ticket.number in page
    assert "投诉已登记" in page
    own = form.http.get("/api/tickets").json()["tickets"]
    assert [one["number"] for one in own] == [ticket.number]


def test_a_double_click_a_reload_and_going_back_give_the_same_ticket(form: Form) -> None:
    form.send(**TYPED)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: form.send("confirm"), range(3)))
    again = form.send("check")  # the summary sent anew
    changed = form.send("confirm", demand="另外赔偿 500 元")
    places = {answer.headers["location"] for answer in (*answers, again, changed)}
    assert len(places) == 1
    assert len(form.tickets) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"matter": ""}, "请填写投诉事项"),
        ({"matter": "字" * 2001}, "投诉事项太长"),
        ({"contact": "微信 wx12345"}, "请填手机号、座机号或邮箱"),
        ({"name": "张" * 61}, "称呼太长"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_typed_is_lost(
    form: Form, changes: dict[str, str], says: str
) -> None:
    typed = {**TYPED, **changes}
    answer = form.send(**typed)
    assert answer.status_code == 422
    assert says in form.page
    assert 'aria-invalid="true"' in form.page
    assert {name: form.fields[name] for name in typed} == typed
    assert form.send("confirm").status_code == 422
    assert form.tickets == []


def test_what_is_typed_is_text(form: Form) -> None:
    form.send(**{**TYPED, "matter": "<script>alert(1)</script>\"'&"})
    assert "<script>alert" not in form.page
    form.send("edit")
    assert form.fields["matter"] == "<script>alert(1)</script>\"'&"


def test_going_back_to_change_keeps_everything(form: Form) -> None:
    form.send("check", ("截图.png", picture()), **TYPED)
    form.send("edit")
    assert {name: form.fields[name] for name in TYPED} == TYPED
    assert "截图.png" in form.page


def test_files_stay_through_errors_and_go_with_the_ticket(form: Form) -> None:
    form.send(
        "check", ("截图.png", picture()), ("合同.pdf", PDF), ("x.exe", b"MZ..."), **{**TYPED, "matter": ""}
    )
    assert "x.exe：只能上传图片" in form.page
    form.send("check", **TYPED)
    assert "截图.png" in form.page
    form.send("edit")
    dropped = re.search(r'value="(drop:\w+)"[^>]*aria-label="删除 截图.png"', form.page)
    assert dropped
    form.send(dropped[1])
    form.send(dropped[1])  # the same button twice
    assert "截图.png" not in form.page
    form.send("check")
    place = form.send("confirm").headers["location"].partition("?")[0]
    page = form.http.get(place).text
    assert "合同.pdf" in page
    found = re.search(rf'href="({place}/files/\w+)"', page)
    assert found
    assert form.http.get(found[1]).content == PDF


def test_a_file_that_is_too_large_is_said_and_the_text_stays(form: Form) -> None:
    answer = form.send("check", ("大.jpg", heavy_picture(10_000_001)), **TYPED)
    assert answer.status_code == 422
    assert "超过 10 MB" in form.page
    assert form.fields["matter"] == MATTER


def test_what_the_text_names_is_not_asked_for_again(form: Form) -> None:
    form.send(**{**TYPED, "matter": f"{MATTER}，免密支付扣的，电话 13987654321", "contact": ""})
    assert form.page.count("从您的描述里认出") == 2
    form.send("confirm")
    (ticket,) = form.tickets
    assert (ticket.product, ticket.contact) == ("支付", "13987654321")


def test_the_same_matter_again_is_offered_to_be_added(form: Form) -> None:
    form.send(**TYPED)
    form.send("confirm")
    (first,) = form.tickets
    form.page = form.http.get("/complain").text
    form.send("check", ("收据.png", picture(9)), **{**TYPED, "matter": f"{MATTER}，到今天还没有退"})
    assert f"补充到 {first.number}" in form.page
    answer = form.send(f"same:{first.number}")
    assert answer.status_code == 303
    assert [ticket.number for ticket in form.tickets] == [first.number]
    page = form.http.get(answer.headers["location"]).text
    assert "到今天还没有退" in page
    assert "收据.png" in page
    (same,) = form.tickets
    assert same.due_at == first.due_at


def test_another_matter_of_the_same_customer_is_another_ticket(form: Form) -> None:
    form.send(**TYPED)
    form.send("confirm")
    form.page = form.http.get("/complain").text
    form.send(**{**TYPED, "matter": "信用卡年费说好免的，又收了 200 元"})
    form.send("confirm")
    assert len(form.tickets) == 2


def test_another_site_cannot_send_it(form: Form) -> None:
    form.http.headers["sec-fetch-site"] = "cross-site"
    assert form.send(**TYPED).status_code == 403


def test_a_complaint_that_cannot_be_read_is_taken_in_all_the_same(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the model is gone")

    monkeypatch.setattr(form.server.runtime.desk_reader, "read", fail)
    form.send(**TYPED)
    assert form.send("confirm").status_code == 303
    assert len(form.tickets) == 1
