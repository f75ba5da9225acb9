"""Readings printed after characters: finding them, telling damage from ordinary text, taking them out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.restore.script import HAN, LATIN_READING, has_reading, is_toned, is_traditional

FEWEST = 3
LEAST_DENSITY = 0.02
MOST_UNANNOTATED = 0.2

_ANNOTATION = re.compile(rf"([{HAN}])\(({LATIN_READING})\)")
_HAN = re.compile(f"[{HAN}]")


def is_annotation(char: str, reading: str) -> bool:
    """Tell a reading from real Latin letters in parentheses, such as (crm)."""
    if has_reading(char, reading):
        return is_toned(reading) or is_traditional(char)
    return is_toned(reading) and is_traditional(char)


def _found(text: str) -> Iterator[re.Match[str]]:
    return (m for m in _ANNOTATION.finditer(text) if is_annotation(m[1], m[2]))


def annotated_characters(text: str) -> dict[str, str]:
    """Return each annotated character with the reading printed after it."""
    return {m[1]: m[2] for m in _found(text)}


def strip_annotations(text: str) -> tuple[str, int]:
    """Take the readings out; return the text and how many there were."""
    count = 0

    def without(match: re.Match[str]) -> str:
        nonlocal count
        if not is_annotation(match[1], match[2]):
            return match[0]
        count += 1
        return match[1]

    return _ANNOTATION.sub(without, text), count


def is_damaged(text: str) -> bool:
    """Tell whether a site annotated this text.

    It did when several traditional characters are followed by a reading of theirs, often, and nearly
    wherever they stand. A teacher's note on one rare character is not damage.
    """
    found = [m[1] for m in _found(text) if is_traditional(m[1]) and has_reading(m[1], m[2])]
    if len(found) < FEWEST or len(found) < LEAST_DENSITY * len(_HAN.findall(text)):
        return False
    kinds = set(found)
    standing = sum(char in kinds for char in text)
    return standing - len(found) <= MOST_UNANNOTATED * standing
