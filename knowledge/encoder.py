"""Turn text into vectors: one forward pass gives the sentence vector and the token vectors."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.errors import unavailable

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
BATCH = 32
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: `sentence` is a unit vector (dim,), `tokens` are unit vectors (pieces, dim)."""

    sentence: Vectors
    tokens: Vectors


class Encoder(Protocol):
    """What search and understanding need of an encoder."""

    @property
    def fingerprint(self) -> str:
        """Name the model and its content: vectors of different fingerprints never mix."""

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension)."""

    def encode_full(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Encoded]:
        """Return sentence and token vectors of each text."""

    def encode_one(self, text: str) -> Encoded:
        """Encode one text; the last texts are remembered, so that a turn is encoded once."""


class SentenceEncoder:
    """Wraps any sentence-transformers model; prompts come from the model's own configuration.

    Raises:
        WenjinError: `encoder_unusable` (503) where there is none at `path`.
    """

    def __init__(self, path: str | Path) -> None:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        from knowledge.bert import quicken

        transformers_logging.set_verbosity_error()  # its report on unused layers is no news to an operator
        transformers_logging.disable_progress_bar()
        # BLAS's and torch's thread pools fight for two cores: one thread each.
        torch.set_num_threads(int(os.environ.get("WENJIN_TORCH_THREADS", "1")))
        self._torch = torch
        try:
            self._model = SentenceTransformer(str(path), device="cpu", model_kwargs={"dtype": torch.float32})
        except (OSError, ValueError, KeyError) as error:
            raise unavailable(
                "encoder_unusable",
                f"打不开句向量模型 {path}。请检查 WENJIN_ENCODER：应为 sentence-transformers 模型的文件夹，"
                "或已下载的模型名。",
            ) from error
        self._model.eval()
        self._first, *self._rest = list(self._model)
        with torch.inference_mode():
            self._quick = quicken(self._first)
        self._batch = BATCH
        if self._quick and self._quick.half:
            # Texts are read faster one by one than padded to one length, and the layers by nobody else.
            self._batch, self._first.auto_model.encoder = 1, torch.nn.Identity()
        self._prompt = (self._model.prompts or {}).get("query", "")
        self._lead = 1 + len(self._model.tokenizer.tokenize(self._prompt.strip())) if self._prompt else 1
        self._fingerprint = _fingerprint(path)
        self._remembered: OrderedDict[str, Encoded] = OrderedDict()
        self._lock = Lock()

    @property
    def fingerprint(self) -> str:
        """Name the model by its folder and the size and hash of its configuration and weights."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Return unit vectors, shape (len(texts), dimension)."""
        out = np.zeros((len(texts), self.dimension), np.float32)
        for i, sentence, _ in self._forward(texts, progress):
            out[i] = sentence
        return out

    def encode_full(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Encoded]:
        """Return sentence and token vectors; special tokens and the prompt are left out."""
        out: list[Encoded | None] = [None] * len(texts)
        for i, sentence, tokens in self._forward(texts, progress):
            out[i] = Encoded(sentence, tokens)
        return [encoded for encoded in out if encoded is not None]

    def encode_one(self, text: str) -> Encoded:
        """Encode one text, or give back what was encoded for the same text a moment ago."""
        with self._lock:
            known = self._remembered.get(text)
            if known is None:
                known = self.encode_full([text])[0]
                self._remembered[text] = known
                if len(self._remembered) > REMEMBERED:
                    self._remembered.popitem(last=False)
            return known

    def _forward(self, texts: Sequence[str], progress: Progress | None) -> Any:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        normalise = self._torch.nn.functional.normalize
        for start in range(0, len(order), self._batch):
            batch = order[start : start + self._batch]
            features = self._model.preprocess([self._prompt + texts[i] for i in batch])
            with self._torch.inference_mode():
                output = self._run(dict(features))
                tokens = normalise(output["token_embeddings"].float(), dim=-1).numpy()
                sentences = normalise(output["sentence_embedding"].float(), dim=-1).numpy()
            lengths = output["attention_mask"].sum(dim=1).tolist()
            for row, i in enumerate(batch):
                yield i, sentences[row], tokens[row, self._lead : max(int(lengths[row]) - 1, self._lead + 1)]
            if progress:
                progress(start + len(batch), len(order))

    def _run(self, features: dict[str, Any]) -> dict[str, Any]:
        """Return the model's output; one text alone takes the quick way where there is one."""
        if self._quick is None or len(features["input_ids"]) > 1:
            output: dict[str, Any] = self._model.forward(features)
            return output
        features["token_embeddings"] = self._quick(features["input_ids"])
        for module in self._rest:
            features = module(features)
        return features


def _fingerprint(path: str | Path) -> str:
    folder = Path(path)
    if not folder.is_dir():
        return hashlib.sha256(str(path).encode()).hexdigest()[:16]
    digest = hashlib.sha256()
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        digest.update(f"{file.relative_to(folder)}:{file.stat().st_size}".encode())
        if file.stat().st_size < 1_000_000:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def shared(path: str) -> SentenceEncoder:
    """Return this process's one encoder of that path, loaded on first use."""
    return SentenceEncoder(path)


def load_encoder(path: str | Path) -> SentenceEncoder:
    """Return the shared encoder of `path` (a folder, or a sentence-transformers name)."""
    return shared(str(path))
