"""Commands for the question bank: take it out to files, bring files in, draft questions from a manual."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.show import say
from knowledge.errors import bad_input, not_found

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from actions.store.tables.accounts import User
    from actions.training.exchange.reading import DryRun
    from actions.training.questions import Question
    from bot.runtime import Runtime

TEXTS, PACKAGES = ("jsonl", "csv", "gift"), ("xlsx", "qti")
READ = ("auto", "xlsx", "csv", "gift", "aiken", "yaml", "jsonl")
STATUSES = ("draft", "in_review", "approved", "retired")


def export(arguments: argparse.Namespace) -> int:
    """Write the bank's questions to standard output or a file.

    Raises:
        WenjinError: 422 `needs_file` for a format that is no text without --out.
    """
    from actions.training.exchange import writing

    questions = _held(arguments)
    kind, out = arguments.format, Path(arguments.out) if arguments.out else None
    if out is not None:
        writing.write(questions, kind, out)
    elif kind in TEXTS:
        sys.stdout.writelines(writing.pieces(questions, kind))
        return 0
    else:
        raise bad_input("needs_file", f"{kind} 不是文本，请用 --out 指定文件。")
    say(f"已写入 {out}：{len(questions)} 题")
    return 0


def _held(arguments: argparse.Namespace) -> list[Question]:
    """Return what the database holds; the folder's bank where no database has been made or filled yet."""
    from actions.training import bank, review
    from actions.training.questions import Status
    from bot.runtime import Runtime

    settings = arguments.settings
    status = Status(arguments.status) if arguments.status else None
    if settings.database_url or (settings.data_dir / "wenjin.db").exists():
        with Runtime(settings).db.reading() as session:
            if review.any_question(session):
                return review.questions(session) if status is None else review.of_status(session, status)
    return [q for q in bank.load(settings.quiz_dir) if status in (None, q.status)]


def bring(arguments: argparse.Namespace) -> int:
    """Print what becomes of each question of a file and take all as drafts; none where one is wrong, and 1.

    Raises:
        WenjinError: 404 for an unknown user, 403 for one without the role, 422 for what is no such file.
    """
    from actions.service import accounts
    from actions.training import importing, review
    from bot.assistant import sync_bank
    from bot.runtime import Runtime

    path, runtime = Path(arguments.file), Runtime(arguments.settings)
    content = path.read_bytes()
    with runtime.db.reading() as session:
        accounts.require_role(_user(session, arguments.by), review.ROLE)
    sync_bank(runtime)  # what the folder has is no news
    with runtime.db.begin() as session:
        run = importing.attempt(session, path.name, content, kind=arguments.format)
        if not (run.refused or arguments.dry_run):
            user = _user(session, arguments.by)
            importing.take(session, run, name=path.name, user=user, now=runtime.now())
    _print_run(run)
    say(_said(run, tried=arguments.dry_run))
    return 1 if run.refused else 0


def _print_run(run: DryRun) -> None:
    for word, rows in (("不能导入", run.refused), ("已有", run.repeated)):
        for row in rows:
            print(f"{row.where}\t{word}\t{row.problem}")
    for row in run.taken:
        if row.question:
            stem = " ".join(row.question.content.stem.split())
            print(f"{row.where}\t可以导入\t{row.question.id}\t{stem}")


def _said(run: DryRun, *, tried: bool) -> str:
    counts = f"{len(run.taken)} 题，已有 {len(run.repeated)} 题"
    if run.refused:
        return f"有 {len(run.refused)} 处不能导入，整个文件都没有导入，改好后再导入。"
    if not run.taken:
        return f"没有新题：{len(run.repeated)} 题题库里都已有。"
    if tried:
        return f"试算（{run.format}）：可以导入 {counts}。"
    return f"已导入为草稿：{counts}。在 /training/bank 里提交审核，通过后才会进入试卷。"


def _user(session: Session, name: str) -> User:
    """Return the account of a name. Raises 404 `unknown_user`."""
    from actions.service import accounts

    found = accounts.find_user(session, name)
    if found is None:
        raise not_found("unknown_user", f"没有用户 {name}。")
    return found


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
    from actions.training import review

    with runtime.db.begin() as session:
        user = _user(session, name)
        new = [one for one in questions if not review.exists(session, one.id)]
        if new:
            review.add(session, new, user=user, note="wenjin quiz draft", now=runtime.now())
        return len(new)
