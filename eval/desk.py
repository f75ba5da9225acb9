"""The complaint desk with a hundred thousand tickets: milliseconds of lists, filters, searches and counts."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from actions.desk import counts, registry
from actions.desk.life import PENDING
from actions.desk.registry import Wanted
from actions.desk.rules import DEFAULT
from actions.store.engine import Database
from actions.store.tables.desk import TicketState
from bot.show import say, steps
from eval.desk_data import KEY, NOW, Asked, copied, fill, write_terms
from eval.postgres import postgres_copy

RUNS, WARM = 20, 2
GOAL_MS = 150.0
_COPIED = ("users", "tickets", "ticket_events")
Look = Callable[[Session], object]


def run(arguments: argparse.Namespace) -> int:
    """Fill SQLite and, where a server answers, PostgreSQL; measure, print and write desk.json."""
    out = arguments.out or arguments.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        file = Path(folder) / "desk.db"
        database = _opened(f"sqlite:///{file}")
        started = time.perf_counter()
        with steps() as (step, count):
            step("生成工单")
            asked, terms = fill(database, arguments.tickets, count)
            step("写入索引")
            write_terms(database, terms)
        result: dict[str, Any] = {
            "tickets": arguments.tickets,
            "terms": len(terms),
            "fill_seconds": round(time.perf_counter() - started, 1),
            "sqlite": {"mb": file.stat().st_size // 1_000_000, **_measured(database, asked)},
        }
        database.dispose()
        with _postgres(file, terms) as copy:
            if copy is not None:
                result["postgresql"] = _measured(copy, asked)
    _report(result)
    (out / "desk.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def looks(asked: Asked) -> dict[str, Look]:
    """Return what a handler looks at, as the page asks for it: a first page of 50, unless it says so."""
    wanted: dict[str, Wanted] = {
        "list: all pending": Wanted(states=PENDING),
        "list: mine": Wanted(handler=asked.handler, states=PENDING),
        "list: a queue": Wanted(queue="fraud", states=PENDING),
        "list: overdue": Wanted(overdue=True),
        "list: due soon": Wanted(soon=NOW + timedelta(days=3)),
        "list: unread": Wanted(unread=True),
        "list: closed": Wanted(states=(TicketState.CLOSED,)),
        "list: everything": Wanted(),
        "filter: closed, one business and cause": Wanted(
            states=(TicketState.CLOSED,), business="payment", cause="fund_safety"
        ),
        "filter: closed, mine, high": Wanted(
            handler=asked.handler, states=(TicketState.CLOSED,), queue="fraud"
        ),
        "search: a pair of all tickets": Wanted(text=asked.common),
        "search: a pair of a third": Wanted(text=asked.third),
        "search: a pair of a third, closed": Wanted(text=asked.third, states=(TicketState.CLOSED,)),
        "search: a pair of a third, mine": Wanted(text=asked.third, handler=asked.handler),
        "search: a pair of a third, one cause": Wanted(text=asked.third, cause="fund_safety"),
        "search: a pair of a hundredth": Wanted(text=asked.medium),
        "search: eight characters": Wanted(text=asked.phrase),
        "search: frequent pairs that seldom meet": Wanted(text=asked.third + asked.medium),
        "search: no such word": Wanted(text="饕餮"),
        "search: last digits of a phone": Wanted(text=asked.phone[-4:]),
        "search: a whole phone": Wanted(text=asked.phone),
        "search: a number": Wanted(text=asked.number),
        "search: its last five digits": Wanted(text=asked.number[-5:]),
        "search: a day of numbers": Wanted(text=asked.number[:8]),
    }
    found: dict[str, Look] = {name: _list(one) for name, one in wanted.items()}
    for name, one in wanted.items():
        if one.text:
            found[name.replace("search", "count")] = lambda s, one=one: registry.count(s, one, NOW)  # type: ignore[misc]
    found["list: everything, page 100"] = _list(Wanted(), offset=5000)
    found["counts of all lists"] = lambda s: counts.counts(s, asked.handler, NOW, NOW + timedelta(days=3))
    return found


def _list(wanted: Wanted, offset: int = 0) -> Look:
    return lambda s: registry.listed(s, wanted, NOW, offset=offset)


def _measured(database: Database, asked: Asked) -> dict[str, Any]:
    """Return median and p95 of each look, in milliseconds, its processor time here, and how much it found."""
    say(f"测量 {database.dialect}")
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1)}
    for name, look in looks(asked).items():
        taken, worked, hits = [], [], 0
        for _ in range(WARM + RUNS):
            started, began = time.perf_counter(), time.process_time()
            with database.reading() as s:
                seen = look(s)
            taken.append((time.perf_counter() - started) * 1000)
            worked.append((time.process_time() - began) * 1000)
            hits = len(seen) if isinstance(seen, list) else seen if isinstance(seen, int) else 0
        median, p95 = np.quantile(taken[WARM:], [0.5, 0.95])
        found[name] = {
            "median_ms": round(float(median), 1),
            "p95_ms": round(float(p95), 1),
            "cpu_ms": round(float(np.median(worked[WARM:])), 1),
            "hits": hits,
        }
    return found


def _opened(url: str) -> Database:
    database = Database(url, KEY, info={"desk": DEFAULT})
    database.migrate()
    return database


@contextmanager
def _postgres(file: Path, terms: NDArray[np.int64]) -> Iterator[Database | None]:
    """Give a copy of an SQLite desk in a PostgreSQL database of its own; None where no server answers."""
    with postgres_copy(file, _COPIED, lambda cursor: _copy_terms(cursor, terms), key=KEY) as url:
        database = _opened(url) if url else None
        yield database
        if database is not None:
            database.dispose()


def _copy_terms(cursor: psycopg.Cursor[Any], terms: NDArray[np.int64]) -> None:
    with cursor.copy("COPY ticket_terms (term, ticket) FROM STDIN (FORMAT BINARY)") as copy:
        for part in copied(terms):
            copy.write(part)


def _report(result: dict[str, Any]) -> None:
    print(
        f"{result['tickets']} tickets, {result['terms']} search terms, filled in {result['fill_seconds']} s"
    )
    for kind in ("sqlite", "postgresql"):
        looked = {k: v for k, v in result.get(kind, {}).items() if isinstance(v, dict)}
        if not looked:
            continue
        print(f"{kind} (load {result[kind]['load']}):")
        for name, one in looked.items():
            times = f"{one['median_ms']:>8} {one['p95_ms']:>8} ms, cpu {one['cpu_ms']:>6}"
            print(f"  {times} {one['hits']:>7}  {name}")
        worst = max(one["median_ms"] for one in looked.values())
        verdict = "reached" if worst <= GOAL_MS else "missed"
        print(f"  slowest median {worst} ms   goal {GOAL_MS:.0f}: {verdict}")
