"""Questions of a file taken into the bank as drafts: tried first, and all of them or none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from actions.store.tables.accounts import User
from actions.training import review
from actions.training.exchange.reading import AUTO, DryRun, dry_run
from knowledge.errors import bad_input


def attempt(s: Session, name: str, content: bytes, *, kind: str = AUTO) -> DryRun:
    """Say what would become of each question of a file, beside the bank and the changes that wait in it.

    Raises:
        WenjinError: 422 `bad_file`, `empty_file`, `unknown_format`, `file_too_large`.
    """
    return dry_run(name, content, [*review.questions(s), *review.waiting(s)], kind=kind)


def take(s: Session, run: DryRun, *, name: str, user: User, now: datetime) -> list[str]:
    """Keep the questions of a run as a person's drafts and return their ids.

    Raises:
        WenjinError: 422 `import_refused` where a question cannot be taken; what `review.add` raises.
    """
    if run.refused:
        first = run.refused[0]
        raise bad_input(
            "import_refused",
            f"有 {len(run.refused)} 处不能导入，整个文件都没有导入。{first.where}：{first.problem}。",
            problems=[f"{one.where}：{one.problem}" for one in run.refused],
        )
    if not run.taken:
        return []
    return review.add(s, run.questions, user=user, note=f"导入自 {name}"[:200], now=now)
