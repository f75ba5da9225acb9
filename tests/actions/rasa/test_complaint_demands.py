"""Tests of which clause of a complaint asks for something."""

from __future__ import annotations

import pytest

from actions.rasa.complaint_demands import demand_in


@pytest.mark.parametrize(
    ("text", "demand"),
    [
        ("你们扣错了，马上给我退款，不然没完", "马上给我退款"),
        ("她七十岁了根本不懂，要求全额退保", "要求全额退保"),
        ("影响我买房，请马上给我改过来", "请马上给我改过来"),
        ("卡里少了4600，麻烦查清楚", "麻烦查清楚"),
        ("11月3号扣了25块，把钱退给我", "把钱退给我"),
        ("邻居都看到了，要求书面道歉", "要求书面道歉"),
        ("乱扣费，退钱！", "退钱"),
        ("重複扣了兩次，請退還多扣的款項", "請退還多扣的款項"),
        ("别再打电话了，我要注销账户", "我要注销账户"),
    ],
)
def test_a_wish_is_found(text: str, demand: str) -> None:
    assert demand_in(text) == demand


@pytest.mark.parametrize(
    "text",
    [
        "上个月15号申请的退款到现在一分钱没见着",
        "退款三天没到账",
        "客服说马上给我处理，到现在没人管",
        "答应给我退款的",
        "我要注销账户注销不了",
        "双十一退货的钱到今天都没退",
        "让我自己去申请退款",
        "为什么要我解释",
        "把我拉黑了",
        "我要取钱取不出来",
        "你们扣了我两次钱",
    ],
)
def test_what_was_asked_for_before_is_no_wish(text: str) -> None:
    assert demand_in(text) == ""
