"""How likely a stretch of Chinese is: word frequencies, with those of the document itself."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

LONGEST = 8
_MARKS = {"，": 0.07, "。": 0.04, "、": 0.03, "：": 0.008, "；": 0.008, "（": 0.004, "）": 0.004, "？": 0.002}
_UNKNOWN_WORDS = 0.02
_DOCUMENT_HALF = 4000


@lru_cache(maxsize=1)
def _dictionary() -> tuple[Mapping[str, int], int]:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer.FREQ, tokenizer.total


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

    def character(self, char: str) -> float:
        """Return the log probability of a character standing alone."""
        return math.log(max(self._probability(char), _UNKNOWN_WORDS / self._total))

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
        own = self._own[word] / self._own_total
        return (1 - self._share) * general + self._share * own
