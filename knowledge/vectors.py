"""A cache of vectors by text and encoder, so that nothing is ever encoded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.encoder import Encoded, Encoder, Progress

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (text_hash TEXT PRIMARY KEY, sentence BLOB NOT NULL, tokens BLOB NOT NULL)
"""
_CHUNK = 512


class VectorCache:
    """One small database file for each encoder fingerprint; token vectors are kept as float16."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._encoder = encoder
        self._path = folder / f"{encoder.fingerprint}.db"
        with closing(self._connect()) as connection:
            connection.execute(_SCHEMA)
            connection.commit()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Encoded]:
        """Return the vectors of each text, encoding only what is new; `progress(done, all)` counts that."""
        self.fill(texts, progress=progress)
        hashes = [_hash(text) for text in texts]
        known = self._load(set(hashes))
        return [known[h] for h in hashes]

    def each(self, texts: Sequence[str]) -> Iterator[Encoded]:
        """Yield the vectors of texts that `fill` was given, a few hundred in memory at a time."""
        for start in range(0, len(texts), _CHUNK):
            yield from self.encode(texts[start : start + _CHUNK])

    def fill(self, texts: Iterable[str], *, progress: Progress | None = None) -> None:
        """Encode and keep what is new; `progress(done, all)` counts that."""
        named = {_hash(text): text for text in texts}
        missing = named.keys() - self._stored(named)
        items = [(h, text) for h, text in named.items() if h in missing]
        for start in range(0, len(items), _CHUNK):
            part = items[start : start + _CHUNK]
            self._save([h for h, _ in part], self._encoder.encode_full([text for _, text in part]))
            if progress:
                progress(start + len(part), len(items))

    def _stored(self, hashes: Iterable[str]) -> set[str]:
        return {h for (h,) in self._select("text_hash", hashes)}

    def _select(self, columns: str, hashes: Iterable[str]) -> Iterator[tuple[Any, ...]]:
        wanted = sorted(hashes)
        with closing(self._connect()) as connection:
            for start in range(0, len(wanted), _CHUNK):
                part = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(part))
                query = f"SELECT {columns} FROM vectors WHERE text_hash IN ({marks})"  # noqa: S608
                yield from connection.execute(query, part)

    def _load(self, hashes: set[str]) -> dict[str, Encoded]:
        found = self._select("text_hash, sentence, tokens", hashes)
        return {text_hash: self._unpack(sentence, tokens) for text_hash, sentence, tokens in found}

    def _unpack(self, sentence: bytes, tokens: bytes) -> Encoded:
        flat = np.frombuffer(tokens, np.float16).astype(np.float32)
        return Encoded(np.frombuffer(sentence, np.float32), flat.reshape(-1, self._encoder.dimension))

    def _save(self, hashes: Sequence[str], encoded: Sequence[Encoded]) -> None:
        rows = [
            (h, vectors.sentence.astype(np.float32).tobytes(), vectors.tokens.astype(np.float16).tobytes())
            for h, vectors in zip(hashes, encoded, strict=True)
        ]
        with closing(self._connect()) as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            connection.commit()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
