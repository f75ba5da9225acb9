"""What an index holds: texts, vectors, token vectors, and what was learned from the question bank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from knowledge.attach import Attachment
from knowledge.document import Audience, Document, Passage
from knowledge.encoder import Encoded
from knowledge.passages import Unit
from knowledge.rows import Rows, StoredRows, kept, load_rows, save_rows

if TYPE_CHECKING:
    from knowledge.calibration import Judge

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """Ragged token vectors as 16-bit floats: rows `starts[i]` to `starts[i + 1]` of `rows` are of text i."""

    rows: Rows
    starts: Ints

    def save(self, folder: Path, name: str) -> None:
        """Write both arrays."""
        save_rows(self.rows, folder / f"{name}.rows.npy")
        np.save(folder / f"{name}.starts.npy", self.starts)

    @classmethod
    def load(cls, folder: Path, name: str) -> TokenVectors:
        """Read them back; very many stay in their file."""
        return cls(load_rows(folder / f"{name}.rows.npy"), np.load(folder / f"{name}.starts.npy"))

    def max_sim(self, query: Floats, chosen: Ints) -> Floats:
        """Return for each chosen text the mean over query tokens of its best token's cosine."""
        if not len(chosen):
            return np.zeros(0, np.float32)
        import torch  # half the time of numpy's product, and a tenth for the conversion

        starts, ends = self.starts[chosen], self.starts[chosen + 1]
        rows = self.rows[np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])]
        similar = (torch.from_numpy(rows).float() @ torch.from_numpy(query).T).numpy()
        offsets = np.cumsum([0, *(ends - starts)])[:-1]
        return np.asarray(np.maximum.reduceat(similar, offsets, axis=0).mean(axis=1), np.float32)


def gather(encoded: Iterable[Encoded], dimension: int, folder: Path) -> tuple[Floats, TokenVectors]:
    """Return the sentence vectors and the token vectors of texts that come one by one.

    Token vectors go through a file in `folder`: those of a huge manual do not fit in memory.
    """
    sentences: list[Floats] = []
    lengths: list[int] = []

    def tokens() -> Iterator[Floats]:
        for one in encoded:
            sentences.append(one.sentence)
            lengths.append(len(one.tokens))
            yield one.tokens

    rows = kept(StoredRows.gather(tokens(), np.float16, dimension, folder))
    starts = np.cumsum([0, *lengths]).astype(np.int64)
    vectors = np.array(sentences, np.float32).reshape(-1, dimension)
    return vectors, TokenVectors(rows, starts)


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
    unit_vectors: Rows
    unit_tokens: TokenVectors
    passage_vectors: Rows
    passage_tokens: TokenVectors
    question_vectors: Floats
    unanswerable_vectors: Floats
    projection: Floats
    judges: dict[Audience, Judge]
