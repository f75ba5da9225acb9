"""Pinyin and wrong characters are read by known words; everything else stays as it was typed."""

from __future__ import annotations

import pytest

from knowledge.spelling import Speller, sound

TEXTS = ["提现多久到账"] * 4 + ["怎么投诉客服", "体现价值", "客户投诉电话", "客户投诉电话", "投诉电话是多少"]


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(TEXTS, latin=["app", "crm", "she"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tixian duojiu dao zhang", "提现多久到账"),
        ("tixianduojiudaozhang", "提现多久到账"),
        ("ti xian 多久", "提现多久"),
        ("zenme tousu", "怎么投诉"),
        ("投素电话", "投诉电话"),
        ("提现到帐", "提现到账"),
    ],
)
def test_reads(speller: Speller, typed: str, meant: str) -> None:
    assert speller.mend(typed) == meant


@pytest.mark.parametrize(
    "typed", ["app 投诉", "crm", "how are you", "reset my password", "", "99.9%", "投诉电话"]
)
def test_leaves_alone(speller: Speller, typed: str) -> None:
    assert speller.mend(typed) == typed


def test_sound_is_toneless() -> None:
    assert sound("绿色") == ("lv", "se")
