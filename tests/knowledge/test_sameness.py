"""Which questions are the same question."""

from __future__ import annotations

import pytest

from knowledge.encoder import SentenceEncoder
from knowledge.sameness import NEAR, SHARED, bare, nearness
from knowledge.text import normalise


def near(one: str, other: str, encoder: SentenceEncoder) -> float:
    first, second = normalise(one), normalise(other)
    return nearness(
        first, second, float(encoder.encode_one(first).sentence @ encoder.encode_one(second).sentence)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("周末可以提现吗", "周末能提现吗？"),
        ("密码输错几次会被锁", "您好，请问密码输错几次会锁定啊"),
        ("怎么注销账户", "怎样把账户注销掉"),
        ("提现手续费怎么收", "提现手续费怎么算"),
        ("你们在北京有网点吗", "北京有你们的网点吗"),
        ("手續費怎麼收", "手续费怎么收"),
    ],
)
def test_the_same_question_in_other_words(encoder: SentenceEncoder, one: str, other: str) -> None:
    assert near(one, other, encoder) >= NEAR
    assert near(other, one, encoder) >= NEAR


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("提现手续费怎么收", "转账手续费怎么收"),
        ("提现手续费怎么收", "提现要手续费吗"),
        ("周末可以提现吗", "周末提现几点到账"),
        ("你们在北京有网点吗", "你们在上海有网点吗"),
        ("怎么注销账户", "怎么注册账户"),
        ("逾期3天罚多少", "逾期30天罚多少"),
        ("考核成绩和奖金怎么联系起来", "考核成绩跟升迁有啥联系"),
        ("怎么联系你们", "怎么联系你们法务"),
        ("啊啊啊啊啊", "哦"),
        ("今天天气怎么样", "投诉一般多久能处理完"),
    ],
)
def test_another_question_on_the_same_subject(encoder: SentenceEncoder, one: str, other: str) -> None:
    assert near(one, other, encoder) < NEAR
    assert near(other, one, encoder) < NEAR


def test_a_question_is_itself_whatever_is_around_it() -> None:
    assert nearness("提现多久到账", "请问,提现多久到账呀?", 0.0) == 1 + SHARED
    assert bare("请问") == "请问"
    assert bare("???") == "???"
