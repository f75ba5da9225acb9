"""The bank that ships: sound, approved, and from every section of our own edition."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from actions.training import bank, grading
from actions.training.questions import Difficulty, Question, QuestionType, Status
from knowledge.sections import load_edition

PROJECT = Path(__file__).parents[2]
ROLES = {"业务", "技术", "风控", "合规法务", "客服"}


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """The text of each section of our own edition."""
    return bank.sections_of(load_edition(PROJECT / "knowledge" / "manual"))


@pytest.fixture(scope="module")
def approved() -> list[Question]:
    """The questions that papers may take."""
    loaded = bank.load(PROJECT / "training_data" / "quiz")
    return [question for question in loaded if question.status is Status.APPROVED]


def test_no_problems(sections: dict[str, str]) -> None:
    assert bank.check(bank.load(PROJECT / "training_data" / "quiz"), sections) == []


def test_every_section_has_questions(approved: list[Question], sections: dict[str, str]) -> None:
    counts = Counter(question.content.section for question in approved)
    assert len(approved) >= 320
    assert len(sections) == 36
    assert counts.keys() == sections.keys()
    assert min(counts.values()) >= 7


def test_every_type_role_and_difficulty_has_its_share(approved: list[Question]) -> None:
    roles = Counter(role for question in approved for role in question.roles)
    levels = Counter(question.difficulty for question in approved)
    assert {question.content.type for question in approved} == set(QuestionType)
    assert roles.keys() == ROLES
    assert min(roles.values()) >= 45
    for level, share in ((Difficulty.EASY, 0.30), (Difficulty.MEDIUM, 0.45), (Difficulty.HARD, 0.25)):
        assert abs(levels[level] / len(approved) - share) <= 0.05, level


def test_each_key_is_what_a_person_would_reply(approved: list[Question]) -> None:
    for question in approved:
        content = question.content
        for reply in (
            content.answer
            if content.type == "fill"
            else ["".join(grading.displayed(content, content.answer))]
        ):
            assert grading.is_correct(content, grading.read(content, reply)), (question.id, reply)


def test_position_and_length_do_not_give_the_key_away(approved: list[Question]) -> None:
    single = [question.content for question in approved if question.content.type == "single"]
    longest = sum(
        max(content.options, key=lambda option: len(option[1]))[0] in content.answer for content in single
    )
    truths = Counter(q.content.answer[0] for q in approved if q.content.type == "true_false")
    assert longest <= len(single) / 2
    assert min(truths["true"], truths["false"]) >= sum(truths.values()) / 4


def test_every_case_is_asked_about_three_or_four_times(
    approved: list[Question], sections: dict[str, str]
) -> None:
    cases = {question.case.id: question.case for question in approved if question.case}
    asked = Counter(question.case.id for question in approved if question.case)
    assert len(cases) >= 12
    assert set(asked.values()) <= {3, 4}
    for case in cases.values():
        assert 120 <= len(case.scenario) <= 350, case.id
        assert case.section in sections
        assert case.roles
        assert ROLES.issuperset(case.roles)
