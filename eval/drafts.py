"""How many questions are drafted from the manual, of how many sections, and what the checks drop."""

from __future__ import annotations

import argparse
import json
from typing import Any

from actions.training import drafts
from bot.runtime import Runtime


def run(arguments: argparse.Namespace) -> int:
    """Draft from the manual in use as if there were no bank yet, print figures, write drafts.json."""
    runtime = Runtime(arguments.settings)
    document = runtime.library.document(runtime.library.in_use())
    made = drafts.make(document, known=())
    covered = {question.content.section for question in made.questions}
    result: dict[str, Any] = {
        "drafts": len(made.questions),
        "sections": len(covered),
        "of_sections": len(document.sections),
        "dropped": dict(made.dropped),
    }
    print(f"{result['drafts']} drafts of {result['sections']} of {result['of_sections']} sections")
    for reason, count in sorted(result["dropped"].items(), key=lambda pair: -pair[1]):
        print(f"  dropped {count:>5}  {reason}")
    out = arguments.out or arguments.settings.data_dir / "eval"
    out.mkdir(parents=True, exist_ok=True)
    (out / "drafts.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0
