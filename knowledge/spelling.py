"""Read what was typed in pinyin or with a wrong character, by the words of manual and known questions."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from knowledge.text import cut, spellings

_LATIN = re.compile(r"[a-z]+(?:[ '][a-z]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LONGEST_WORD = 6
LONGEST_INPUT = 120  # letters of pinyin that are read
LEAST_LETTERS = 4
SEEN = 3  # how often a word must be known before a wrong character is taken for it
_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("l", "n"))
_UNSEEN_PAIR = 4.0  # what a pair of words never seen together costs, in nats


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    syllables: tuple[str, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class _Path:
    cost: float
    words: tuple[_Word, ...]


class Speller:
    """Knows the words of some texts by how they sound."""

    def __init__(self, texts: Iterable[str], *, latin: Iterable[str] = ()) -> None:
        """Learn from normalised texts; `latin` are words that are no pinyin."""
        counts: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._latin = frozenset(latin)
        for text in texts:
            found = [word for word in cut(text) if _HAN.fullmatch(word) and len(word) <= _LONGEST_WORD]
            counts.update(found)
            self._pairs.update(pairwise(found))
        self._counts = counts
        self._sounds: dict[str, list[_Word]] = defaultdict(list)
        self._alike: dict[str, list[str]] = defaultdict(list)
        total = sum(counts.values()) or 1
        for word, count in sorted(counts.items()):
            syllables = sound(word)
            self._sounds["".join(syllables)].append(_Word(word, syllables, -math.log(count / total)))
            if len(word) > 1 and count >= SEEN:
                self._alike[_fold(syllables)].append(word)

    def mend(self, text: str) -> str:
        """Return a normalised text with pinyin turned into words and wrong characters put right."""
        read = _LATIN.sub(
            lambda m: self._read(m.group(), text[: m.start()], text[m.end() :]) or m.group(), text
        )
        if read != text:
            read = re.sub(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])", "", read)
        for wrong, right in spellings().items():
            read = read.replace(wrong, right)
        return _HAN.sub(lambda m: self._respell(m.group()), read)

    def _read(self, typed: str, before: str, after: str) -> str:
        """Return the likeliest words for a run of pinyin between two texts, "" where it is none."""
        parts = re.split(r"[ ']", typed)
        letters = "".join(parts)
        if not LEAST_LETTERS <= len(letters) <= LONGEST_INPUT or all(part in self._latin for part in parts):
            return ""
        if not all(_is_pinyin(part) for part in parts):
            return ""
        gaps, end = set(), 0
        for part in parts:
            end += len(part)
            gaps.add(end)
        return self._likeliest(letters, gaps, _edge(before, last=True), _edge(after, last=False))

    def _likeliest(self, letters: str, gaps: set[int], before: str, after: str) -> str:
        """Find the cheapest words that sound like `letters` (Viterbi); no syllable spans a gap."""
        best: list[dict[str, _Path]] = [{} for _ in range(len(letters) + 1)]
        best[0][before] = _Path(0.0, ())
        for start in range(len(letters)):
            if not best[start]:
                continue
            for end in range(start + 1, min(len(letters), start + _LONGEST_WORD * 6) + 1):
                for word in self._sounds.get(letters[start:end], ()):
                    if _fits(word, start, gaps):
                        self._extend(best, start, end, word)
        if not best[-1]:
            return ""
        ends = {
            last: path.cost + (self._step(last, after, 0.0) if after else 0.0)
            for last, path in best[-1].items()
        }
        path = best[-1][min(ends, key=lambda last: (ends[last], last))]
        return "".join(word.text for word in path.words)

    def _extend(self, best: list[dict[str, _Path]], start: int, end: int, word: _Word) -> None:
        for before, path in best[start].items():
            cost = path.cost + self._step(before, word.text, word.cost)
            known = best[end].get(word.text)
            if known is None or cost < known.cost:
                best[end][word.text] = _Path(cost, (*path.words, word))

    def _step(self, before: str, word: str, cost: float) -> float:
        """Return what a word costs after another: pairs that were seen together are cheap."""
        together = self._pairs.get((before, word), 0)
        return max(cost + (0.0 if together else _UNSEEN_PAIR) - math.log1p(together), 0.1)

    def _respell(self, run: str) -> str:
        """Put right characters that make no word, by a known word of the same sound that shares one."""
        out, loose = [], ""
        for word in [*cut(run), ""]:
            if len(word) == 1:
                loose += word
                continue
            out += [self._respell_loose(loose), word]
            loose = ""
        return "".join(out)

    def _respell_loose(self, loose: str) -> str:
        for size in range(min(len(loose), 4), 1, -1):
            for start in range(len(loose) - size + 1):
                span = loose[start : start + size]
                right = self._meant(span)
                if right:
                    before, after = loose[:start], loose[start + size :]
                    return self._respell_loose(before) + right + self._respell_loose(after)
        return loose

    def _meant(self, span: str) -> str:
        if self._counts.get(span) or self._pairs.get((span[0], span[1:]), 0) >= SEEN:
            return ""
        found = [
            word
            for word in self._alike.get(_fold(sound(span)), ())
            if len(word) == len(span) and any(a == b for a, b in zip(word, span, strict=True))
        ]
        return max(found, key=lambda word: (self._counts[word], word), default="")


def _edge(text: str, *, last: bool) -> str:
    """Return the Chinese word at the end (or the beginning) of a text, "" for none."""
    found = [word for word in cut(text.strip()) if word.strip()]
    word = found[-1 if last else 0] if found else ""
    return word if _HAN.fullmatch(word) else ""


def _fits(word: _Word, start: int, gaps: set[int]) -> bool:
    """Tell whether no gap between typed words falls inside a syllable."""
    place = start
    for syllable in word.syllables:
        if any(place < gap < place + len(syllable) for gap in gaps):
            return False
        place += len(syllable)
    return True


def sound(text: str) -> tuple[str, ...]:
    """Return the toneless pinyin of each character, ü as v."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(text, style=Style.NORMAL, v_to_u=False))


def _fold(syllables: Iterable[str]) -> str:
    """Return how syllables sound to many speakers: zh as z, ng as n, l as n."""
    out = []
    for syllable in syllables:
        for written, heard in _FOLDED:
            syllable = syllable.replace(written, heard)
        out.append(syllable)
    return " ".join(out)


@lru_cache(maxsize=1)
def _syllables() -> frozenset[str]:
    from pypinyin.constants import PINYIN_DICT

    readings: Mapping[int, str] = PINYIN_DICT
    return frozenset(sound(chr(code))[0] for code in readings if 0x4E00 <= code <= 0x9FA5) - {""}


def _is_pinyin(letters: str) -> bool:
    """Tell whether letters are made of whole syllables."""
    reach = {0}
    for start in range(len(letters)):
        if start in reach:
            reach |= {end for end in range(start + 1, start + 7) if letters[start:end] in _syllables()}
    return len(letters) in reach
