"""Characters: traditional to simplified, readings, and full-width punctuation."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

HAN = "\u3400-\u9fff"
TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ"
LATIN_READING = f"[a-z{TONED}]{{1,6}}"

_TONE_MARK = re.compile(f"[{TONED}]")
_WIDE = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_BEFORE_ZHU = frozenset("显编名专原论遗巨译合土卓昭拙所")
_AFTER_ZHU = frozenset("名作称述书者录")
_VERBS_BEFORE_ZHE = frozenset("随跟沿朝凭")


@lru_cache(maxsize=2)
def _converter(name: str = "t2s") -> Any:
    import opencc

    return opencc.OpenCC(name)


@lru_cache(maxsize=32768)
def simplified(char: str) -> str:
    """Return the simplified form of one character."""
    return str(_converter().convert(char))


def is_traditional(char: str) -> bool:
    """Tell whether simplified Chinese writes this character differently."""
    return simplified(char) != char


@lru_cache(maxsize=32768)
def is_simplified_only(char: str) -> bool:
    """Tell whether a traditional text would write this character differently."""
    return str(_converter("s2t").convert(char)) != char


@lru_cache(maxsize=32768)
def readings(char: str) -> frozenset[str]:
    """Return every reading of a character, with tone marks, NFC."""
    from pypinyin import Style, pinyin

    return frozenset(
        unicodedata.normalize("NFC", r) for r in pinyin(char, heteronym=True, style=Style.TONE)[0]
    )


def has_reading(char: str, reading: str) -> bool:
    """Tell whether `reading` (tone-marked Latin letters) is one of the character's readings."""
    return unicodedata.normalize("NFC", reading) in readings(char)


def is_toned(reading: str) -> bool:
    """Tell whether Latin letters carry a tone mark."""
    return _TONE_MARK.search(reading) is not None


def simplify(text: str) -> str:
    """Convert traditional text to simplified, with 著 as 着 wherever it is the particle."""
    converted = str(_converter().convert(text))
    return re.sub("著", lambda m: "著" if _is_zhu(converted, m.start()) else "着", converted)


def _is_zhu(text: str, at: int) -> bool:
    if text[at - 1 : at] in _VERBS_BEFORE_ZHE:
        return False
    return text[at - 1 : at] in _BEFORE_ZHU or text[at + 1 : at + 2] in _AFTER_ZHU


def widen(text: str) -> str:
    """Give Chinese text its full-width punctuation back; figures, times and addresses keep theirs."""
    chars = list(text)
    for at, char in enumerate(text):
        if char in _WIDE and not _belongs_to_latin(text, at):
            chars[at] = _WIDE[char]
    for start, end in _parentheses(text):
        if _is_chinese_parenthesis(text, start, end):
            chars[start], chars[end] = "（", "）"
    return "".join(chars)


def _belongs_to_latin(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] in ",:" and before.isdecimal() and after.isdecimal():
        return True
    return after == "/" or (before.isascii() and after == " ")


def _parentheses(text: str) -> list[tuple[int, int]]:
    """Pair up the parentheses, narrow or wide; those without a partner are left out."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        if char in "(（":
            opened.append(at)
        elif char in ")）" and opened:
            pairs.append((opened.pop(), at))
    return pairs


def _is_chinese_parenthesis(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 1) : end + 2]
    return not around.isascii()
