"""Normalise and segment Chinese: NFKC, Simplified, jieba with a finance dictionary, synonyms, sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

LEXICON = Path(__file__).parent / "lexicon"
_ZERO_WIDTH = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\w")
# A sentence ends at 。！？； or their ASCII forms, closing quotes and brackets included.
_SENTENCE = re.compile(r"[^。！？!?；;]*[。！？!?；;]+[”』」）)]*|[^。！？!?；;]+$")


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1)
def _segmenter() -> Any:
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba asks for pkg_resources, which warns of its own end
        import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    for word in _lines("finance.txt"):
        tokenizer.add_word(word)
    return tokenizer


def _lines(name: str) -> list[str]:
    text = (LEXICON / name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Return the words that say nothing about what a question is about."""
    return frozenset(word for line in _lines("stopwords.txt") for word in line.split())


@lru_cache(maxsize=1)
def light_words() -> frozenset[str]:
    """Return the words that fit any subject."""
    return frozenset(word for line in _lines("light.txt") for word in line.split())


@lru_cache(maxsize=1)
def _synonym_groups() -> dict[str, list[str]]:
    others: dict[str, list[str]] = {}
    for group in (line.split() for line in _lines("synonyms.txt")):
        for word in group:
            others.setdefault(word, []).extend(w for w in group if w != word)
    return others


def synonyms(terms: Iterable[str]) -> list[str]:
    """Return other words for `terms`, none of `terms` itself, in a fixed order."""
    written = list(terms)
    others = [other for term in written for other in _synonym_groups().get(term, ())]
    return [word for word in dict.fromkeys(others) if word not in written]


@lru_cache(maxsize=1)
def spellings() -> dict[str, str]:
    """Return usual wrong spellings with the right one."""
    return {
        wrong: right for line in _lines("spellings.txt") for right, *rest in [line.split()] for wrong in rest
    }


@lru_cache(maxsize=20_000)
def _simple(char: str) -> str:
    made = str(_simplifier().convert(char))
    return made if len(made) == 1 else char


def simplified(text: str) -> str:
    """Return the text in Simplified script, sign by sign: nothing changes its place."""
    return text if text.isascii() else "".join(map(_simple, text))


def cut(text: str) -> list[str]:
    """Return all words of a normalised text in order; what no dictionary knows comes as characters."""
    return list(_segmenter().cut(text, HMM=False))


def normalise(text: str) -> str:
    """Return text as it is compared: NFKC, Simplified, lower case, nothing invisible, single spaces."""
    folded = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text))
    return _SPACES.sub(" ", _simplifier().convert(folded)).strip().lower()


def words(text: str) -> list[str]:
    """Return the index terms of a text in order, stop words left out; the text is normalised first."""
    found = _segmenter().cut_for_search(normalise(text))
    return [word for word in found if _WORD.search(word) and word not in stop_words()]


def sentences(text: str) -> list[str]:
    """Split a paragraph into sentences whose concatenation is the paragraph."""
    pieces = _SENTENCE.findall(text)
    return [piece for piece in pieces if piece.strip()] or ([text] if text.strip() else [])
