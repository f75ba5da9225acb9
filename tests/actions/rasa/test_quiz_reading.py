"""Tests of what a sentence means while a quiz question is open."""

from __future__ import annotations

import pytest

from actions.rasa.heard import Heard
from actions.rasa.quiz_reading import Meaning, read
from actions.training.questions import QuestionType


@pytest.mark.parametrize("text", ["退出测验", "退出", "不做了", "先不答了", "结束测验吧"])
@pytest.mark.parametrize("kind", [QuestionType.SINGLE, QuestionType.FILL])
def test_leaving(text: str, kind: QuestionType) -> None:
    assert read(Heard(text), kind, readable=False) is Meaning.LEAVE


def test_a_readable_choice_is_an_answer_whatever_it_sounds_like() -> None:
    assert read(Heard("对", "affirm", 1.0), QuestionType.TRUE_FALSE, readable=True) is Meaning.ANSWER
    assert read(Heard("B", "greet", 0.9), QuestionType.SINGLE, readable=True) is Meaning.ANSWER


@pytest.mark.parametrize("kind", [QuestionType.SINGLE, QuestionType.FILL, QuestionType.NUMERIC])
def test_a_question_in_between(kind: QuestionType) -> None:
    asked = Heard("投诉多久能处理完？", "ask_manual", 0.9)
    assert read(asked, kind, readable=kind is QuestionType.FILL) is Meaning.INTERRUPT


def test_words_are_the_answer_to_a_fill_in() -> None:
    assert read(Heard("透明", "nlu_fallback", 0.5), QuestionType.FILL, readable=True) is Meaning.ANSWER


def test_buttons() -> None:
    assert read(Heard("", "start_quiz", 1.0, {}, True), QuestionType.SINGLE, readable=False) is Meaning.AGAIN
    assert read(Heard("", "leave_quiz", 1.0, {}, True), QuestionType.SINGLE, readable=False) is Meaning.LEAVE
    assert (
        read(Heard("", "ask_human", 1.0, {}, True), QuestionType.SINGLE, readable=False) is Meaning.INTERRUPT
    )
