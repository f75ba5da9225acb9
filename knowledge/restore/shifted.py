"""Reading a stretch that the site's decoder read one byte off.

The site worked on GBK bytes and did not look where characters begin. A reading that it pushed between the
two bytes of a pair, or a mark that it cut out of two neighbours, makes everything after it decode one byte
late, until a one-byte character or the next reading puts the decoder right again. Here the displayed
characters go back to bytes, "?" to an unknown byte, and every way to pair them anew that is legal Chinese
and agrees with the printed readings is kept, likeliest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from knowledge.restore.annotations import annotated_characters, strip_annotations
from knowledge.restore.bytes import (
    LEADS,
    MARK_LEAD,
    NO_LEAD,
    SPLIT_MARKS,
    TRAILS,
    dropped_trails,
    pair,
    readable,
)
from knowledge.restore.script import (
    LATIN_READING,
    has_reading,
    is_simplified_only,
    is_traditional,
    simplified,
    widen,
)
from knowledge.restore.words import WordModel, commonness

UNKNOWN = "□"
LONGEST_STRETCH = 80
BEAM = 300
BEAM_FOR_DROPPED = 60
RESCORED = 200
CONTEXT = 8
DROPPED_TRIED = (0, 1, 3)

_NEW_TABLE_CHARACTER = -3.0
_DROPPED = -2.0
_RARE = -10.0
_FOREIGN_TO_SOURCE = -6.0
_DROPPED_CHOICES = 300
_SWALLOWED = -3.0
_SHIFTED_READING = re.compile(rf"\?({LATIN_READING})\)")
_INTACT_READING = re.compile(rf"\(({LATIN_READING})\)")
_LATIN_TO_PARENTHESIS = re.compile(r"[A-Za-z0-9 ,&/-]+\)")
_COUNTED = re.compile(r"[0-9.%％个年月日章节条天时分秒倍万亿元项家次类级种位]")


class Guess(NamedTuple):
    """A stretch read so far: its text, the lead byte that waits for its trail, and what speaks for it.

    `broken` says that a reading was pushed into the pending character, so that no site annotated it.
    `extra` is the part of `score` that is not the word model's.
    """

    text: str
    pending: int
    score: float = 0.0
    extra: float = 0.0
    broken: bool = False
    dropped: int = 0

    def with_extra(self, extra: float) -> Guess:
        return self._replace(score=self.score + extra, extra=self.extra + extra)


class Reading(NamedTuple):
    """A whole stretch: where it ends in the source, what it says (traditional), how likely that is."""

    end: int
    text: str
    score: float
    extra: float


class Step(NamedTuple):
    """Where the search stands after one displayed character, and whether the decoder is in step again."""

    end: int
    guess: Guess
    aligned: bool = False


class ShiftedReader:
    """Reads shifted stretches of one source with its own annotated characters and a word model."""

    def __init__(self, source: str, model: WordModel) -> None:
        self._annotated = annotated_characters(source)
        self._standing = frozenset(source)
        self._model = model

    def read(self, source: str, at: int, before: str) -> Reading | None:
        """Read the stretch that begins with the "?" at `at`; None where it does not begin one.

        `before` is the repaired text in front of it.
        """
        best: Reading | None = None
        for most_dropped in DROPPED_TRIED:
            best = self._best(source, at, before, most_dropped) or best
            if best and self._rarest(best.text, before) >= _RARE:
                break
        return best

    def _best(self, source: str, at: int, before: str, most_dropped: int) -> Reading | None:
        found = self._search(source, at, before, most_dropped)
        readings = sorted(found, key=lambda r: -r.score)[:RESCORED]
        if not readings:
            return None
        limit = max(r.end for r in readings) + 6 * CONTEXT
        left = _simplified(before[-CONTEXT:])

        def likelihood(reading: Reading) -> float:
            right = _context(source, reading.end, limit)
            return self._model.score(left + _simplified(reading.text) + right) + reading.extra

        return max(readings, key=likelihood)

    def _rarest(self, text: str, before: str) -> float:
        plain = _simplified(before[-1:] + text)
        return min(self._model.character(b, a) for a, b in pairwise(plain))

    def _search(self, source: str, at: int, before: str, most_dropped: int) -> list[Reading]:
        frontier: dict[int, list[Guess]] = {}
        readings: list[Reading] = []
        previous = before[-1:]
        for step in self._starts(source, at, before):
            frontier.setdefault(step.end, []).append(step.guess)
        while frontier:
            position = min(frontier)
            guesses = sorted(frontier.pop(position), key=lambda g: -g.score)[:BEAM]
            if position - at > LONGEST_STRETCH:
                break
            for rank, guess in enumerate(guesses):
                may_drop = rank < BEAM_FOR_DROPPED and guess.dropped < most_dropped
                for step in self._steps(source, position, guess, previous, may_drop):
                    if step.aligned:
                        new = step.guess
                        readings.append(Reading(step.end, new.text, new.score, new.extra))
                    else:
                        frontier.setdefault(step.end, []).append(step.guess)
        return readings

    def _starts(self, source: str, at: int, before: str) -> Iterator[Step]:
        shifted = _SHIFTED_READING.match(source, at)
        last = pair(before[-1]) if before else None
        if shifted and last:
            for lead in LEADS:
                char = readable(last[1], lead)
                if char and _is_annotated_as(char, shifted[1]):
                    guess = Guess("", lead, broken=True)
                    yield Step(shifted.end(), guess.with_extra(self._table_score(char, shifted[1])))
        mark = SPLIT_MARKS.get(source[at + 1 : at + 2])
        if mark:
            for lead in LEADS:
                done = self._complete(Guess("", lead), MARK_LEAD, before[-1:])
                if done:
                    yield Step(at + 2, done._replace(pending=mark))

    def _steps(self, source: str, at: int, guess: Guess, previous: str, may_drop: bool) -> Iterator[Step]:
        char = source[at : at + 1]
        if char == "?" or not char:
            yield from self._at_question_mark(source, at, guess, previous)
        if not char or char == "\n":
            return
        if 0x40 <= ord(char) < 0x7F:
            yield from self._at_one_byte(source, at, guess, previous)
        both = pair(char)
        if both:
            yield from self._at_two_bytes(source, at, guess, previous, both)
        if may_drop:
            yield from self._at_dropped_pair(source, at, guess, previous)

    def _at_two_bytes(
        self, source: str, at: int, guess: Guess, previous: str, both: tuple[int, int]
    ) -> Iterator[Step]:
        done = self._complete(guess, both[0], previous)
        if done is None:
            return
        if both[1] < 0x80:
            yield Step(at + 1, done._replace(text=done.text + chr(both[1])), aligned=True)
            return
        intact = _INTACT_READING.match(source, at + 1)
        if intact and _is_annotated_as(source[at], intact[1]):
            yield Step(intact.end(), done._replace(pending=both[1], broken=True))
        else:
            yield Step(at + 1, done._replace(pending=both[1]))

    def _at_one_byte(self, source: str, at: int, guess: Guess, previous: str) -> Iterator[Step]:
        intact = _INTACT_READING.match(source, at + 1)
        done = self._complete(guess, ord(source[at]), previous, intact[1]) if intact else None
        if intact and done:
            yield Step(intact.end(), done, aligned=True)
            return
        done = self._complete(guess, ord(source[at]), previous)
        if done:
            yield Step(at + 1, done, aligned=True)

    def _at_question_mark(self, source: str, at: int, guess: Guess, previous: str) -> Iterator[Step]:
        shifted = _SHIFTED_READING.match(source, at)
        mark = SPLIT_MARKS.get(source[at + 1 : at + 2])
        for trail in TRAILS:
            if shifted:
                done = self._complete(guess, trail, previous, shifted[1])
                if done:
                    yield Step(shifted.end(), done, aligned=True)
                continue
            done = self._complete(guess, trail, previous)
            if done and mark:
                wide = readable(MARK_LEAD, mark)
                yield Step(at + 2, done._replace(text=done.text + wide), aligned=True)
            elif done and trail == NO_LEAD:
                yield Step(at + 1, done, aligned=True)
            elif done:
                swallowed = _swallowed(source, at + 1)
                done = done._replace(text=done.text + swallowed).with_extra(_SWALLOWED)
                yield Step(at + 1, done, aligned=True)

    def _at_dropped_pair(self, source: str, at: int, guess: Guess, previous: str) -> Iterator[Step]:
        shifted = _SHIFTED_READING.match(source, at)
        both = pair(source[at])
        following = both[0] if both else ord(source[at])
        if following > 0xFF:
            return
        choices = _dropped_choices(guess.pending, following, shifted[1] if shifted else "")
        for first, seconds in choices.items():
            done = self._complete(guess, first, previous)
            if done is None:
                continue
            text, _, score, extra, *_ = done
            for second in seconds:
                yield Step(
                    at, Guess(text, second, score + _DROPPED, extra + _DROPPED, False, guess.dropped + 1)
                )

    def _complete(self, guess: Guess, trail: int, previous: str, reading: str = "") -> Guess | None:
        """Finish the pending character with `trail`; None where that cannot have stood there."""
        char = readable(guess.pending, trail)
        if not char or (reading and not _is_annotated_as(char, reading)):
            return None
        if not reading and char in self._annotated and not guess.broken:
            return None
        extra = self._table_score(char, reading) if reading else 0.0
        if is_simplified_only(char) and char not in self._standing:
            extra += _FOREIGN_TO_SOURCE
        before = simplified((guess.text or previous)[-1:])
        score = guess.score + extra + self._model.character(simplified(char), before)
        return Guess(guess.text + char, 0, score, guess.extra + extra, False, guess.dropped)

    def _table_score(self, char: str, reading: str) -> float:
        return 0.0 if self._annotated.get(char) == reading else _NEW_TABLE_CHARACTER


def _is_annotated_as(char: str, reading: str) -> bool:
    return is_traditional(char) and has_reading(char, reading)


@lru_cache(maxsize=4096)
def _dropped_choices(pending: int, following: int, reading: str) -> dict[int, list[int]]:
    """Return the likeliest byte pairs lost between `pending` and what follows: second bytes by first byte."""
    likely = []
    for first in TRAILS:
        char = readable(pending, first)
        for second in dropped_trails(first) if char else ():
            end = _likeliest_end(second, following, reading) if second >= 0x81 else 0.0
            if end:
                likely.append((commonness(simplified(char)) * end, first, second))
    likely.sort(reverse=True)
    choices: dict[int, list[int]] = {}
    for _, first, second in likely[:_DROPPED_CHOICES]:
        choices.setdefault(first, []).append(second)
    return choices


@lru_cache(maxsize=65536)
def _likeliest_end(lead: int, following: int, reading: str) -> float:
    """Return how common a character of this lead byte and the next token can be."""
    trails = [following] if following != ord("?") else TRAILS
    chars = (readable(lead, trail) for trail in trails)
    return max(
        (commonness(simplified(c)) for c in chars if c and (not reading or _is_annotated_as(c, reading))),
        default=0.0,
    )


def _swallowed(source: str, at: int) -> str:
    """Guess the one-byte character that a decoder out of step swallowed in front of `at`."""
    rest = source[at : at + 40]
    if not rest or rest[0] == "\n":
        return ""
    if _LATIN_TO_PARENTHESIS.match(rest):
        return "("
    return UNKNOWN if _COUNTED.match(rest) else "，"


def _simplified(text: str) -> str:
    return "".join(simplified(c) for c in text)


def _context(source: str, start: int, limit: int) -> str:
    stripped, _ = strip_annotations(source[start:limit].split("?")[0])
    return widen(_simplified(stripped))[:CONTEXT]
