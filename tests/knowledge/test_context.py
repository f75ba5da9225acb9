"""What a follow-up points back to, and what changes the topic."""

from __future__ import annotations

import pytest

from knowledge.answering import Answerer
from knowledge.context import resolve, subject_of
from knowledge.document import Audience, Outcome

CUSTOMER = Audience.CUSTOMER


@pytest.mark.parametrize("question", ["那个要多久？", "要多久", "一般几天", "这个多久能处理完"])
def test_a_question_that_points_back_takes_the_one_before(question: str) -> None:
    assert "投诉" in resolve(question, "投诉怎么处理")


@pytest.mark.parametrize("question", ["客服渠道有哪些", "提现多久到账", "我要转人工", "隐私怎么保护"])
def test_a_subject_of_its_own_changes_the_topic(question: str) -> None:
    assert resolve(question, "投诉怎么处理") == question


def test_a_new_subject_takes_over_what_was_asked() -> None:
    assert resolve("那提现呢", "投诉多久能处理完") == "提现多久能处理完"


def test_nothing_before_nothing_taken() -> None:
    assert resolve("那个要多久？", "") == "那个要多久？"


def test_light_words_are_no_subject() -> None:
    assert subject_of("一般要多久能处理完") == []
    assert "投诉" in subject_of("投诉一般要多久")


def test_follow_up_is_answered_from_the_topic_before(answerer: Answerer) -> None:
    answer = answerer.answer("那个要多久？", audience=CUSTOMER, context="投诉怎么处理")
    assert answer.outcome is Outcome.ANSWERED
    assert answer.ranking[0].section == "3.5"
    assert "天" in answer.text
    changed = answerer.answer("提现多久到账", audience=CUSTOMER, context="投诉怎么处理")
    assert changed.ranking[0].section == "2.2"
