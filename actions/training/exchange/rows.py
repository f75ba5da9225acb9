"""What a reader of files gives: one row a question, taken or refused with a reason, and where it stood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from actions.training.grading import LETTERS, TRUTH_LABELS
from actions.training.numerals import comparable
from actions.training.questions import FALSE, TRUE, Content, Difficulty, Question, QuestionType, Status
from knowledge.text import normalise

MAX_STEM, MAX_OPTION, MAX_EXPLANATION, MAX_SCENARIO = 2000, 500, 4000, 4000
MOST_OPTIONS = 10
_TRUE = frozenset({"对", "√", "✓", "✔", "t", "true", "正确", "是", "y", "yes"})
_FALSE = frozenset({"错", "×", "✗", "x", "f", "false", "错误", "否", "不对", "n", "no"})
_TYPES = {
    "单选": QuestionType.SINGLE,
    "单项": QuestionType.SINGLE,
    "多选": QuestionType.MULTIPLE,
    "多项": QuestionType.MULTIPLE,
    "不定项": QuestionType.MULTIPLE,
    "判断": QuestionType.TRUE_FALSE,
    "是非": QuestionType.TRUE_FALSE,
    "填空": QuestionType.FILL,
    "数字": QuestionType.NUMERIC,
    "数值": QuestionType.NUMERIC,
    **{kind.value: kind for kind in QuestionType},
}
_DIFFICULTIES = {
    "易": Difficulty.EASY,
    "简单": Difficulty.EASY,
    "中": Difficulty.MEDIUM,
    "难": Difficulty.HARD,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One question of a file: `question` where it can be taken, else `problem` says why not, in Chinese."""

    where: str
    question: Question | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """A question as a file says it, before anything is checked.

    `answer` is text ("ACD", "对", "30"), a list of accepted words, or None for none given; `options` are the
    texts in order. `type` may be "" where the rest tells it.
    """

    stem: str
    options: Sequence[str] = ()
    answer: str | Sequence[str] | None = None
    type: str = ""
    explanation: str = ""
    id: str = ""
    section: str = ""
    sentence: str = ""
    difficulty: str = ""
    topic: str = ""
    roles: Sequence[str] = ()
    tolerance: str = ""
    author: str = ""
    scenario: str = ""


def taken(where: str, raw: Raw) -> Row:
    """Return the row of a question that may be taken, or the reason why not."""
    try:
        return Row(where, question_of(raw))
    except ValueError as error:
        return Row(where, None, str(error))


def question_of(raw: Raw) -> Question:
    """Return a draft; a ValueError says in Chinese what is wrong with it."""
    stem = raw.stem.strip()
    _check_length(stem, "题干", MAX_STEM, required=True)
    _check_length(raw.explanation, "解析", MAX_EXPLANATION)
    _check_length(raw.scenario, "案例", MAX_SCENARIO)
    kind, options, answer = _read(raw)
    content = Content(
        type=kind,
        stem=stem,
        options=tuple(zip(LETTERS, options, strict=False)),
        answer=answer,
        tolerance=_decimal(raw.tolerance or "0", "容差"),
        explanation=raw.explanation.strip(),
        section=raw.section.strip(),
        sentence=raw.sentence.strip(),
        scenario=raw.scenario.strip(),
    )
    return Question(
        id=raw.id.strip() or made_id(content),
        content=content,
        difficulty=_difficulty(raw.difficulty),
        topic=raw.topic.strip(),
        roles=tuple(role.strip() for role in raw.roles if role.strip()),
        status=Status.DRAFT,
        author=raw.author.strip(),
    )


def whole_stem(content: Content) -> str:
    """Return the stem behind its case's scenario, for formats that have no place for one."""
    return f"{content.scenario}\n{content.stem}" if content.scenario else content.stem


def made_id(content: Content) -> str:
    """Return an id for a question that brought none: the same question gets the same one again."""
    said = "\n".join(
        (content.type.value, comparable(content.stem), *(comparable(t) for _, t in content.options))
    )
    return f"i-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _read(raw: Raw) -> tuple[QuestionType, tuple[str, ...], tuple[str, ...]]:
    options = tuple(option.strip() for option in raw.options)
    while options and not options[-1]:
        options = options[:-1]
    kind = _type(raw, options)
    if kind is QuestionType.TRUE_FALSE:
        return kind, (), (_truth(raw.answer, options),)
    if kind is QuestionType.FILL:
        return kind, (), _words(raw.answer)
    if kind is QuestionType.NUMERIC:
        return kind, (), (format(_decimal(str(raw.answer or ""), "答案"), "f"),)
    _check_options(options)
    return kind, options, _letters(kind, raw.answer, len(options))


