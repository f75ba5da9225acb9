"""Commands for the roster: take people over from a file, or say what would happen."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.runtime import Runtime
from bot.show import say
from knowledge.errors import WenjinError


def import_people(arguments: argparse.Namespace) -> int:
    """Print each person that changes; import nothing where a row is wrong, and return 1.

    Raises:
        WenjinError: 422 `bad_file`, `empty_file`, `unknown_format`, `file_too_large`.
    """
    from actions.training import assignments, roster, roster_file

    runtime, path = Runtime(arguments.settings), Path(arguments.file)
    entries, problems = roster_file.read(path.name, path.read_bytes())
    try:
        with runtime.db.begin() as s:
            if arguments.dry_run:
                report = roster.compare(s, entries, problems, runtime.now())
            else:
                report = roster.take(s, entries, problems, actor="system", now=runtime.now())
                assignments.refresh(s, runtime.now())
    except WenjinError as error:
        if error.code != "roster_refused":
            raise
        with runtime.db.reading() as s:
            report = roster.compare(s, entries, problems, runtime.now())
    for one in report.changes:
        if one.kind != "same":
            what = f"（{'、'.join(one.what)}）" if one.what else ""
            print(f"{one.where}\t{roster.LABELS[one.kind]}\t{one.staff_no}\t{one.name}{what}")
    for bad in report.problems:
        print(f"{bad.where}\t不能导入\t{bad.problem}")
    say(roster.summary(report, done=not arguments.dry_run))
    return 1 if report.problems else 0
