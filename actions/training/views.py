"""What people see of an attempt: an item without its key, feedback, a result, a review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.store.tables.training import AttemptKind, AttemptState, Disclosure
from actions.training.disclosure import Seen
from actions.training.grading import LETTERS, TRUTH_LABELS
from actions.training.questions import FALSE, TRUE, Content, QuestionType

_TRUTH_TEXTS = ((TRUTH_LABELS[TRUE], "正确"), (TRUTH_LABELS[FALSE], "错误"))


def untitled(kind: AttemptKind) -> str:
    """Return what an attempt at no paper is called."""
    return "复习" if kind is AttemptKind.REVIEW else "练习卷"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `key` is what a person replies, a letter in the order shown, or 对 or 错."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownItem:
    """One question as it may be shown before it is answered: it holds no key, no explanation, no sentence."""

    attempt_id: str
    index: int
    total: int
    type: QuestionType
    stem: str
    options: tuple[Option, ...]
    max_points: int
    scenario: str = ""

    def data(self) -> dict[str, Any]:
        """Return the data of a `quiz_item` reply."""
        return {
            "attempt_id": self.attempt_id,
            "index": self.index,
            "total": self.total,
            "type": self.type.value,
            "type_label": self.type.label,
            "stem": self.stem,
            "options": [{"key": option.key, "text": option.text} for option in self.options],
            "max_points": self.max_points,
            **({"scenario": self.scenario} if self.scenario else {}),
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where an attempt stands; `answered` of `total` items have an answer."""

    id: str
    user_id: str
    conversation_id: str | None
    kind: AttemptKind
    state: AttemptState
    total: int
    answered: int
    pass_percent: int
    max_score: int
    manual_version: str
    started_at: datetime
    deadline_at: datetime | None = None
    paper_id: str | None = None
    disclosure: Disclosure = Disclosure.AFTER_EACH

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be answered."""
        return self.state is AttemptState.OPEN

    @property
    def marked_at_once(self) -> bool:
        """Tell whether each answer is marked and explained as it is given."""
        return self.disclosure is Disclosure.AFTER_EACH


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person learns after answering; `given` and `answer` are as shown (letters, 对 or 错, words).

    `finished` tells that the attempt is over: this was its last open item.
    """

    attempt_id: str
    index: int
    total: int
    correct: bool
    given: tuple[str, ...]
    answer: tuple[str, ...]
    explanation: str
    section: str
    sentence: str
    points: int
    max_points: int
    finished: bool

    def data(self) -> dict[str, Any]:
        """Return the data of a `quiz_feedback` reply."""
        return {
            "attempt_id": self.attempt_id,
            "index": self.index,
            "total": self.total,
            "correct": self.correct,
            "given": list(self.given),
            "answer": list(self.answer),
            "explanation": self.explanation,
            "section": self.section,
            "sentence": self.sentence,
            "points": self.points,
            "max_points": self.max_points,
            "finished": self.finished,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a finished attempt; points are whole numbers."""

    attempt_id: str
    kind: AttemptKind
    score: int
    max_score: int
    passed: bool
    pass_percent: int
    manual_version: str
    started_at: datetime
    finished_at: datetime
    paper_id: str | None = None
    by_deadline: bool = False

    @property
    def untitled(self) -> str:
        """Return what it is called where it was at no paper."""
        return untitled(self.kind)

    @property
    def pass_mark(self) -> int:
        """Return the fewest points that pass."""
        return -(-self.pass_percent * self.max_score // 100)

    def data(self) -> dict[str, Any]:
        """Return the data of a `quiz_result` reply."""
        return {
            "attempt_id": self.attempt_id,
            "score": self.score,
            "max_score": self.max_score,
            "passed": self.passed,
            "pass_percent": self.pass_percent,
            "pass_mark": self.pass_mark,
        }


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One item of a finished attempt with what may be seen of it; `given` is () where none was given.

    Below `Seen.KEYS` there is no answer, explanation or sentence; below `Seen.MARKS` no section and no marks.
    """

    item: ShownItem
    given: tuple[str, ...]
    answer: tuple[str, ...]
    correct: bool
    points: int
    explanation: str
    section: str
    sentence: str
    seen: Seen = Seen.KEYS


def options_shown(content: Content, order: tuple[str, ...]) -> tuple[Option, ...]:
    """Return options lettered A.. in the order stored; 对 and 错 for true or false; () where one writes."""
    if content.type is QuestionType.TRUE_FALSE:
        return tuple(Option(key, text) for key, text in _TRUTH_TEXTS)
    texts = dict(content.options)
    return tuple(Option(letter, texts[key]) for letter, key in zip(LETTERS, order, strict=False))
