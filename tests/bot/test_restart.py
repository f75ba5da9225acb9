"""The server as a process: its start, a power cut in the middle of a complaint, and its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from actions.store.base import new_id
from tests.bot.serving import Guest, Process
from tests.conftest import data_dir_like


@pytest.fixture(scope="module")
def process(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """`wenjin run` on a fresh data folder."""
    folder = tmp_path_factory.mktemp("restart")
    made = Process(data_dir_like(prepared, folder / "data"), folder / "run.log")
    made.start()
    yield made
    made.kill()


def test_a_power_cut_in_the_middle_of_a_complaint_loses_nothing(process: Process) -> None:
    password = process.admin_password
    guest = process.guest()
    for text in ("我要投诉", "上周三买东西扣了我两次钱，打了三次电话都没有人处理", "支付"):
        guest.say(text)
    key = new_id()
    last = guest.say("退还多扣的钱", key)
    process.kill()
    with pytest.raises(httpx.TransportError):
        guest.post("还在吗")
    process.start()
    assert guest.say("退还多扣的钱", key) == last
    assert guest.open()["messages"][-1] == last[-1]
    summary = guest.heard("13812345678")
    assert "扣了我两次钱" in summary
    assert "138****5678" in summary
    assert guest.replies("确认提交")[0]["kind"] == "ticket"
    assert _count(process, "tickets") == 1
    assert process.admin_password == password  # printed once, at the first start only


def test_what_customers_said_is_not_in_the_log(process: Process) -> None:
    guest = Guest(httpx.Client(base_url=process.base, timeout=60))
    guest.complain(matter="我叫张三丰，被扣了两次钱，没人处理", phone="13700001111")
    assert "张三丰" not in process.output()
    assert "13700001111" not in process.output()
    assert "Traceback" not in process.output()


def test_asked_to_end_it_ends_although_a_chat_is_open(process: Process) -> None:
    guest = process.guest()
    guest.say("您好")
    with guest.http.stream("GET", "/api/chat/events") as events:
        assert next(events.iter_lines())
        assert process.stop() in {0, -15}
    with pytest.raises(httpx.TransportError):
        guest.open()


def _count(process: Process, table: str) -> int:
    with sqlite3.connect(process.data_dir / "wenjin.db") as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
