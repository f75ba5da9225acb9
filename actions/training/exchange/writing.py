"""Questions written to a file in any of the formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from actions.training.exchange import gift, lines, qti, table
from actions.training.questions import Question

TEXTS = ("jsonl", "csv", "gift")
TITLE = "题库"
_BOM = "\ufeff"  # by which Excel reads a csv file as UTF-8


def pieces(questions: Sequence[Question], kind: str) -> Iterator[str]:
    """Yield the text of questions in one of `TEXTS`."""
    return {"jsonl": lines.write, "csv": table.write_csv, "gift": gift.write}[kind](questions)


def write(questions: Sequence[Question], kind: str, path: Path) -> None:
    """Write questions to a file as one of `TEXTS`, as xlsx or as a QTI package."""
    if kind in TEXTS:
        mark = _BOM if kind == "csv" else ""
        path.write_text(mark + "".join(pieces(questions, kind)), encoding="utf-8", newline="")
    elif kind == "xlsx":
        table.write_xlsx(questions, path)
    else:
        qti.write(questions, path, title=TITLE)
