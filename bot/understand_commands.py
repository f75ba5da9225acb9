"""The command `wenjin understand`: what the dialogue understands of a text, or of every line of a file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.runtime import Runtime
from bot.show import say, steps
from bot.understanding import NOTHING, Understood, read
from knowledge.errors import bad_input
from knowledge.text import normalise

Parsers = Any  # argparse's sub-parser action has no public name
HOW = '请写上要理解的话，例如：wenjin understand "我要投诉乱扣费，顺便转人工"；成批用 --batch 和 --out。'
SHOWN = 3


def add(commands: Parsers) -> None:
    """Add `understand` to the commands of wenjin."""
    text = "看一句话被理解成什么，或成批地看"
    one = commands.add_parser("understand", help=text, description=text)
    one.set_defaults(run=understand)
    one.add_argument("text", nargs="?")
    one.add_argument("--json", action="store_true")
    one.add_argument("--batch", metavar="FILE.jsonl", help="每行 {id, text}")
    one.add_argument("--out", metavar="FILE.jsonl", help="成批理解的结果")


def understand(arguments: argparse.Namespace) -> int:
    """Understand one text, or every line of a file.

    Raises:
        WenjinError: `no_text`, `out_needed` or `bad_batch` (422).
    """
    if arguments.batch:
        return _batch(arguments)
    if not (arguments.text or "").strip():
        raise bad_input("no_text", HOW)
    understood = _understanding(arguments)(arguments.text)
    print(json.dumps(understood.row(), ensure_ascii=False, indent=2) if arguments.json else words(understood))
    return 0


def _understanding(arguments: argparse.Namespace) -> Callable[[str], Understood]:
    from bot.assistant import ensure_encoder, ensure_model
    from bot.dialogue import Dialogue

    runtime = Runtime(arguments.settings)
    with steps() as (step, _):
        ensure_encoder(runtime.settings, step)
        dialogue = Dialogue.load(ensure_model(runtime.settings, step))
    return lambda text: read(text, dialogue.understand(text)) if normalise(text) else NOTHING


def words(understood: Understood) -> str:
    """Return what was understood as people read it."""
    scope = "在服务范围内" if understood.in_scope else "不在服务范围内"
    lines = [f"意图：{understood.intent}（把握 {understood.confidence:.0%}，{scope}）"]
    others = [one for one in understood.ranking if one.intent != understood.intent][:SHOWN]
    if others:
        lines.append("其次：" + "，".join(f"{one.intent} {one.confidence:.0%}" for one in others))
    if understood.also:
        lines.append("同时：" + "，".join(understood.also))
    lines += [f"· {one.entity}：{one.value}" for one in understood.entities]
    return "\n".join(lines)


def _batch(arguments: argparse.Namespace) -> int:
    if not arguments.out:
        raise bad_input("out_needed", "成批理解请用 --out 指定结果文件。")
    rows = list(_lines(Path(arguments.batch)))
    one = _understanding(arguments)
    out = Path(arguments.out)
    draft = out.with_name(out.name + ".partial")
    with steps() as (step, progress), draft.open("w", encoding="utf-8") as file:
        step("理解")
        for done, (identity, text) in enumerate(rows, 1):
            file.write(json.dumps({"id": identity, **one(text).row()}, ensure_ascii=False) + "\n")
            progress(done, len(rows))
    draft.replace(out)
    say(f"已理解 {len(rows)} 句话，结果在 {out}。")
    return 0


def _lines(path: Path) -> Iterator[tuple[Any, str]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_input("bad_batch", f"{path.name} 不是 UTF-8 编码的文本，请转换后再试。") from error
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield _line(path.name, number, line)


def _line(name: str, number: int, line: str) -> tuple[Any, str]:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("应是 {id, text} 这样的一个对象")
        identity, text = row["id"], row["text"]
        if not isinstance(text, str):
            raise ValueError("text 应是文字")
    except KeyError as error:
        raise bad_input("bad_batch", f"{name} 第 {number} 行读不出来：缺少 {error}。") from error
    except ValueError as error:
        raise bad_input("bad_batch", f"{name} 第 {number} 行读不出来：{error}。") from error
    return identity, text
