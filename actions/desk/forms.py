"""Things with a fixed form in what people write: numbers of tickets, phones, orders, cards; amounts; days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from actions.desk import amounts, days
from actions.store.masking import luhn, numerals_as_digits
from knowledge.text import simplified

# Full-width ASCII and its half-width form have the same length, so that places in the text stay right.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DIGIT_AFTER = r"(?![\d.]*\d)"

# In this order: what an earlier kind has taken, a later one leaves alone.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ticket_number", re.compile(r"(?<![a-z0-9])ts(?:[\s-]?\d){11}(?!\d)", re.IGNORECASE)),
    (
        "email",
        re.compile(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE),
    ),
    (
        "id_number",
        re.compile(
            r"(?<!\d)[1-9]\d{5}[ -]?(?:18|19|20)\d\d[ -]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
            r"[ -]?\d{3}[\dx](?![\da-z])",
            re.IGNORECASE,
        ),
    ),
    ("phone", re.compile(rf"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_DIGIT_AFTER}")),
    ("phone", re.compile(rf"(?<!\d)0\d{{2,3}}[- ]?[2-9]\d{{6,7}}{_DIGIT_AFTER}")),
    (
        "order_number",
        re.compile(
            r"(?:订单|单|流水|交易|编)号?(?:是|为|:)?\s*([a-z0-9][a-z0-9-]{5,31})(?![a-z0-9])", re.IGNORECASE
        ),
    ),
    ("card", re.compile(r"(?<!\d)(?:\d[ -]?){15,18}\d(?!\d)")),
    ("card", re.compile(r"尾号(?:是|为|:)?\s?(\d{3,4})(?!\d)")),
    ("amount", amounts.PATTERN),
    *(("date", pattern) for pattern, _ in days.DATES),
    *(("day", pattern) for pattern, _ in days.LOOSE),
    ("day", re.compile(r"明天|后天|下个?(?:月|周|星期|礼拜)[一二三四五六日天]?")),
    (
        "period",
        re.compile(
            r"(?<![\d.第])(?:\d{1,3}|[一二两三四五六七八九十半几]{1,3})多?"
            r"(?:个?(?:工作日|小时|钟头|自?然?月|星期|礼拜|季度|周)|[天年期])(?![前初])"
        ),
    ),
    ("score", re.compile(r"(?<![\d.])([1-5一二三四五])\s*(?:分|颗?星)(?!钟)")),
)
_SPOKEN_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")  # 幺三八零零幺三八零零零, as dictation writes it
# Kinds whose value is a part of what matched.
_PARTS = ("order_number", "card", "score")
_TAIL = 4


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found: its kind, its place in the text, and its value in a plain form."""

    kind: str
    start: int
    end: int
    value: str


def find(text: str) -> list[Found]:
    """Return what the text names, in reading order, without overlaps."""
    plain = simplified(half_width(text))
    found = list(_spoken_phones(plain))
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(plain):
            free = not any(match.start() < other.end and other.start < match.end() for other in found)
            if free and (kind != "card" or _is_card(match)):
                found.append(Found(kind, match.start(), match.end(), _value(kind, match)))
    return sorted(found, key=lambda item: item.start)


def _spoken_phones(plain: str) -> Iterator[Found]:
    spoken = numerals_as_digits(plain)
    if spoken != plain:
        for match in _SPOKEN_PHONE.finditer(spoken):
            if not plain[match.start() : match.end()].isascii():
                yield Found("phone", match.start(), match.end(), match[0])


def ways_to_reach(text: str) -> Iterator[str]:
    """Yield the phone numbers and mail addresses of a text."""
    return (one.value for one in find(text) if one.kind in ("phone", "email"))


def half_width(text: str) -> str:
    """Return the text with half-width digits, letters and marks; nothing changes its place."""
    return text.translate(_HALF_WIDTH)


def _is_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match[0])
    return bool(match.lastindex) or digits.startswith("62") or luhn(digits)


def _value(kind: str, match: re.Match[str]) -> str:
    text = match.group(match.lastindex or 0 if kind in _PARTS else 0).strip()
    if kind == "phone":
        digits = re.sub(r"\D", "", text)
        return digits[2:] if digits.startswith("86") and len(digits) == 13 else digits
    if kind in ("card", "id_number"):  # its last digits are enough to tell cards apart
        return re.sub(r"[^\dXx]", "", text)[-_TAIL:].upper()
    if kind == "ticket_number":
        digits = re.sub(r"\D", "", text)
        return f"TS{digits[:6]}-{digits[6:]}"
    if kind == "score":
        return str("一二三四五".find(text) + 1 or text)
    return text
