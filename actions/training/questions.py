"""What a question is: its types, its content, and the identity of one immutable version of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

TRUE, FALSE = "true", "false"


class QuestionType(StrEnum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    FILL = "fill"
    NUMERIC = "numeric"

    @property
    def has_options(self) -> bool:
        """Tell whether the person picks from lettered options."""
        return self in (QuestionType.SINGLE, QuestionType.MULTIPLE)

    @property
    def label(self) -> str:
        """Return the name that people read."""
        return _LABELS[self]


_LABELS = {
    QuestionType.SINGLE: "单选题",
    QuestionType.MULTIPLE: "多选题",
    QuestionType.TRUE_FALSE: "判断题",
    QuestionType.FILL: "填空题",
    QuestionType.NUMERIC: "数字题",
}


class Difficulty(StrEnum):
    """How hard the author thinks a question is."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Status(StrEnum):
    """Where a question is in its life; only `APPROVED` ones are drawn."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Content:
    """What is shown, graded and explained: the part of a question that a version freezes.

    `options` are (key, text) in the author's order. `answer` holds option keys, "true" or "false", the
    accepted strings of a fill-in, or the one decimal of a numeric question. `scenario` is the case that the
    question is asked about, "" for most.
    """

    type: QuestionType
    stem: str
    options: tuple[tuple[str, str], ...]
    answer: tuple[str, ...]
    tolerance: Decimal
    explanation: str
    section: str
    sentence: str
    scenario: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the option keys in the author's order, () for types without options."""
        return tuple(key for key, _ in self.options)

    def to_json(self) -> dict[str, Any]:
        """Return the content as JSON values; lists keep the order of options."""
        return {
            "type": self.type.value,
            "stem": self.stem,
            "options": [list(option) for option in self.options],
            "answer": list(self.answer),
            "tolerance": str(self.tolerance),
            "explanation": self.explanation,
            "section": self.section,
            "sentence": self.sentence,
            **({"scenario": self.scenario} if self.scenario else {}),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Content:
        """Return the content that `to_json` wrote."""
        return cls(
            type=QuestionType(data["type"]),
            stem=data["stem"],
            options=tuple((key, text) for key, text in data["options"]),
            answer=tuple(data["answer"]),
            tolerance=Decimal(data["tolerance"]),
            explanation=data["explanation"],
            section=data["section"],
            sentence=data["sentence"],
            scenario=data.get("scenario", ""),
        )


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario that several questions share."""

    id: str
    title: str
    scenario: str
    section: str
    topic: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the bank: a stable id, its content now, and what is known about it."""

    id: str
    content: Content
    difficulty: Difficulty
    topic: str
    roles: tuple[str, ...]
    status: Status
    author: str
    case: Case | None = None

    @property
    def version_id(self) -> str:
        """Return the question id and a short hash of the content: other content, other version."""
        canonical = json.dumps(self.content.to_json(), ensure_ascii=False, sort_keys=True)
        return f"{self.id}@{hashlib.sha256(canonical.encode()).hexdigest()[:12]}"
