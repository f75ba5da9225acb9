"""The commands of retention on a data directory of their own, and the server's daily run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from actions.retention import runs
from actions.retention.periods import DEFAULT, LEAST_FILE
from actions.store.tables.audit import AuditRow
from actions.store.tables.service import Turn
from bot import upkeep
from bot.cli import main
from bot.runtime import Runtime
from bot.settings import PREFIX, PROJECT, Settings, load_settings
from knowledge.errors import WenjinError
from tests.actions.retention.past import SECRET, Past, lived, readable

NIGHT = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)  # 03:30 in China


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A fresh installation."""
    made = Runtime(load_settings({}, data_dir=tmp_path))
    yield made
    made.db.dispose()


@pytest.fixture
def past(runtime: Runtime) -> Past:
    """A customer of years ago."""
    with runtime.db.begin() as s:
        return lived(s, runtime.now() - timedelta(days=1200))


def wenjin(runtime: Runtime, *words: str) -> int:
    return main(["--data-dir", str(runtime.settings.data_dir), "retention", *words])


def test_plan_run_and_proof(runtime: Runtime, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    del past
    assert wenjin(runtime, "plan") == 0
    told = capsys.readouterr()
    assert "对话消息\t11\t" in told.out and SECRET in readable(runtime.db)
    assert wenjin(runtime, "run") == 0
    told = capsys.readouterr()
    assert "对话消息\t11\n" in told.out and "审计日志" in told.err
    assert SECRET not in readable(runtime.db)
    assert main(["--data-dir", str(runtime.settings.data_dir), "audit", "verify"]) == 0
    capsys.readouterr()
    for command in ("plan", "run"):
        assert wenjin(runtime, command) == 0
        told = capsys.readouterr()
        assert (told.out, "没有超过保存期限的内容" in told.err) == ("", True)


def test_hold_and_lift(runtime: Runtime, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    number = past.ticket.number
    assert wenjin(runtime, "hold", number, "--reason", "法院调取", "--by", "li") == 1
    assert "投诉主管" in capsys.readouterr().err
    assert wenjin(runtime, "hold", number, "--reason", "法院调取", "--by", "nobody") == 1
    assert wenjin(runtime, "hold", number, "--reason", "法院调取", "--by", "zhao") == 0
    assert wenjin(runtime, "run") == 0
    assert SECRET in readable(runtime.db)
    assert wenjin(runtime, "lift", number, "--by", "zhao") == 0
    assert wenjin(runtime, "run") == 0
    assert SECRET not in readable(runtime.db)


def test_forget_by_a_ticket_says_what_went_and_what_stays(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    with runtime.db.begin() as s:
        past = lived(s, runtime.now() - timedelta(days=40))
    assert wenjin(runtime, "forget", past.ticket.number, "--by", "zhao") == 0
    told = capsys.readouterr().out
    assert "已删除\t对话消息\t11\n" in told and "已删除\t客户资料\t1\n" in told
    assert f"保留\t投诉 {past.ticket.number}\t投诉档案办结后至少保存 3 年" in told


@pytest.mark.parametrize("given", ["own", "host", "rest", "callback"])
def test_forget_finds_a_customer_under_any_of_their_names(
    runtime: Runtime, past: Past, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = {
        "own": "guest-1", "host": runtime.identities.customer_id("guest-1"), "rest": "rest:guest-1",
        "callback": "callback:guest-1",
    }  # fmt: skip
    with runtime.db.begin() as s:
        s.merge(past.talk).customer_id = ids[given]
    assert wenjin(runtime, "forget", "--customer", "guest-1", "--by", "zhao") == 0
    assert "已删除\t对话消息\t11\n" in capsys.readouterr().out


def test_forget_asks_for_one_name(runtime: Runtime, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ((), (past.ticket.number, "--customer", "guest-1")):
        assert wenjin(runtime, "forget", *words, "--by", "zhao") == 1
        assert "两者选一" in capsys.readouterr().err
    assert wenjin(runtime, "forget", "--customer", "nobody", "--by", "zhao") == 1
    assert "没有找到这位客户" in capsys.readouterr().err


def daily(runtime: Runtime) -> Runtime:
    """Return the installation with the daily run switched on."""
    settings = runtime.settings.model_copy(update={"retention_daily": True})
    return Runtime(settings, clock=lambda: NIGHT + timedelta(days=2000))


def test_the_server_erases_once_a_day_where_that_is_set(runtime: Runtime, past: Past) -> None:
    del past
    assert upkeep.keep_periods(runtime) == {}
    assert SECRET in readable(runtime.db)
    server = daily(runtime)
    assert upkeep.keep_periods(server)["turns"] == 11
    assert upkeep.keep_periods(server) == {}
    with server.db.reading() as s:
        assert len(s.scalars(select(AuditRow).where(AuditRow.action == runs.RUN)).all()) == 1
        assert SECRET not in "".join(s.scalars(select(Turn.text)))
    server.db.dispose()


def test_the_server_erases_in_slices(
    runtime: Runtime, past: Past, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    del past
    caplog.set_level("INFO")
    monkeypatch.setattr(upkeep, "SLICE_SECONDS", -1.0)
    server = daily(runtime)
    assert upkeep.keep_periods(server) == {}
    monkeypatch.setattr(upkeep, "SLICE_SECONDS", 60.0)
    assert upkeep.keep_periods(server)["turns"] == 11  # the next minute goes on
    assert SECRET not in caplog.text
    server.db.dispose()


def test_the_file_of_a_complaint_is_not_kept_shorter_than_the_rule_says() -> None:
    for days in (1, LEAST_FILE - 1):
        with pytest.raises(WenjinError, match="3 年"):
            load_settings({"WENJIN_KEEP_TICKETS_DAYS": str(days)})
    for days in (0, LEAST_FILE, 5000):
        assert load_settings({"WENJIN_KEEP_TICKETS_DAYS": str(days)}).periods().tickets == days


def test_the_docs_say_the_periods_that_hold() -> None:
    """Each kind has its row in privacy.md with its default, and settings.md says the same."""
    docs = PROJECT / "bot" / "docs"
    privacy = (docs / "privacy.md").read_text(encoding="utf-8")
    settings = (docs / "settings.md").read_text(encoding="utf-8")
    names = [name for name in Settings.model_fields if name.startswith("keep_")]
    assert len(names) == 5
    for name in names:
        value = Settings.model_fields[name].default
        assert value == getattr(DEFAULT, name.removeprefix("keep_").removesuffix("_days"))
        rows = [
            line for line in privacy.splitlines() if f"`{PREFIX}{name.upper()}`" in line and line[0] == "|"
        ]
        assert rows and all(f"| {value:,} " in row.replace("days", "") for row in rows), name
        assert f"| `{PREFIX}{name.upper()}` | `{value}` |" in settings
    for kind in runs.KINDS:
        assert f"keep_{kind.period}_days" in names
