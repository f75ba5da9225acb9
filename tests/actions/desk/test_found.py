"""Tests of what is recognised in a complaint."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.desk import found

TODAY = date(2025, 11, 26)


def test_what_a_complaint_names_is_found() -> None:
    text = "上周三在门店办的贷款多收我3000块，订单号A20251120001，尾号6217，打我13912345678"
    assert found.find(text, TODAY) == {
        "days": [{"text": "上周三", "from": "2025-11-19", "to": "2025-11-19"}],
        "amounts": [{"text": "3000块", "value": "3000"}],
        "orders": ["A20251120001"],
        "cards": ["6217"],
        "phones": ["13912345678"],
        "products": ["贷款"],
        "places": ["branch"],
    }


def test_nothing_named_is_nothing_found() -> None:
    assert found.find("气死我了", TODAY) == {}


def test_of_a_card_only_the_last_digits_are_kept() -> None:
    assert found.find("卡号6222021234567894扣了钱", TODAY)["cards"] == ["7894"]
    assert "cards" not in found.find("单子1234567890123456不是卡", TODAY)


def test_a_day_stays_what_it_was_when_it_was_said() -> None:
    known = {"昨天": {"text": "昨天", "from": "2025-11-20", "to": "2025-11-20"}}
    assert found.find("昨天扣的，前天也扣了", TODAY, known)["days"] == [
        known["昨天"],
        {"text": "前天", "from": "2025-11-24", "to": "2025-11-24"},
    ]


def test_the_line_that_customers_read() -> None:
    recognised = found.find("11月20日扣了3000块和几百块，订单号A2025112000", TODAY)
    assert found.line(recognised, TODAY) == "涉及金额 3,000 元、几百块，11月20日，订单号 A2025112000"
    assert found.line({}, TODAY) == ""


def test_the_largest_sum() -> None:
    assert found.largest_amount(found.find("先扣12元又扣1.2万，还有几百块", TODAY)) == Decimal(12_000)
    assert found.largest_amount({}) == 0


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("理财赎回一直不到", "理财"),
        ("充值和提现都不行", ""),
        ("客服骂人", "客服服务"),
        ("找客服退会员费没人理", "会员"),
        ("打客服电话没人接，快递箱里的东西坏了", ""),
        ("打客服电话没人接，我上礼拜六买的基金赎回三天了钱还没到账", "基金"),
        ("打客服电话半小时没人接", "客服服务"),
        ("客服态度太差，我问个事就不耐烦，还挂我电话", "客服服务"),
        ("柜台排了两个小时队，轮到我说下班了，什么服务态度", ""),
        ("退款三天了还没到账", ""),
        ("催收天天打电话，我就逾期了三天", "催收"),
        ("信用卡逾期怎么还有利息", "信用卡"),
        ("我明明还清了征信上还是逾期", "征信"),
        ("绑定的卡换了，还款扣不了，结果算我逾期", "贷款"),
        ("利息怎么比说好的高", "贷款"),
        ("我的账户被冻结了，没有任何通知", "账户"),
        ("昨天在便利店扫码，显示失败钱扣了", "支付"),
        ("卡里少了4600，她从来没用过手机支付", ""),
        ("優惠券用不了", "优惠活动"),
        ("轉賬失敗錢沒退回來", "转账"),
    ],
)
def test_a_product_is_taken_only_when_it_is_clear(text: str, product: str) -> None:
    assert found.product(text) == product


def test_traditional_script_and_dictated_numbers_are_read() -> None:
    said = found.find("上週三轉賬扣了兩百塊，打我幺三八零零幺三八零零零", TODAY)
    assert said["days"][0]["from"] == "2025-11-19"
    assert said["amounts"] == [{"text": "两百块", "value": "200"}]
    assert said["phones"] == ["13800138000"]
    assert said["products"] == ["转账"]


def test_a_sum_may_end_a_clause() -> None:
    said = found.find("一年交6000，她根本不懂", TODAY)
    assert said["amounts"] == [{"text": "6000", "value": "6000"}]


def test_until_today_names_no_day() -> None:
    assert "days" not in found.find("到今天都没退", TODAY)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    found.line(found.find(text, TODAY), TODAY)
