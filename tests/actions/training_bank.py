"""A small question bank for tests, and what a person would reply to each of its questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.training import bank
from actions.training.questions import FALSE, Content, Difficulty, Question, QuestionType, Status
from actions.training.views import ShownItem

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
SENTENCE = "投诉应当在15日内办结。"
MANUAL = {f"{chapter}.{number}": SENTENCE for chapter in range(1, 5) for number in range(1, 4)}


def question(
    name: str,
    kind: QuestionType = QuestionType.SINGLE,
    *,
    answer: tuple[str, ...] = ("B",),
    options: tuple[str, ...] = ("甲", "乙", "丙", "丁"),
    section: str = "1.1",
    status: Status = Status.APPROVED,
    stem: str = "",
    tolerance: str = "0",
) -> Question:
    """Return a question with sensible defaults."""
    lettered = tuple(zip("ABCDEFGH", options, strict=False)) if kind.has_options else ()
    content = Content(
        type=kind,
        stem=stem or f"{name}的题干？",
        options=lettered,
        answer=answer,
        tolerance=Decimal(tolerance),
        explanation=f"{name}的解析。",
        section=section,
        sentence=SENTENCE,
    )
    return Question(name, content, Difficulty.EASY, "投诉", ("客服",), status, "测试")


_KINDS: tuple[tuple[QuestionType, tuple[str, ...]], ...] = (
    (QuestionType.SINGLE, ("B",)),
    (QuestionType.MULTIPLE, ("A", "C")),
    (QuestionType.TRUE_FALSE, (FALSE,)),
    (QuestionType.FILL, ("30日", "三十天")),
    (QuestionType.NUMERIC, ("24",)),
)


def questions() -> list[Question]:
    """Return two questions a section: 24 in 12 sections of 4 chapters, all types among them."""
    made = []
    for number, section in enumerate(section for section in MANUAL for _ in range(2)):
        kind, answer = _KINDS[number % len(_KINDS)]
        name = f"q-{section.replace('.', '-')}-{number:02d}"
        made.append(question(name, kind, answer=answer, section=section))
    return made


def stocked(db: Database, *users: str, of: list[Question] | None = None) -> None:
    """Put users and a bank into the database."""
    with db.begin() as s:
        for user in users:
            s.add(User(id=user, name=user, password_hash="-", roles=["staff"], created_at=NOW))
        bank.sync(s, questions() if of is None else of, NOW, manual=MANUAL)


def right(item: ShownItem) -> str:
    """Return the reply that is right for an item of `questions()`, in the letters that are shown."""
    match item.type:
        case QuestionType.SINGLE:
            return next(option.key for option in item.options if option.text == "乙")
        case QuestionType.MULTIPLE:
            return "、".join(option.key for option in item.options if option.text in "甲丙")
        case QuestionType.TRUE_FALSE:
            return "错"
        case QuestionType.FILL:
            return "３０ 日"
        case QuestionType.NUMERIC:
            return "24小时"


def wrong(item: ShownItem) -> str:
    """Return a readable reply that is wrong for an item of `questions()`."""
    match item.type:
        case QuestionType.SINGLE | QuestionType.MULTIPLE:
            return next(option.key for option in item.options if option.text == "丁")
        case QuestionType.TRUE_FALSE:
            return "对"
        case QuestionType.FILL:
            return "三个月"
        case QuestionType.NUMERIC:
            return "48"


def restemmed(one: Question, stem: str) -> Question:
    """Return the question with another stem: a new version of it."""
    return replace(one, content=replace(one.content, stem=stem))
