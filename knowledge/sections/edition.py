"""Our own edition: a folder of one Markdown file a chapter, with audiences in its front matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from knowledge.document import Audience, Document, Section
from knowledge.errors import WenjinError, bad_input
from knowledge.sections.lines import parse_lines
from knowledge.sections.markup import text_lines

TITLE = "互联网金融服务运营手册（问津版）"

_FENCE = "---"


def load_edition(folder: Path) -> Document:
    """Read every `NN.md` of a folder as one Document. Raises bad_edition (422), naming file and fault."""
    files = sorted(folder.glob("[0-9][0-9].md"))
    if not files:
        raise bad_input("bad_edition", f"文件夹 {folder.name} 里没有手册。请放入 01.md、02.md 这样的文件。")
    sections: list[Section] = []
    missing: list[tuple[str, str]] = []
    for file in files:
        chapter, absent = _load_chapter(file)
        sections += chapter
        missing += absent
    return Document(TITLE, tuple(sections), tuple(missing))


def _load_chapter(file: Path) -> tuple[list[Section], list[tuple[str, str]]]:
    front, body = _split(file)
    try:
        announced = {str(entry["number"]): entry for entry in front["sections"]}
        audiences = {number: Audience(entry["audience"]) for number, entry in announced.items()}
        titles = {number: str(entry["title"]) for number, entry in announced.items()}
        missing = [(str(entry["number"]), str(entry["title"])) for entry in front.get("missing", [])]
        chapter, chapter_title = str(front["chapter"]), str(front["title"])
    except (KeyError, TypeError, ValueError) as error:
        raise _fault(file, f"文件头缺少或写错了 {error}") from error
    try:
        document = parse_lines(text_lines(body), None)
    except WenjinError as error:
        raise _fault(file, "正文里没有找到章节") from error
    found = {section.number: section.title for section in document}
    if found != titles:
        wrong = sorted(set(found.items()) ^ set(titles.items()))
        raise _fault(file, f"文件头和正文的小节不一致：{'、'.join(' '.join(pair) for pair in wrong)}")
    if any(s.chapter != chapter or s.chapter_title != chapter_title for s in document):
        raise _fault(file, f"正文的章标题应为“# 第{chapter}章 {chapter_title}”")
    return [replace(s, audience=audiences[s.number]) for s in document], missing


def _split(file: Path) -> tuple[dict[str, Any], str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(file, "读不出来，请存为 UTF-8 文本") from error
    head, *rest = text.split(f"\n{_FENCE}\n", 1)
    if not head.startswith(_FENCE) or not rest:
        raise _fault(file, "开头要有两行 --- 围起来的文件头")
    try:
        front = yaml.safe_load(head.removeprefix(_FENCE))
    except yaml.YAMLError as error:
        raise _fault(file, "文件头不是正确的 YAML") from error
    if not isinstance(front, dict):
        raise _fault(file, "文件头是空的")
    return front, rest[0]


def _fault(file: Path, what: str) -> WenjinError:
    return bad_input("bad_edition", f"手册文件 {file.name} 有问题：{what}。", file=file.name)
