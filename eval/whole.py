"""All measurements one after another, each in its own process: one page, one table, one file to compare."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.settings import PROJECT
from bot.show import say
from eval import charts, page
from eval.measures import Change, Measure, compare, from_json
from eval.parts import Part, parts
from knowledge.errors import bad_input

FILE = "all.json"
REFERENCE = PROJECT / "eval" / "reference.json"
QUICK = ("retrieval", "understanding", "complaints", "dialogue", "drafts", "masking")  # no clock in them
_HEADINGS = ("", "问津", "目标", "", "基线")
_WORDS = {"better": "变好", "worse": "变差", "same": "无差别"}
Found = dict[str, list[Measure]]


def run(arguments: argparse.Namespace) -> int:
    """Measure every part, write all.json and all.html, print the table; 1 where a part failed."""
    out: Path = arguments.out or arguments.settings.data_dir / "eval"
    wanted = parts(part=arguments.part, with_rasa=not arguments.no_rasa, epochs=arguments.rasa_epochs)
    found, failed = measured(wanted, out, arguments.settings.data_dir)
    _write(out, found, arguments.part)
    print(table(found))
    for part in failed:
        say(f"没有测成：{part.title}，见 {out / part.name / 'log.txt'}")
    return 1 if failed else 0


def check(arguments: argparse.Namespace) -> int:
    """Measure what needs no clock and compare it with the reference; 1 where it lost more than noise."""
    out: Path = arguments.out or arguments.settings.data_dir / "eval"
    wanted = [one for one in parts(part="dev", with_rasa=False) if one.name in QUICK]
    measures, failed = measured(wanted, out, arguments.settings.data_dir)
    found = {title: [one for one in its if one.unit != "ms"] for title, its in measures.items()}
    if arguments.keep and not failed:
        _dump(REFERENCE, found, "dev")
    reference = read(REFERENCE)
    changes = compare(reference, [one for its in found.values() for one in its])
    print(changes_table(changes))
    return 1 if failed or any(one.verdict == "worse" for one in changes) else 0


def run_compare(arguments: argparse.Namespace) -> int:
    """Print what got better or worse from one all.json to another."""
    print(changes_table(compare(read(arguments.before), read(arguments.after))))
    return 0


def measured(wanted: Sequence[Part], out: Path, data_dir: Path) -> tuple[Found, list[Part]]:
    """Run parts and return their figures by title, and the parts that failed."""
    found: Found = {}
    failed = []
    for number, part in enumerate(wanted, 1):
        say(f"{number}/{len(wanted)} {part.title}")
        started = time.monotonic()
        folder = out / part.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / part.file).unlink(missing_ok=True)
        ended = _process(part, folder, data_dir)
        say(f"  {time.monotonic() - started:.0f} 秒")
        if (folder / part.file).is_file():
            found[part.title] = part.measures(folder)
        if (ended and part.name != "dialogue") or part.title not in found:
            failed.append(part)
    return found, failed


def read(path: Path) -> list[Measure]:
    """Return the figures of an all.json; raise 422 `no_figures` where it is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [from_json(one) for its in content["parts"].values() for one in its]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise bad_input("no_figures", f"{path} 不是 wenjin eval all 写的 all.json。") from error


def table(found: Mapping[str, Sequence[Measure]]) -> str:
    """Return the table of all figures as text."""
    lines = []
    for title, its in found.items():
        lines.append(f"\n{title}")
        for name, value, goal, verdict, others in map(row, its):
            lines.append(
                f"  {value:>9}  {goal:<9} {verdict:<3} {name}" + (f"   （{others}）" if others else "")
            )
    return "\n".join(lines)


def row(one: Measure) -> tuple[str, str, str, str, str]:
    """Return a figure in words: name, value, goal, whether it is reached, the baselines."""
    goal = "" if one.goal is None else f"{'≥' if one.better > 0 else '≤'} {shown(one.unit, one.goal)}"
    verdict = {None: "", True: "达到", False: "未达"}[one.reached]
    others = "，".join(f"{name} {shown(one.unit, value)}" for name, value in one.baselines.items())
    return one.title, shown(one.unit, one.value), goal, verdict, others


def shown(unit: str, value: float) -> str:
    """Return a value with its unit."""
    if unit == "share":
        return f"{value:.3f}"
    return {"ms": f"{value:.1f} ms", "per_second": f"{value:.1f}/s", "times": f"{value:.2f}×"}.get(
        unit, f"{value:g}"
    )


def changes_table(changes: Sequence[Change]) -> str:
    """Return what changed as text, what got worse first."""
    order = {"worse": 0, "better": 1, "same": 2}
    lines = [
        f"{_WORDS[one.verdict]:<4} {one.before:>9.3f} → {one.after:<9.3f} {one.title}"
        for one in sorted(changes, key=lambda one: order[one.verdict])
    ]
    worse = sum(one.verdict == "worse" for one in changes)
    return "\n".join([*lines, f"{len(changes)} 项，{worse} 项变差（超出随机波动）。"])


def _process(part: Part, folder: Path, data_dir: Path) -> int:
    wenjin = (sys.executable, "-m", "bot.cli", "--data-dir", str(data_dir))
    command = [*wenjin, "eval", *part.arguments, "--out", str(folder)]
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        ended = subprocess.run(command, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    return ended.returncode


def _write(out: Path, found: Found, part: str) -> None:
    content = _dump(out / FILE, found, part)
    drawn = charts.Charts(out)
    body = [page.paragraph(f"{content['at']}，{content['cores']} 核，结束时负载 {content['load']}。")]
    for number, (title, its) in enumerate(found.items()):
        body += [page.heading(title), page.table(_HEADINGS, [row(one) for one in its])]
        shares = [one for one in its if one.unit == "share"]
        if shares:
            charts.beside(drawn, f"part{number}", shares)
            body.append(page.drawings([drawn.drawn[f"part{number}"]]))
    (out / "all.html").write_text(page.page("问津：全部测量", body), encoding="utf-8")


def _dump(path: Path, found: Found, part: str) -> dict[str, Any]:
    content: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "part": part, "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "parts": {title: [one.to_json() for one in its] for title, its in found.items()},
    }  # fmt: skip
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return content
