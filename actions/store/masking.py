"""Hide what identifies a person in running text: phone numbers, ID numbers, bank cards, e-mail addresses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Up to three spaces, dashes or dots between the groups of a number as people write it.
_GAP = r"[ \-‐‑‒–—.·]{0,3}"
_STAR = "*"


def _groups(*sizes: int) -> str:
    """Return a pattern for digit groups of these sizes after a leading "1[3-9]" that counts as two digits."""
    head, *rest = sizes
    return rf"1[3-9]\d{{{head - 2}}}" + "".join(rf"{_GAP}\d{{{size}}}" for size in rest)


# A ticket number's digits may look like a mobile number's.
_NO_TICKET = r"(?!(?<=[Tt][Ss])\d{6}-\d{5}(?!\d))"
_MOBILE = re.compile(
    rf"(?<!\d){_NO_TICKET}(?:(?:\+|00)?86{_GAP})?(?P<number>{_groups(3, 4, 4)}|{_groups(3, 3, 5)}"
    rf"|{_groups(4, 3, 4)}|{_groups(4, 4, 3)}|{_groups(5, 3, 3)}|{_groups(5, 6)}|{_groups(6, 5)})(?!\d)"
)
_LANDLINE = re.compile(
    rf"(?<!\d)(?P<area>0(?:10|2\d|[3-9]\d\d))\)?{_GAP}(?P<local>[2-9]\d{{2,3}}{_GAP}\d{{4}})(?!\d)"
)
_ID = re.compile(
    rf"(?<!\d)[1-9]\d{{5}}{_GAP}(?:18|19|20)\d\d{_GAP}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_GAP}\d{{3}}[\dXx](?!\d)"
)
_CARD = re.compile(rf"(?<!\d)\d{{4}}(?:{_GAP}\d{{4}}){{2}}{_GAP}\d{{3,4}}(?:{_GAP}\d{{1,3}})?(?!\d)")
_CARD_AMEX = re.compile(rf"(?<!\d)3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}}(?!\d)")
_CARD_6 = re.compile(rf"(?<!\d)\d{{6}}{_GAP}\d{{10,13}}(?!\d)")
_EMAIL = re.compile(
    r"(?<![\w.%+\-])(?P<user>[\w.%+\-]{1,64})@(?P<host>[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)", re.ASCII
)


def mask(text: str) -> str:
    """Return `text` with personal numbers and addresses starred out; its length and the rest stay.

    Full-width digits count as digits. Hidden: mobile (138****5678) and landline numbers, 18-digit ID numbers,
    bank cards (the last four stay), e-mails. Amounts, dates, ticket numbers and numbers such as 95588 stay.
    """
    for pattern, hide in _RULES:
        text = _replace(text, pattern, hide)
    return text


def mask_contact(text: str) -> str:
    """Return a contact as lists show it: masked, or starred in the middle where no rule knows its form."""
    hidden = mask(text)
    if hidden != text or not text:
        return hidden
    keep = min(2, len(text) // 3)
    return text[:keep] + _STAR * (len(text) - 2 * keep) + text[len(text) - keep :]


def _replace(text: str, pattern: re.Pattern[str], hide: Callable[[re.Match[str]], set[int]]) -> str:
    """Star the characters whose positions `hide` names; patterns see full-width forms as plain ones."""
    out = list(text)
    for match in pattern.finditer(_plain(text)):
        for position in hide(match):
            out[position] = _STAR
    return "".join(out)


def _plain(text: str) -> str:
    """Return NFKC of each character where that is one character, so that positions stay."""
    folded = ((char, unicodedata.normalize("NFKC", char)) for char in text)
    return "".join(plain if len(plain) == 1 else char for char, plain in folded)


def _digits(match: re.Match[str], group: str | int = 0) -> list[int]:
    """Return the positions of a number's digits (and the X of an ID)."""
    start, end = match.span(group)
    return [at for at in range(start, end) if match.string[at].isdigit() or match.string[at] in "Xx"]


def _middle(first: int, last: int, group: str | int = 0) -> Callable[[re.Match[str]], set[int]]:
    """Return a rule that keeps the first and last few digits."""

    def hide(match: re.Match[str]) -> set[int]:
        at = _digits(match, group)
        return set(at[first : len(at) - last])

    return hide


def _hide_card(match: re.Match[str]) -> set[int]:
    """Hide all but four digits of a UnionPay number, or of another issuer's with a right check digit."""
    at = _digits(match)
    number = "".join(str(int(match.string[position])) for position in at)
    issuer = number[0] in "34569" or 2221 <= int(number[:4]) <= 2720
    return set(at[:-4]) if number.startswith("62") or (issuer and luhn(number)) else set()


def luhn(number: str) -> bool:
    """Tell whether the last digit is right by ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _hide_email(match: re.Match[str]) -> set[int]:
    """Keep the first letter and the host."""
    start, end = match.span("user")
    return set(range(min(start + 1, end - 1), end))


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], set[int]]], ...] = (
    (_EMAIL, _hide_email),
    (_ID, _middle(3, 2)),
    (_CARD, _hide_card),
    (_CARD_6, _hide_card),
    (_CARD_AMEX, _hide_card),
    (_MOBILE, _middle(3, 4, "number")),
    (_LANDLINE, _middle(0, 4, "local")),
)
