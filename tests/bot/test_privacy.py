"""Personal data that is sent to a real server is nowhere in the clear: database, trackers, log, metrics."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from actions.store.tables.desk import Ticket
from actions.store.tables.dialogue import DialogueTracker
from bot import logs
from bot.logs import JsonFormatter, LogFormat, MaskedFormatter, formatter
from bot.runtime import Runtime
from bot.settings import Settings
from tests.bot.serving import MATTER, Guest, Process
from tests.conftest import data_dir_like

CONTACT = "13911112222"
# What is said in each channel, and what of it must be found nowhere.
SAID = {
    "我的号码是 138 0013 8000，怎么还没回电": "138 0013 8000",
    "打一三七零零一三八零零一找我": "一三七零零一三八零零一",
    "身份证110101199003078515实名不了": "110101199003078515",
    "卡号6222 0210 0111 6245 702 提现没到": "6222 0210 0111 6245",
    "对账单发到 zhang.wei2020@example.com": "zhang.wei2020",
    "我住在上海市浦东新区世纪大道1788号5栋302室，寄过来": "世纪大道1788号5栋302",
    "护照 E12345678 能开户吗": "E12345678",
}
MATTER_SAID = f"{MATTER}，身份证330106198805123416，卡号6217 0012 3456 7890 128"
# What no complaint can be answered by is whole nowhere but in the ticket.
NO_CONTACTS = (
    "110101199003078515",
    "6222 0210 0111 6245",
    "世纪大道1788号5栋302",
    "E12345678",
    "330106198805123416",
)
SECRETS = (*SAID.values(), CONTACT, "330106198805123416", "6217 0012 3456 7890")


@dataclass(frozen=True, slots=True)
class Traces:
    """What a server left behind after all was said to it."""

    folder: Path
    log: str
    metrics: str
    shown: str
    process: Process


@pytest.fixture(scope="module")
def traces(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    """Say everything over both channels and file a complaint; the server runs on for the desk."""
    folder = data_dir_like(prepared, tmp_path_factory.mktemp("privacy"))
    settings = {
        "WENJIN_LOG_FORMAT": "json",
        "WENJIN_LOG_LEVEL": "DEBUG",
        "WENJIN_MESSAGES_PER_MINUTE": "1000",
    }
    process = Process(folder, folder / "server.log", **settings)
    process.start()
    try:
        guest = process.guest()
        shown = _say_everything(process, guest)
        metrics = guest.http.get("/metrics").raise_for_status().text
        yield Traces(folder, process.output(), metrics, shown, process)
    finally:
        process.stop()


def _say_everything(process: Process, guest: Guest) -> str:
    for said in SAID:
        guest.say(said)
        body = {"sender": "a-customer-of-the-bank", "message": said}
        httpx.post(f"{process.base}/webhooks/rest/webhook", json=body, timeout=60).raise_for_status()
    other = process.guest()
    _file_a_complaint(other)
    other.say("谢谢")
    guest.http.get("/api/chat/messages", params={"after": 0, "q": CONTACT})
    guest.http.post("/api/chat/messages", json={"text": [CONTACT], "key": "k"})
    return json.dumps([guest.history(), other.history()], ensure_ascii=False)


def _file_a_complaint(guest: Guest) -> None:
    answers = {
        "发生了什么": MATTER_SAID,
        "哪个产品": "会员",
        "怎么处理": "退还多扣的钱",
        "怎么联系您": CONTACT,
    }
    said = guest.heard("我要投诉")
    for _ in range(12):
        if "请您核对" in said:
            break
        said = guest.heard(next((answer for asked, answer in answers.items() if asked in said), "是另一件事"))
    told = guest.heard("确认提交")
    assert re.search(r"TS\d{6}-\d{5}", told), f"no ticket was made: {said} / {told}"


def test_the_database_holds_nothing_in_the_clear(traces: Traces) -> None:
    for file in traces.folder.glob("wenjin.db*"):
        content = file.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, f"{secret} is in {file.name}"
            assert json.dumps(secret).strip('"').encode() not in content, f"{secret} is in {file.name}"


def test_the_log_names_nobody_and_says_which_request(traces: Traces) -> None:
    for secret in SECRETS:
        assert secret not in traces.log
        assert json.dumps(secret).strip('"') not in traces.log
    lines = [json.loads(line) for line in traces.log.splitlines() if line.startswith("{")]
    assert any("/api/chat/messages 200" in one["message"] and one["request_id"] for one in lines)


def test_neither_metrics_nor_history_show_it(traces: Traces) -> None:
    for secret in SECRETS:
        assert secret not in traces.metrics
        assert secret not in traces.shown


def test_trackers_keep_only_what_a_flow_needs(traces: Traces) -> None:
    runtime = Runtime(Settings(data_dir=traces.folder))
    with runtime.db.reading() as s:
        kept = s.scalars(select(DialogueTracker.payload)).all()
        raw = "\n".join(s.scalars(text("SELECT payload FROM dialogue_trackers")))
    assert len(kept) == 3
    for payload in kept:
        assert not [secret for secret in NO_CONTACTS if secret in payload]
        words = "\n".join(_words(json.loads(payload)))
        assert not [secret for secret in SECRETS if secret in words]
    assert "世纪" not in raw
    assert CONTACT not in raw


def _words(kept: Any) -> Iterator[str]:
    """Yield every text that was said, however deep it lies."""
    if isinstance(kept, dict):
        yield from (
            value for key, value in kept.items() if key in ("said", "text") and isinstance(value, str)
        )
    for inner in kept.values() if isinstance(kept, dict) else kept if isinstance(kept, list) else ():
        yield from _words(inner)


def test_the_handler_can_still_reach_the_customer(traces: Traces) -> None:
    runtime = Runtime(Settings(data_dir=traces.folder))
    with runtime.db.reading() as s:
        [(contact, number)] = s.execute(select(Ticket.contact, Ticket.number)).all()
    assert contact == CONTACT
    password = traces.process.add_user("clerk", "handler")
    with httpx.Client(base_url=traces.process.base, timeout=60) as http:
        http.post("/login", data={"name": "clerk", "password": password, "next": "/desk"})
        masked = http.get(f"/desk/tickets/{number}").raise_for_status().text
        assert CONTACT not in masked
        assert "139****2222" in masked
        [csrf] = re.findall(r'<meta name="csrf" content="([^"]+)"', masked)
        raw = http.post(f"/desk/tickets/{number}/show", data={"csrf": csrf, "view": ""})
        assert CONTACT in raw.raise_for_status().text


@pytest.mark.parametrize("kind", list(LogFormat))
def test_a_line_masks_its_message_and_its_traceback(kind: LogFormat) -> None:
    try:
        raise ValueError(f"cannot read {CONTACT}")
    except ValueError as error:
        record = logging.LogRecord(
            "bot",
            logging.ERROR,
            __file__,
            1,
            "%s failed",
            (CONTACT,),
            (type(error), error, error.__traceback__),
        )
    token = logs.turn_id.set("t1")
    line = formatter(kind).format(record)
    logs.turn_id.reset(token)
    assert CONTACT not in line
    assert line.count("139****2222") == 2
    assert "t1" in line
    assert "ValueError" in line


def test_json_lines_are_json_and_plain_lines_are_not() -> None:
    record = logging.LogRecord("bot", logging.INFO, __file__, 1, "第一行\n第二行", (), None)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "第一行\n第二行"
    assert "bot 第一行" in MaskedFormatter().format(record)
