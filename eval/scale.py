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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.runtime import Runtime
from bot.settings import PROJECT, Settings, load_settings
from bot.show import Count, say, steps
from eval.synthetic import Grown, grow
from knowledge.document import Audience
from knowledge.index import Index
from knowledge.indexed import TokenVectors
from knowledge.library import EDITION
from knowledge.passages import passages_of_document
from knowledge.search import Searcher
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache

REAL = 2000  # passages whose vectors the encoder makes; the others' are these with noise
NOISE = 0.2  # length of the noise beside a unit vector
ASKED, WARM = 100, 10
GOAL_MS, GOAL_MB = 30.0, 2048.0
_CHUNK = 5000
SEED = 13


def run(arguments: argparse.Namespace) -> int:
    """Grow a manual, write its vectors, measure in a process of its own, print and write scale.json."""
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        with steps() as (step, count):
            started = time.perf_counter()
            step("生成手册")
            grown = grow(runtime.library.edition, arguments.passages, SEED)
            step("写入向量")
            write_vectors(grown, runtime, Path(folder), count)
            prepared = time.perf_counter() - started
        result = _measured(runtime.settings, Path(folder), arguments.passages)
    result["prepare_seconds"] = round(prepared, 1)
    _report(result)
    (out / "scale.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


def write_vectors(grown: Grown, runtime: Runtime, folder: Path, count: Count) -> None:
    """Write sentence and token vectors of the edition's and the grown passages, and of the grown sentences.

    The edition's and the first REAL passages are encoded; all others and the sentences take one of these
    vectors with noise.
    """
    cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
    passages = [*passages_of_document(runtime.library.edition), *grown.passages]
    encoded = REAL + len(passages) - len(grown.passages)
    real = cache.encode([p.indexed for p in passages[:encoded]], progress=count)
    rng = np.random.RandomState(SEED)
    base = np.concatenate([np.arange(len(real)), rng.randint(0, len(real), len(passages) - len(real))])
    lengths = np.array([len(one.tokens) for one in real])
    starts = np.concatenate([[0], np.cumsum(lengths[base])]).astype(np.int64)
    np.save(folder / "starts.npy", starts)
    dimension = runtime.encoder.dimension
    rows = _file(folder / "rows.npy", np.float16, (int(starts[-1]), dimension))
    vectors = _file(folder / "vectors.npy", np.float32, (len(base), dimension))
    for start in (0, *range(len(real), len(base), _CHUNK)):
        part = base[start : start + _CHUNK] if start else base[: len(real)]
        noise = NOISE if start else 0.0
        vectors[start : start + len(part)] = _noisy(np.stack([real[i].sentence for i in part]), rng, noise)
        tokens = np.concatenate([real[i].tokens for i in part])
        rows[starts[start] : starts[start] + len(tokens)] = _noisy(tokens, rng, noise)
        count(start + len(part), len(base))
    units = _file(folder / "units.npy", np.float32, (len(grown.units), dimension))
    for start in range(0, len(grown.units), _CHUNK):
        part = rng.randint(0, len(real), min(_CHUNK, len(grown.units) - start))
        units[start : start + len(part)] = _noisy(np.stack([real[i].sentence for i in part]), rng, NOISE)


def _file(path: Path, kind: Any, shape: tuple[int, int]) -> Any:
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)  # type: ignore[no-untyped-call]


