"""Letters and pairs of letters of a text as weights: what is written, beside what is meant."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

LEAST = 2  # texts in which a piece has to stand


def pieces(text: str) -> list[str]:
    """Return the letters and pairs of letters of a text."""
    return [*text, *(a + b for a, b in pairwise(text))]


def rarities(texts: Sequence[str]) -> dict[str, float]:
    """Return log(n / texts with it) + 1 of each piece that stands in `LEAST` texts, in a fixed order."""
    seen = Counter(piece for text in texts for piece in set(pieces(text)))
    total = len(texts) + 1
    return {
        piece: math.log(total / (1 + count)) + 1.0 for piece, count in sorted(seen.items()) if count >= LEAST
    }


def weights(text: str, rarity: Mapping[str, float]) -> dict[str, float]:
    """Return the weight of each known piece; their squares add up to 1, unless none is known."""
    counts = Counter(piece for piece in pieces(text) if piece in rarity)
    raw = {piece: (1.0 + math.log(count)) * rarity[piece] for piece, count in counts.items()}
    length = _length(raw.values())
    return {piece: value / length for piece, value in raw.items()}


def _length(values: Iterable[float]) -> float:
    return math.sqrt(sum(value * value for value in values)) or 1.0
