"""The desk's commands on a data directory of their own: proving, the timer by hand, queues of handlers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import text

from actions.desk import tickets
from actions.service import accounts
from bot.cli import main
from bot.runtime import Runtime
from bot.settings import load_settings


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """A fresh installation with one handler and one complaint."""
    made = Runtime(load_settings({}, data_dir=tmp_path))
    with made.db.begin() as s:
        accounts.add_user(s, name="li", password=None, roles=["handler"], now=made.now())
        tickets.create(
            s,
            draft=tickets.TicketDraft("理财到账晚了三天"),
            customer_id="guest-1",
            conversation_id=None,
            key="k",
            now=made.now(),
            rng=random.Random(1),
        )
    return made


def wenjin(runtime: Runtime, *words: str) -> int:
    return main(["--data-dir", str(runtime.settings.data_dir), *words])


def test_a_whole_installation_is_proven(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert wenjin(runtime, "audit", "verify") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "没有被改动" in told.err


def test_what_was_changed_is_named_and_the_command_fails(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    with runtime.db.begin() as s:
        number = str(s.scalar(text("SELECT number FROM tickets")))
        s.execute(text("UPDATE tickets SET due_at = '2030-01-01 00:00:00'"))
    assert wenjin(runtime, "audit", "verify") == 1
    told = capsys.readouterr()
    assert told.out == f"工单 {number}：到期时间与经过不符\n"
    assert "发现 1 处问题" in told.err


def test_the_timer_by_hand(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert wenjin(runtime, "upkeep") == 0
    assert "没有到期要做的事" in capsys.readouterr().err
    with runtime.db.begin() as s:
        s.execute(text("UPDATE tickets SET due_at = '2020-01-01 00:00:00', indexed = 0"))
        s.execute(text("DELETE FROM ticket_terms"))
    assert wenjin(runtime, "upkeep") == 0
    assert "1 张" in capsys.readouterr().err
    assert wenjin(runtime, "audit", "verify") == 0  # the events know when it is due


def test_who_works_on_what(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["user", "desk", "li", "--queue", "fraud", "--queue", "privacy", "--takes-new", "no"]
    assert wenjin(runtime, *words) == 0
    assert "欺诈与资金安全、信息安全；不接" in capsys.readouterr().err
    assert wenjin(runtime, "user", "desk", "li", "--takes-new", "yes") == 0
    assert "欺诈与资金安全、信息安全；接" in capsys.readouterr().err
    assert wenjin(runtime, "user", "desk", "li", "--queue", "all") == 0
    assert "全部；接" in capsys.readouterr().err
    assert wenjin(runtime, "user", "desk", "nobody") == 1


@pytest.mark.parametrize("role", accounts.ROLES)
def test_every_role_can_be_given(runtime: Runtime, role: str) -> None:
    assert wenjin(runtime, "user", "add", "wang", "--role", role) == 0
    with runtime.db.reading() as s:
        found = accounts.find_user(s, "wang")
        assert found is not None
        assert found.roles == [role]
