"""One manual made searchable: an immutable folder of texts and vectors, built once for each content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.attach import Attachment, attach
from knowledge.calibration import Calibration, calibrate
from knowledge.document import Audience, Document, Passage
from knowledge.encoder import Encoded, Encoder, Progress
from knowledge.passages import Unit, passages_of_document, units_of_document
from knowledge.questions import QuestionBank
from knowledge.sections import from_store, to_store
from knowledge.text import words
from knowledge.vectors import VectorCache

FORMAT = "3"  # raise it when what is stored, or how text is cut, changes
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """Ragged token vectors: rows `starts[i]` to `starts[i + 1]` of `rows` belong to text i."""

    rows: npt.NDArray[np.float16]
    starts: Ints

    @classmethod
    def of(cls, encoded: Sequence[Encoded]) -> TokenVectors:
        """Stack the token vectors of some texts."""
        starts = np.cumsum([0, *(len(e.tokens) for e in encoded)]).astype(np.int64)
        rows = np.concatenate([e.tokens for e in encoded]) if encoded else np.zeros((0, 1), np.float32)
        return cls(rows.astype(np.float16), starts)

    def max_sim(self, query: Floats, chosen: Ints) -> Floats:
        """Return for each chosen text the mean over query tokens of its best token's cosine."""
        spans = [(int(self.starts[i]), int(self.starts[i + 1])) for i in chosen]
        if not spans:
            return np.zeros(0, np.float32)
        rows = np.concatenate([self.rows[a:b] for a, b in spans]).astype(np.float32)
        offsets = np.cumsum([0, *(b - a for a, b in spans)])[:-1]
        best = np.maximum.reduceat(rows @ query.T, offsets, axis=0)
        return np.asarray(best.mean(axis=1), np.float32)


@dataclass(frozen=True, slots=True)
class Index:
    """What one manual's search needs. Arrays are aligned with the lists of the same name."""

    key: str
    manual: str
    version: str
    document: Document
    units: tuple[Unit, ...]
    passages: tuple[Passage, ...]
    passage_words: tuple[tuple[str, ...], ...]
    attached: tuple[Attachment, ...]
    kinds: tuple[str, ...]
    unit_vectors: Floats
    unit_tokens: TokenVectors
    passage_vectors: Floats
    passage_tokens: TokenVectors
    question_vectors: Floats
    unanswerable_vectors: Floats
    calibration: dict[Audience, Calibration]


def index_key(document: Document, bank: QuestionBank, encoder: Encoder, *, manual: str, version: str) -> str:
    """Return the content hash that says whether an index must be built again."""
    content = {
        "format": FORMAT,
        "manual": [manual, version],
        "encoder": encoder.fingerprint,
        "document": to_store(document),
        "questions": [asdict(question) for question in bank.answerable],
        "unanswerable": [asdict(question) for question in bank.unanswerable],
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:20]


