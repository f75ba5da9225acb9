"""GIFT, Moodle's text format: choices, true or false, words, numbers. Full-width ：＝｛｝ are plain text.

Source: Moodle's documentation of the format. Matching and essay questions are refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actions.training.exchange.rows import Raw, Row, taken, whole_stem
from actions.training.questions import TRUE, Question, QuestionType

_SPECIAL = "\\~=#{}:"
_HELD = {
    char: chr(0xE000 + place) for place, char in enumerate(_SPECIAL + ">")
}  # private use: escaped characters
_ARROW = "-\\>"  # as a word, where a plain one would make a matching question
_TITLE = re.compile(r"\s*::(.*?)::\s*", re.DOTALL)
_FORMAT = re.compile(r"^\s*\[(?:html|moodle|plain|markdown)\]\s*")
_WEIGHT = re.compile(r"\s*%(-?\d+(?:\.\d+)?)%\s*")
_CATEGORY = re.compile(r"\s*\$CATEGORY:\s*(.*)")
_TRUTH = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Answer:
    right: bool
    weight: float
    text: str
    feedback: str


def read(text: str) -> Iterator[Row]:
    """Yield the questions of a text; a category in force is the topic."""
    topic = ""
    for number, block in _blocks(text):
        category = _CATEGORY.match(block)
        if category:
            topic = category[1].strip().rsplit("/", 1)[-1]
            block = block[category.end() :]
        if block.strip():
            yield _row(f"第 {number} 行", block, topic)


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield what blank lines separate, with the number of its first line; comments are left out."""
    held: list[str] = []
    start = 0
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if line.lstrip().startswith("//"):
            continue
        if line.strip():
            start = start or number
            held.append(line)
        elif held:
            yield start, "\n".join(held)
            held, start = [], 0


def _row(where: str, block: str, topic: str) -> Row:
    try:
        return taken(where, _raw(block, topic))
    except ValueError as error:
        return Row(where, None, str(error))


def _raw(block: str, topic: str) -> Raw:
    hidden = _hide(block)
    title = _TITLE.match(hidden)
    body = hidden[title.end() :] if title else hidden
    opened, closed = body.find("{"), body.rfind("}")
    if opened < 0 or closed < opened:
        raise ValueError("没有花括号里的答案")
    stem = _FORMAT.sub("", f"{body[:opened].rstrip()} {_blank(body[closed + 1 :])}").strip()
    inside, _, general = body[opened + 1 : closed].partition("####")
    found = _answers(inside.strip(), _show(stem), _show(general).strip())
    return _named(found, title, topic)


def _named(raw: Raw, title: re.Match[str] | None, topic: str) -> Raw:
    name = _show(title[1]).strip() if title else ""
    known = name if re.fullmatch(r"[a-z0-9][a-z0-9-]{1,63}", name) else ""
    return Raw(
        raw.stem,
        raw.options,
        raw.answer,
        raw.type,
        raw.explanation,
        id=known,
        topic=topic,
        tolerance=raw.tolerance,
    )


def _blank(rest: str) -> str:
    """Return what stands behind the answers of a question with a gap, the gap before it."""
    return f"____{rest.strip()}" if rest.strip() else ""


def _answers(inside: str, stem: str, general: str) -> Raw:
    truth = _TRUTH.fullmatch(inside)
    if truth:
        return Raw(stem, (), "对" if truth[1].upper().startswith("T") else "错", "true_false", general)
    if inside.startswith("#"):
        return _number(inside[1:], stem, general)
    if not inside:
        raise ValueError("问答题没有标准答案，不能导入")
    if "->" in inside and "~" not in inside:  # an arrow in a choice is only text
        raise ValueError("不支持连线题")
    answers = _split(inside)
    explained = general or next((a.feedback for a in answers if a.right and a.feedback), "")
    if all(a.right for a in answers):
        return Raw(stem, (), [a.text for a in answers], "fill", explained)
    return _choices(answers, stem, explained)


def _choices(answers: Sequence[_Answer], stem: str, explained: str) -> Raw:
    right = [place for place, a in enumerate(answers) if a.right or a.weight > 0]
    weighed = any(a.weight > 0 for a in answers if not a.right)
    letters = "".join(chr(ord("A") + place) for place in right)
    kind = "multiple" if weighed and len(right) > 1 else "single"
    return Raw(stem, [a.text for a in answers], letters, kind, explained)


def _number(inside: str, stem: str, general: str) -> Raw:
    said = inside.split("#")[0].strip().lstrip("=")
    value, _, tolerance = said.partition(":")
    low, between, high = said.partition("..")
    if between:
        middle = (float(low) + float(high)) / 2
        return Raw(stem, (), f"{middle:g}", "numeric", general, tolerance=f"{float(high) - middle:g}")
    return Raw(stem, (), value.strip(), "numeric", general, tolerance=tolerance.strip())


def _split(inside: str) -> list[_Answer]:
    """Return the answers between = and ~."""
    pieces = re.split(r"([=~])", inside)
    if pieces[0].strip():
        raise ValueError(f"答案要以 = 或 ~ 开头：{_show(pieces[0]).strip()[:20]}")
    return [_answer(mark == "=", body) for mark, body in zip(pieces[1::2], pieces[2::2], strict=True)]


def _answer(right: bool, body: str) -> _Answer:
    text, _, feedback = body.partition("#")
    weight = _WEIGHT.match(text)
    value = float(weight[1]) if weight else 0.0
    shown = _FORMAT.sub("", text[weight.end() :] if weight else text)
    return _Answer(right or value == 100, value, _show(shown).strip(), _show(feedback).strip())


def _hide(text: str) -> str:
    """Replace escaped characters by ones that nobody types, so that they part nothing."""
    for char, held in _HELD.items():
        text = text.replace("\\" + char, held)
    return text.replace("\\n", "\n")


def _show(text: str) -> str:
    for char, held in _HELD.items():
        text = text.replace(held, char)
    return text


def write(questions: Sequence[Question]) -> Iterator[str]:
    """Yield the questions as GIFT, each with a blank line behind it; ids are the titles."""
    topic = None
    for question in questions:
        if question.topic != topic:
            topic = question.topic
            yield f"$CATEGORY: $course$/{topic or '未分类'}\n\n"
        yield f"::{question.id}::{escaped(whole_stem(question.content))}{{{_inside(question)}}}\n\n"


def _inside(question: Question) -> str:
    content = question.content
    general = f"####{escaped(content.explanation)}" if content.explanation else ""
    match content.type:
        case QuestionType.TRUE_FALSE:
            return f"{'T' if content.answer == (TRUE,) else 'F'}{general}"
        case QuestionType.NUMERIC:
            return f"#{content.answer[0]}:{content.tolerance}{general}"
        case QuestionType.FILL:
            return "".join(f"={escaped(word).replace('->', _ARROW)} " for word in content.answer) + general
        case QuestionType.SINGLE:
            marks = {key: "=" if key in content.answer else "~" for key in content.keys}
        case QuestionType.MULTIPLE:
            share = f"{100 / len(content.answer):.5f}".rstrip("0").rstrip(".")
            marks = {key: f"~%{share}%" if key in content.answer else "~%-100%" for key in content.keys}
    return "\n" + "".join(f"{marks[key]}{escaped(text)}\n" for key, text in content.options) + general


def escaped(text: str) -> str:
    """Return text whose special characters part nothing; line breaks as Moodle writes them."""
    return "".join("\\" + char if char in _SPECIAL else char for char in text).replace("\n", "\\n")
