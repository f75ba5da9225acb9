"""Drafts of questions from any manual, made by templates and sifted before a person sees them."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from actions.training.checks import check, sections_of
from actions.training.draft_templates import Draft, drafts, source
from actions.training.grading import LETTERS
from actions.training.numerals import comparable
from actions.training.questions import TRUE, Content, Difficulty, Question, QuestionType, Status
from knowledge.document import Document

AUTHOR = "draft"
_ALIKE = 0.8
_OF_ONE = 3  # drafts of one sentence
_DANGLING = re.compile(r"上述|如上|前述|以上(?:几|三|四|五|各)|^[）】”，。]")
_MAX_STEM, _MIN_STEM = 190, 12


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made: the drafts that passed, how many each template gave, and why others were dropped."""

    questions: tuple[Question, ...]
    by_template: Counter[str]
    dropped: Counter[str]


def make(document: Document, *, known: Sequence[Question] = ()) -> Made:
    """Return drafts of a manual that pass all automatic checks; the same manual gives the same drafts.

    `known` are questions that the bank has: what asks the same is dropped.
    """
    manual, sections = source(document), sections_of(document)
    seen = [_pairs(_said(one.content)) for one in known]
    targets: set[str] = set()
    sentences = Counter[str]()
    kept: list[Question] = []
    by_template, dropped = Counter[str](), Counter[str]()
    for draft in drafts(manual):
        question = _question(draft, document)
        pairs = _pairs(_said(question.content))
        reason = _reason(draft, sections) or ("near_duplicate" if draft.target in targets else "")
        if not reason and sentences[draft.sentence] >= _OF_ONE:
            reason = "enough_of_it"
        if not reason and any(_alike(pairs, other) >= _ALIKE for other in seen):
            reason = "near_duplicate"
        if not reason:
            reason = next((p.code for p in check([question], sections)), "")
        if reason:
            dropped[reason] += 1
            continue
        kept.append(question)
        seen.append(pairs)
        targets.add(draft.target)
        sentences[draft.sentence] += 1
        by_template[draft.template] += 1
    return Made(tuple(kept), by_template, dropped)


def _reason(draft: Draft, sections: dict[str, str]) -> str:
    """Return why a draft is not shown to anybody, "" where it may be."""
    if sum(text.count(draft.sentence) for text in sections.values()) != 1:
        return "not_one_passage"
    if not _MIN_STEM <= len(draft.stem) <= _MAX_STEM or _DANGLING.search(draft.stem):
        return "not_readable"
    if draft.type in (QuestionType.SINGLE, QuestionType.FILL) and any(
        comparable(key) in comparable(draft.stem) for key in draft.answer
    ):
        return "answer_in_stem"
    if draft.type is QuestionType.SINGLE and _longest(draft):
        return "longest_key"
    wrong = draft.options[draft.keys :]
    if draft.type.has_options and (
        len(wrong) < 2 or len({comparable(o) for o in draft.options}) < len(draft.options)
    ):
        return "too_few_options"
    if draft.type is QuestionType.MULTIPLE and any(option in sections[draft.section] for option in wrong):
        return "true_elsewhere"
    if draft.template in ("figure", "figure_typed", "title") and _asked_twice(draft, sections):
        return "not_one_passage"
    return ""


def _longest(draft: Draft) -> bool:
    key, others = len(draft.answer[0]), [len(one) for one in draft.options[1:]]
    return bool(others) and key >= max(others) + 4


def _asked_twice(draft: Draft, sections: dict[str, str]) -> bool:
    """Tell whether another sentence is so much like the asked one that it may have another answer."""
    pairs = _pairs(re.sub(r"\d", "", draft.sentence))
    others = (one for text in sections.values() for one in re.split(r"(?<=[。；])|\n", text))
    return any(
        one != draft.sentence
        and one not in draft.sentence
        and _alike(pairs, _pairs(re.sub(r"\d", "", one))) >= 0.7
        for one in others
    )


def _said(content: Content) -> str:
    right = {text for key, text in content.options if key in content.answer}
    return content.stem + "".join(sorted(right or content.answer))


def _pairs(text: str) -> frozenset[str]:
    said = comparable(text)
    return frozenset(said[at : at + 2] for at in range(len(said) - 1))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def _question(draft: Draft, document: Document) -> Question:
    """Return a draft in the bank's form, its options in an order that does not tell the key."""
    number = zlib.crc32(f"{draft.template}{draft.target}".encode())
    texts = list(draft.options)
    random.Random(number).shuffle(texts)  # noqa: S311  the same each time
    lettered = tuple(zip(LETTERS, texts, strict=False))
    right = draft.options[: draft.keys]
    answer = tuple(key for key, text in lettered if text in right) if lettered else draft.answer
    section = document.section(draft.section)
    content = Content(
        type=draft.type,
        stem=draft.stem,
        options=lettered,
        answer=answer,
        tolerance=Decimal(0),
        explanation=draft.explanation,
        section=draft.section,
        sentence=draft.sentence,
    )
    return Question(
        id=f"d-{draft.section.replace('.', '-')}-{number:08x}",
        content=content,
        difficulty=Difficulty(draft.difficulty),
        topic=section.title if section else "",
        roles=(),
        status=Status.DRAFT,
        author=AUTHOR,
    )


def to_row(question: Question) -> dict[str, object]:
    """Return a draft as a question of the bank's YAML files."""
    content = question.content
    answer: object = list(content.answer)
    if content.type is QuestionType.TRUE_FALSE:
        answer = content.answer == (TRUE,)
    elif content.type is QuestionType.NUMERIC:
        answer = float(content.answer[0]) if "." in content.answer[0] else int(content.answer[0])
    return {
        "id": question.id,
        "type": content.type.value,
        "stem": content.stem,
        **({"options": dict(content.options)} if content.options else {}),
        "answer": answer,
        "explanation": content.explanation,
        "section": content.section,
        "sentence": content.sentence,
        "difficulty": question.difficulty.value,
        "topic": question.topic,
        "status": question.status.value,
        "author": question.author,
    }
