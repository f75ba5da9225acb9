"""Tests of sums and days that are set right in what happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.rasa.complaint_facts import only_fact, set_right


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("158", "amount"),
        ("是168块", "amount"),
        ("三百块钱", "amount"),
        ("1,288.00元", "amount"),
        ("是11月3号", "day"),
        ("昨天", "day"),
        ("158次", ""),
        ("支付", ""),
        ("13800138000", ""),
        ("昨天转账扣了158", ""),
    ],
)
def test_what_is_nothing_but_a_sum_or_a_day(text: str, kind: str) -> None:
    assert only_fact(text) == kind


@pytest.mark.parametrize(
    ("matter", "fact", "right"),
    [
        ("昨天扣了两次 一次128一次128", "158", "昨天扣了两次 一次158一次158"),
        ("昨天扣了我128元", "158", "昨天扣了我158元"),
        ("昨天扣了我三百块", "158", "昨天扣了我158元"),
        ("昨天扣了我128元", "1.2万", "昨天扣了我1.2万"),
        ("昨天扣了我128元", "前天", "前天扣了我128元"),
        ("先扣12元又扣30元", "40元", "先扣12元又扣30元；更正：40元"),
        ("扣了我的钱。", "40元", "扣了我的钱；更正：40元"),
    ],
)
def test_it_stands_where_the_wrong_one_stood(matter: str, fact: str, right: str) -> None:
    assert set_right(matter, fact) == right


@given(st.text(max_size=60), st.text(max_size=20))
def test_no_text_breaks_it(matter: str, fact: str) -> None:
    only_fact(fact)
    set_right(matter, fact)
