"""Reading a stretch that the site's decoder read one byte off.

The site worked on GBK bytes and did not look where characters begin. A reading that it pushed between the
two bytes of a pair, or a mark that it cut out of two neighbours, makes everything after it decode one byte
late, until a one-byte character or the next reading puts the decoder right again. Here the displayed
characters go back to bytes, "?" to an unknown byte, and every way to pair them anew that is legal Chinese
and agrees with the printed readings is kept, likeliest first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from knowledge.restore.bytes import LEADS, MARK_LEAD, SPLIT_MARKS, TRAILS, dropped_trails, pair, readable
from knowledge.restore.script import HAN, LATIN_READING, has_reading, is_traditional, simplified
from knowledge.restore.words import WordModel

UNKNOWN = "□"
LONGEST_STRETCH = 60
BEAM = 1500
RESCORED = 500
CONTEXT = 8

_NEW_TABLE_CHARACTER = -3.0
_DROPPED = -4.0
_MOST_DROPPED = 2
_HAN = re.compile(f"[{HAN}]")
_SHIFTED_READING = re.compile(rf"\?({LATIN_READING})\)")
_INTACT_READING = re.compile(rf"\(({LATIN_READING})\)")
_LATIN_TO_PARENTHESIS = re.compile(r"[A-Za-z0-9 ,&/-]+\)")
_COUNTED = re.compile(r"[0-9.%％个年月日章节条天时分秒倍万亿元项家次类级种位]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A stretch read so far: its traditional text and the lead byte that still waits for its trail."""

    text: str
    pending: int
    score: float = 0.0
    broken: bool = False
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole stretch: where it ends in the source, what it says, whether a character was guessed."""

    end: int
    text: str
    score: float
    unknown: bool


class ShiftedReader:
    """Reads shifted stretches with the document's own annotated characters and a word model."""

    def __init__(self, annotated: Mapping[str, str], model: WordModel) -> None:
        self._annotated = annotated
        self._model = model

    def read(self, source: str, at: int, before: str, after_of: Mapping[int, str] | None = None) -> Reading | None:
        """Read the stretch that begins with the "?" at `at`; None where there is no such reading.

        `before` is the repaired text in front (traditional or not).
        """
        del after_of
        ends = self._search(source, at, before)
        if not ends:
            return None
        ends.sort(key=lambda r: -r.score)
        limit = max(r.end for r in ends[:RESCORED]) + CONTEXT * 6
        left = _simplified(before[-CONTEXT:])
        rescored = [
            replace(r, score=self._judge(left, r, _context(source, r.end, limit))) for r in ends[:RESCORED]
        ]
        return max(rescored, key=lambda r: r.score)

    def _judge(self, left: str, reading: Reading, right: str) -> float:
        penalty = reading.score - self._plain(reading.text)
        return self._model.score(left + _simplified(reading.text) + right) + penalty

    def _plain(self, text: str) -> float:
        return sum(self._model.character(simplified(c)) for c in text)

    # ------------------------------------------------------------------ search

    def _search(self, source: str, at: int, before: str) -> list[Reading]:
        frontier: dict[int, list[Guess]] = {}
        ends: list[Reading] = []
        for position, guess in self._starts(source, at, before):
            frontier.setdefault(position, []).append(guess)
        while frontier:
            position = min(frontier)
            guesses = sorted(frontier.pop(position), key=lambda g: -g.score)[:BEAM]
            if position - at > LONGEST_STRETCH:
                break
            for guess in guesses:
                for end, new, aligned in self._steps(source, position, guess):
                    if aligned:
                        ends.append(Reading(end, new.text, new.score, UNKNOWN in new.text))
                    else:
                        frontier.setdefault(end, []).append(new)
        return ends

    def _starts(self, source: str, at: int, before: str) -> Iterator[tuple[int, Guess]]:
        shifted = _SHIFTED_READING.match(source, at)
        last = pair(before[-1]) if before else None
        if shifted and last:
            for lead in LEADS:
                char = readable(last[1], lead)
                if char and is_traditional(char) and has_reading(char, shifted[1]):
                    yield shifted.end(), Guess("", lead, self._table_score(char, shifted[1]), broken=True)
        mark = source[at + 1 : at + 2]
        if mark in SPLIT_MARKS and mark:
            for lead in LEADS:
                char = readable(lead, MARK_LEAD)
                if char and char not in self._annotated:
                    yield at + 2, Guess(char, SPLIT_MARKS[mark], self._model.character(simplified(char)))

    def _table_score(self, char: str, reading: str) -> float:
        return 0.0 if self._annotated.get(char) == reading else _NEW_TABLE_CHARACTER

    def _steps(self, source: str, at: int, guess: Guess) -> Iterator[tuple[int, Guess, bool]]:
        """Yield (next position, guess, whether the decoder is in step again) after one displayed token."""
        char = source[at : at + 1]
        if char == "?":
            yield from self._at_question_mark(source, at, guess)
        if not char or char == "\n":
            return
        code = ord(char)
        if 0x40 <= code < 0x7F:
            yield from self._one_byte(source, at, guess, code)
        both = pair(char)
        if both:
            yield from self._two_bytes(source, at, guess, *both)
            if guess.dropped < _MOST_DROPPED:
                yield from self._after_dropped_pair(at, guess)

    def _two_bytes(
        self, source: str, at: int, guess: Guess, first: int, second: int
    ) -> Iterator[tuple[int, Guess, bool]]:
        done = self._complete(guess, first)
        if done is None:
            return
        if second < 0x80:
            yield at + 1, replace(done, text=done.text + chr(second)), True
            return
        intact = _INTACT_READING.match(source, at + 1)
        if intact and is_traditional(source[at]) and has_reading(source[at], intact[1]):
            yield intact.end(), replace(done, pending=second, broken=True), False
        else:
            yield at + 1, replace(done, pending=second), False

    def _one_byte(
        self, source: str, at: int, guess: Guess, code: int
    ) -> Iterator[tuple[int, Guess, bool]]:
        intact = _INTACT_READING.match(source, at + 1)
        if intact:
            done = self._complete(guess, code, intact[1])
            if done:
                yield intact.end(), done, True
                return
        done = self._complete(guess, code)
        if done:
            yield at + 1, done, True

    def _at_question_mark(self, source: str, at: int, guess: Guess) -> Iterator[tuple[int, Guess, bool]]:
        shifted = _SHIFTED_READING.match(source, at)
        mark = source[at + 1 : at + 2]
        for trail in TRAILS:
            if shifted:
                done = self._complete(guess, trail, shifted[1])
                if done:
                    yield shifted.end(), done, True
            done = self._complete(guess, trail)
            if done is None:
                continue
            if mark and mark in SPLIT_MARKS:
                wide = "；" if SPLIT_MARKS[mark] == 0xBB else "？"
                yield at + 2, replace(done, text=done.text + wide), True
            elif not shifted:
                swallowed = _swallowed(source, at + 1)
                yield at + 1, replace(done, text=done.text + swallowed, score=done.score - 1), True

    def _after_dropped_pair(self, at: int, guess: Guess) -> Iterator[tuple[int, Guess, bool]]:
        for first in TRAILS:
            trails = [t for t in dropped_trails(first) if t >= 0x81]
            done = self._complete(guess, first) if trails else None
            if done is None:
                continue
            marked = replace(done, score=done.score + _DROPPED, dropped=guess.dropped + 1)
            for second in trails:
                yield at, replace(marked, pending=second), False

    def _complete(self, guess: Guess, trail: int, reading: str = "") -> Guess | None:
        """Finish the pending character with `trail`, None where that cannot have stood there."""
        char = readable(guess.pending, trail)
        if not char:
            return None
        score = guess.score + self._model.character(simplified(char))
        if reading:
            if not (is_traditional(char) and has_reading(char, reading)):
                return None
            score += self._table_score(char, reading)
        elif char in self._annotated and not guess.broken:
            return None
        return Guess(guess.text + char, 0, score, False, guess.dropped)


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
    from knowledge.restore.annotations import strip_annotations
    from knowledge.restore.script import widen

    stripped, _ = strip_annotations(source[start:limit].split("?")[0])
    return widen(_simplified(stripped))[:CONTEXT]


def is_finite(score: float) -> bool:
    """Tell whether a score is a real likelihood."""
    return math.isfinite(score)
