"""Which digits can be a card, an ID number, a date: check digits and calendars."""

from __future__ import annotations

import re
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
# GB/T 2260, residents of Hong Kong, Macau and Taiwan (81 to 83), and foreign permanent residents (9).
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9")
_DATED = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def luhn(number: str) -> bool:
    """Tell whether the last digit is right by ISO/IEC 7812-1."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_card(number: str) -> bool:
    """Tell whether 15 to 19 digits are a UnionPay card, or another issuer's with a right check digit."""
    issuer = number[0] in "34569" or "2221" <= number[:4] <= "2720"
    size = {15} if number[:2] in ("34", "37") else {16, 17, 18, 19}
    return len(number) in size and (number.startswith("62") or (issuer and luhn(number)))


def id_check(number: str) -> str:
    """Return the check digit that the first 17 digits of an ID number need (GB 11643)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True)) % 11]


def is_id(number: str) -> bool:
    """Tell whether 18 characters have a possible birthday, and a known province or the right check digit."""
    if len(number) != 18 or not "18" <= number[6:8] <= "20" or not _is_day(number[6:14]):
        return False
    return bool(_PROVINCE.match(number)) or id_check(number) == number[17].upper()


def is_old_id(number: str) -> bool:
    """Tell whether 15 digits have a known province and a birthday of the last century."""
    return len(number) == 15 and bool(_PROVINCE.match(number)) and _is_day("19" + number[6:12])


def starts_with_date(number: str) -> bool:
    """Tell whether digits begin with a day of 2000 to 2049, as numbers of orders do."""
    return bool(_DATED.match(number))


def _is_day(digits: str) -> bool:
    try:
        return bool(date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])))
    except ValueError:
        return False
