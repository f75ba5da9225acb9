"""Commands for the question bank: take it out to files, draft questions from a manual."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.show import say
from knowledge.errors import bad_input, not_found

if TYPE_CHECKING:
    from actions.training.questions import Question
    from bot.runtime import Runtime

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


def draft(arguments: argparse.Namespace) -> int:
    """Draft questions from a manual: print or write them, and keep them as somebody's drafts if asked.

    Raises:
        WenjinError: 404 for an unknown manual or user, 403 for a user without the role.
    """
    from actions.training import bank, drafts
    from bot.runtime import Runtime

    runtime = Runtime(arguments.settings)
    name = arguments.manual or runtime.library.in_use()
    made = drafts.make(runtime.library.document(name), known=bank.load(arguments.settings.quiz_dir))
    if arguments.out:
        _write_drafts(made.questions, Path(arguments.out))
        say(f"已写入 {arguments.out}")
    elif not arguments.save:
        from actions.training.exchange import lines

        sys.stdout.writelines(lines.write(made.questions))
    dropped = sum(made.dropped.values())
    say(
        f"手册 {name}：起草 {len(made.questions)} 题，自动检查去掉 {dropped} 题。草稿审核通过后才会进入试卷。"
    )
    if arguments.save:
        kept = _save_drafts(runtime, made.questions, arguments.save)
        say(f"已存为 {arguments.save} 的草稿：{kept} 题，在 /training/bank 里提交审核。")
    return 0


def _write_drafts(questions: Sequence[Question], out: Path) -> None:
    """Write the bank's YAML for .yml and .yaml, JSON lines for other names."""
    import yaml

    from actions.training.drafts import to_row
    from actions.training.exchange import lines

    if out.suffix in (".yml", ".yaml"):
        rows = {"questions": [to_row(one) for one in questions]}
        out.write_text(
            yaml.safe_dump(rows, allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8"
        )
    else:
        out.write_text("".join(lines.write(questions)), encoding="utf-8")


def _save_drafts(runtime: Runtime, questions: Sequence[Question], name: str) -> int:
    """Keep drafts that the database does not have yet and return how many."""
    from actions.service import accounts
    from actions.training import review

    with runtime.db.begin() as session:
        user = accounts.find_user(session, name)
        if user is None:
            raise not_found("unknown_user", f"没有用户 {name}。")
        new = [one for one in questions if not review.exists(session, one.id)]
        if new:
            review.add(session, new, user=user, note="wenjin quiz draft", now=runtime.now())
        return len(new)
