"""Styles of a Word document: which of them are headings, titles and contents, in Chinese or English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from knowledge.readers.docx_numbering import attribute, children, local

_HEADING = re.compile(r"(?:heading|标题|標題)\s*([1-9])(?:\s|$|[^\d])", re.IGNORECASE)
_COUNTED = re.compile(r"([一二三四五六1-6])级标题")
_TITLE = re.compile(r"(?:title|标题|標題|文档标题)", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|目录|目錄)\s*(?:\d|heading|标题|$)", re.IGNORECASE)
_DEEPEST_INHERITANCE = 20
_BODY_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says: heading level (0 for none), title, contents, list and its depth."""

    level: int = 0
    is_title: bool = False
    is_contents: bool = False
    number: str = ""
    depth: int = 0


def read_styles(root: Any | None) -> dict[str, Style]:
    """Return the paragraph styles by id, each with what it inherits."""
    elements = {attribute(e, "styleId"): e for e in children(root, "style")} if root is not None else {}
    return {key: _style(key, elements) for key in elements}


def _style(key: str, elements: dict[str, Any]) -> Style:
    level, number, depth, is_title, is_contents = 0, "", -1, False, False
    for _ in range(_DEEPEST_INHERITANCE):
        element = elements.get(key)
        if element is None:
            break
        name = _named(element)
        is_title = is_title or (not level and _TITLE.fullmatch(name) is not None)
        is_contents = is_contents or _CONTENTS.match(name) is not None
        level = level or _level_of(name) or outline_level(element)
        own_number, own_depth = list_place(element)
        number, depth = number or own_number, own_depth if depth < 0 else depth
        key = next((attribute(e, "val") for e in children(element, "basedOn")), "")
    return Style(level, is_title, is_contents, number, max(depth, 0))


def _named(element: Any) -> str:
    return next((attribute(e, "val") for e in children(element, "name")), "").strip()


def _level_of(name: str) -> int:
    heading, counted = _HEADING.match(name), _COUNTED.search(name)
    if heading:
        return int(heading[1])
    return "一二三四五六".find(counted[1]) + 1 or int(counted[1]) if counted else 0


def outline_level(element: Any) -> int:
    """Return the outline level that a style or paragraph sets itself, 1 to 9; 0 for none."""
    for outline in children(element, *_properties(element), "outlineLvl"):
        value = attribute(outline, "val")
        return int(value) + 1 if value.isdecimal() and int(value) < _BODY_LEVEL else 0
    return 0


def list_place(element: Any) -> tuple[str, int]:
    """Return the list and the depth that a style or paragraph sets itself: ("", -1) for none."""
    for place in children(element, *_properties(element), "numPr"):
        values = {local(child): attribute(child, "val") for child in place}
        depth = values.get("ilvl", "")
        return values.get("numId", ""), int(depth) if depth.isdecimal() else -1
    return "", -1


def _properties(element: Any) -> tuple[str, ...]:
    return ("pPr",) if local(element) in {"style", "p"} else ()
