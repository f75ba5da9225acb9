"""YAML in the form of the bank's own files: questions, and cases that several of them share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from actions.training import folder
from actions.training.exchange.rows import Raw, Row, taken
from actions.training.grading import LETTERS
from actions.training.questions import Question, QuestionType
from knowledge.errors import bad_input

LARGEST = 2_000_000  # bytes: some 2,500 questions


def read(text: str) -> Iterator[Row]:
    """Yield the questions of a text, and its cases where they are wrong; raise 422 `bad_file`."""
    if len(text.encode()) > LARGEST:
        raise bad_input("file_too_large", f"YAML 文件超过 {LARGEST // 1_000_000} MB，请分成几个导入。")
    try:
        asked, told = folder.parse(text)
    except ValueError as error:
        raise bad_input("bad_file", f"这不是题库的 YAML 文件：{error}。") from None
    for one in folder.entries(asked, told):
        yield _row(one.where, one.question) if one.question else Row(one.where, None, one.problem)


def _row(where: str, question: Question) -> Row:
    """Return a question as any other file's row: checked alike, its options lettered in their order."""
    row = taken(where, _raw(question))
    return replace(row, question=replace(row.question, case=question.case)) if row.question else row


def _raw(question: Question) -> Raw:
    content = question.content
    return Raw(
        stem=content.stem,
        options=[text for _, text in content.options],
        answer=_answer(question),
        type=content.type.value,
        explanation=content.explanation,
        id=question.id,
        section=content.section,
        sentence=content.sentence,
        difficulty=question.difficulty.value,
        topic=question.topic,
        roles=question.roles,
        tolerance=str(content.tolerance),
        author=question.author,
        scenario=content.scenario,
    )


def _answer(question: Question) -> str | list[str]:
    content = question.content
    match content.type:
        case QuestionType.FILL:
            return list(content.answer)
        case QuestionType.TRUE_FALSE | QuestionType.NUMERIC:
            return content.answer[0]
        case _:
            letters = dict(zip(content.keys, LETTERS, strict=False))
            return "".join(letters.get(key, key) for key in content.answer)
