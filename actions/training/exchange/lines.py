"""JSON lines: our own form, one question a line, and the form in which CFLUE publishes exam questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from actions.training.exchange.rows import Raw, Row, taken, whole_stem
from actions.training.questions import TRUE, Question, QuestionType


def read(text: str) -> Iterator[Row]:
    """Yield the questions of a text, one a line, each in whichever of the two forms it has."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _row(f"第 {number} 行", line)


def _row(where: str, line: str) -> Row:
    try:
        data = json.loads(line)
    except ValueError:
        return Row(where, None, "不是 JSON")
    if not isinstance(data, dict):
        return Row(where, None, "应当是一个对象")
    try:
        raw = _cflue(data) if "task" in data else _own(data)
    except (KeyError, TypeError, AttributeError):
        return Row(where, None, "字段不全，或不是文字")
    return taken(where, raw)


def _cflue(data: Mapping[str, Any]) -> Raw:
    choices = data["choices"] or {}
    return Raw(
        stem=_string(data["question"]),
        options=[_string(choices[key]) for key in sorted(choices)],
        answer=_string(data["answer"] or ""),
        type=_string(data["task"]),
        explanation=_string(data.get("analysis") or ""),
        topic=_string(data.get("subject") or ""),
    )


def _own(data: Mapping[str, Any]) -> Raw:
    key = data["key"]
    options = data.get("options") or []
    texts = [_string(o[1] if isinstance(o, list) else o) for o in options]
    if isinstance(key, bool):
        answer: str | list[str] = "对" if key else "错"
    else:
        answer = [_string(one) for one in key] if isinstance(key, list) else str(key)
    return Raw(
        stem=_string(data["stem"]),
        options=texts,
        answer=answer,
        type=_string(data.get("type") or ""),
        explanation=_string(data.get("explanation") or ""),
        id=_string(data.get("id") or ""),
        section=_string(data.get("section") or ""),
        sentence=_string(data.get("sentence") or ""),
    )


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def write(questions: Iterable[Question]) -> Iterator[str]:
    """Yield each question as a line: id, type, stem, options, key, section, sentence, explanation, status."""
    for question in questions:
        content = question.content
        row = {
            "id": question.id,
            "type": content.type.value,
            "stem": whole_stem(content),
            "options": [list(option) for option in content.options],
            "key": _key(question),
            "section": content.section,
            "sentence": content.sentence,
            "explanation": content.explanation,
            "status": question.status.value,
        }
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _key(question: Question) -> bool | str | list[str]:
    answer = question.content.answer
    match question.content.type:
        case QuestionType.TRUE_FALSE:
            return answer == (TRUE,)
        case QuestionType.NUMERIC:
            return answer[0]
        case _:
            return list(answer)
