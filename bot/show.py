"""Progress for people at a terminal; results go to standard output, progress to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

Step = Callable[[str], None]
Count = Callable[[int, int], None]


def say(line: str) -> None:
    """Print one line for people."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def steps() -> Iterator[tuple[Step, Count]]:
    """Show a line of progress: call the first function with what is done now, the second with (done, all)."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield (
            lambda text: bar.update(task, description=text, completed=0, total=None),
            lambda done, total: bar.update(task, completed=done, total=total),
        )


def _plain() -> tuple[Step, Count]:
    """Return printers for logs: each step once, each tenth of a count once."""
    shown: dict[str, object] = {}

    def step(text: str) -> None:
        if shown.get("step") != text:
            shown.update(step=text, tenth=-1)
            say(text)

    def count(done: int, total: int) -> None:
        tenth = done * 10 // max(total, 1)
        if shown.get("tenth") != tenth and total > 20:
            shown["tenth"] = tenth
            say(f"  {shown.get('step', '')} {done}/{total}")

    return step, count
