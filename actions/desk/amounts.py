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
_FOREIGN = r"(?:美元|美金|港币|港元|港纸|欧元|日元|英镑|澳元|加元|韩元|USD|HKD|EUR|JPY)"
# What is counted and is no money: 一万个, 三千人, 两千多条.
_COUNTED = "(?!多?[人次个天年名遍位条张笔号米步户种点分岁章只件家字页公里火名股份克斤度倍])"
# What a bare number after a word of money must not be: a share, a time, a day, a part of a longer number.
_BARE_END = (
    r"(?![.,:]?\d|[/\-~%％‰a-zA-Z期月日周星期礼时小秒折刻台部盒瓶套双包袋单成层楼路届集季百千万亿元块毛角])"
)


def _after_money() -> str:
    """Return where a number is a sum though nothing else says so: 扣了我98, 年费300, 一次199, 降到了500."""
    endings = ("", "了", "我", "了我", "走", "走了", "掉", "掉了", "款", "钱", "了钱", "给我", "了他", "我了")
    places = [rf"(?<=[扣退收付赔充借花交亏存欠少罚刷汇减值现还垫]{ending})" for ending in endings]
    places += [rf"(?<=转{ending})" for ending in endings if ending]  # 转95588 is a call
    places += [rf"(?<=[费额金息款价]{ending})" for ending in ("", "是", "为", "就", "就是", ":", "：", "共")]
    places += [
        r"(?<=[扣付收刷]了[一两二三][次笔])",
        r"(?<=[一每][次笔期])",
        r"(?<=[降升提涨]到)",
        r"(?<=[降升提涨]到了)",
        r"(?<=[一总]共)",
    ]
    return f"(?:{'|'.join(dict.fromkeys(places))})"


_MONEY = _after_money()

PATTERN = re.compile(
    rf"{_FOREIGN}\s?{_NUMBER}\s*[百千万亿]?\s*{_YUAN}?"
    rf"|[¥￥$]\s?{_NUMBER}\s*[百千万亿]?"
    rf"|{_NUMBER}\s*[百千万亿]?\s*多?\s*(?:{_FOREIGN}|{_YUAN})(?:\d角?(?!\d)|\d[角毛])?"
    rf"|{_NUMBER}[万千亿](?:\d(?!\d))?{_COUNTED}"
    rf"|{_CHINESE}{{1,12}}多?(?:{_FOREIGN}|{_YUAN})"
    rf"|[一二两三四五六七八九][万千百]{_CHINESE}{{1,10}}{_COUNTED}"
    rf"|[一二两三四五六七八九十]+万{_COUNTED}"
    rf"|{_MONEY}[一二两三四五六七八九][百千]{_COUNTED}"
    rf"|{_MONEY}(?:\d{{1,3}}(?:,\d{{3}})+|\d{{2,7}}|\d(?=\.\d))(?:\.\d{{1,2}})?{_BARE_END}{_COUNTED}"
    rf"|{_NUMBER}[毛角](?:\d(?!\d))?"
)
_COINS = re.compile(r"(\d+)[毛角](\d?)")
_SAID = re.compile(
    rf"[¥￥]?\s*(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<scale>[百千万亿]?)(?P<tail>\d?)\s*{_YUAN}?(?P<more>\d?)[角毛]?"
)


def value(text: str) -> Decimal | None:
    """Return how many yuan a match of `PATTERN` is, None for about so much (几百块) and other currencies."""
    coins = _COINS.fullmatch(text.strip())
    if coins:
        return Decimal(coins[1]) / 10 + Decimal(coins[2] or 0) / 100
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
