"""Bring a manual in: read, restored, sectioned, indexed, and only then switched to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.runtime import Runtime
from knowledge import readers, sections
from knowledge.document import Audience, Document
from knowledge.encoder import Progress
from knowledge.errors import not_found
from knowledge.library import EDITION
from knowledge.restore import Restored, restore

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, for the administrator."""

    name: str
    version: str
    document: Document
    restored: Restored
    switched: bool

    def lines(self) -> Iterator[str]:
        """Yield the report, one line a fact."""
        staff = [s.number for s in self.document if s.audience is Audience.STAFF]
        count = len(self.document.sections)
        yield f"已导入手册 {self.name}（{self.version}）：{self.document.title}，{count} 节。"
        if self.restored.damaged:
            yield f"修复了 {len(self.restored.repairs)} 处损坏。"
        for loss in self.restored.losses:
            yield f"原文缺失：“{loss.place}”处{loss.reason}"
        for number, title in self.document.missing:
            yield f"只有标题没有内容：{number} {title}"
        if staff:
            yield f"仅员工可读的节：{'、'.join(staff)}。"
            yield f"要对客户开放：wenjin manual audience {self.name} 节号 customer"
        yield f"现在使用手册 {self.name}。" if self.switched else "没有切换，仍使用原来的手册。"


def import_manual(
    runtime: Runtime,
    path: Path,
    *,
    name: str | None,
    switch: bool,
    now: datetime,
    say: Say = lambda _: None,
    progress: Progress | None = None,
) -> Imported:
    """Import a file as the newest version of a manual and, if asked, switch to it once it can answer.

    Raises:
        WenjinError: when the file is absent, empty, binary, unreadable or no manual; nothing is changed then.
    """
    from bot.assistant import ensure_encoder

    say("读取文件")
    raw = readers.read(path)
    say("修复文字")
    restored = restore(raw.text)
    say("划分章节")
    parsed = sections.parse(restored.text, title=None)
    document = sections.with_audiences(parsed, runtime.library.edition)
    known = name or _name_of(path)
    version = runtime.library.add(document, name=known, report=_report(path, restored), now=now)
    ensure_encoder(runtime.settings, say)
    say("建立索引")
    runtime.library.index(known, runtime.encoder, progress=progress)
    if switch:
        runtime.library.use(known)
    return Imported(known, version, document, restored, switch)


def _report(path: Path, restored: Restored) -> dict[str, Any]:
    return {
        "file": path.name,
        "damaged": restored.damaged,
        "repairs": [asdict(repair) for repair in restored.repairs],
        "losses": [asdict(loss) for loss in restored.losses],
    }


def _name_of(path: Path) -> str:
    cleaned = re.sub(r"[^\w\u4e00-\u9fff.-]+", "-", path.stem).strip("-.")[:60]
    return cleaned if cleaned and cleaned != EDITION else "manual"


def set_audience(runtime: Runtime, name: str, number: str, audience: Audience) -> str:
    """Set who may read one section and return the manual's new version.

    Raises:
        WenjinError: `unknown_manual`, `unknown_section` (404) or `bad_manual_name` for the own edition.
    """
    document = runtime.library.document(name)
    if document.section(number) is None:
        raise not_found("unknown_section", f"手册 {name} 里没有 {number} 这一节。")
    changed = tuple(replace(s, audience=audience) if s.number == number else s for s in document)
    report = runtime.library.report(name)
    version = runtime.library.add(
        replace(document, sections=changed), name=name, report=report, now=datetime.now(UTC)
    )
    runtime.library.index(name, runtime.encoder)
    return version
