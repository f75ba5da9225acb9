"""Hide what identifies a person in running text: numbers, addresses, ids; its length and the rest stay.

`plain` shows the rules a simple copy of the text, `runs` finds numbers however they are spaced, `numbers`
tells phones, ID numbers and cards from amounts and orders, `written` knows what has letters or words in it.
"""

from __future__ import annotations

import re

from actions.store.masking.checks import luhn
from actions.store.masking.numbers import personal_digits
from actions.store.masking.plain import NUMERALS, numerals_as_digits, plain
from actions.store.masking.written import personal_writing

__all__ = ["luhn", "mask", "mask_contact", "numerals_as_digits"]

_STAR = "*"
# Nothing is personal without a digit, a numeral, an at sign, or what a number plate begins with.
_WORTH_READING = re.compile(rf"[\d@＠{NUMERALS}十百]|[\u4e00-\u9fff][A-Z]|艾特|圈a|\bat\b", re.IGNORECASE)


def mask(text: str) -> str:
    """Return `text` with what identifies a person starred out; its length and the rest stay.

    Hidden: mobile (138****5678) and landline numbers, numbers with +, ID numbers, bank cards and accounts
    (the last four stay), passports and permits, e-mail, WeChat and QQ ids, number plates, street-level
    addresses (province, city and district stay). Digits may be full-width, Chinese numerals, spaced, dashed
    or broken over lines. Amounts, dates, ticket and order numbers, rates and numbers such as 95588 stay.
    """
    if not _WORTH_READING.search(text):
        return text
    masked = _once(text)
    while masked != text:  # hiding one number can uncover where its neighbour ends
        text, masked = masked, _once(masked)
    return masked


def mask_contact(text: str) -> str:
    """Return a contact as lists show it: masked, or starred in the middle where no rule knows its form."""
    hidden = mask(text)
    if hidden != text or not text:
        return hidden
    keep = min(2, len(text) // 3)
    return text[:keep] + _STAR * (len(text) - 2 * keep) + text[len(text) - keep :]


def _once(text: str) -> str:
    seen = plain(text)
    spoken = numerals_as_digits(seen)
    hidden = personal_writing(seen) | personal_digits(seen)
    if spoken != seen:
        hidden |= personal_digits(spoken, spoken=True)
    return "".join(_STAR if at in hidden else char for at, char in enumerate(text)) if hidden else text
