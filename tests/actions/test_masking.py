"""Masking: no personal number survives, ordinary text is untouched."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.store.masking import luhn, mask, mask_contact

WORDS = st.sampled_from(["", "我的号码是", "请打", "，", "（", "wx", "tel:", "A", " ", "。", "\n", "银行卡"])
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
PLAIN = str.maketrans("０１２３４５６７８９", "0123456789")


def digits(size: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=size, max_size=size)


def written(*parts: str) -> st.SearchStrategy[str]:
    """Return ways to write a number whose groups are `parts`."""
    ways = st.sampled_from(["", " ", "-", " - ", "\u00a0", "．"]).map(lambda gap: gap.join(parts))
    return st.one_of(ways, ways.map(lambda text: text.translate(FULL_WIDTH)))


@st.composite
def mobiles(draw: st.DrawFn) -> tuple[str, str]:
    number = "1" + draw(st.sampled_from("3456789")) + draw(digits(9))
    groups = draw(st.sampled_from([(3, 4, 4), (3, 8), (11,), (3, 3, 5), (4, 4, 3), (7, 4), (5, 6), (6, 5)]))
    parts, at = [], 0
    for size in groups:
        parts.append(number[at : at + size])
        at += size
    prefix = draw(st.sampled_from(["", "+86", "86", "+86 ", "0086-"]))
    return number, prefix + draw(written(*parts))


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, str]:
    size = draw(st.sampled_from([16, 17, 18, 19]))
    start = draw(st.sampled_from(["62", "6222", "4", "51", "955880", "3568"]))
    body = start + draw(digits(size - len(start) - 1))
    number = next(body + last for last in "0123456789" if luhn(body + last))
    return number, draw(written(*(number[at : at + 4] for at in range(0, size, 4))))


@st.composite
def ids(draw: st.DrawFn) -> tuple[str, str]:
    day = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31))).strftime("%Y%m%d")
    area = draw(st.sampled_from(["11", "31", "44", "65", "82"])) + draw(digits(4))
    tail = draw(digits(3)) + draw(st.sampled_from("0123456789Xx"))
    return area + day + tail, draw(written(area, day, tail))


def left(masked: str) -> list[str]:
    """Return the runs of digits that can still be read, gaps taken out."""
    plain = masked.translate(PLAIN)
    return [re.sub(r"\D", "", run) for run in re.findall(r"\d(?:[\s\-.．]*\d)*", plain)]


@given(WORDS, mobiles(), WORDS)
def test_no_mobile_number_survives(before: str, phone: tuple[str, str], after: str) -> None:
    number, shown = phone
    masked = mask(before + shown + after)
    assert all(len(run) <= 7 for run in left(masked)), masked
    assert masked.count("*") == 4
    assert left(masked)[-1] == number[-4:]
    assert len(masked) == len(before + shown + after)


@given(WORDS, cards(), WORDS)
def test_no_card_number_survives(before: str, card: tuple[str, str], after: str) -> None:
    number, shown = card
    masked = mask(before + shown + after)
    assert left(masked) == [number[-4:]]


@given(WORDS, ids(), WORDS)
def test_no_id_number_survives(before: str, person: tuple[str, str], after: str) -> None:
    masked = mask(before + person[1] + after)
    assert all(len(run) <= 5 for run in left(masked)), masked
    assert person[0][6:14] not in masked


@given(st.emails(domains=st.just("example.com")), WORDS)
def test_no_mail_address_survives(address: str, before: str) -> None:
    address = re.sub(r"[^A-Za-z0-9.@]", "x", address)
    masked = mask(f"{before} {address}，谢谢")
    assert address not in masked
    assert masked.endswith("@example.com，谢谢")


AMOUNTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "￥", "¥", "共"]),
    st.one_of(
        st.integers(0, 999_999_999).map(str), st.decimals(0, 9_999_999, places=2).map(lambda d: f"{d:,}")
    ),
    st.sampled_from(["元", "万元", "%", "笔", "天", "人民币"]),
)
FIRST, LAST = datetime(1900, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001
DATES = st.datetimes(FIRST, LAST).flatmap(
    lambda at: st.sampled_from(
        [f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y年%m月%d日}", f"{at:%Y/%m/%d}", f"{at:%Y%m%d}", f"{at:%Y.%m.%d}"]
    )
)
NUMBERS = st.builds("TS{}-{}".format, st.dates().map(lambda day: day.strftime("%y%m%d")), digits(5))
PROSE = st.text(st.characters(categories=["Lo", "Po", "Zs"]), max_size=20)


@given(st.lists(st.one_of(AMOUNTS, DATES, NUMBERS, PROSE), max_size=5))
def test_ordinary_text_is_untouched(parts: list[str]) -> None:
    text = "，".join(parts)
    assert mask(text) == text


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)
    assert len(mask(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("手机13812345678。", "手机138****5678。"),
        ("+86 138-1234-5678", "+86 138-****-5678"),
        ("电话010-62345678", "电话010-****5678"),
        ("(0755)8234 5678", "(0755)**** 5678"),
        ("身份证11010119900307123X", "身份证110*************3X"),
        ("卡号 6222 0212 3456 7890 123", "卡号 **** **** **** ***0 123"),
        ("邮箱 zhang.san@bank.com.cn 谢谢", "邮箱 z********@bank.com.cn 谢谢"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
    ],
)
def test_it_shows_enough_to_recognise_ones_own(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "转账13800元，手续费13.80元",
        "请拨打95588或400-820-8888",
        "交易流水号 20260105123456789012345",
        "2026-01-05 13:45:12 扣款 1,380,013.80 元",
        "工单 TS260105-13812",
        "年化 3.65%，期限 180 天，起投 10000 元",
        "",
    ],
)
def test_figures_that_name_nobody_stay(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [("13812345678", "138****5678"), ("微信 wx_zhang88", "微信 w*******88"), ("老王", "**"), ("", "")],
)
def test_a_contact_is_never_shown_whole(text: str, masked: str) -> None:
    assert mask_contact(text) == masked
