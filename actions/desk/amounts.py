"""Sums of money as people write them: 3,000元, 1.2万, 三千二, 38块5."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGIT = {char: i for i, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_SCALE = {"": 1, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_NUMBER = r"(?<![\d.])\d[\d,]*(?:\.\d+)?"
_CHINESE = "[零〇一二两俩三四五六七八九十百千万几]"
_YUAN = r"(?:元|块钱?|人民币)"
_ABROAD = r"(?:美元|美金|港币|港元|欧元|日元|英镑)"
# What is counted and is no money: 一万个, 三千人, 两千多条.
_COUNTED = "(?!多?[人次个天年名遍位条张笔号米步户种点分岁章只件家字页公里火名股份克斤度倍])"

PATTERN = re.compile(
    rf"[¥￥$]\s?{_NUMBER}\s*[百千万亿]?"
    rf"|{_NUMBER}\s*[百千万亿]?\s*多?\s*(?:{_ABROAD}|{_YUAN})(?:\d角?(?!\d)|\d[角毛])?"
    rf"|{_NUMBER}[万千亿](?:\d(?!\d))?{_COUNTED}"
    rf"|{_CHINESE}{{1,12}}多?(?:{_ABROAD}|{_YUAN})"
    rf"|[一二两三四五六七八九][万千百]{_CHINESE}{{1,10}}{_COUNTED}"
    rf"|[一二两三四五六七八九十]+万{_COUNTED}"
    rf"|(?<=[扣退收付转少赔充借花交亏]了)[一二两三四五六七八九][百千]{_COUNTED}"
)
_SAID = re.compile(
    rf"[¥￥]?\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[百千万亿]?)(?P<tail>\d?)\s*{_YUAN}?(?P<more>\d?)[角毛]?"
)


def value(text: str) -> Decimal | None:
    """Return how many yuan a match of `PATTERN` is, None for about so much (几百块) and other currencies."""
    said = _SAID.fullmatch(text.strip())
    if said:
        scale = _SCALE[said["scale"]]
        whole = Decimal(said["number"].replace(",", "")) * scale
        return whole + Decimal(said["tail"] or 0) * scale / 10 + Decimal(said["more"] or 0) / 10
    spoken = re.fullmatch(rf"({_CHINESE}+){_YUAN}?", text.strip())
    number = chinese(spoken[1]) if spoken else None
    return None if number is None else Decimal(number)


def chinese(text: str) -> int | None:
    """Return a number in Chinese characters, 三千二 as 3200 and 六万八 as 68000; None for what is none."""
    total = section = digit = 0
    last = 1
    for char in text:
        if char in _DIGIT:
            digit = _DIGIT[char]
            last = 10 if char in "零〇" else last
        elif char in _UNIT:
            section += (digit or 1) * _UNIT[char]
            digit, last = 0, _UNIT[char]
        elif char == "万":
            total += (section + digit or 1) * 10_000
            section, digit, last = 0, 0, 10_000
        else:
            return None
    return total + section + digit * (last // 10 if last >= 100 else 1)


def words(amount: Decimal) -> str:
    """Return an amount as people read it: 3,000 元, 38.5 元."""
    return f"{amount.normalize():,f} 元"


_ANY = re.compile(rf"(?<![\d.])\d[\d,]*(?:\.\d+)?[万千]?|{_CHINESE}{{2,12}}")
_LEAST = 10  # smaller numbers say nothing about what a text is about


def numbers(text: str) -> frozenset[Decimal]:
    """Return the numbers of at least 10 that a text names, however they are written: 8000, 八千."""
    found = {value(match[0]) for match in _ANY.finditer(text)}
    return frozenset(number for number in found if number is not None and number >= _LEAST)
