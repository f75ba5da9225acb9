"""How people ask: questions tied to sections and sentences, and questions that the manual does not answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from knowledge.document import Audience
from knowledge.errors import bad_input

UNANSWERABLE = "unanswerable.jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    """One question as a person asks it; `anchor` is the own edition's sentence that answers it ("" unknown).

    `style` says how it is put: only "full" questions are shown to people.
    """

    text: str
    section: str
    audience: Audience
    anchor: str = ""
    style: str = "full"


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """One question that the manual does not answer; `kind` says why (near_account, far_life, …)."""

    text: str
    kind: str
    audience: Audience = Audience.CUSTOMER


@dataclass(frozen=True, slots=True)
class QuestionBank:
    """All known questions."""

    answerable: tuple[Question, ...]
    unanswerable: tuple[Unanswerable, ...]


def load_questions(folder: Path) -> QuestionBank:
    """Load `<section>.jsonl` files and `unanswerable.jsonl` of a folder; an absent folder is an empty bank.

    Raises:
        WenjinError: `bad_question_file`, naming file and line.
    """
    answerable: list[Question] = []
    unanswerable: list[Unanswerable] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                if path.name == UNANSWERABLE:
                    audience = Audience(row.get("audience", "customer"))
                    unanswerable.append(Unanswerable(row["question"], row["kind"], audience))
                else:
                    audience = Audience(row["audience"])
                    anchor, style = row.get("anchor", ""), row.get("style", "full")
                    answerable.append(Question(row["question"], path.stem, audience, anchor, style))
            except (ValueError, KeyError, TypeError) as error:
                message = f"问题文件 {path.name} 第 {number} 行读不出来：{error}"
                raise bad_input("bad_question_file", message, file=path.name, line=number) from error
    return QuestionBank(tuple(answerable), tuple(unanswerable))
