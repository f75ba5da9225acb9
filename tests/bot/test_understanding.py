"""Tests of what a text names: kinds, plain values and places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.understanding import entities


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("昨天扣了我３０块钱", "amount", "30块钱"),
        ("昨天扣了我30块钱", "date", "昨天"),
        ("上周三下午办的", "date", "上周三"),
        ("2026年3月5日那笔", "date", "2026年3月5日"),
        ("明天能到吗", "date", "明天"),
        ("下个月能还", "date", "下个月"),
        ("分12期还", "period", "12期"),
        ("都等了三天了", "period", "三天"),
        ("15个工作日还没到", "period", "15个工作日"),
        ("贷款三年", "period", "三年"),
        ("打我１３８ 1234 5678", "phone", "13812345678"),
        ("身份证11010119900307851x", "id_number", "11010119900307851X"),
        ("身份证号是 110101 19900307 8515", "id_number", "110101199003078515"),
        ("卡号6222 0212 3456 7890 123", "card", "6222021234567890123"),
        ("尾号3312的卡", "card", "3312"),
        ("订单号WX20260105001查一下", "order_number", "WX20260105001"),
        ("我的基金怎么没了", "product", "基金"),
        ("网贷利息太高", "product", "贷款"),
        ("单号ts26010512345", "ticket_number", "TS260105-12345"),
        ("发a.b@qq.com", "email", "a.b@qq.com"),
    ],
)
def test_what_a_text_names_is_found(text: str, kind: str, value: str) -> None:
    found = [one for one in entities(text) if one.entity == kind]
    assert [one.value for one in found][:1] == [value]
    assert 0 <= found[0].start < found[0].end <= len(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("三天前登记的", "period"),
        ("第3期账单", "period"),
        ("流水200123199912310", "id_number"),
        ("打95588", "phone"),
        ("我有三个问题", "amount"),
    ],
)
def test_what_only_looks_alike_is_left(text: str, kind: str) -> None:
    assert kind not in {one.entity for one in entities(text)}


@given(st.text(alphabet="扣了3年期62-x １月前卡天元ts尾号 ", max_size=40))
def test_places_lie_in_the_text(text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in entities(text))
