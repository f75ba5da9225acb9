"""Search among a hundred thousand synthetic passages: milliseconds on one thread and peak memory."""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from bot.runtime import Runtime
from bot.settings import PROJECT, Settings, load_settings
from bot.show import Count, say, steps
from eval.synthetic import Grown, grow
from knowledge import index as indexes
from knowledge.document import Audience
from knowledge.encoder import Encoded
from knowledge.indexed import Floats, Index, gather
from knowledge.library import EDITION
from knowledge.search import Searcher
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache

REAL = 2000  # passages whose vectors the encoder makes; the others' are these with noise
NOISE = 0.2  # length of the noise beside a unit vector
ASKED, WARM = 100, 10
GOAL_MS, GOAL_MB = 30.0, 2048.0
SEED = 13


def run(arguments: argparse.Namespace) -> int:
    """Grow a manual, write its index, measure in a process of its own, print and write scale.json."""
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        with steps() as (step, count):
            started = time.perf_counter()
            step("生成手册")
            grown = grow(runtime.library.edition, arguments.passages, SEED)
            step("写入索引")
            cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
            indexes.save(grown_index(runtime, grown, cache, count), Path(folder) / "index")
            prepared = time.perf_counter() - started
        result = _measured(runtime.settings, Path(folder) / "index")
    result["prepare_seconds"] = round(prepared, 1)
    _report(result)
    (out / "scale.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def grown_index(runtime: Runtime, grown: Grown, cache: VectorCache, count: Count) -> Index:
    """Return the edition's index with the grown sections behind its own; questions stay as they are.

    The first REAL grown passages are encoded; all others and the sentences take one of these vectors with
    noise. The grown sentences have no token vectors: a search compares only those of passages.
    """
    base = runtime.library.index(EDITION, runtime.encoder)
    rng = np.random.default_rng(SEED)
    texts = [p.indexed for p in (*base.passages, *grown.passages)]
    real = cache.encode(texts[: len(base.passages) + REAL], progress=count)
    others = _alike(real, rng, len(texts) - len(real))
    passage_vectors, passage_tokens = gather(chain(real, others), runtime.encoder.dimension, cache.folder)
    sentences = (one.sentence for one in _alike(real, rng, len(grown.units), tokens=0))
    unit_vectors = np.concatenate([np.asarray(base.unit_vectors), np.stack([*sentences])])
    ends = np.full(len(grown.units), base.unit_tokens.starts[-1])
    known: dict[str, list[str]] = {}
    return replace(
        base,
        document=replace(base.document, sections=(*base.document.sections, *grown.sections)),
        passages=(*base.passages, *grown.passages),
        passage_words=(*base.passage_words, *(_terms(p.indexed, known) for p in grown.passages)),
        passage_vectors=passage_vectors,
        passage_tokens=passage_tokens,
        units=(*base.units, *grown.units),
        unit_vectors=unit_vectors,
        unit_tokens=replace(base.unit_tokens, starts=np.concatenate([base.unit_tokens.starts, ends])),
    )


def _alike(
    real: Sequence[Encoded], rng: np.random.Generator, count: int, tokens: int | None = None
) -> Iterator[Encoded]:
    """Yield texts that lie near one of the real ones each, with at most `tokens` token vectors."""
    for place in rng.integers(0, len(real), count):
        one = real[place]
        yield Encoded(_noisy(one.sentence[None], rng)[0], _noisy(one.tokens[:tokens], rng))


def _noisy(rows: Floats, rng: np.random.Generator) -> Floats:
    noise = rng.standard_normal(rows.shape, np.float32) * np.float32(NOISE / np.sqrt(rows.shape[1]))
    rows = rows + noise
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _measured(settings: Settings, folder: Path) -> dict[str, Any]:
    """Measure in a fresh process, so that its peak memory is a server's and not that of the preparation."""
    command = [sys.executable, "-m", "eval.scale", str(settings.data_dir), str(folder)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def worker(data_dir: Path, folder: Path) -> dict[str, Any]:
    """Load, search, and return the figures; the parent reads them from standard output."""
    runtime = Runtime(load_settings({}, data_dir=data_dir))
    questions = _questions(runtime)
    runtime.encoder.encode_one(questions[0])
    empty = _memory()
    say(f"  句向量模型已在内存：{empty['peak_mb']} MB")
    started = time.perf_counter()
    index = indexes.load(folder)
    loaded = _memory()
    say(f"  索引已读入：{loaded['peak_mb']} MB")
    searcher = Searcher(index, runtime.encoder)
    for audience in Audience:
        searcher.search(questions[0], audience)
    ready = time.perf_counter() - started
    say(f"  可以检索：用了 {ready:.0f} 秒，{_memory()['peak_mb']} MB")
    taken = {audience: _asked(searcher, questions, audience) for audience in Audience}
    return {
        "passages": len(index.passages),
        "sections": len(index.document.sections),
        "sentences": len(index.units),
        "encoded_passages": REAL,
        "load": os.getloadavg()[0],
        "ready_seconds": round(ready, 1),
        **{f"{audience}": figures for audience, figures in taken.items()},
        "memory": {"encoder": empty, "index loaded": loaded, "at the end": _memory()},
        "slowest": _slowest(searcher, questions[WARM : WARM + 20]),
    }


def _asked(searcher: Searcher, questions: Sequence[str], audience: Audience) -> dict[str, Any]:
    """Return what a search takes, encoding measured apart."""
    encoding, searching = [], []
    for question in questions:
        encoding.append(_timed(lambda q=question: searcher.encoder.encode_one(normalise(q))))
        searching.append(_timed(lambda q=question: searcher.search(q, audience)))
    encoded, searched = np.array(encoding[WARM:]), np.array(searching[WARM:])
    return {
        "passages": len(searcher.view(audience).passages),
        "encode_median_ms": round(float(np.median(encoded[:, 0])), 1),
        "search_median_ms": round(float(np.median(searched[:, 0])), 1),
        "search_p95_ms": round(float(np.quantile(searched[:, 0], 0.95)), 1),
        "search_cpu_ms": round(float(np.median(searched[:, 1])), 1),
    }


def _terms(text: str, known: dict[str, list[str]]) -> tuple[str, ...]:
    """Segment a passage sentence by sentence: the sentences come again and again."""
    out: list[str] = []
    for piece in text.replace("。", "。\n").split("\n"):
        if piece not in known:
            known[piece] = words(piece)
        out.extend(known[piece])
    return tuple(out)


def _questions(runtime: Runtime) -> list[str]:
    texts = sorted({q.text for q in runtime.library.bank.answerable if q.audience is Audience.CUSTOMER})
    chosen = np.random.RandomState(SEED).permutation(len(texts))[: ASKED + WARM]
    return [texts[i] for i in chosen]


def _timed(work: Any) -> tuple[float, float]:
    """Return milliseconds by the clock and of this process alone: beside other jobs the clock runs on."""
    started, spent = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - started) * 1000, (time.process_time() - spent) * 1000


def _memory() -> dict[str, int]:
    """Return MB of this process: its peak, and now its own and that of mapped files (libraries for the most).

    The kernel's own account; ru_maxrss would start from its parent's on Linux, and is all there is elsewhere.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    lines = (line.split() for line in status.read_text(encoding="utf-8").splitlines())
    figures = {line[0].rstrip(":"): int(line[1]) // 1024 for line in lines if line[-1] == "kB"}
    return {"peak_mb": figures["VmHWM"], "own_mb": figures["RssAnon"], "mapped_mb": figures["RssFile"]}


def _slowest(searcher: Searcher, questions: Sequence[str]) -> list[dict[str, Any]]:
    """Return where the time of a search goes: milliseconds a search by function, its callees excluded."""
    for question in questions:
        searcher.encoder.encode_one(normalise(question))
    profile = cProfile.Profile()
    for question in questions:
        profile.runcall(searcher.search, question, Audience.STAFF)
    found = []
    for (file, line, name), (_, _, own, whole, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        ms = own * 1000 / len(questions)
        place, whole_ms = f"{Path(file).name}:{line} {name}" if line else name, whole * 1000 / len(questions)
        found.append(
            {
                "function": place,
                "own_ms": round(ms, 2),
                "with_callees_ms": round(whole_ms, 2),
            }
        )
    return sorted(found, key=lambda row: -row["own_ms"])[:12]


def _report(result: dict[str, Any]) -> None:
    print(f"{result['passages']} passages, {result['sections']} sections, {result['sentences']} sentences")
    print(f"  vectors: {result['encoded_passages']} passages encoded, the others theirs with noise {NOISE}")
    for audience in Audience:
        taken = result[audience]
        print(f"  {audience}: {taken['passages']} passages, encode median {taken['encode_median_ms']} ms")
        print(f"    search median {taken['search_median_ms']} ms, p95 {taken['search_p95_ms']} ms", end="")
        print(f", processor {taken['search_cpu_ms']} ms", end="")
        print(_verdict(taken["search_median_ms"], GOAL_MS))
    for moment, memory in result["memory"].items():
        print(f"  memory, {moment}: " + ", ".join(f"{name} {value}" for name, value in memory.items()))
    print(f"  peak {result['memory']['at the end']['peak_mb']} MB", end="")
    print(_verdict(result["memory"]["at the end"]["peak_mb"], GOAL_MB))
    print(f"  ready after {result['ready_seconds']} s; load {result['load']:.1f}")
    print("  ms of a staff member's search by function (own, with callees):")
    for row in result["slowest"]:
        print(f"    {row['own_ms']:>8} {row['with_callees_ms']:>8}  {row['function']}")


def _verdict(value: float, goal: float) -> str:
    return f"   goal {goal:.0f}: {'reached' if value <= goal else 'missed'}"


if __name__ == "__main__":
    print(json.dumps(worker(Path(sys.argv[1]), Path(sys.argv[2]))))