def _noisy(rows: Any, rng: np.random.RandomState, size: float) -> Any:
    if size:
        rows = rows + rng.standard_normal(rows.shape).astype(np.float32) * (size / np.sqrt(rows.shape[1]))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _measured(settings: Settings, folder: Path, passages: int) -> dict[str, Any]:
    """Measure in a fresh process, so that its peak memory is a server's and not that of the preparation."""
    command = [sys.executable, "-m", "eval.scale", str(settings.data_dir), str(folder), str(passages)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def worker(data_dir: Path, folder: Path, passages: int) -> dict[str, Any]:
    """Load, search, and return the figures; the parent reads them from standard output."""
    runtime = Runtime(load_settings({}, data_dir=data_dir))
    grown = grow(runtime.library.edition, passages, SEED)
    alone = _peak_mb()
    say(f"  手册文字已在内存：{alone:.0f} MB")
    index = _grown_index(runtime, grown, folder)
    started = time.perf_counter()
    searcher = Searcher(index, runtime.encoder)
    questions = _questions(runtime)
    searcher.search(questions[0], Audience.CUSTOMER)
    loading = time.perf_counter() - started
    say(f"  可以检索：用了 {loading:.0f} 秒，{_peak_mb():.0f} MB")
    encoding, searching = [], []
    for question in questions:
        encoding.append(_timed(lambda q=question: runtime.encoder.encode_one(normalise(q))))
        searching.append(_timed(lambda q=question: searcher.search(q, Audience.CUSTOMER)))
    return {
        "passages": len(index.passages),
        "sections": len(index.document.sections),
        "sentences": len(index.units),
        "encoded_passages": min(REAL, len(grown.passages)),
        "ready_seconds": round(loading, 1),
        "encode_median_ms": round(float(np.median(encoding[WARM:])), 1),
        "search_median_ms": round(float(np.median(searching[WARM:])), 1),
        "search_p95_ms": round(float(np.quantile(searching[WARM:], 0.95)), 1),
        "text_mb": round(alone),
        "peak_mb": round(_peak_mb()),
        "own_mb": round(_memory_mb("RssAnon")),
        "mapped_mb": round(_memory_mb("RssFile")),
        "slowest": _slowest(searcher, questions[WARM : WARM + 20]),
    }


def _grown_index(runtime: Runtime, grown: Grown, folder: Path) -> Index:
    """Return the own edition's index with the grown sections behind its own; questions stay as they are."""
    base = runtime.library.index(EDITION, runtime.encoder)
    vectors, rows = np.load(folder / "vectors.npy"), np.load(folder / "rows.npy", mmap_mode="r")
    starts = np.load(folder / "starts.npy")
    known: dict[str, list[str]] = {}
    terms = [_terms(p.indexed, known) for p in grown.passages]
    empty = np.zeros(len(grown.units) + 1, np.int64) + base.unit_tokens.starts[-1]
    return replace(
        base,
        document=replace(base.document, sections=(*base.document.sections, *grown.sections)),
        passages=(*base.passages, *grown.passages),
        passage_words=(*base.passage_words, *terms),
        passage_vectors=vectors,
        passage_tokens=TokenVectors(rows, starts),
        units=(*base.units, *grown.units),
        unit_vectors=np.concatenate([base.unit_vectors, np.load(folder / "units.npy")]),
        unit_tokens=replace(base.unit_tokens, starts=np.concatenate([base.unit_tokens.starts, empty[1:]])),
    )


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


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _peak_mb() -> float:
    """Return this process's own peak; ru_maxrss would start from its parent's on Linux."""
    own = _memory_mb("VmHWM")
    return own if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _memory_mb(name: str) -> float:
    """Return one figure of the kernel's about this process, 0 where it does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)


def _slowest(searcher: Searcher, questions: Sequence[str]) -> list[dict[str, Any]]:
    """Return where the time of a search goes: milliseconds a search by function, its callees excluded."""
    for question in questions:
        searcher.encoder.encode_one(normalise(question))
    profile = cProfile.Profile()
    for question in questions:
        profile.runcall(searcher.search, question, Audience.CUSTOMER)
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
    print(f"  encode  median {result['encode_median_ms']:>7} ms")
    for name, value, unit, goal in (
        ("search  median", result["search_median_ms"], "ms", GOAL_MS),
        ("search  p95   ", result["search_p95_ms"], "ms", None),
        ("memory  peak  ", result["peak_mb"], "MB", GOAL_MB),
    ):
        verdict = f"   goal {goal:.0f}: {'reached' if value <= goal else 'missed'}" if goal else ""
        print(f"  {name} {value:>7} {unit}{verdict}")
    print(f"  at the end {result['own_mb']} MB of its own, {result['mapped_mb']} MB of mapped files")
    print(f"  ready after {result['ready_seconds']} s; ms of a search by function (own, with callees):")
    for row in result["slowest"]:
        print(f"    {row['own_ms']:>8} {row['with_callees_ms']:>8}  {row['function']}")


if __name__ == "__main__":
    print(json.dumps(worker(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
