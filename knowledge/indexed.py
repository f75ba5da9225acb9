"""What an index holds: texts, vectors, token vectors, and what was learned from the question bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from knowledge.attach import Attachment
from knowledge.document import Audience, Document, Passage
from knowledge.encoder import Encoded
from knowledge.passages import Unit

if TYPE_CHECKING:
    from knowledge.calibration import Judge

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
IN_MEMORY = 64_000_000  # bytes of token vectors on disk up to which they are kept in memory


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """Ragged token vectors: rows `starts[i]` to `starts[i + 1]` of `rows` belong to text i."""

    rows: npt.NDArray[np.floating[Any]]
    starts: Ints

    @classmethod
    def of(cls, encoded: Sequence[Encoded]) -> TokenVectors:
        """Stack the token vectors of some texts."""
        starts = np.cumsum([0, *(len(e.tokens) for e in encoded)]).astype(np.int64)
        rows = np.concatenate([e.tokens.astype(np.float16) for e in encoded]) if encoded else np.zeros((0, 1))
        return cls(rows.astype(np.float16), starts)

    def save(self, folder: Path, name: str) -> None:
        """Write both arrays; vectors as 16-bit floats."""
        np.save(folder / f"{name}.rows.npy", self.rows.astype(np.float16))
        np.save(folder / f"{name}.starts.npy", self.starts)

    @classmethod
    def load(cls, folder: Path, name: str) -> TokenVectors:
        """Read them back: into memory as 32-bit floats, or mapped from disk when there are many."""
        path = folder / f"{name}.rows.npy"
        small = path.stat().st_size <= IN_MEMORY
        rows = np.load(path).astype(np.float32) if small else np.load(path, mmap_mode="r")
        return cls(rows, np.load(folder / f"{name}.starts.npy"))

    def max_sim(self, query: Floats, chosen: Ints) -> Floats:
        """Return for each chosen text the mean over query tokens of its best token's cosine."""
        spans = [(int(self.starts[i]), int(self.starts[i + 1])) for i in chosen]
        if not spans:
            return np.zeros(0, np.float32)
        rows = np.concatenate([self.rows[a:b] for a, b in spans]).astype(np.float32, copy=False)
        offsets = np.cumsum([0, *(b - a for a, b in spans)])[:-1]
        best = np.maximum.reduceat(rows @ query.T, offsets, axis=0)
        return np.asarray(best.mean(axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Index:
    """What one manual's search needs. Arrays are aligned with the lists of the same name.

    `projection` maps sentence vectors to where questions that ask for the same lie together. `judges` decide
    for each audience what is refused.
    """

    key: str
    manual: str
    version: str
    document: Document
    units: tuple[Unit, ...]
    passages: tuple[Passage, ...]
    passage_words: tuple[tuple[str, ...], ...]
    attached: tuple[Attachment, ...]
    kinds: tuple[str, ...]
    unanswerable: tuple[str, ...]
    unit_vectors: Floats
    unit_tokens: TokenVectors
    passage_vectors: Floats
    passage_tokens: TokenVectors
    question_vectors: Floats
    unanswerable_vectors: Floats
    projection: Floats
    judges: dict[Audience, Judge]
