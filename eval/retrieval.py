"""Measure search, refusal and quoting on held-out questions, beside BM25 alone and the encoder alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bot.runtime import Runtime
from bot.settings import load_settings
from eval.charts import draw
from eval.scores import Row, share, summary
from knowledge import index as indexes
from knowledge.answering import Answerer
from knowledge.document import Audience, Document, Outcome
from knowledge.encoder import Encoded, Encoder
from knowledge.index import Index
from knowledge.questions import Question, QuestionBank, Unanswerable
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache
from knowledge.views import View

HELD_OUT = 0.2
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Split:
    """The bank that may be learned from, and what is asked of it."""

    bank: QuestionBank
    asked: tuple[Question, ...]
    unanswerable: tuple[Unanswerable, ...]


def split(bank: QuestionBank, seed: int, *, by_sentence: bool = False) -> Split:
    """Hold out a fifth of the questions at random, or all questions of a fifth of the anchor sentences."""
    rng = np.random.RandomState(seed)
    if by_sentence:
        anchors = sorted({(q.section, q.anchor) for q in bank.answerable})
        chosen = {anchors[i] for i in rng.permutation(len(anchors))[: int(len(anchors) * HELD_OUT)]}
        out = np.array([(q.section, q.anchor) in chosen for q in bank.answerable])
    else:
        out = _sample(rng, len(bank.answerable))
    refused = _sample(rng, len(bank.unanswerable))
    kept = tuple(q for q, held in zip(bank.answerable, out, strict=True) if not held)
    learned = tuple(q for q, held in zip(bank.unanswerable, refused, strict=True) if not held)
    return Split(
        QuestionBank(kept, learned),
        tuple(q for q, held in zip(bank.answerable, out, strict=True) if held),
        tuple(q for q, held in zip(bank.unanswerable, refused, strict=True) if held),
    )


def _sample(rng: np.random.RandomState, count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    out = np.zeros(count, bool)
    out[rng.permutation(count)[: int(count * HELD_OUT)]] = True
    return out


class Remembered:
    """An encoder that looks vectors up, so that a thousand questions are asked in seconds."""

    def __init__(self, encoder: Encoder, known: dict[str, Encoded]) -> None:
        self._encoder, self._known = encoder, known
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self.encode, self.encode_full = encoder.encode, encoder.encode_full

    def encode_one(self, text: str) -> Encoded:
        """Return the known vectors of a text, or encode it."""
        return self._known.get(text) or self._encoder.encode_one(text)


def measure(document: Document, runtime: Runtime, parts: Split, say: Say) -> Iterator[tuple[str, list[Row]]]:
    """Yield (system, one row a question): the product, then BM25 and the encoder alone."""
    cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
    say("building the index without the held-out questions")
    index = _through_disk(
        indexes.build(
            document,
            manual="eval",
            version="v1",
            bank=parts.bank,
            reference=runtime.library.edition,
            encoder=runtime.encoder,
            cache=cache,
            progress=lambda done, total: say(f"index {done}/{total}"),
        )
    )
    texts = [normalise(question.text) for question, _, _ in _asked(parts)]
    encoder = Remembered(runtime.encoder, dict(zip(texts, cache.encode(texts), strict=True)))
    say("asking")
    yield "wenjin", list(_product(Answerer(index, encoder), parts))
    views = {audience: View(index, audience) for audience in Audience}
    yield "BM25", list(_plain(views, parts, lambda view, text: view.word_scores(text)))
    yield "encoder", list(_plain(views, parts, lambda view, text: _cosines(index, view, encoder, text)))


def _through_disk(index: Index) -> Index:
    with tempfile.TemporaryDirectory() as folder:
        indexes.save(index, Path(folder) / "index")
        return indexes.load(Path(folder) / "index")


def _asked(parts: Split) -> Iterator[tuple[Question | Unanswerable, str, str]]:
    """Yield (question, kind of an unanswerable one, style of an answerable one)."""
    yield from ((question, "", question.style) for question in parts.asked)
    yield from ((question, question.kind, "") for question in parts.unanswerable)


def _product(answerer: Answerer, parts: Split) -> Iterator[Row]:
    readable = {audience: set(answerer.searcher.view(audience).sections) for audience in Audience}
    for question, kind, style in _asked(parts):
        found = answerer.searcher.search(question.text, question.audience)
        started = time.perf_counter()
        answer = answerer.answer(question.text, audience=question.audience)
        took = (time.perf_counter() - started) * 1000
        order = [ranked.section for ranked in answer.ranking]
        row = _row(question, kind, style, readable[question.audience], order, found.score)
        cited = [citation.sentence for citation in answer.citations]
        anchor = question.anchor if isinstance(question, Question) else ""
        yield Row(
            **{
                **asdict(row),
                "outcome": str(answer.outcome),
                "sentence": bool(cited) and cited[0] == anchor,
                "quoted": anchor in cited,
                "reason": bool(kind) and found.kind == kind,
                "milliseconds": took,
            }
        )


def _plain(
    views: dict[Audience, View],
    parts: Split,
    scores: Callable[[View, str], np.ndarray[tuple[int], np.dtype[np.float32]]],
) -> Iterator[Row]:
    for question, kind, style in _asked(parts):
        view = views[question.audience]
        of_passages = scores(view, normalise(question.text))
        best: dict[str, float] = {}
        for place, score in zip(view.passages, of_passages, strict=True):
            section = view.index.passages[place].section
            best[section] = max(best.get(section, -9.0), float(score))
        order = sorted(best, key=lambda s: (-best[s], view.sections.index(s)))
        yield _row(question, kind, style, set(view.sections), order, max(best.values(), default=0.0))


def _cosines(
    index: Index, view: View, encoder: Remembered, text: str
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray(index.passage_vectors[view.passages] @ encoder.encode_one(text).sentence, np.float32)


def _row(
    question: Question | Unanswerable,
    kind: str,
    style: str,
    readable: set[str],
    order: Sequence[str],
    score: float,
) -> Row:
    section = question.section if isinstance(question, Question) else ""
    side = "far" if kind.startswith("far") else "near"
    if isinstance(question, Question):
        side = "answerable" if section in readable else "closed"
    rank = order.index(section) if section in order else len(order)
    outcome = Outcome.ANSWERED if order and words(question.text) else Outcome.REFUSED
    return Row(question.text, str(question.audience), style, side, rank, score, str(outcome))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print tables, write `retrieval.json` and `retrieval.png` below the data directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many splits are measured and averaged")
    parser.add_argument("--manual", default="", help="which manual of the library; the one in use by default")
    parser.add_argument(
        "--by-sentence", action="store_true", help="hold out whole sentences, not single questions"
    )
    parser.add_argument("--out", type=Path, help="folder of the results")
    options = parser.parse_args(arguments)
    runtime = Runtime(load_settings(os.environ))
    document = runtime.library.document(options.manual or runtime.library.in_use())
    rows: dict[str, list[Row]] = {}
    for seed in range(1, options.seeds + 1):
        parts = split(runtime.library.bank, seed, by_sentence=options.by_sentence)
        say = _teller(f"split {seed}/{options.seeds}: ")
        for system, found in measure(document, runtime, parts, say):
            rows.setdefault(system, []).extend(found)
    print(file=sys.stderr)
    result = {system: summary(found) for system, found in rows.items()}
    _report(result)
    out = options.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    (out / "retrieval.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    draw(rows, out / "retrieval.png")
    print(f"written: {out / 'retrieval.json'}, {out / 'retrieval.png'}")
    return 0


def _teller(lead: str) -> Say:
    def say(text: str) -> None:
        print(f"\r\033[K{lead}{text}", end="", file=sys.stderr, flush=True)

    return say


def _report(result: dict[str, dict[str, dict[str, float]]]) -> None:
    for system, groups in result.items():
        print(f"\n{system}")
        for group, figures in groups.items():
            shown = "  ".join(f"{name} {share(name, value)}" for name, value in figures.items())
            print(f"  {group:<18} {shown}")


if __name__ == "__main__":
    sys.exit(main())
