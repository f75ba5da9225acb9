"""How likely a stretch of Chinese is: word frequencies, with those of the document itself."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

LONGEST = 8
_MARKS = {
    "，": 0.07, "。": 0.04, "、": 0.03, "：": 0.008, "；": 0.008, "（": 0.004, "）": 0.004, "？": 0.002,
    "《": 0.003, "》": 0.003, "“": 0.003, "”": 0.003, "！": 0.001,
}  # fmt: skip
_UNKNOWN_WORDS = 0.02
_RAREST = 1e-9
_DOCUMENT_HALF = 4000
_PAIR_HALF = 200
_OWN_PAIR_HALF = 3


@lru_cache(maxsize=1)
def _dictionary() -> tuple[Mapping[str, int], int]:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer.FREQ, tokenizer.total


@lru_cache(maxsize=1)
def _neighbours() -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Count pairs of characters within the words of the dictionary, and characters that something follows."""
    pairs: Counter[str] = Counter()
    firsts: Counter[str] = Counter()
    for word, frequency in _dictionary()[0].items():
        if frequency and len(word) > 1:
            for at in range(len(word) - 1):
                pairs[word[at : at + 2]] += frequency
                firsts[word[at]] += frequency
    return pairs, firsts


class WordModel:
    """A unigram word model (Viterbi segmentation) of general Chinese and one document."""

    def __init__(self, document: str = "") -> None:
        self._general, self._total = _dictionary()
        self._own: Counter[str] = Counter()
        self._share = 0.0
        words = self.segment(document)
        self._own.update(words)
        self._share = len(words) / (len(words) + _DOCUMENT_HALF)
        self._own_total = max(1, len(words))
        self._letters = _letters()
        self._pairs, self._firsts = _neighbours()
        self._own_pairs = Counter(a + b for a, b in pairwise(document))
        self._own_firsts = Counter(document)

    def score(self, text: str) -> float:
        """Return the log probability of the likeliest segmentation of `text`."""
        return self._best(text)[-1][0]

    def segment(self, text: str) -> list[str]:
        """Return the words of the likeliest segmentation."""
        best, words, end = self._best(text), [], len(text)
        while end:
            start = best[end][1]
            words.append(text[start:end])
            end = start
        return words[::-1]

    def character(self, char: str, previous: str = "") -> float:
        """Return the log probability of a character after the one before it: quick, for pruning a search."""
        alone = self._letters.get(char, _RAREST)
        both = previous + char
        after = self._pairs.get(both, 0) / (self._firsts.get(previous, 0) + _PAIR_HALF)
        own = self._own_pairs.get(both, 0) / (self._own_firsts.get(previous, 0) + _OWN_PAIR_HALF)
        return math.log(0.4 * alone + 0.4 * after + 0.2 * own)

    def _best(self, text: str) -> list[tuple[float, int]]:
        best = [(0.0, 0)] + [(-math.inf, 0)] * len(text)
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + LONGEST) + 1):
                word = text[start:end]
                probability = self._probability(word)
                if not probability and len(word) > 1:
                    continue
                score = best[start][0] + math.log(probability or _UNKNOWN_WORDS / self._total)
                if score > best[end][0]:
                    best[end] = (score, start)
        return best

    def _probability(self, word: str) -> float:
        general = _MARKS.get(word) or self._general.get(word, 0) / self._total
        if not self._share:
            return general
        own = self._own.get(word, 0) / self._own_total
        return (1 - self._share) * general + self._share * own


def commonness(char: str) -> float:
    """Return how often a character stands in general Chinese, 0 to 1."""
    return _letters().get(char, 0.0)


@lru_cache(maxsize=1)
def _letters() -> Mapping[str, float]:
    counts: Counter[str] = Counter()
    for word, frequency in _dictionary()[0].items():
        for char in word if frequency else "":
            counts[char] += frequency
    total = sum(counts.values())
    return {**{char: count / total for char, count in counts.items()}, **_MARKS}
