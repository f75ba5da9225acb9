"""Vectors of many short texts that are asked for again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np

from knowledge.encoder import Encoder
from knowledge.indexed import Floats

MOST = 2000


class Embedding:
    """Encodes texts and remembers them, up to MOST; with more, those of the last call."""

    def __init__(self, encoder: Callable[[], Encoder]) -> None:
        self._encoder = encoder
        self._known: dict[str, Floats] = {}
        self._lock = Lock()

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Return unit vectors, shape (len(texts), dimension)."""
        with self._lock:
            new = sorted(set(texts) - self._known.keys())
            if len(new) + len(self._known) > MOST:
                self._known = {text: self._known[text] for text in texts if text in self._known}
            if new:
                self._known.update(zip(new, self._encoder().encode(new), strict=True))
            if not texts:
                return np.zeros((0, self._encoder().dimension), np.float32)
            return np.stack([self._known[text] for text in texts])
