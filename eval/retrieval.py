"""Measure search, refusal and quoting beside BM25 alone, the encoder alone and stock Rasa, in one run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.runtime import Runtime
from bot.show import Count, Step, steps
from eval import asked as questions
from eval import charts, faq, page, rasa_baseline, systems
from eval.asked import Asked
from eval.scores import FEWEST, Row, columns, curve, share, summary
from knowledge import index as indexes
from knowledge.answering import Answerer
from knowledge.document import Document
from knowledge.index import Index
from knowledge.questions import QuestionBank
from knowledge.vectors import VectorCache

PRODUCT = "Wenjin"
BRIEF = ("questions", "recall@1", "MRR", "kept", "wrong section", "sentence any", "refused all at 95")
Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One measurement: what is asked, in which manual, and what may be learned from."""

    name: str
    manual: str
    document: Document
    bank: QuestionBank
    asked: list[Asked]


def run(arguments: argparse.Namespace) -> int:
    """Measure, print tables, write JSON, charts (PNG) and a page (HTML).

    Stock Rasa comes last: what was measured before is reported even if its training is broken off.
    """
    runtime = Runtime(arguments.settings)
    out = arguments.out or runtime.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    with steps() as (step, count):
        trial = prepare(runtime, arguments)
        rows = dict(measure(runtime, trial, step, count))
        of_faq = _faq(runtime, arguments, step, count)
        try:
            if not arguments.no_rasa:
                rows |= measure_rasa(runtime, trial, arguments.rasa_epochs, step, count)
        finally:
            step("自助法估计区间")
            results = {}
            for number, (system, found) in enumerate(rows.items(), 1):
                results[system] = summary(found)
                count(number, len(rows))
            print(table(results))
            if of_faq:
                print(faq.table(of_faq))
            _write(out, trial, rows, results, of_faq)
    return 0


def prepare(runtime: Runtime, arguments: argparse.Namespace) -> Trial:
    """Return what is asked: the blind set, or the fifth that is held out of the bank."""
    library = runtime.library
    manual = arguments.manual or library.in_use()
    document, bank = library.document(manual), library.bank
    cache = VectorCache(runtime.settings.data_dir / "vectors", runtime.encoder)
    if arguments.set == "bank":
        held = questions.split(bank, arguments.seed, by_sentence=arguments.by_sentence)
        name = f"bank, split {arguments.seed}{', by sentence' if arguments.by_sentence else ''}"
        return Trial(name, manual, document, held.bank, questions.settle(held.asked, document, cache))
    chosen = questions.part(questions.load_blind(), arguments.part)
    name = f"blind, {arguments.part}"
    return Trial(name, manual, document, bank, questions.settle(chosen, document, cache))


def measure(runtime: Runtime, trial: Trial, step: Step, count: Count) -> Iterator[tuple[str, list[Row]]]:
    """Yield (system, one row a question): the product, then BM25 and the encoder alone."""
    encoder = runtime.encoder
    cache = VectorCache(runtime.settings.data_dir / "vectors", encoder)
    asked = systems.present(trial.asked)
    step("准备索引")
    answerer = Answerer(_index(runtime, trial, cache, count), encoder)
    answerer.answer("互联网金融是什么", audience=asked[0].audience)  # what is loaded at the first question
    step("提问")
    yield PRODUCT, systems.ask_product(answerer, asked, count)
    for lead, bank in (("", trial.bank), (", manual only", None)):
        step(f"提问：BM25{lead}")
        yield f"BM25{lead}", systems.words_alone(trial.document, bank, asked)
        step(f"提问：encoder{lead}")
        yield f"encoder{lead}", systems.encoder_alone(trial.document, bank, asked, encoder, cache)


def measure_rasa(runtime: Runtime, trial: Trial, epochs: int, step: Step, count: Count) -> Rows:
    """Train stock Rasa on what the product learns from, unless that was done before, and ask it."""
    step("训练原版 Rasa（很慢；训练好的会留着）")
    pairs = rasa_baseline.examples(trial.bank)
    home = rasa_baseline.trained(pairs, runtime.settings.data_dir / "eval" / "rasa", epochs, count)
    step("提问：原版 Rasa")
    asked = systems.present(trial.asked)
    return {f"Rasa, DIET {epochs} epochs": rasa_baseline.ask_rasa(home, trial.document, asked, count)}


