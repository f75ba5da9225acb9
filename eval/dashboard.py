"""The dashboard with a million turns and a hundred thousand complaints: milliseconds of every page."""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from actions.figures import refresh
from actions.figures.overview import FIGURES, Overview, Unit
from actions.figures.rows import ALL, BEHIND
from actions.figures.scope import Scope
from actions.figures.spread import spread
from actions.store.tables.accounts import SignInSession, User
from actions.store.tables.service import Actor, Conversation, Turn
from bot.app import create_app
from bot.deps import SESSION_COOKIE
from bot.guests import load_secret
from bot.runtime import Runtime
from bot.settings import Settings
from bot.show import say, steps
from eval import dashboard_data, desk_data
from eval.desk_data import NOW
from eval.exam_server import NOBODY
from eval.postgres import postgres_copy

RUNS, WARM = 5, 1
_CHECKED = (30, 90)  # days of which every figure is counted again from its rows
GOALS = {"sqlite": 1000.0, "postgresql": 500.0}
TOKEN = "a-token-of-a-measurement"  # noqa: S105
_COPIED = (
    "users", "sessions", "conversations", "turns", "handovers", "rating_offers", "ratings", "tickets",
    "ticket_cycles", "exchanges", "visits", "refused_questions", "service_days",
)  # fmt: skip
_YEAR = "since=2025-03-05&until=2026-03-02"


