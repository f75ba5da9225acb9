"""How people disguise, without meaning to, what they write: spaces, other digits, numerals, line breaks."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

Shown = list[tuple[str, bool]]
Disguise = Callable[[str, set[int], random.Random], Shown]

_FULL = {ord("0") + i: chr(0xFF10 + i) for i in range(10)} | {ord("@"): "＠", ord("."): "．"}
_PLAIN, _SMALL, _BANK = "0123456789", "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
_RADIO = "洞幺两三四五六拐八勾"
_SPACES = (" ", "  ", "\u3000", "\u00a0")
_MIXED = (" ", "-", ".", "—", " - ", "·")
_INVISIBLE = ("\u200b", "\ufeff", "\u2060")


def _plain(value: str, hidden: set[int], _rng: random.Random) -> Shown:
    return [(char, at in hidden) for at, char in enumerate(value)]


def _written(numerals: Sequence[str]) -> Disguise:
    def write(value: str, hidden: set[int], rng: random.Random) -> Shown:
        return [
            (rng.choice(numerals)[int(char)] if char.isdigit() else char, must)
            for char, must in _plain(value, hidden, rng)
        ]

    return write


def _full(value: str, hidden: set[int], rng: random.Random) -> Shown:
    return [(char.translate(_FULL), must) for char, must in _plain(value, hidden, rng)]


def groups(value: str, rng: random.Random) -> tuple[int, ...]:
    """Return the sizes in which people group the digits of a value."""
    size = len(value)
    if size == 11 and value[0] == "1":
        return rng.choice(((3, 4, 4), (3, 4, 4), (3, 8), (3, 3, 5), (4, 3, 4), (4, 4, 3), (7, 4)))
    if size in (10, 11, 12) and value[0] == "0":
        area = 3 if value[1] in "12" else 4
        return rng.choice(((area, size - area), (area, size - area - 4, 4)))
    if size == 18:
        return rng.choice(((6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4)))
    if size == 15:
        return rng.choice(((6, 6, 3), (6, 9)))
    fours = (4,) * (size // 4)
    return (*fours, size % 4) if size % 4 else fours


def _gapped(gaps: Sequence[str], *, alike: bool = True) -> Disguise:
    def write(value: str, hidden: set[int], rng: random.Random) -> Shown:
        gap, shown, at = rng.choice(gaps), _plain(value, hidden, rng), 0
        out: Shown = []
        for size in groups(value, rng):
            if out:
                out += [(char, False) for char in (gap if alike else rng.choice(gaps))]
            out += shown[at : at + size]
            at += size
        return out

    return write


def _broken(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Break the line somewhere inside, as a narrow input or a copied page does."""
    shown, at = _plain(value, hidden, rng), rng.randrange(2, len(value) - 1)
    return [*shown[:at], *((char, False) for char in rng.choice(("\n", "\r\n"))), *shown[at:]]


def _single(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Separate all digits."""
    gap, out = rng.choice((" ", "-", "_")), []
    for char, must in _plain(value, hidden, rng):
        out += [(char, must), (gap, False)]
    return out[:-1]


def _unseen(value: str, hidden: set[int], rng: random.Random) -> Shown:
    out: Shown = []
    for char, must in _plain(value, hidden, rng):
        out += [(char, must)] + ([(rng.choice(_INVISIBLE), False)] if rng.random() < 0.3 else [])
    return out


def _country(value: str, hidden: set[int], rng: random.Random) -> Shown:
    head = rng.choice(("+86", "+86 ", "86", "0086", "+86-", "(+86)", "（86）"))
    return [*((char, False) for char in head), *_plain(value, hidden, rng)]


def _spoken_mail(value: str, hidden: set[int], rng: random.Random) -> Shown:
    at, dot = rng.choice((("艾特", "点"), ("(at)", "."), (" @ ", "."), ("@ ", "点"), ("＠", "．")))
    out: Shown = []
    for char, must in _plain(value, hidden, rng):
        said = at if char == "@" else dot if char == "." and not must else char
        out += [(one, must) for one in said]
    return out


def _numbered(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Write an address's numbers digit by digit in Chinese."""
    return _written((_SMALL,))(value, hidden, rng)


def _spaced_address(value: str, hidden: set[int], rng: random.Random) -> Shown:
    out: Shown = []
    for char, must in _plain(value, hidden, rng):
        out.append((char, must))
        if char in "区县路街道号栋幢元" and rng.random() < 0.5:
            out.append((rng.choice((" ", " ", "\n")), False))
    return out[:-1] if out[-1][0].isspace() else out


def _lower(value: str, hidden: set[int], rng: random.Random) -> Shown:
    return _plain(value.lower(), hidden, rng)


def _letters(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Write O for 0 and l for 1, as some do to get past filters."""
    return [
        (char.translate({48: "O", 49: rng.choice("lI")}), must) for char, must in _plain(value, hidden, rng)
    ]


def _worded(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Put words between the groups."""
    return _gapped(("，然后", "空格", "，后面是", "杠"), alike=False)(value, hidden, rng)


def _slashed(value: str, hidden: set[int], rng: random.Random) -> Shown:
    """Put what separates the items of a list between the groups."""
    return _gapped(("/", "，", "|"))(value, hidden, rng)


HARD: Mapping[str, Disguise] = {
    "letters for digits": _letters,
    "words between": _worded,
    "strokes between": _slashed,
}
_NUMBER: Mapping[str, Disguise] = {
    "plain": _plain,
    "spaces": _gapped(_SPACES),
    "dashes": _gapped(("-", "—", "－", " - ")),
    "mixed separators": _gapped(_MIXED, alike=False),
    "full-width": _full,
    "Chinese numerals": _written((_SMALL,)),
    "bank numerals": _written((_BANK,)),
    "mixed numerals": _written((_PLAIN, _SMALL, _BANK, "０１２３４５６７８９")),
    "radio numerals": _written((_RADIO,)),
    "line break": _broken,
    "digit by digit": _single,
    "invisible characters": _unseen,
}
_CODE: Mapping[str, Disguise] = {"plain": _plain, "lower case": _lower, "full-width": _full}
_OF: Mapping[str, Mapping[str, Disguise]] = {
    "mobile": {**_NUMBER, "country code": _country},
    "landline": {
        name: _NUMBER[name] for name in ("plain", "spaces", "dashes", "full-width", "Chinese numerals")
    },
    "id": _NUMBER,
    "old_id": {name: _NUMBER[name] for name in ("plain", "spaces", "full-width", "line break")},
    "card": _NUMBER,
    "permit": _CODE,
    "hk_permit": _CODE,
    "email": {"plain": _plain, "full-width": _full, "spoken": _spoken_mail},
    "address": {
        "plain": _plain,
        "full-width": _full,
        "Chinese numerals": _numbered,
        "spaces": _spaced_address,
    },
    "plate": {"plain": _plain},
    "wechat": {"plain": _plain},
    "qq": {"plain": _plain, "full-width": _full},
}


def disguises_of(kind: str) -> Mapping[str, Disguise]:
    """Return the ways in which a kind is written."""
    return _OF[kind]
