"""Time a warm FAQ turn over HTTP beside its parts: an empty request, the encoding, the search."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot.runtime import Runtime
from bot.settings import Settings, load_settings
from knowledge.document import Audience
from knowledge.text import normalise

TURNS = 100
WARM = 20
GOAL_MS = 60.0
PREPARED = ("encoder", "vectors", "indexes", "models")
STARTING = 120  # seconds a server may take to start


def main() -> int:
    """Measure with the settings of the environment."""
    return measure(load_settings(os.environ))


def measure(settings: Settings) -> int:
    """Measure, print a table, write `speed.json` below the data directory."""
    questions = _questions(settings)
    rows = {"encoding": _encoding(settings, questions), "search": _search(settings, questions)}
    with _server(settings) as (base, started), httpx.Client(base_url=base, timeout=30) as client:
        first = _timed(lambda: _ask(client, "first", "互联网金融是什么"))
        rows["empty request"] = _each(lambda _: client.get("/healthz").raise_for_status(), questions)
        rows["FAQ turn"] = _each(lambda q: _ask(client, f"eval-{hash(q)}", q), questions)
    result = {
        "start_seconds": round(started, 1),
        "first_turn_ms": round(first, 1),
        **{name: _summary(times) for name, times in rows.items()},
    }
    _report(result)
    out = settings.data_dir / "eval"
    out.mkdir(exist_ok=True)
    (out / "speed.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def _questions(settings: Settings) -> list[str]:
    """Return distinct questions that customers ask, the same ones each time."""
    bank = Runtime(settings).library.bank
    texts = sorted({q.text for q in bank.answerable if q.audience is Audience.CUSTOMER})
    return random.Random(13).sample(texts, WARM + TURNS)


def _encoding(settings: Settings, questions: Sequence[str]) -> list[float]:
    encoder = Runtime(settings).encoder
    return _each(lambda q: encoder.encode_full([normalise(q)]), questions)


def _search(settings: Settings, questions: Sequence[str]) -> list[float]:
    """Time the answer of questions that are already encoded: search and answering without the encoder."""
    runtime = Runtime(settings)
    answerer = runtime.answerer.get()

    def ask(question: str) -> None:
        answerer.answer(question, audience=Audience.CUSTOMER)

    times = []
    for question in questions:
        runtime.encoder.encode_one(normalise(question))
        times.append(_timed(lambda q=question: ask(q)))  # type: ignore[misc]
    return times[WARM:]


def _each(work: Callable[[str], object], questions: Sequence[str]) -> list[float]:
    return [_timed(lambda q=q: work(q)) for q in questions][WARM:]  # type: ignore[misc]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _ask(client: httpx.Client, sender: str, question: str) -> None:
    reply = client.post("/webhooks/rest/webhook", json={"sender": sender, "message": question})
    reply.raise_for_status()


@contextmanager
def _server(settings: Settings) -> Iterator[tuple[str, float]]:
    """Serve a fresh data folder that shares what is prepared; yield its address and start-up seconds."""
    port = 18000 + os.getpid() % 2000
    with tempfile.TemporaryDirectory() as folder:
        for name in PREPARED:
            (Path(folder) / name).symlink_to(settings.data_dir / name)
        command = [sys.executable, "-m", "bot.cli", "--data-dir", folder, "run", "--port", str(port)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", process)
            yield f"http://127.0.0.1:{port}", time.perf_counter() - started
        finally:
            process.terminate()
            process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(address, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _summary(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p90_ms": round(ordered[int(len(ordered) * 0.9)], 1),
    }


def _report(result: dict[str, object]) -> None:
    print(f"start {result['start_seconds']} s, first turn {result['first_turn_ms']} ms, {TURNS} turns each:")
    for name, row in result.items():
        if isinstance(row, dict):
            print(f"  {name:<14} median {row['median_ms']:>6} ms   p90 {row['p90_ms']:>6} ms")
    turn = result["FAQ turn"]
    if isinstance(turn, dict):
        verdict = "reached" if turn["median_ms"] < GOAL_MS else "missed"
        print(f"  goal: a warm FAQ turn under {GOAL_MS:.0f} ms at the median: {verdict}")


if __name__ == "__main__":
    sys.exit(main())
