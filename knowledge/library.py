"""The manuals at hand: the own edition and imported ones, each version kept, one of them in use."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from knowledge import index as indexes
from knowledge.answering import Answerer
from knowledge.document import Answer, Audience, Document
from knowledge.encoder import Encoder, Progress
from knowledge.errors import bad_input, not_found
from knowledge.index import Index
from knowledge.questions import QuestionBank, load_questions
from knowledge.sections import from_store, load_edition, to_store
from knowledge.supplement import FAQ
from knowledge.vectors import VectorCache

EDITION = "wenjin"
_NAME = re.compile(r"^[\w\u4e00-\u9fff][\w\u4e00-\u9fff.-]{0,63}$")
_BUILD = threading.Lock()
KEPT_INDEXES = 12


@dataclass(frozen=True, slots=True)
class ManualInfo:
    """One manual of the library; `versions` are in order, the last is the newest."""

    name: str
    title: str
    version: str
    versions: tuple[str, ...]
    sections: int
    imported_at: str
    in_use: bool


class Library:
    """Keeps imported manuals below `data_dir` and builds each one's index once.

    `edition` is the folder of the own edition, `questions` the folder of the question bank.
    """

    def __init__(self, data_dir: Path, *, edition: Path, questions: Path) -> None:
        self._manuals = data_dir / "manuals"
        self._indexes = data_dir / "indexes"
        self._vectors = data_dir / "vectors"
        self._pointer = self._manuals / "in-use"
        self._edition_folder, self._question_folder = edition, questions
        self._manuals.mkdir(parents=True, exist_ok=True)
        self._cached: dict[str, Any] = {}

    @property
    def edition(self) -> Document:
        """Return our own edition, the reference that the question bank speaks of."""
        if "edition" not in self._cached:
            self._cached["edition"] = load_edition(self._edition_folder)
        document: Document = self._cached["edition"]
        return document

    @property
    def bank(self) -> QuestionBank:
        """Return the question bank."""
        if "bank" not in self._cached:
            self._cached["bank"] = load_questions(self._question_folder)
        bank: QuestionBank = self._cached["bank"]
        return bank

    def in_use(self) -> str:
        """Return the name of the manual that answers now."""
        if self._pointer.is_file():
            name = self._pointer.read_text(encoding="utf-8").strip()
            if name == EDITION or (self._manuals / name).is_dir():
                return name
        return EDITION

    def use(self, name: str) -> None:
        """Make `name` the manual that answers; the pointer is replaced in one step.

        Raises:
            WenjinError: `unknown_manual` (404).
        """
        self.document(name)
        draft = self._pointer.with_name(f"in-use.{os.getpid()}")
        draft.write_text(name, encoding="utf-8")
        draft.replace(self._pointer)

    def add(self, document: Document, *, name: str, report: dict[str, Any], now: datetime) -> str:
        """Keep a document as the newest version of manual `name` and return the version ("v1", "v2", …).

        The same content again is the same version. Raises `bad_manual_name` (422).
        """
        if not _NAME.match(name) or name in (EDITION, FAQ):
            raise bad_input(
                "bad_manual_name",
                f"手册名称“{name}”不能用：请用字母、数字、汉字、点或短横线，且不能是 {EDITION} 或 {FAQ}。",
            )
        folder = self._manuals / name
        folder.mkdir(exist_ok=True)
        stored = to_store(document)
        versions = self._versions(name)
        if versions and self._read(name, versions[-1])["document"] == stored:
            return versions[-1]
        version = f"v{len(versions) + 1}"
        content = {"document": stored, "report": report, "imported_at": now.isoformat()}
        draft = folder / f".{version}.partial"
        draft.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        draft.replace(folder / f"{version}.json")
        return version

    def document(self, name: str, version: str | None = None) -> Document:
        """Return a manual, its newest version by default.

        Raises:
            WenjinError: `unknown_manual` (404).
        """
        if name == EDITION:
            return self.edition
        versions = self._versions(name)
        if not versions or (version and version not in versions):
            known = "、".join(info.name for info in self.manuals())
            raise not_found("unknown_manual", f"没有名为“{name}”的手册。现有：{known}。", name=name)
        return from_store(self._read(name, version or versions[-1])["document"])

    def version(self, name: str) -> str:
        """Return the newest version of a manual; the own edition's is a hash of its content."""
        if name != EDITION:
            return self._versions(name)[-1]
        if "version" not in self._cached:
            content = json.dumps(to_store(self.edition), ensure_ascii=False, sort_keys=True)
            self._cached["version"] = "e" + hashlib.sha256(content.encode()).hexdigest()[:8]
        return str(self._cached["version"])

    def report(self, name: str) -> dict[str, Any]:
        """Return what the import repaired and missed; {} for the own edition."""
        if name == EDITION:
            return {}
        report: dict[str, Any] = self._read(name, self.version(name))["report"]
        return report

    def manuals(self) -> list[ManualInfo]:
        """Return all manuals, the own edition first."""
        names = sorted(p.name for p in self._manuals.iterdir() if p.is_dir() and self._versions(p.name))
        return [self._info(EDITION), *(self._info(name) for name in names)]

    def _info(self, name: str) -> ManualInfo:
        document = self.document(name)
        versions = (self.version(name),) if name == EDITION else tuple(self._versions(name))
        at = "" if name == EDITION else str(self._read(name, versions[-1])["imported_at"])
        return ManualInfo(
            name, document.title, versions[-1], versions, len(document.sections), at, name == self.in_use()
        )

    def _versions(self, name: str) -> list[str]:
        if not _NAME.match(name):
            return []
        found = [p.stem for p in (self._manuals / name).glob("v*.json")]
        return sorted(found, key=lambda v: int(v[1:]))

    def _read(self, name: str, version: str) -> dict[str, Any]:
        path = self._manuals / name / f"{version}.json"
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content

    def index(self, name: str, encoder: Encoder, *, progress: Progress | None = None) -> Index:
        """Return the manual's index: from disk where its content is known, else built and saved."""
        document, version = self.document(name), self.version(name)
        key = indexes.index_key(document, self.bank, encoder, manual=name, version=version)
        folder = self._indexes / key
        with _BUILD:
            if not (folder / "manifest.json").is_file():
                built = indexes.build(
                    document,
                    manual=name,
                    version=version,
                    bank=self.bank,
                    reference=self.edition,
                    encoder=encoder,
                    cache=VectorCache(self._vectors, encoder),
                    progress=progress,
                )
                indexes.save(built, folder)
                self._forget_old_indexes()
        return indexes.load(folder)

    def _forget_old_indexes(self) -> None:
        """Keep the indexes that were built last; an older one is built again when it is wanted again."""
        built = sorted(self._indexes.glob("*/manifest.json"), key=lambda f: f.stat().st_mtime, reverse=True)
        for manifest in built[KEPT_INDEXES:]:
            shutil.rmtree(manifest.parent, ignore_errors=True)


class LiveAnswerer:
    """The answerer of whatever manual is in use; a switch is noticed at the next question."""

    def __init__(self, library: Library, encoder: Callable[[], Encoder]) -> None:
        self._library, self._encoder = library, encoder
        self._lock = threading.Lock()
        self._current: tuple[str, Answerer] | None = None

    def get(self) -> Answerer:
        """Return the answerer of the manual in use, loading it when the manual was switched."""
        name = self._library.in_use()
        version = f"{name}@{self._library.version(name)}"
        current = self._current
        if current and current[0] == version:
            return current[1]
        with self._lock:
            if not self._current or self._current[0] != version:
                encoder = self._encoder()
                self._current = (version, Answerer(self._library.index(name, encoder), encoder))
            return self._current[1]

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer from the manual in use; see `Answerer.answer`."""
        return self.get().answer(question, audience=audience, context=context)
