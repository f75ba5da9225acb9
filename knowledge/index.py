"""One manual made searchable: an immutable folder of texts and vectors, built once for each content."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import judges
from knowledge.attach import Attachment, attach
from knowledge.document import Audience, Document
from knowledge.encoder import Encoded, Encoder, Progress
from knowledge.indexed import Floats, Index, Ints, TokenVectors, gather
from knowledge.learning import Known, learn
from knowledge.passages import Unit, passages_of_document, units_of_document
from knowledge.questions import QuestionBank
from knowledge.rows import load_rows, save_rows
from knowledge.sections import from_store, to_store
from knowledge.text import normalise, words
from knowledge.vectors import VectorCache

__all__ = ["Floats", "Index", "Ints", "TokenVectors", "build", "index_key", "load", "save"]
FORMAT = "9"  # raise it when what is stored or learned, or how text is cut, changes


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
    """Encode what is new, attach the question bank, learn from it, and put an index together.

    `reference` is the edition that the bank's sections and anchors speak of; for another manual the questions
    of sections with the same meaning attach by themselves. `progress` counts encoded texts, then steps of
    learning.
    """
    units = tuple(units_of_document(document))
    passages = tuple(passages_of_document(document))
    anchors = sorted({question.anchor for question in bank.answerable if question.anchor})
    groups = [
        [_unit_text(unit) for unit in units],
        [passage.indexed for passage in passages],
        [normalise(question.text) for question in bank.answerable],
        [normalise(question.text) for question in bank.unanswerable],
        anchors,
        [section.title for section in reference],
        [section.title for section in document],
    ]
    cache.fill((text for group in groups for text in group), progress=progress)
    of_questions, of_unanswerable, of_anchors, of_theirs, of_ours = (cache.encode(g) for g in groups[2:])
    unit_vectors, unit_tokens = gather(cache.each(groups[0]), encoder.dimension, cache.folder)
    passage_vectors, passage_tokens = gather(cache.each(groups[1]), encoder.dimension, cache.folder)
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
    index = Index(
        key=index_key(document, bank, encoder, manual=manual, version=version),
        manual=manual,
        version=version,
        document=document,
        units=units,
        passages=passages,
        passage_words=tuple(tuple(words(passage.indexed)) for passage in passages),
        attached=tuple(attached),
        kinds=tuple(question.kind for question in bank.unanswerable),
        unanswerable=tuple(question.text for question in bank.unanswerable),
        unit_vectors=unit_vectors,
        unit_tokens=unit_tokens,
        passage_vectors=passage_vectors,
        passage_tokens=passage_tokens,
        question_vectors=_stack([of_questions[i] for i in kept], encoder),
        unanswerable_vectors=_stack(of_unanswerable, encoder),
        projection=np.eye(encoder.dimension, dtype=np.float32),
        judges={},
    )
    left = sorted(set(range(len(of_questions))) - set(kept))
    known = Known([of_questions[i] for i in kept], of_unanswerable, [of_questions[i] for i in left])
    return learn(index, known, progress)


def _unit_text(unit: Unit) -> str:
    return f"{unit.heading}。{unit.text}" if unit.heading else unit.text


def _stack(encoded: Sequence[Encoded], encoder: Encoder) -> Floats:
    if not encoded:
        return np.zeros((0, encoder.dimension), np.float32)
    return np.stack([e.sentence for e in encoded])


_ROWS = ("unit_vectors", "passage_vectors")
_ARRAYS = ("question_vectors", "unanswerable_vectors", "projection")
_TOKENS = ("unit_tokens", "passage_tokens")


def save(index: Index, folder: Path) -> None:
    """Write an index to `folder` so that it is there as a whole or not at all."""
    draft = folder.with_name(folder.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name in _ROWS:
        save_rows(getattr(index, name), draft / f"{name}.npy")
    for name in _ARRAYS:
        np.save(draft / f"{name}.npy", getattr(index, name))
    for name in _TOKENS:
        getattr(index, name).save(draft, name)
    for audience, judge in index.judges.items():
        judges.save(judge, draft / f"judge.{audience}.npz")
    manifest = {
        "key": index.key,
        "manual": index.manual,
        "version": index.version,
        "document": to_store(index.document),
        "passage_words": index.passage_words,
        "attached": [asdict(attachment) for attachment in index.attached],
        "kinds": index.kinds,
        "unanswerable": index.unanswerable,
    }
    (draft / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _shared(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """Return rows of words in which each word is there once: JSON makes a new one each time."""
    known: dict[str, str] = {}
    return tuple(tuple(known.setdefault(word, word) for word in row) for row in rows)


def load(folder: Path) -> Index:
    """Read an index back."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    passage_words = _shared(manifest.pop("passage_words"))  # first of all: what they took is used again
    document = from_store(manifest.pop("document"))
    rows: dict[str, Any] = {name: load_rows(folder / f"{name}.npy") for name in _ROWS}
    arrays: dict[str, Any] = {name: np.load(folder / f"{name}.npy") for name in _ARRAYS}
    tokens: dict[str, Any] = {name: TokenVectors.load(folder, name) for name in _TOKENS}
    return Index(
        key=manifest["key"],
        manual=manifest["manual"],
        version=manifest["version"],
        document=document,
        units=tuple(units_of_document(document)),
        passages=tuple(passages_of_document(document)),
        passage_words=passage_words,
        attached=tuple(Attachment.stored(row) for row in manifest["attached"]),
        kinds=tuple(manifest["kinds"]),
        unanswerable=tuple(manifest["unanswerable"]),
        judges={audience: judges.load(folder / f"judge.{audience}.npz") for audience in Audience},
        **rows,
        **arrays,
        **tokens,
    )
