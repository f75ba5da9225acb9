"""Commands for the question bank: take it out to files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot.show import say
from knowledge.errors import bad_input

TEXTS, PACKAGES = ("jsonl", "csv", "gift"), ("xlsx", "qti")


def export(arguments: argparse.Namespace) -> int:
    """Write the bank's questions to standard output or a file.

    Raises:
        WenjinError: 422 `needs_file` for a format that is no text without --out.
    """
    from actions.training import bank
    from actions.training.exchange import gift, lines, qti, table

    found = bank.load(arguments.settings.quiz_dir)
    questions = [q for q in found if arguments.status in (None, q.status.value)]
    kind, out = arguments.format, Path(arguments.out) if arguments.out else None
    if kind in TEXTS:
        pieces = {"jsonl": lines.write, "csv": table.write_csv, "gift": gift.write}[kind](questions)
        if out is None:
            sys.stdout.writelines(pieces)
            return 0
        mark = "\ufeff" if kind == "csv" else ""  # by which Excel reads it as UTF-8
        out.write_text(mark + "".join(pieces), encoding="utf-8", newline="")
    elif out is None:
        raise bad_input("needs_file", f"{kind} 不是文本，请用 --out 指定文件。")
    elif kind == "xlsx":
        table.write_xlsx(questions, out)
    else:
        qti.write(questions, out, title="题库")
    say(f"已写入 {out}：{len(questions)} 题")
    return 0
