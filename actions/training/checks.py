"""Check a question bank against the manual and against the rules of good questions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from actions.training.grading import LETTERS
from actions.training.numerals import comparable
from actions.training.questions import Content, Question, QuestionType, Status
from knowledge.document import Document

Sections = Mapping[str, Set[str] | str]
"""What stands in each section of a manual: its whole text, or its paragraphs or sentences."""

_MUCH_LONGER = 1.5
_LONGER_BY = 6
_SHORT_QUOTE = 4
_NAMES_LETTER = re.compile(r"选项?\s*[A-H](?![A-Za-z])|(?<![A-Za-z])[A-H](?=\s*(?:项|正确|错误|、[A-H]))")
_CATCH_ALL = ("以上都", "以上均", "以上全", "以上皆")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a question. A `hint` is for the author's eye; anything else must be mended."""

    question_id: str
    code: str
    message: str
    hint: bool = False


def sections_of(document: Document) -> dict[str, str]:
    """Return the text of each section of a manual, a paragraph a line."""
    return {section.number: "\n".join(p.text for p in section.paragraphs) for section in document}


def is_stale(content: Content, sections: Sections) -> bool:
    """Tell whether the question's sentence no longer stands verbatim in its section."""
    texts = sections.get(content.section, ())
    return not any(content.sentence in text for text in ([texts] if isinstance(texts, str) else texts))


def check(questions: Sequence[Question], sections: Sections) -> list[Problem]:
    """Return all problems of a bank; retired questions are not held against the manual."""
    problems = [*_twice(questions)]
    for question in questions:
        if question.status is not Status.RETIRED:
            problems += _source(question, sections)
        for rule in _RULES:
            problems += rule(question)
    return problems


def _twice(questions: Sequence[Question]) -> Iterator[Problem]:
    ids = Counter(question.id for question in questions)
    for question_id, times in ids.items():
        if times > 1:
            yield Problem(question_id, "duplicate_id", f"编号出现了 {times} 次")
    first: dict[str, str] = {}
    for question in questions:
        said = comparable(question.content.stem)
        if first.setdefault(said, question.id) != question.id:
            yield Problem(question.id, "duplicate_stem", f"题干与 {first[said]} 相同")


def _source(question: Question, sections: Sections) -> Iterator[Problem]:
    content = question.content
    if not content.section:
        yield Problem(question.id, "no_source", "没有写出处：章节和原文都要有")
        return
    if content.section not in sections:
        yield Problem(question.id, "unknown_section", f"手册没有 {content.section} 节")
    elif is_stale(content, sections):
        yield Problem(question.id, "stale", f"{content.section} 节里没有这句原文：{content.sentence}")
    if len(content.sentence) < _SHORT_QUOTE:
        yield Problem(question.id, "short_sentence", "引用的原文太短，认不出是哪一句")


def _options(question: Question) -> Iterator[Problem]:
    content = question.content
    if not content.type.has_options:
        return
    if "".join(content.keys) != LETTERS[: len(content.keys)] or len(content.keys) < 2:
        yield Problem(question.id, "bad_options", "选项至少两个，字母从 A 起连续")
    if len({comparable(text) for _, text in content.options}) < len(content.options):
        yield Problem(question.id, "same_options", "有两个选项内容相同")
    for key in content.answer:
        if key not in content.keys:
            yield Problem(question.id, "key_not_among_options", f"答案 {key} 不在选项里")
    for _, text in content.options:
        if text.startswith(_CATCH_ALL):
            yield Problem(question.id, "catch_all_option", f"选项会打乱顺序，不能写“{text}”")
    if _NAMES_LETTER.search(content.explanation):
        yield Problem(question.id, "letter_in_explanation", "选项会打乱顺序，解析里不能写选项字母")


def _key(question: Question) -> Iterator[Problem]:
    content = question.content
    if content.type is QuestionType.SINGLE and len(content.answer) != 1:
        yield Problem(question.id, "not_one_key", "单选题的答案要恰好一个")
    if content.type is QuestionType.MULTIPLE and len(set(content.answer)) < 2:
        yield Problem(question.id, "too_few_keys", "多选题的答案至少两个")
    if content.type is QuestionType.FILL:
        for accepted in content.answer:
            if not comparable(accepted):
                yield Problem(question.id, "empty_answer", "填空题的答案不能为空")
            elif comparable(accepted) in comparable(content.stem):
                yield Problem(question.id, "answer_in_stem", f"题干里已经写出答案“{accepted}”")
    if content.tolerance < 0:
        yield Problem(question.id, "negative_tolerance", "容差不能小于 0")


def _length(question: Question) -> Iterator[Problem]:
    """Hint at a single key that its length gives away."""
    content = question.content
    lengths = {key: len(text) for key, text in content.options}
    if content.type is not QuestionType.SINGLE or not set(content.answer) <= lengths.keys():
        return
    key = max((lengths[k] for k in content.answer), default=0)
    others = max((n for k, n in lengths.items() if k not in content.answer), default=key)
    if key >= others * _MUCH_LONGER and key - others >= _LONGER_BY:
        yield Problem(question.id, "longest_key", "正确选项明显比其他选项长，容易被猜中", hint=True)


_RULES: tuple[Callable[[Question], Iterator[Problem]], ...] = (_options, _key, _length)
