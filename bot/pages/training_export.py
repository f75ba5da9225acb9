"""The question bank as a file: what the list shows, in the format that is asked for; audited."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from actions.store import audit
from actions.training import listing
from actions.training.exchange import writing
from bot.deps import RuntimeDep
from bot.pages.training_bank import Manager, WantedDep
from knowledge.errors import bad_input

router = APIRouter(prefix="/training/bank/export", include_in_schema=False)
_MEDIA = {
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": ("csv", "text/csv; charset=utf-8"),
    "gift": ("gift", "text/plain; charset=utf-8"),
    "jsonl": ("jsonl", "application/x-ndjson"),
    "qti": ("zip", "application/zip"),
}


@router.get("")
def export(runtime: RuntimeDep, user: Manager, wanted: WantedDep, format: str = "xlsx") -> Response:
    """Give what the list shows, all pages of it, each question in the version that is worked on.

    Raises:
        WenjinError: 422 `unknown_format`.
    """
    if format not in _MEDIA:
        raise bad_input("unknown_format", f"没有这种格式，可以导出 {'、'.join(_MEDIA)}。")
    with runtime.db.begin() as s:
        questions = listing.questions(s, wanted)
        filters = {name: value for name, value in asdict(wanted).items() if value and name != "page"}
        audit.record(
            s, actor=user.user.id, action="quiz_bank.export", object_type="report", object_id=format,
            data={**filters, "rows": len(questions)}, now=runtime.now(),
        )  # fmt: skip
    ending, media = _MEDIA[format]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank"
        writing.write(questions, format, path)
        content = path.read_bytes()
    name = f"bank-{runtime.today()}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media, headers=headers)