def build(
    document: Document,
    *,
    manual: str,
    version: str,
    bank: QuestionBank,
    reference: Document,
    encoder: Encoder,
    cache: VectorCache,
    progress: Progress | None = None,
) -> Index:
    """Encode what is new and put an index together.

    `reference` is the edition that the bank's sections and anchors speak of; for another manual the questions of
    sections with the same meaning attach by themselves.
    """
    units = tuple(units_of_document(document))
    passages = tuple(passages_of_document(document))
    anchors = sorted({question.anchor for question in bank.answerable if question.anchor})
    groups = [
        [_unit_text(unit) for unit in units],
        [passage.indexed for passage in passages],
        [question.text for question in bank.answerable],
        [question.text for question in bank.unanswerable],
        anchors,
        [section.title for section in reference],
        [section.title for section in document],
    ]
    encoded = cache.encode([text for group in groups for text in group], progress=progress)
    ends = np.cumsum([len(group) for group in groups])[:-1].tolist()
    of_units, of_passages, of_questions, of_unanswerable, of_anchors, of_theirs, of_ours = (
        list(encoded[start:end]) for start, end in zip([0, *ends], [*ends, len(encoded)], strict=True)
    )
    unit_vectors = _stack(of_units, encoder)
    attached = attach(
        document,
        reference,
        units,
        unit_vectors,
        bank.answerable,
        anchors=dict(zip(anchors, _stack(of_anchors, encoder), strict=True)),
        titles=(_stack(of_ours, encoder), _stack(of_theirs, encoder)),
    )
    kept = [attachment.question for attachment in attached]
    question_vectors = _stack(of_questions, encoder)[kept]
    unanswerable_vectors = _stack(of_unanswerable, encoder)
    readable = {s.number for s in document if s.audience is Audience.CUSTOMER}
    open_to_all = np.array([a.section in readable for a in attached], bool)
    numbers = {section.number: i for i, section in enumerate(document)}
    sections = np.array([numbers[a.section] for a in attached], np.int64)
    return Index(
        key=index_key(document, bank, encoder, manual=manual, version=version),
        manual=manual,
        version=version,
        document=document,
        units=units,
        passages=passages,
        passage_words=tuple(tuple(words(passage.indexed)) for passage in passages),
        attached=tuple(attached),
        kinds=tuple(question.kind for question in bank.unanswerable),
        unit_vectors=unit_vectors,
        unit_tokens=TokenVectors.of(of_units),
        passage_vectors=_stack(of_passages, encoder),
        passage_tokens=TokenVectors.of(of_passages),
        question_vectors=question_vectors,
        unanswerable_vectors=unanswerable_vectors,
        calibration={
            Audience.STAFF: calibrate(question_vectors, unanswerable_vectors, sections),
            Audience.CUSTOMER: calibrate(
                question_vectors[open_to_all], unanswerable_vectors, sections[open_to_all]
            ),
        },
    )


def _unit_text(unit: Unit) -> str:
    return f"{unit.heading}。{unit.text}" if unit.heading else unit.text


def _stack(encoded: Sequence[Encoded], encoder: Encoder) -> Floats:
    if not encoded:
        return np.zeros((0, encoder.dimension), np.float32)
    return np.stack([e.sentence for e in encoded])


_ARRAYS = ("unit_vectors", "passage_vectors", "question_vectors", "unanswerable_vectors")
_TOKENS = ("unit_tokens", "passage_tokens")


def save(index: Index, folder: Path) -> None:
    """Write an index to `folder` so that it is there as a whole or not at all."""
    draft = folder.with_name(folder.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name in _ARRAYS:
        np.save(draft / f"{name}.npy", getattr(index, name))
    for name in _TOKENS:
        np.save(draft / f"{name}.rows.npy", getattr(index, name).rows)
        np.save(draft / f"{name}.starts.npy", getattr(index, name).starts)
    manifest = {
        "key": index.key,
        "manual": index.manual,
        "version": index.version,
        "document": to_store(index.document),
        "passage_words": index.passage_words,
        "attached": [asdict(attachment) for attachment in index.attached],
        "kinds": index.kinds,
        "calibration": {str(audience): asdict(value) for audience, value in index.calibration.items()},
    }
    (draft / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def load(folder: Path) -> Index:
    """Read an index back; token vectors stay on disk and are mapped."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    document = from_store(manifest["document"])
    arrays = {name: np.load(folder / f"{name}.npy") for name in _ARRAYS}
    tokens = {
        name: TokenVectors(
            np.load(folder / f"{name}.rows.npy", mmap_mode="r"), np.load(folder / f"{name}.starts.npy")
        )
        for name in _TOKENS
    }
    return Index(
        key=manifest["key"],
        manual=manifest["manual"],
        version=manifest["version"],
        document=document,
        units=tuple(units_of_document(document)),
        passages=tuple(passages_of_document(document)),
        passage_words=tuple(tuple(row) for row in manifest["passage_words"]),
        attached=tuple(Attachment(**row) for row in manifest["attached"]),
        kinds=tuple(manifest["kinds"]),
        calibration={Audience(k): Calibration(**v) for k, v in manifest["calibration"].items()},
        **arrays,
        **tokens,
    )
