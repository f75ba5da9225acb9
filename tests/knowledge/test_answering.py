"""What is answered, refused, offered and quoted, on the real edition."""

from __future__ import annotations

import pytest

from knowledge.answering import Answerer, check_question, source_line
from knowledge.document import Answer, Audience, Outcome
from knowledge.errors import WenjinError
from knowledge.suggestions import alike

CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF


@pytest.mark.parametrize(
    ("question", "audience", "section", "part"),
    [
        ("投诉处理的原则是什么", CUSTOMER, "3.5", "及时响应、公正处理、反馈结果"),
        ("投诉一般多久能处理完", CUSTOMER, "3.5", "15天"),
        ("提现多久到账", CUSTOMER, "2.2", "实时到账或次日到账"),
        ("应急响应要多久启动", CUSTOMER, "5.4", "24小时"),
        ("你们有哪些客服渠道", CUSTOMER, "3.2", "线下网点"),
        ("财务风险有几类", STAFF, "7.4", "五类"),
        ("绩效考核有哪些指标", STAFF, "1.5", "绩效指标"),
    ],
)
def test_answers_with_the_sentence(
    answerer: Answerer, question: str, audience: Audience, section: str, part: str
) -> None:
    answer = answerer.answer(question, audience=audience)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.citations[0].section == section == answer.ranking[0].section
    assert part in answer.text


def test_answer_is_verbatim_and_cited(answerer: Answerer) -> None:
    answer = answerer.answer("投诉处理的原则是什么", audience=CUSTOMER)
    section = answerer.index.document.section(answer.citations[0].section)
    assert section is not None
    for citation in answer.citations:
        assert any(citation.sentence in paragraph.text for paragraph in section.paragraphs)
        assert citation.sentence in answer.text
        assert citation.title == section.title


def test_list_question_gets_the_whole_list(answerer: Answerer) -> None:
    answer = answerer.answer("互联网金融都有哪些业务", audience=CUSTOMER)
    lines = answer.text.splitlines()
    assert "六类" in lines[0]
    assert len([line for line in lines if line.startswith("· ")]) == 6
    assert len(answer.citations) == 7


@pytest.mark.parametrize(
    ("question", "outcome", "reason"),
    [
        ("我账户里还剩多少钱", Outcome.HANDOVER, "账户"),
        ("我的贷款批下来了没", Outcome.HANDOVER, "借款"),
        ("你们借款年化利率是多少", Outcome.REFUSED, "费率"),
        ("逾期一天罚多少", Outcome.REFUSED, "罚息"),
        ("客服电话多少", Outcome.REFUSED, "电话"),
        ("今天天气怎么样", Outcome.REFUSED, "手册里没有写"),
        ("How do I reset my password?", Outcome.REFUSED, "手册里没有写"),
    ],
)
def test_refuses_and_says_why(answerer: Answerer, question: str, outcome: Outcome, reason: str) -> None:
    answer = answerer.answer(question, audience=CUSTOMER)
    assert answer.outcome is outcome
    assert reason in answer.text
    assert "转人工" in answer.text
    assert not answer.citations
    assert not answer.followups


def test_missing_part_is_said_to_be_missing(answerer: Answerer) -> None:
    staff = answerer.answer("8.2讲什么", audience=STAFF)
    assert staff.outcome is Outcome.REFUSED
    assert "手册没有收录这一部分" in staff.text and "8.2" in staff.text
    customer = answerer.answer("8.2讲什么", audience=CUSTOMER)
    assert "手册没有收录这一部分" in customer.text
    assert "8.2" not in customer.text


def test_choices_and_followups_are_answered_when_chosen(answerer: Answerer) -> None:
    answer = answerer.answer("投诉一般多久能处理完", audience=CUSTOMER)
    assert 1 <= len(answer.followups) <= 3
    for question in answer.followups:
        chosen = answerer.answer(question, audience=CUSTOMER)
        assert chosen.outcome is Outcome.ANSWERED
        assert not alike(question, "投诉一般多久能处理完")


def test_known_question_is_never_asked_back(answerer: Answerer) -> None:
    view = answerer.searcher.view(CUSTOMER)
    for place in view.questions[::97]:
        attachment = answerer.index.attached[place]
        answer = answerer.answer(attachment.text, audience=CUSTOMER)
        if answerer.searcher.search(attachment.text, CUSTOMER).exact >= 0:
            assert answer.outcome is Outcome.ANSWERED
            assert answer.ranking[0].section == attachment.section


def test_same_question_same_answer(answerer: Answerer) -> None:
    first = answerer.answer("数据泄露了怎么办", audience=CUSTOMER)
    assert answerer.answer("数据泄露了怎么办", audience=CUSTOMER) == first


@pytest.mark.parametrize("bad", ["", "   ", "\u200b\x00", None, 7])
def test_nothing_asked(bad: object) -> None:
    with pytest.raises(WenjinError) as error:
        check_question(bad)
    assert error.value.code == "empty_question"


def test_too_long() -> None:
    with pytest.raises(WenjinError) as error:
        check_question("问" * 2001)
    assert error.value.code == "question_too_long"
    assert "2,001" in error.value.message


def test_source_line_names_each_section_once(answerer: Answerer) -> None:
    answer = answerer.answer("互联网金融都有哪些业务", audience=CUSTOMER)
    assert source_line(answer, "手册") == "《手册》1.1 互联网金融业务概述"
    assert source_line(Answer(Outcome.REFUSED, ""), "手册") == ""
