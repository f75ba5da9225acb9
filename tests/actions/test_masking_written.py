"""Masking of what is disguised or written with words: numerals, line breaks, addresses, permits, ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.store.masking import mask
from actions.store.masking.checks import id_check, is_id, is_old_id


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我的号码是 138 0013 8000", "我的号码是 138 **** 8000"),
        ("一三八零零一三八零零零一定打给我", "一三八****八零零零一定打给我"),
        ("壹叁捌零零壹叁捌零零零", "壹叁捌****捌零零零"),
        ("幺三八洞洞幺三八洞洞洞", "幺三八****八洞洞洞"),
        ("1三8零０13八0〇0", "1三8****八0〇0"),
        ("1-3-8-0-0-1-3-8-0-0-0", "1-3-8-*-*-*-*-8-0-0-0"),
        ("手机13800\n138000", "手机138**\n**8000"),
        ("138\u200b001\u200b38000", "138\u200b***\u200b*8000"),
        ("我的电话138，0013，8000", "我的电话138，****，8000"),
        ("138,0013,8000是我电话", "138,****,8000是我电话"),
        ("（+86）138 0013 8000", "（+86）138 **** 8000"),
        ("香港这边 +852 9123 4567", "香港这边 +852 **** 4567"),
        ("座机 6234 5678", "座机 **** 5678"),
    ],
)
def test_a_number_is_hidden_however_it_is_written(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("我住在上海市浦东新区世纪大道100号5栋302室", "我住在上海市浦东新区**************"),
        ("徐汇区龙华路1000弄25号302室，白天有人", "徐汇区***************，白天有人"),
        ("幸福路十八号三栋二单元五〇一室", "***************"),
        ("寄到杭州市西湖区翠苑新村３栋２单元５０１", "寄到杭州市西湖区************"),
        ("河南省周口市太康县城关镇李庄村3组12号", "河南省周口市太康县***********"),
        ("3号楼1203室没人", "********没人"),
    ],
)
def test_an_address_keeps_its_district(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("护照E12345678", "护照E******78"),
        ("ej1234567", "e******67"),
        ("回乡证 H12345678", "回乡证 H******78"),
        ("军字第1234567号", "军字第1****67号"),
        ("老身份证 310101900307123", "老身份证 310**********23"),
        ("沪A·12345", "沪A·***45"),
        ("QQ 123456789", "QQ 1******89"),
        ("加微信：wx_zhang88", "加微信：w*******88"),
        ("zhangsan 艾特 qq点com", "z******* 艾特 qq点com"),
        ("对公账号 3100 0661 1018 1700 0001", "对公账号 **** **** **** **** 0001"),
    ],
)
def test_permits_and_ids_are_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "上海分公司什么时候上班",
        "北京路店的客服态度差",
        "在南京东路100号的网点办的",
        "怎么弄3号还没到账",
        "坐3路12站到你们支行",
        "订单号 13800138000123",
        "订单号：6222021234567890123",
        "交易单号 2777 0823 4020 2884 没到账",
        "流水号是 6267636406018759370，帮查",
        "工单 ts 130105 13812",
        "产品代码 E12345678",
        "一共借了三万，一二三四五期都还了",
        "13800138000元",
        "净值 1.0023，年化 3.65%，分红 0.0138",
        "2026.01.05-2026.02.04 的账单",
        "微信支付 refund 失败",
        "小米13 Pro 手机登录不了 app 8.0.13",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert mask(text) == text


def test_a_number_beside_an_order_is_still_hidden() -> None:
    assert mask("订单号 20260105123456，13800138000") == "订单号 20260105123456，138****8000"
    assert mask("订单 20260105 1234，手机13800138000") == "订单 20260105 1234，手机138****8000"


def test_check_digit_by_the_standard() -> None:
    # The example of GB 11643-1999.
    assert id_check("11010519491231002") == "X"
    assert is_id("11010519491231002X")
    assert not is_id("110105194913310020")
    assert is_old_id("110105491231002")
    assert not is_old_id("200105491231002")


@given(st.text(st.sampled_from("0123456789一二零壹 -,，。@路号栋村电话订单xX\n"), max_size=60))
def test_masking_only_adds_stars(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert all(now in (was, "*") for was, now in zip(text, masked, strict=True))
