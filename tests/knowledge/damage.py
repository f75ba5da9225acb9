"""The damage that a site does to a text, byte by byte: what `knowledge.restore` must undo.

The site keeps text as GBK in traditional characters and replaces bytes, blind to where characters begin:
each character of its table gets its reading in parentheses, and full-width ； and ？ are cut loose wherever
their two bytes stand, also across two characters. Then it decodes, drops what has no character, and narrows
the punctuation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import opencc
from pypinyin import Style, pinyin

SPLIT = 0x01
READING = 0x02
MARKS = (b"\xa3\xbb", b"\xa3\xbf")
NARROWED = str.maketrans("，；：？！（）", ",;:?!()")


@lru_cache(maxsize=2)
def converter(name: str) -> opencc.OpenCC:
    """Return an OpenCC converter, made once."""
    return opencc.OpenCC(name)


def traditional(text: str) -> str:
    """Convert simplified text the way the site did."""
    return str(converter("s2t").convert(text))


def table_for(text: str, *, share: float = 1.0) -> dict[str, str]:
    """Return a site's table: traditional characters of a text with their first reading.

    `share` keeps that part of them, the same ones each time.
    """
    chars = sorted({c for c in text if converter("t2s").convert(c) != c})
    kept = [c for c in chars if (ord(c) * 2654435761) % 1000 < share * 1000]
    return {c: pinyin(c, style=Style.TONE)[0][0] for c in kept}


def damage(text: str, table: Mapping[str, str]) -> str:
    """Damage a traditional text. Characters outside of GBK are not allowed (UnicodeEncodeError)."""
    data = _cut_marks(text.encode("gbk"))
    readings = list(table.values())
    for number, char in enumerate(table):
        key = char.encode("gbk")
        data = data.replace(key, key + b"(" + _protected(number) + b")")
    return _decode(data, readings).translate(NARROWED)


def _protected(number: int) -> bytes:
    """Write the number of a reading in bytes that no later replacement can match."""
    return bytes([READING, 0x21 + number // 64, 0x21 + number % 64])


def _cut_marks(data: bytes) -> bytes:
    """Put a cut before every mark that lies across two characters."""
    out, at = bytearray(), 0
    while at < len(data):
        if data[at] < 0x80:
            out.append(data[at])
            at += 1
            continue
        out.append(data[at])
        if data[at + 1 : at + 3] in MARKS:
            out.append(SPLIT)
        out.append(data[at + 1])
        at += 2
    return bytes(out)


def _decode(data: bytes, readings: list[str]) -> str:
    out: list[str] = []
    at = 0
    while at < len(data):
        byte = data[at]
        if byte == SPLIT:
            at += 1
        elif byte == READING:
            out.append(readings[(data[at + 1] - 0x21) * 64 + data[at + 2] - 0x21])
            at += 3
        elif byte < 0x80:
            out.append(chr(byte))
            at += 1
        else:
            char, length = _pair(data[at : at + 2])
            out.append(char)
            at += length
    return "".join(out)


def _pair(data: bytes) -> tuple[str, int]:
    """Decode at a lead byte: the character and how many bytes it took."""
    trail = data[1] if len(data) > 1 else 0
    if data[0] == 0x80 or trail in (0, SPLIT, 0x0A):
        return "?", 1
    if trail < 0x40 or trail == 0x7F:
        return "?", 2
    try:
        return data.decode("gbk"), 2
    except UnicodeDecodeError:
        return "", 2
