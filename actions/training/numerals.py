"""Chinese numerals to digits, and the form in which two short answers are compared."""

from __future__ import annotations

import re
from decimal import Decimal

from knowledge.text import normalise

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 10**4, "亿": 10**8}
_CHINESE = "".join([*_DIGITS, *_UNITS, *_GROUPS])

_RUN = re.compile(rf"(?:[0-9]+(?:\.[0-9]+)?|[{_CHINESE}])+")
_TOKEN = re.compile(rf"[0-9]+(?:\.[0-9]+)?|[{_CHINESE}]")
_COUNTED = re.compile(rf"[0-9{''.join(_DIGITS)}十]")
_THOUSANDS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_MINUS = re.compile(rf"(?<![0-9{_CHINESE}%])[−负](?=[0-9{_CHINESE}])")
_PERCENT = re.compile(r"百分之(-?[0-9]+(?:\.[0-9]+)?)(?![0-9.%])")
_SPACE = re.compile(r"(?<![0-9])\s|\s(?![0-9])")
_RANGE = re.compile(r"(?<=[0-9%])[-–—−~至到]+(?=[0-9])")
_TIMES = re.compile(r"(?<=[0-9])[×x*](?=[0-9])")
_BETWEEN = re.compile(r"(?<=[0-9])[^\w%‰.+<>=/~-]+(?=[0-9])")
_NOISE = re.compile(r"(?<![0-9%])[.;~]|[.;~](?![0-9])|-(?![0-9])|[^\w%‰.+<>=/~;-]|_")


def number(run: str) -> str | None:
    """Return the digits of a numeral like 三十, 二〇二三, 1.5万 or 一百五; None for 万一 and the like."""
    tokens: list[str] = _TOKEN.findall(run)
    if not any(token in _UNITS or token in _GROUPS for token in tokens):
        return "".join(str(_DIGITS.get(token, token)) for token in tokens)
    if not _COUNTED.match(tokens[0]):
        return None
    digits = format(_value(tokens), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _value(tokens: list[str]) -> Decimal:
    """Add up numeral tokens; a bare last digit counts tenths of the unit before it (一百五 is 150)."""
    total = group = Decimal(0)
    pending: Decimal | None = None
    scale = 1
    for token in tokens:
        if token in _UNITS:
            scale = _UNITS[token]
            group, pending = group + (pending or 1) * scale, None
        elif token in _GROUPS:
            scale = _GROUPS[token]
            total, group, pending = _close(total, group + (pending or 0), scale), Decimal(0), None
        else:
            digit = Decimal(_DIGITS.get(token, token))
            scale = scale if digit else 1
            pending = digit if pending is None else pending * 10 + digit
    tenths = scale // 10 if scale > 10 and len(tokens[-1]) == 1 else 1
    return total + group + (pending or 0) * tenths


def _close(total: Decimal, group: Decimal, scale: int) -> Decimal:
    """Return the total after 万 or 亿: the larger unit multiplies all that stands before it."""
    return (total + group) * scale if total < scale else total + group * scale


def to_digits(text: str) -> str:
    """Write each numeral of a normalised text in digits: 三十日 becomes 30日, 百分之八十 becomes 80%."""
    plain = _THOUSANDS.sub(lambda found: found.group().replace(",", ""), _SPACE.sub("", text))
    plain = _MINUS.sub("-", plain).replace("百分之百", "100%")
    return _PERCENT.sub(r"\1%", _RUN.sub(lambda found: number(found.group()) or found.group(), plain))


def comparable(text: str) -> str:
    """Return the form in which fill-in answers are compared; "" where nothing but signs was typed.

    Width, case, script, spaces, punctuation and the way of writing numbers are evened out. What stands
    between two numbers stays as ";" so that 1、2 is not 12.
    """
    digits = _RANGE.sub("~", _TIMES.sub("x", to_digits(normalise(text))))
    return _NOISE.sub("", _BETWEEN.sub(";", digits))
