"""What a line is: a chapter, a section, a sub-heading, a list item or text."""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_HEADING = 40
CHINESE_DIGITS = "〇一二三四五六七八九"

_NUMERAL = "[0-9〇零一二三四五六七八九十百]+"
_CHAPTER = re.compile(rf"第\s*({_NUMERAL})\s*[章编篇部][\s:：、.．]*(.*)")
_NTH_SECTION = re.compile(rf"第\s*({_NUMERAL})\s*节[\s:：、.．]*(.*)")
_DOTTED = re.compile(r"(\d{1,2}(?:[.．]\d{1,2}){1,3})[.．、]?(?!\d)\s*(?![万亿倍元%％个年天])(\S.*)")
_ORDINAL = re.compile(r"([一二三四五六七八九十]+)、\s*(\S.*)")
_BRACKETED = re.compile(r"[（(]([一二三四五六七八九十]+)[）)]\s*(\S.*)")
_PLAIN = re.compile(r"(\d{1,2})[.．、\s]\s*(?!\d)(\S.*)")
_POINTED = re.compile(r"(\d{1,2})[.．、]\s*(?!\d)(\S.*)")
_MARKDOWN = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_LEADERS = re.compile(r"(?:[.．…·]{3,}|\t)\s*\d*\s*$")
_ITEM = re.compile(
    r"([-*+•·●○▪◆■]|\d{1,2}[.．、)）]|[（(]\d{1,2}[）)]|[①-⑳]|[（(][一二三四五六七八九十]+[）)])(?:\s+|\s*(?!\d))(\S.*)"
)
_NARROW_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_ENDS_LIKE_TEXT = re.compile(r"[。；，、！？;,!?]$")


class Heading(NamedTuple):
    """A heading found in a line. `form` says how it is written; `number` is dotted Arabic, "" for none."""

    form: str
    number: str
    title: str


class Item(NamedTuple):
    """A list item: the marker as printed, and its text."""

    marker: str
    text: str


def chinese_number(text: str) -> int:
    """Read a number written in Arabic or Chinese digits, up to 999."""
    if text.isdecimal():
        return int(text)
    total, digit = 0, 0
    for char in text.replace("零", "〇"):
        if char == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif char == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = CHINESE_DIGITS.index(char)
    return total + digit


def to_chinese(number: int) -> str:
    """Write a number from 1 to 99 in Chinese digits."""
    tens, ones = divmod(number, 10)
    digits = ("" if tens < 2 else CHINESE_DIGITS[tens]) + ("十" if tens else "")
    return digits + (CHINESE_DIGITS[ones] if ones else "")


def markdown_level(line: str) -> tuple[int, str]:
    """Return the level and the text of a Markdown heading; level 0 for any other line."""
    match = _MARKDOWN.match(line)
    return (len(match[1]), match[2]) if match else (0, line)


def numbered(text: str, *, sure: bool = False) -> Heading | None:
    """Read the numbering of a heading; `sure` says that the line is known to be one (Markdown)."""
    text = _LEADERS.sub("", text.strip()).strip().translate(_NARROW_DIGITS)
    if not sure and (len(text) > LONGEST_HEADING or _ENDS_LIKE_TEXT.search(text)):
        return None
    for form, pattern in (("chapter", _CHAPTER), ("nth", _NTH_SECTION), ("dotted", _DOTTED)):
        match = pattern.fullmatch(text)
        if match:
            number = match[1].replace("．", ".")
            number = number if form == "dotted" else str(chinese_number(number))
            return Heading(form, number, match[2].strip())
    for form, pattern in (("ordinal", _ORDINAL), ("bracketed", _BRACKETED)):
        match = pattern.fullmatch(text)
        if match and (sure or "：" not in match[2].rstrip("：")):
            return Heading(form, str(chinese_number(match[1])), match[2].strip())
    plain = _POINTED.fullmatch(text) if sure else None
    return Heading("plain", plain[1], plain[2].strip()) if plain else None


def plain_numbered(text: str) -> Heading | None:
    """Read a line such as "1. 总则", which is a heading only if what follows proves it."""
    text = _LEADERS.sub("", text.strip()).strip()
    match = _PLAIN.fullmatch(text)
    if not match or len(text) > LONGEST_HEADING or _ENDS_LIKE_TEXT.search(text):
        return None
    return Heading("plain", match[1], match[2].strip())


def list_item(text: str) -> Item | None:
    """Read a list item, None for running text."""
    match = _ITEM.fullmatch(text.strip())
    return Item(match[1] + " ", match[2].strip()) if match else None