def _type(raw: Raw, options: Sequence[str]) -> QuestionType:
    """Return the type that is named, or that the answer tells."""
    named = raw.type.strip().lower().removesuffix("题").removesuffix("选择").strip()
    for word, kind in _TYPES.items():
        if named and (named == word or named.startswith(word)):
            return kind
    if named:
        raise ValueError(f"不认识的题型“{raw.type.strip()}”")
    answer = raw.answer
    if options:
        letters = _letter_list(answer) if isinstance(answer, str) else ()
        return QuestionType.MULTIPLE if len(letters) > 1 else QuestionType.SINGLE
    if isinstance(answer, str) and normalise(answer) in _TRUE | _FALSE:
        return QuestionType.TRUE_FALSE
    return QuestionType.FILL


def _truth(answer: str | Sequence[str] | None, options: Sequence[str]) -> str:
    """Return "true" or "false"; a letter stands for the option 对 or 错 that it names."""
    said = normalise(answer if isinstance(answer, str) else "".join(answer or ()))
    if options and len(said) == 1 and said.upper() in LETTERS[: len(options)]:
        said = normalise(options[LETTERS.index(said.upper())])
    if said in _TRUE:
        return TRUE
    if said in _FALSE:
        return FALSE
    raise ValueError(
        f"判断题的答案“{answer or ''}”看不懂，请写“{TRUTH_LABELS[TRUE]}”或“{TRUTH_LABELS[FALSE]}”"
    )


def _words(answer: str | Sequence[str] | None) -> tuple[str, ...]:
    given = answer.replace("｜", "|").split("|") if isinstance(answer, str) else list(answer or ())
    words = tuple(word.strip() for word in given if comparable(word))
    if not words:
        raise ValueError("填空题没有答案")
    return words


def _letter_list(answer: str) -> tuple[str, ...]:
    """Return the letters of "ACD", "A,C" or "A、C"; () for anything else."""
    kept = [char for char in normalise(answer).upper() if not char.isspace() and char not in ",、;/|，；"]
    return tuple(kept) if all(char in LETTERS for char in kept) else ()


def _letters(kind: QuestionType, answer: str | Sequence[str] | None, count: int) -> tuple[str, ...]:
    text = answer if isinstance(answer, str) else "".join(answer or ())
    letters = _letter_list(text)
    if not letters:
        raise ValueError(f"答案“{text}”不是选项字母" if text.strip() else "没有答案")
    if beyond := [letter for letter in letters if letter not in LETTERS[:count]]:
        raise ValueError(f"答案 {beyond[0]} 不在选项里（选项到 {LETTERS[count - 1]}）")
    if len(set(letters)) < len(letters):
        raise ValueError(f"答案“{text}”里有重复的字母")
    if kind is QuestionType.SINGLE and len(letters) != 1:
        raise ValueError(f"单选题的答案要恰好一个，写的是“{text}”")
    if kind is QuestionType.MULTIPLE and len(letters) < 2:
        raise ValueError(f"多选题的答案至少两个，写的是“{text}”")
    return tuple(sorted(letters))


def _check_options(options: Sequence[str]) -> None:
    if len(options) < 2:
        raise ValueError("选择题至少要有两个选项")
    if len(options) > MOST_OPTIONS:
        raise ValueError(f"选项最多 {MOST_OPTIONS} 个")
    for letter, option in zip(LETTERS, options, strict=False):
        _check_length(option, f"选项 {letter}", MAX_OPTION, required=True)
    said = [comparable(option) or option for option in options]
    for place, one in enumerate(said):
        if one in said[:place]:
            raise ValueError(f"选项 {LETTERS[said.index(one)]} 和 {LETTERS[place]} 内容相同")


def _check_length(text: str, name: str, most: int, *, required: bool = False) -> None:
    if required and not text.strip():
        raise ValueError(f"{name}是空的")
    if len(text) > most:
        raise ValueError(f"{name}太长（{len(text):,} 字，最多 {most:,} 字）")


def _decimal(text: str, name: str) -> Decimal:
    try:
        number = Decimal(normalise(text).replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{name}“{text}”不是数字") from None
    if not number.is_finite():
        raise ValueError(f"{name}“{text}”不是数字")
    return number


def _difficulty(text: str) -> Difficulty:
    word = text.strip()
    if not word:
        return Difficulty.MEDIUM
    if word in _DIFFICULTIES:
        return _DIFFICULTIES[word]
    if word in set(Difficulty):
        return Difficulty(word)
    raise ValueError(f"难度“{word}”不认识，请写 易、中 或 难")
