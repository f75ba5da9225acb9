"""The nearest of many unit vectors: exact in a manual of usual size, by 8-bit codes in a huge one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from knowledge.indexed import Floats, Ints
from knowledge.projection import project
from knowledge.rows import Rows

MANY = 20_000  # vectors from which on they are kept as codes, in lists of which a search looks at some
LISTS, PROBED = 256, 64  # measured (bot/docs/evaluation.md): half of PROBED finds .88 of the nearest, not .95
SAMPLE = 10_000  # vectors that the lists are made from
TOLD_APART = 2_000  # sentences that are told apart among very many
_CHUNK = 8192


class Nearest:
    """The rows of `vectors` at `places`, mapped by `matrix` if there is one, ready to be compared."""

    def __init__(self, vectors: Rows, places: Ints, matrix: Floats | None = None) -> None:
        self._vectors, self._places, self._matrix = vectors, places, matrix
        many = len(places) >= MANY
        self._exact = None if many else self._read(places)
        self._codes: Any = self._coded() if many else None

    def _read(self, places: Ints) -> Floats:
        read = np.asarray(self._vectors[places], np.float32)
        return read if self._matrix is None else project(read, self._matrix)

    def _pieces(self) -> Iterator[Floats]:
        for start in range(0, len(self._places), _CHUNK):
            yield self._read(self._places[start : start + _CHUNK])

    def _coded(self) -> Any:
        import faiss

        faiss.omp_set_num_threads(1)
        dimension = self._vectors.shape[1]
        coded = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dimension),
            dimension,
            LISTS,
            faiss.ScalarQuantizer.QT_8bit,
            faiss.METRIC_INNER_PRODUCT,
        )
        coded.train(self._read(self._places[:: max(1, len(self._places) // SAMPLE)][:SAMPLE]))
        for piece in self._pieces():
            coded.add(piece)
        coded.nprobe = PROBED
        return coded

    def nearest(self, vector: Floats, count: int) -> tuple[Ints, Floats]:
        """Return the rows of the `count` nearest and their cosines, nearest first."""
        if self._exact is not None:
            cosines = self._exact @ vector
            rows = highest(cosines, count)
            return rows, cosines[rows]
        found, places = self._codes.search(vector[None], count)
        there = places[0] >= 0  # there are fewer where the lists it looked at hold fewer
        return places[0][there], found[0][there]

    def scores(self, vector: Floats) -> Floats:
        """Return the cosine of every row; among very many, the least of the nearest for all others."""
        if self._exact is not None:
            return np.asarray(self._exact @ vector, np.float32)
        rows, cosines = self.nearest(vector, TOLD_APART)
        out = np.full(len(self._places), cosines.min(), np.float32)
        out[rows] = cosines
        return out

    def most(self, vectors: Floats) -> Floats:
        """Return for each vector the cosine of its nearest row."""
        if self._exact is not None:
            return np.asarray((vectors @ self._exact.T).max(axis=1), np.float32)
        return np.asarray(self._codes.search(vectors, 1)[0][:, 0], np.float32)


def highest(scores: Floats, count: int) -> Ints:
    """Return the places of the highest scores, highest first; equal ones in order."""
    count = min(count, len(scores))
    if not count:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    places = np.flatnonzero(scores >= least)
    return np.asarray(places[np.argsort(-scores[places], kind="stable")[:count]], np.int64)
