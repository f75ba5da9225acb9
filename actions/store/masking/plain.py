"""A copy of a text in which every character stands where it stood, in its simplest form."""

from __future__ import annotations

import re
import unicodedata

_WAYS = ("零〇○洞", "一壹幺", "二贰貳两", "三叁參", "四肆", "五伍", "六陆陸", "七柒拐", "八捌", "九玖勾")
NUMERALS = "".join(_WAYS)
_NUMERALS = {ord(way): str(digit) for digit, ways in enumerate(_WAYS) for way in ways}
# A numeral that belongs to a word or counts something: 一定, 一下, 三天; 万一, 第一.
_IN_WORDS = re.compile(
    r"一(?=[定下直个般些起次样会边遍])|(?<=[万统唯第之])一|[一二两三四五六七八九](?=[天次遍个张笔位])"
)


def plain(text: str) -> str:
    """Return NFKC of each character where that is one character, so that positions stay."""
    if text.isascii():
        return text
    folded = ((char, unicodedata.normalize("NFKC", char)) for char in text)
    return "".join(simple if len(simple) == 1 else char for char, simple in folded)


def numerals_as_digits(text: str) -> str:
    """Return the text with Chinese numerals, also those of banks and radio, as digits."""
    return _IN_WORDS.sub("壱", text).translate(_NUMERALS)
