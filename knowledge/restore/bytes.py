"""GBK byte pairs: what they decode to, and which pairs the site's decoder dropped."""

from __future__ import annotations

import re
from functools import lru_cache

from knowledge.restore.script import HAN

LEADS = range(0x81, 0xFF)
TRAILS = [b for b in range(0x40, 0xFF) if b != 0x7F]
SPLIT_MARKS = {";": 0xBB, "；": 0xBB, "?": 0xBF, "？": 0xBF}
MARK_LEAD = 0xA3
NO_LEAD = 0x80

_NARROWED = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}
_READABLE = re.compile(f"[{HAN}。，；：？！、“”‘’《》（）〔〕【】…—·％×]")


@lru_cache(maxsize=65536)
def readable(lead: int, trail: int) -> str:
    """Return the Chinese character or mark of a byte pair, "" where it is neither."""
    try:
        char = bytes([lead, trail]).decode("gbk")
    except UnicodeDecodeError:
        return ""
    return char if len(char) == 1 and _READABLE.fullmatch(char) else ""


@lru_cache(maxsize=65536)
def pair(char: str) -> tuple[int, int] | None:
    """Return the two GBK bytes of a displayed character; narrowed marks count as full-width ones."""
    try:
        encoded = _NARROWED.get(char, char).encode("gbk")
    except UnicodeEncodeError:
        return None
    return (encoded[0], encoded[1]) if len(encoded) == 2 else None


@lru_cache(maxsize=256)
def dropped_trails(lead: int) -> tuple[int, ...]:
    """Return the bytes that make a pair with `lead` which GBK leaves undefined: the site lost those."""
    if lead not in LEADS:
        return ()
    return tuple(trail for trail in TRAILS if not _is_defined(lead, trail))


def _is_defined(lead: int, trail: int) -> bool:
    try:
        bytes([lead, trail]).decode("gbk")
    except UnicodeDecodeError:
        return False
    return True
