"""Read what a person typed as an answer, and mark it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from actions.training.numerals import comparable, to_digits
from actions.training.questions import FALSE, TRUE, Content, QuestionType
from knowledge.errors import WenjinError, bad_input
from knowledge.text import normalise

MAX_GIVEN = 200
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TRUTH_LABELS = {TRUE: "对", FALSE: "错"}
HOW_TO_ANSWER = {
    QuestionType.SINGLE: "请回复一个选项字母，例如 A。",
    QuestionType.MULTIPLE: "请回复选项字母，例如 A；多选可以回复 AC。",
    QuestionType.TRUE_FALSE: "请回复“对”或“错”。",
    QuestionType.FILL: f"请直接回复要填的内容，不超过 {MAX_GIVEN} 个字。",
    QuestionType.NUMERIC: "请回复一个数字，例如 24。",
}

_CHOICE = re.compile(
    r"(?:[a-z]|[\s,、。.;:/+&()\[\]【】\"“”'‘’!?·]"
    r"|我|认为|觉得|选择|选项|选|答案|应该|应当|应|该|是|为|项|和|与|跟|以及|及|还有|都|吧|的|呢|啊)*"
)
_NOT_SAID = re.compile(r"[\s,、。.;:()\[\]“”\"'!?~\ufe0f]+")
_BEFORE = r"(?:我?(?:认为|觉得|选择|选|猜))?(?:答案)?(?:这(?:句话|道题|个)?)?(?:应该)?(?:是|为)?"
_AFTER = r"(?:的|了|吧|啊|呢|哦)*"
_TRUTHS = {
    TRUE: re.compile(_BEFORE + r"(?:对|正确|是|真|没错|无误|[√✓✔☑✅⭕]|t|true|y|yes|right)" + _AFTER),
    FALSE: re.compile(
        _BEFORE + r"(?:错|错误|不对|不正确|不是|(?<!是)否|假|有误|[×✗✘✖❌❎☒x]|f|false|n|no|wrong)" + _AFTER
    ),
}
_ANSWER_IS = re.compile(r"^\s*答案(?:是|为)?\s*[:：]?\s*")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_ASKED_SCALE = re.compile(r"(?:多少|几|[(（]|单位[:：]?\s*)([百千万亿]+)")


def read(content: Content, given: Sequence[str] | str, order: Sequence[str] = ()) -> tuple[str, ...]:
    """Return an answer in its stored form: option keys, "true" or "false", a decimal, or the words.

    `order` holds the option keys as they were shown: the letter A stands for the first of them (default: the
    author's order).

    Raises:
        WenjinError: 422 `unreadable_answer`, whose message says how to answer this type.
    """
    text = given if isinstance(given, str) else _joined(content, given)
    if len(text) > MAX_GIVEN:
        raise _unreadable(content)
    match content.type:
        case QuestionType.SINGLE | QuestionType.MULTIPLE:
            found = _options(content, text, tuple(order) or content.keys)
        case QuestionType.TRUE_FALSE:
            found = _truth(text)
        case QuestionType.NUMERIC:
            found = _number(content, text)
        case QuestionType.FILL:
            found = _words(text)
    if not found:
        raise _unreadable(content)
    return found


def _joined(content: Content, given: Sequence[str]) -> str:
    """Return one text; only choices may come in several pieces."""
    if len(given) != 1 and not content.type.has_options:
        raise _unreadable(content)
    return " ".join(given)


def _unreadable(content: Content) -> WenjinError:
    message = f"没有读懂您的回答。{HOW_TO_ANSWER[content.type]}"
    return bad_input("unreadable_answer", message, type=content.type.value)


def _options(content: Content, text: str, order: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chosen keys in the author's order; the whole text of one option counts as its letter."""
    folded = normalise(text)
    letters = {char.upper() for char in folded if "a" <= char <= "z"} if _CHOICE.fullmatch(folded) else set()
    shown = dict(zip(LETTERS, order, strict=False))
    chosen = {shown[letter] for letter in letters} if letters <= shown.keys() else set()
    if not chosen or (content.type is QuestionType.SINGLE and len(chosen) != 1):
        said = comparable(text)
        chosen = {key for key, option in content.options if said and comparable(option) == said}
    return tuple(key for key in content.keys if key in chosen) if _fits(content, chosen) else ()


def _fits(content: Content, chosen: set[str]) -> bool:
    return bool(chosen) and (content.type is QuestionType.MULTIPLE or len(chosen) == 1)


def _truth(text: str) -> tuple[str, ...]:
    folded = _NOT_SAID.sub("", normalise(text))
    return tuple(truth for truth, pattern in _TRUTHS.items() if pattern.fullmatch(folded))


def _number(content: Content, text: str) -> tuple[str, ...]:
    """Return the one number of the text; its unit is ignored, 万 too where the stem asks for 多少万."""
    folded = normalise(text)
    for scale in _ASKED_SCALE.findall(content.stem):
        folded = folded.replace(scale, " ")
    found = {Decimal(number) for number in _NUMBER.findall(to_digits(folded))}
    return (format(found.pop(), "f"),) if len(found) == 1 else ()


def _words(text: str) -> tuple[str, ...]:
    clean = "".join(char for char in text if unicodedata.category(char)[0] != "C").strip()
    clean = _ANSWER_IS.sub("", clean) or clean
    return (clean,) if any(map(str.isalnum, comparable(clean))) else ()


def is_correct(content: Content, answer: Sequence[str]) -> bool:
    """Tell whether a read answer is right: sets compared whole, numbers within the tolerance."""
    match content.type:
        case QuestionType.FILL:
            return comparable(answer[0]) in {comparable(accepted) for accepted in content.answer}
        case QuestionType.NUMERIC:
            return abs(Decimal(answer[0]) - Decimal(content.answer[0])) <= content.tolerance
        case _:
            return set(answer) == set(content.answer)


def same(content: Content, one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two read answers say the same."""
    match content.type:
        case QuestionType.FILL:
            return comparable(one[0]) == comparable(other[0])
        case QuestionType.NUMERIC:
            return Decimal(one[0]) == Decimal(other[0])
        case _:
            return set(one) == set(other)


def points(content: Content, answer: Sequence[str], max_points: int) -> int:
    """Return the marks: all or nothing."""
    return max_points if is_correct(content, answer) else 0


def displayed(content: Content, answer: Sequence[str], order: Sequence[str] = ()) -> tuple[str, ...]:
    """Return an answer as a person reads it: letters in the order shown, 对 or 错, or the words."""
    if content.type.has_options:
        shown = tuple(order) or content.keys
        return tuple(letter for letter, key in zip(LETTERS, shown, strict=False) if key in answer)
    if content.type is QuestionType.TRUE_FALSE:
        return tuple(TRUTH_LABELS[truth] for truth in answer)
    return tuple(answer)