def _index(runtime: Runtime, trial: Trial, cache: VectorCache, count: Count) -> Index:
    """Return the product's own index, or one that has never seen the held-out questions."""
    library = runtime.library
    if trial.bank is library.bank:
        return library.index(trial.manual, runtime.encoder, progress=count)
    built = indexes.build(
        trial.document,
        manual=trial.manual,
        version="eval",
        bank=trial.bank,
        reference=library.edition,
        encoder=runtime.encoder,
        cache=cache,
        progress=count,
    )
    with tempfile.TemporaryDirectory() as folder:  # as the product has it: through the disk
        indexes.save(built, Path(folder) / "index")
        return indexes.load(Path(folder) / "index")


def _faq(runtime: Runtime, arguments: argparse.Namespace, step: Step, count: Count) -> faq.Result:
    if arguments.no_faq or not faq.present(arguments.faq):
        return {}
    return faq.measure(runtime, arguments.faq, step, count)


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures of all systems as text: one block a group, one column a system.

    Of audiences and difficulties it shows what is most asked for; the page has everything.
    """
    groups = list(dict.fromkeys(group for found in results.values() for group in found))
    out = []
    for group in groups:
        there = {system: found[group] for system, found in results.items() if group in found}
        out.append(f"\n{group:<20}" + "".join(f"{_short(system):>16}" for system in there))
        for name in [n for n in columns(there) if group == "all" or n in BRIEF]:
            cells = [r["figures"].get(name) for r in there.values()]
            shown = ["–" if cell is None else share(name, cell) for cell in cells]
            out.append(f"  {name:<20}" + "".join(f"{cell:>16}" for cell in shown))
    return "\n".join(out)


def _short(system: str) -> str:
    return system if len(system) < 16 else system[:14] + "…"


def _write(
    out: Path,
    trial: Trial,
    rows: Rows,
    results: Mapping[str, Mapping[str, Any]],
    asked_faq: faq.Result,
) -> None:
    drawn = charts.Charts(out)
    charts.recall(drawn, results)
    curves = {system: points for system, found in rows.items() if (points := curve(found))}
    charts.refusal(drawn, curves)
    charts.by_group(drawn, results, "recall@1", "groups")
    charts.by_kind(drawn, results)
    parts = [page.paragraph(line) for line in _remarks(trial)]
    parts += [page.drawings(list(drawn.drawn.values()))]
    for group in next(iter(results.values())):
        there = {system: found[group] for system, found in results.items() if group in found}
        parts += [page.heading(group), page.figures_table(there)]
    if asked_faq:
        parts += faq.sections_of_page(asked_faq, drawn)
    content = {
        "set": trial.name,
        "manual": trial.manual,
        "remarks": _remarks(trial),
        "results": results,
        "curves": curves,
        "faq": asked_faq,
        "rows": {system: [asdict(row) for row in found] for system, found in rows.items()},
    }
    (out / "retrieval.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    (out / "retrieval.html").write_text(page.page("问津：检索测量", parts), encoding="utf-8")
    files = ["retrieval.html", "retrieval.json", *(f"{name}.png" for name in drawn.drawn)]
    print(f"\n已写入 {out}：{'、'.join(files)}")


def _remarks(trial: Trial) -> list[str]:
    """Return what a reader must know to read the figures."""
    sides = [question.side for question in trial.asked]
    counted = "，".join(f"{side} {sides.count(side)}" for side in sorted(set(sides)))
    told = sum(bool(q.sentence) for q in trial.asked if q.side == "answerable")
    answerable = max(sides.count("answerable"), 1)
    twice = len(questions.known_already(trial.asked, trial.bank))
    return [
        f"题目：{trial.name}；手册：{trial.manual}，{len(trial.document.sections)} 节；"
        f"{len(sides)} 题：{counted}。",
        f"引用句只在知道正确句的题上计：{told}/{answerable} 题；另一版手册里的正确句按编码器余弦对应。",
        f"与题库逐字相同的题：{twice}。absent（这份手册没有那一节）不计入。",
        "区间是 1,000 次自助抽样的 95 % 区间；少于 "
        f"{FEWEST} 题的分组不列。BM25 和 encoder 没有自己的拒答判断，"
        "其界线取在恰好留住 95 % 可答题处，即按所测的题本身定，对它们有利。",
        "closed：问的是这类读者不能看的一节，应当拒答。sentence 只在给出答案的题上计。"
        "ms 含编码，search ms 不含，单线程、同一进程。",
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `wenjin eval retrieval` with these arguments."""
    from bot.cli import main as wenjin

    given = sys.argv[1:] if arguments is None else arguments
    return wenjin(["eval", "retrieval", *given])


if __name__ == "__main__":
    sys.exit(main())
