"""How fast a turn is over HTTP: alone, in a crowd, late in a long conversation, and beside stock Rasa."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.runtime import Runtime
from bot.settings import Settings
from bot.show import say
from bot.workers import set_up
from eval import talks
from eval.load import Crowd, Turn, at_once, one_by_one
from eval.serving import Served, shared_servers, wenjin
from eval.stock import stock
from knowledge.errors import WenjinError

WARM = 2  # conversations that are held before anything is counted
QUESTIONS, TALKS, LONG = 100, 8, 3
SENDERS, WORKERS, ROUNDS = 32, 2, 2  # each sender holds its conversation this many times
P50, P95, PER_SECOND, SLOWER = 25.0, 50.0, 60.0, 1.3
Row = dict[str, float]
T = TypeVar("T")


def run(arguments: argparse.Namespace) -> int:
    """Measure all parts one after another, print a table, write speed.json."""
    settings: Settings = arguments.settings
    set_up(settings)  # no start that is timed trains a model
    asked = talks.endless(talks.questions(Runtime(settings)))
    folder = arguments.out or settings.data_dir / "eval"
    folder.mkdir(parents=True, exist_ok=True)
    started, before = time.monotonic(), os.getloadavg()[0]
    result: dict[str, Any] = {"cores": os.cpu_count()}
    say("问津，一个进程，SQLite")
    result |= _alone(settings, asked)
    say(f"问津，{WORKERS} 个进程，PostgreSQL 和 Redis，{SENDERS} 人同时")
    result["crowd"] = _tried(lambda: _crowd(settings, asked))
    if not arguments.no_rasa:
        say("原版 Rasa：训练（只在第一次）和测量")
        result["stock"] = _tried(lambda: _stock(settings.data_dir / "eval" / "stock", asked))
    result["load"] = [round(before, 1), round(os.getloadavg()[0], 1)]
    result["minutes"] = round((time.monotonic() - started) / 60, 1)
    (folder / "speed.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    print("\n".join(report(result)))
    return 0


def _tried(part: Callable[[], T]) -> T | None:
    """Return what a part measured; one whose server does not come up takes nothing from the others."""
    try:
        return part()
    except (RuntimeError, WenjinError) as error:
        say(f"没有测成：{error}")
        return None


def _alone(settings: Settings, asked: Iterator[str]) -> dict[str, Any]:
    with wenjin(settings) as served:
        first = one_by_one(served.port, [["互联网金融是什么"]], served.cpu, "first")
        _warm(served, asked)
        faq = one_by_one(served.port, [[q] for q in islice(asked, QUESTIONS)], served.cpu, "faq")
        mixed = _talk(served, asked, "mixed")
        empty = _empty(served.port)
        longs = [
            one_by_one(served.port, [talks.long_talk(asked)], served.cpu, f"long{number}")
            for number in range(LONG)
        ]
    return {
        "start_seconds": round(served.started, 1),
        "first_turn_ms": round(first[0].wall, 1),
        "empty_request": _times(empty),
        "faq": summary(faq),
        "mixed": summary(mixed),
        "long": late(longs),
    }


def _warm(served: Served, asked: Iterator[str]) -> None:
    one_by_one(served.port, [talks.talk(asked) for _ in range(WARM)], served.cpu, "warm")


def _talk(served: Served, asked: Iterator[str], name: str) -> list[Turn]:
    return one_by_one(served.port, [talks.talk(asked) for _ in range(TALKS)], served.cpu, name)


def _empty(port: int) -> list[float]:
    times = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for _ in range(QUESTIONS):
            started = time.perf_counter()
            client.get("/healthz").raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
    return times


def _crowd(settings: Settings, asked: Iterator[str]) -> Row | None:
    """Return what many senders get of two processes; None where there is no PostgreSQL or no Redis."""
    with shared_servers() as shared:
        if shared is None:
            say("没有 PostgreSQL 或 Redis，不测多个进程。")
            return None
        with wenjin(settings, workers=WORKERS, shared=shared) as served:
            return _together(served, asked)


def _together(served: Served, asked: Iterator[str]) -> Row:
    at_once(served.port, [talks.talk(asked) for _ in range(WORKERS * 4)], "warm")
    before = served.cpu()
    crowd = at_once(
        served.port,
        [[text for _ in range(ROUNDS) for text in talks.talk(asked)] for _ in range(SENDERS)],
        "crowd",
    )
    spent = served.cpu() - before
    return gathered(crowd, spent)


def _stock(folder: Path, asked: Iterator[str]) -> dict[str, Row]:
    with stock(folder) as served:
        _warm(served, asked)
        mixed = _talk(served, asked, "mixed")
        return {"mixed": summary(mixed), "crowd": _together(served, asked)}


def summary(turns: Sequence[Turn]) -> Row:
    """Return wall times and processor times in milliseconds, and how many turns failed."""
    cpu = [turn.cpu for turn in turns]
    return {
        **_times([turn.wall for turn in turns]),
        "cpu_p50": round(statistics.median(cpu), 1),
        "cpu_mean": round(statistics.fmean(cpu), 1),
        "turns": len(turns),
        "failed": sum(turn.failed for turn in turns),
    }


def gathered(crowd: Crowd, spent: float) -> Row:
    """Return turns a second, wall times, processor milliseconds a turn (`spent` is in seconds), failures."""
    count = len(crowd.turns)
    return {
        "per_second": round(count / crowd.seconds, 1),
        **_times([turn.wall for turn in crowd.turns]),
        "cpu_mean": round(spent / count * 1000, 1),
        "turns": count,
        "failed": sum(turn.failed for turn in crowd.turns),
    }


def late(longs: Sequence[Sequence[Turn]]) -> Row:
    """Compare the same sentences early and late in conversations of 200 turns, by medians.

    The ratio of each sentence is taken within its conversation; the figure is the median of them all.
    """
    pairs = [
        (talk[talks.FIRST + i], talk[talks.LAST + i]) for talk in longs for i in range(len(talks.PROBES))
    ]
    early, end = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return {
        "early_ms": round(statistics.median(turn.wall for turn in early), 1),
        "late_ms": round(statistics.median(turn.wall for turn in end), 1),
        "ratio": round(statistics.median(b.wall / a.wall for a, b in pairs), 2),
        "cpu_ratio": round(statistics.median(b.cpu / a.cpu if a.cpu else 1.0 for a, b in pairs), 2),
        "failed": sum(turn.failed for talk in longs for turn in talk),
    }


def _times(times: Sequence[float]) -> Row:
    ordered = sorted(times)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(len(ordered) * 0.95)], 1),
    }


def report(result: dict[str, Any]) -> list[str]:
    """Return the lines of the table."""
    head = f"{'':<34}{'p50 ms':>8}{'p95 ms':>8}{'CPU ms':>8}{'/s':>7}{'failed':>8}"
    lines = [
        f"start {result['start_seconds']} s, first turn {result['first_turn_ms']} ms; "
        f"load {result['load'][0]} at the beginning, {result['load'][1]} at the end, {result['cores']} cores",
        head,
        _line("empty request", result["empty_request"]),
        _line("question, one at a time", result["faq"]),
        _line("mixed turns, one at a time", result["mixed"]),
    ]
    crowd, other = result["crowd"], result.get("stock")
    if crowd:
        lines.append(_line(f"mixed turns, {SENDERS} senders, {WORKERS} workers", crowd))
    if other:
        lines.append(_line("stock Rasa, one at a time", other["mixed"]))
        lines.append(_line(f"stock Rasa, {SENDERS} senders", other["crowd"]))
    return lines + _verdicts(result)


def _line(name: str, row: Row) -> str:
    cells = [(row.get(key), width) for key, width in (("cpu_mean", 8), ("per_second", 7), ("failed", 8))]
    rest = "".join(f"{'' if value is None else value:>{width}}" for value, width in cells)
    return f"{name:<34}{row['p50']:>8}{row['p95']:>8}{rest}"


def _verdicts(result: dict[str, Any]) -> list[str]:
    long, crowd = result["long"], result["crowd"]
    lines = [
        f"turns 196–200 of 200 beside 3–7, the same sentences: {long['early_ms']} → {long['late_ms']} ms, "
        f"ratio {long['ratio']} (processor {long['cpu_ratio']}), goal {SLOWER}",
        f"goals of a question, one at a time: p50 {P50:.0f} ms {_met(result['faq']['p50'] <= P50)}, "
        f"p95 {P95:.0f} ms {_met(result['faq']['p95'] <= P95)}",
    ]
    if crowd:
        reached = crowd["per_second"] >= PER_SECOND and not crowd["failed"]
        lines.append(f"goal in the crowd: {PER_SECOND:.0f} turns a second, none failed: {_met(reached)}")
    return lines


def _met(yes: bool) -> str:
    return "reached" if yes else "missed"