def run(arguments: argparse.Namespace) -> int:
    """Fill SQLite and, where a server answers, PostgreSQL; measure, print and write dashboard.json.

    With `data`, a folder, the database is kept there and measured again when it is there already.
    """
    out = arguments.out or arguments.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as name:
        folder = arguments.data or Path(name)
        result = _grown(folder, arguments.turns, arguments.tickets)
        runtime = _runtime(folder)
        refresh.refresh(runtime.db)
        result["sqlite"] = _measured(runtime)
        runtime.db.dispose()
        file = Path(runtime.db.url.database or "")
        with postgres_copy(file, _COPIED, key=load_secret(folder)) as url:
            if url:
                copy = _runtime(folder, url)
                result["postgresql"] = _measured(copy)
                copy.db.dispose()
    _report(result)
    (out / "dashboard.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def _grown(folder: Path, turns: int, tickets: int) -> dict[str, Any]:
    """Return what is in the folder's database; fill and count it where there is none."""
    grown = folder / "grown.json"
    if grown.is_file():
        found: dict[str, Any] = json.loads(grown.read_text(encoding="utf-8"))
        return found
    folder.mkdir(parents=True, exist_ok=True)
    runtime = _runtime(folder)
    with steps() as (step, count):
        step("生成工单")
        desk_data.fill(runtime.db, tickets, count)
        step("生成对话")
        dashboard_data.fill(runtime.db, turns, count)
    _sign_in(runtime)
    started = time.perf_counter()
    counted = refresh.rebuild(runtime.db)
    seconds = round(time.perf_counter() - started, 1)
    runtime.db.dispose()
    made = {"turns": turns, "tickets": tickets, "conversations": counted, "count_seconds": seconds}
    grown.write_text(json.dumps(made), encoding="utf-8")
    return made


def pages() -> list[str]:
    """Return the addresses that are measured."""
    spans = ("days=1", "days=7", "days=30", "days=90", _YEAR, "days=30&channel=web&queue=general")
    figures = [f"/dashboard/figures/{key}?days=30" for key in FIGURES]
    return [
        *(f"/dashboard?{span}" for span in spans),
        *(f"/dashboard/times?days=30&by={by}" for by in ("queue", "handler", "channel", "hour")),
        f"/dashboard/times?{_YEAR}",
        *figures,
        f"/dashboard/figures/messages?{_YEAR}&page=100",
    ]


def _runtime(folder: Path, url: str = "") -> Runtime:
    return Runtime(Settings(data_dir=folder, database_url=url), clock=lambda: NOW)


def _sign_in(runtime: Runtime) -> None:
    with runtime.db.begin() as s:
        boss = User(name="boss", password_hash=NOBODY, roles=["compliance", "handler"], created_at=NOW)
        s.add(boss)
        s.flush()
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        signed_in = SignInSession(
            token_hash=digest,
            user_id=boss.id,
            csrf="-",
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + timedelta(hours=9),
        )
        s.add(signed_in)


def _measured(runtime: Runtime) -> dict[str, Any]:
    """Return milliseconds of each page, and of counting outcomes from the turns themselves."""
    say(f"测量 {runtime.db.dialect}")
    client = TestClient(create_app(runtime.settings, warmed=runtime), cookies={SESSION_COOKIE: TOKEN})
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
    with _as_served():
        for address in pages():
            found[address] = _timed(lambda address=address: _got(client, address))
        found["/dashboard?days=7 after a message"] = _timed(lambda: _after_a_message(runtime, client))
        found["baseline: outcomes of 30 days from the turns"] = _timed(lambda: _from_turns(runtime))
    found["differ"] = {
        str(days): differing(runtime, Scope(NOW - timedelta(days=days), NOW, NOW)) for days in _CHECKED
    }
    return found


@contextmanager
def _as_served() -> Iterator[None]:
    """Keep the collector off what is loaded, as a serving process does."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _got(client: TestClient, address: str) -> None:
    answer: httpx.Response = client.get(address)
    answer.raise_for_status()
    if "login" in str(answer.url):
        raise RuntimeError("not signed in")


def differing(runtime: Runtime, scope: Scope) -> list[str]:
    """Return the figures of a scope that are not what the rows behind them give, which are the export's."""
    found = []
    with runtime.db.reading() as s:
        whole = Overview(s, scope)
        for key, one in FIGURES.items():
            values = [row.value for row in BEHIND[key](s, scope, ALL)]
            counted: float | None = len(values)
            if one.unit is Unit.SHARE:
                counted = sum(values) / len(values) if values else None
            elif one.unit is not Unit.COUNT:
                counted = spread(values).median
            if one.value(whole) != counted:
                found.append(key)
    return found


def _after_a_message(runtime: Runtime, client: TestClient) -> None:
    """Look at the dashboard when somebody has just said something, which is counted first."""
    with runtime.db.begin() as s:
        s.scalars(select(Conversation).order_by(Conversation.last_at.desc()).limit(1)).one().uncounted = True
    _got(client, "/dashboard?days=7")


def _from_turns(runtime: Runtime) -> None:
    """Count as the dashboard did before there were exchanges: join replies to what was asked."""
    asked = select(Turn.id).where(
        Turn.actor == Actor.CUSTOMER, Turn.created_at >= NOW - timedelta(days=30), Turn.created_at < NOW
    )
    counted = select(Turn.outcome, func.count(Turn.reply_to.distinct())).where(Turn.reply_to.in_(asked))
    with runtime.db.reading() as s:
        s.execute(counted.group_by(Turn.outcome)).all()


def _timed(work: Any) -> dict[str, float]:
    """Return milliseconds by the clock, and of this process's time, which a busy machine changes less."""
    taken, own = [], []
    for _ in range(WARM + RUNS):
        started, used = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - started) * 1000)
        own.append((time.process_time() - used) * 1000)
    return {
        "median_ms": round(float(np.median(taken[WARM:])), 1), "slowest_ms": round(max(taken[WARM:]), 1),
        "first_ms": round(taken[0], 1), "process_ms": round(float(np.median(own[WARM:])), 1),
    }  # fmt: skip


def _report(result: dict[str, Any]) -> None:
    print(
        f"{result['turns']} turns in {result['conversations']} conversations, {result['tickets']} tickets; "
        f"all counted anew in {result['count_seconds']} s"
    )
    for kind, goal in GOALS.items():
        looked = {k: v for k, v in result.get(kind, {}).items() if isinstance(v, dict) and "median_ms" in v}
        if not looked:
            continue
        print(f"{kind} (load {result[kind]['load']}):")
        for name, one in looked.items():
            times = f"{one['median_ms']:>8} {one['slowest_ms']:>8} ms, first {one['first_ms']:>8}"
            print(f"  {times}, process {one['process_ms']:>7}  {name}")
        worst = max(one["median_ms"] for name, one in looked.items() if name.startswith("/"))
        for days, keys in result[kind]["differ"].items():
            print(f"  {days} days: {', '.join(keys) or 'no figure'} differs from its rows")
        print(f"  slowest page {worst} ms   goal {goal:.0f}: {'reached' if worst <= goal else 'missed'}")
