"""Ranking, what a customer's search may touch, and what was typed askew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from knowledge import views
from knowledge.answering import Answerer
from knowledge.document import Audience, Outcome
from knowledge.encoder import SentenceEncoder
from knowledge.index import Index
from knowledge.questions import QuestionBank
from knowledge.text import words
from knowledge.views import Groups, View

CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF


@pytest.fixture(scope="module")
def readable(answerer: Answerer) -> set[str]:
    return {s.number for s in answerer.index.document if s.audience is CUSTOMER}


def test_a_customers_view_holds_no_staff_text(answerer: Answerer, readable: set[str]) -> None:
    view = answerer.searcher.view(CUSTOMER)
    assert set(view.sections) == readable
    assert {view.index.units[i].section for i in view.units} <= readable
    assert {view.index.passages[i].section for i in view.passages} <= readable
    assert {view.index.attached[i].section for i in view.questions} <= readable
    assert set(answerer.searcher.view(STAFF).sections) > readable


def test_staff_questions_asked_by_a_customer_reveal_nothing(
    answerer: Answerer, question_bank: QuestionBank, readable: set[str]
) -> None:
    closed = [q for q in question_bank.answerable if q.section not in readable]
    known = {a.text for a in answerer.index.attached if a.section not in readable}
    staff_only = {unit.text for unit in answerer.index.units if unit.section not in readable}
    refused = 0
    for question in closed[::25]:
        answer = answerer.answer(question.text, audience=CUSTOMER)
        refused += answer.outcome in (Outcome.REFUSED, Outcome.HANDOVER)
        assert {ranked.section for ranked in answer.ranking} == readable
        assert {citation.section for citation in answer.citations} <= readable
        assert not any(sentence in answer.text for sentence in staff_only)
        assert not {text.rstrip("？") for text in (*answer.followups, *answer.choices)} & known - {
            a.text for a in answerer.index.attached if a.section in readable
        }
    assert refused >= 0.9 * len(closed[::25])


def test_removing_staff_text_changes_nothing_for_a_customer(
    answerer: Answerer, encoder: SentenceEncoder, readable: set[str]
) -> None:
    index = answerer.index
    units = tuple(u if u.section in readable else replace(u, text="换掉了") for u in index.units)
    passages = tuple(p if p.section in readable else replace(p, text="换掉了") for p in index.passages)
    open_units = np.array([[u.section in readable] for u in index.units])
    open_passages = np.array([[p.section in readable] for p in index.passages])
    other = Answerer(
        replace(
            index,
            units=units,
            passages=passages,
            passage_words=tuple(
                w if p.section in readable else ("换掉",)
                for w, p in zip(index.passage_words, index.passages, strict=True)
            ),
            unit_vectors=np.asarray(index.unit_vectors) * open_units,
            passage_vectors=np.asarray(index.passage_vectors) * open_passages,
        ),
        encoder,
    )
    for question in ("投诉多久处理完", "绩效考核有哪些指标", "你们的预算怎么做", "我的钱安全吗"):
        assert other.answer(question, audience=CUSTOMER) == answerer.answer(question, audience=CUSTOMER)


def test_a_false_answer_is_not_given_for_a_staff_matter(answerer: Answerer) -> None:
    assert answerer.answer("绩效考核有哪些指标", audience=CUSTOMER).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "typed",
    [
        "tixian duojiu dao zhang",
        "提線多久到賬",
        "提现多久到帐",
        "  提 现 多 久 到 账 ？？ ",
        "\u63d0\u73fe\u591a\u4e45\u5230\u8cec",
        "请问一下哈，提现多久到账呀",
        "你好，麻烦问下提现多久到账，谢谢",
    ],
)
def test_typed_askew_finds_the_same(answerer: Answerer, typed: str) -> None:
    answer = answerer.answer(typed, audience=CUSTOMER)
    assert answer.ranking[0].section == "2.2"
    assert "实时到账或次日到账" in answer.text


def test_ranking_is_ordered_and_whole(answerer: Answerer) -> None:
    ranking = answerer.answer("风险怎么管理", audience=STAFF).ranking
    scores = [ranked.score for ranked in ranking]
    assert scores == sorted(scores, reverse=True)
    assert len({ranked.section for ranked in ranking}) == len(answerer.index.document.sections)


def test_equal_scores_are_ordered_by_section_number(index: Index, encoder: SentenceEncoder) -> None:
    blank = replace(
        index,
        passage_vectors=np.zeros(index.passage_vectors.shape, np.float32),
        unit_vectors=np.zeros(index.unit_vectors.shape, np.float32),
        question_vectors=np.zeros_like(index.question_vectors),
        passage_tokens=replace(
            index.passage_tokens, rows=np.zeros(index.passage_tokens.rows.shape, np.float16)
        ),
        passage_words=tuple(() for _ in index.passage_words),
    )
    found = Answerer(blank, encoder).searcher.search("任意一个问题", STAFF)
    assert [ranked.section for ranked in found.ranking] == View(blank, STAFF).sections


def test_sections_know_their_sentences_in_reading_order(answerer: Answerer) -> None:
    view = answerer.searcher.view(STAFF)
    for section in view.sections:
        texts = [view.index.units[view.units[row]].text for row in view.units_of(section)]
        assert texts == [unit.text for unit in view.index.units if unit.section == section]


@pytest.mark.parametrize("audience", [CUSTOMER, STAFF])
def test_words_are_scored_as_bm25s_scores_them(
    answerer: Answerer, audience: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "synonyms", lambda _: [])
    view, text = answerer.searcher.view(audience), "投诉 客户 投诉 处理"
    assert np.array_equal(view.word_scores(text), view.bm25.get_scores(words(text)))
    assert not view.word_scores("qqq").any()


def test_groups_take_the_mean_of_their_best() -> None:
    groups = Groups.of([0, 0, 2, -1, 0], 3)
    best = groups.best(np.array([0.5, 0.1, 0.3, 9.0, 0.9], np.float32), 2)
    assert best.tolist() == pytest.approx([0.7, 0.1, 0.3])
