"""A cache of vectors by text and encoder, so that nothing is ever encoded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

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
        self._encoder = encoder
        self._path = folder / f"{encoder.fingerprint}.db"
        with closing(self._connect()) as connection:
            connection.execute(_SCHEMA)
            connection.commit()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Encoded]:
        """Return the vectors of each text, encoding only what is new; `progress(done, all)` counts that."""
        hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        known = self._load(set(hashes))
        new = {h: text for h, text in zip(hashes, texts, strict=True) if h not in known}
        if new:
            known.update(self._encode(new, progress))
        return [known[h] for h in hashes]

    def _load(self, hashes: set[str]) -> dict[str, Encoded]:
        found: dict[str, Encoded] = {}
        wanted = sorted(hashes)
        with closing(self._connect()) as connection:
            for start in range(0, len(wanted), _CHUNK):
                part = wanted[start : start + _CHUNK]
                marks = ",".join("?" * len(part))
                query = f"SELECT text_hash, sentence, tokens FROM vectors WHERE text_hash IN ({marks})"  # noqa: S608
                for text_hash, sentence, tokens in connection.execute(query, part):
                    found[text_hash] = self._unpack(sentence, tokens)
        return found

    def _unpack(self, sentence: bytes, tokens: bytes) -> Encoded:
        flat = np.frombuffer(tokens, np.float16).astype(np.float32)
        return Encoded(np.frombuffer(sentence, np.float32), flat.reshape(-1, self._encoder.dimension))

    def _encode(self, new: dict[str, str], progress: Progress | None) -> dict[str, Encoded]:
        done: dict[str, Encoded] = {}
        items = list(new.items())
        for start in range(0, len(items), _CHUNK):
            part = items[start : start + _CHUNK]
            encoded = self._encoder.encode_full([text for _, text in part])
            done.update({h: vectors for (h, _), vectors in zip(part, encoded, strict=True)})
            self._save({h: done[h] for h, _ in part})
            if progress:
                progress(len(done), len(items))
        return done

    def _save(self, part: dict[str, Encoded]) -> None:
        rows = [
            (h, vectors.sentence.astype(np.float32).tobytes(), vectors.tokens.astype(np.float16).tobytes())
            for h, vectors in part.items()
        ]
        with closing(self._connect()) as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            connection.commit()
