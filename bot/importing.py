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
from knowledge.errors import WenjinError, bad_input, not_found
from knowledge.library import EDITION, Library
from knowledge.readers import RawText
from knowledge.restore import LossKind, RepairKind, Restored, restore

Say = Callable[[str], None]

_REPAIRS = {
    RepairKind.SHIFTED_ANNOTATION.value: "被注音插断的字",
    RepairKind.SPLIT_MARK.value: "被标点截断的字",
    RepairKind.SITE_TEXT.value: "网站附加的文字",
}
_LOST = {
    LossKind.REMOVED_WORD.value: "原文少了词语",
    LossKind.UNREADABLE.value: "无法复原",
    LossKind.CUT_OFF.value: "原文中断",
}
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, for the administrator. `previous` is the version that it follows, if any."""

    name: str
    version: str
    document: Document
    restored: Restored
    switched: bool
    report: dict[str, Any]
    previous: tuple[str, Document] | None = None

    def lines(self) -> Iterator[str]:
        """Yield the report, one line a fact."""
        count = len(self.document.sections)
        if self.previous and self.previous[0] == self.version:
            yield f"内容和手册 {self.name} 已有的 {self.version} 相同，没有新增版本（{count} 节）。"
            yield f"当时的导入报告：wenjin manual report {self.name}"
        else:
            yield f"已导入手册 {self.name}（{self.version}）：{self.document.title}，{count} 节。"
            yield from _told(self.report, self.document)
            yield from self._compared()
            yield from _audience_lines(self.name, self.document)
        yield f"现在使用手册 {self.name}。" if self.switched else "没有切换，仍使用原来的手册。"

    def _compared(self) -> Iterator[str]:
        if self.previous:
            yield f"与 {self.previous[0]} 相比："
            yield from sections.change_lines(sections.compare(self.previous[1], self.document))


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
    raw = readers.read(path, progress=progress)
    say("修复文字")
    restored = restore(raw.text, progress=progress)
    say("划分章节")
    known = name or _name_of(path)
    previous = _previous(runtime.library, known)
    document = _document(raw, restored, path.stem)
    references = (*([previous[1]] if previous else []), runtime.library.edition)
    document = sections.with_audiences(document, *references)
    report = _report(raw, restored)
    version = runtime.library.add(document, name=known, report=report, now=now)
    ensure_encoder(runtime.settings, say)
    say("建立索引")
    runtime.library.index(known, runtime.encoder, progress=progress)
    if switch:
        runtime.library.use(known)
    return Imported(known, version, document, restored, switch, report, previous)


def _document(raw: RawText, restored: Restored, stem: str) -> Document:
    document = sections.parse_source(raw.source(restored))
    return document if document.title else replace(document, title=raw.title or stem)


def _previous(library: Library, name: str) -> tuple[str, Document] | None:
    """Return the newest version of a manual that is there already."""
    try:
        return (library.version(name), library.document(name)) if name != EDITION else None
    except (WenjinError, IndexError):
        return None


def _report(raw: RawText, restored: Restored) -> dict[str, Any]:
    return {
        "file": raw.name,
        "format": raw.format,
        "encoding": raw.encoding,
        "notes": list(raw.notes),
        "damaged": restored.damaged,
        "annotations": restored.annotations,
        "repairs": [asdict(repair) for repair in restored.repairs],
        "losses": [asdict(loss) for loss in restored.losses],
    }


def _name_of(path: Path) -> str:
    cleaned = re.sub(r"[^\w\u4e00-\u9fff.-]+", "-", path.stem).strip("-.")[:60]
    return cleaned if cleaned and cleaned != EDITION else "manual"


def _told(report: dict[str, Any], document: Document) -> Iterator[str]:
    """Yield what an import repaired, what the source had lost, and what it only announces."""
    repairs, losses = report.get("repairs", []), report.get("losses", [])
    if report.get("annotations"):
        yield f"去掉了 {report['annotations']} 处夹在文字里的注音。"
    if repairs:
        counts = {kind: sum(r["kind"] == kind for r in repairs) for kind in _REPAIRS}
        named = "，".join(f"{_REPAIRS[kind]} {count} 处" for kind, count in counts.items() if count)
        yield f"修复了 {len(repairs)} 处损坏：{named}。"
    for loss in losses[:_MOST_NAMED]:
        yield f"{_LOST.get(loss['kind'], '原文缺失')}：“{loss['place']}”处{loss['reason']}。"
    if len(losses) > _MOST_NAMED:
        yield f"另有 {len(losses) - _MOST_NAMED} 处原文缺失，见导入报告。"
    yield from report.get("notes", [])
    for number, title in document.missing:
        yield f"只有标题没有内容：{number} {title}"


def _audience_lines(name: str, document: Document) -> Iterator[str]:
    staff = [s.number for s in document if s.audience is Audience.STAFF]
    if staff:
        yield f"仅员工可读的节：{'、'.join(staff)}。"
        yield f"要对客户开放：wenjin manual audience {name} 节号 customer"


def report_lines(library: Library, name: str) -> list[str]:
    """Return what the import of a manual's newest version repaired, lost and missed, for the administrator.

    Raises:
        WenjinError: `unknown_manual` (404).
    """
    document = library.document(name)
    report = library.report(name)
    told = list(_told(report, document))
    if report.get("file"):
        encoding = f"，编码 {report['encoding']}" if report.get("encoding") else ""
        told.insert(0, f"来自文件 {report['file']}{encoding}。")
    return told or ["没有需要说明的修复或缺失。"]


def diff_lines(library: Library, name: str, old: str | None = None, new: str | None = None) -> list[str]:
    """Return the differences of two versions of a manual, by default its last two.

    Raises:
        WenjinError: `unknown_manual` (404), `no_other_version` (422) where there is only one.
    """
    library.document(name)
    versions = next(info.versions for info in library.manuals() if info.name == name)
    new = new or versions[-1]
    old = old or next((v for v in reversed(versions[: _place(versions, new)])), None)
    if old is None:
        raise bad_input("no_other_version", f"手册 {name} 的 {new} 之前没有别的版本，没有可以比较的内容。")
    before, after = _version(library, name, old, versions), _version(library, name, new, versions)
    return [f"手册 {name}：{old} → {new}", *sections.change_lines(sections.compare(before, after))]


def _place(versions: tuple[str, ...], version: str) -> int:
    return versions.index(version) if version in versions else len(versions)


def _version(library: Library, name: str, version: str, versions: tuple[str, ...]) -> Document:
    if version not in versions:
        known = "、".join(versions)
        raise not_found("unknown_version", f"手册 {name} 没有 {version} 这个版本。现有：{known}。")
    return library.document(name, version)


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
