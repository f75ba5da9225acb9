"""Web pages: headings, paragraphs, lists and tables of the main part; menus and scripts left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from knowledge.readers.raw import RawText, empty, one_line, structured
from knowledge.sections.source import Role, SourceLine, row_text

WEB_PAGE = "网页"
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
_HEADING = re.compile(r"h([1-6])")
_DROPPED = frozenset(
    ["script", "style", "noscript", "nav", "aside", "footer", "template", "form", "iframe", "svg", "button",
     "select", "textarea", "object", "embed", "canvas", "video", "audio", "map", "title", "head"]
)  # fmt: skip
_BLOCKS = frozenset(
    ["p", "div", "section", "article", "main", "header", "ul", "ol", "li", "dl", "dt", "dd", "blockquote",
     "pre", "table", "caption", "figure", "figcaption", "address", "details", "summary", "hr", "center",
     "fieldset", "body", "html", "h1", "h2", "h3", "h4", "h5", "h6",
     "tbody", "thead", "tfoot", "tr", "td", "th"]
)  # fmt: skip
_SITE_PARTS = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation)?|menu|sidebar|breadcrumbs?|crumbs?|pagination|pager|toc|catalog|"
    r"copyright|comments?|share|advert(?:isement)?s?|ads?|recommend(?:ed)?|related|footer)(?:$|[\s_-])",
    re.IGNORECASE,
)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BETWEEN_HAN = re.compile(
    r"(?<=[\u2e80-\u9fff\uff00-\uffef，。])\s*\n\s*(?=[\u2e80-\u9fff\uff00-\uffef，。])"
)
_SITE_NAME = re.compile(r"\s*[_|｜]\s*|\s+[-–—]\s+")
_MAIN_SHARE = 0.5
_SITE_SHARE = 0.4
_CELLS = ("td", "th")


def declared_encoding(data: bytes) -> str:
    """Return the encoding that a page names in its first bytes, "" where it names none."""
    head = data[:4096]
    match = _CHARSET.search(head) or _XML_ENCODING.search(head)
    return match[1].decode("ascii") if match else ""


def read_html(text: str, name: str, *, encoding: str) -> RawText:
    """Read a web page. Raises WenjinError: empty_file (422)."""
    soup = BeautifulSoup(text, "lxml")
    title = _SITE_NAME.split(one_line(soup.title.get_text()))[0] if soup.title else ""
    _drop_site_parts(soup)
    page = _Page()
    page.walk(_main(soup))
    if not page.lines:
        raise empty(WEB_PAGE)
    return structured(page.lines, name=name, kind="html", encoding=encoding, title=title)


def _drop_site_parts(soup: BeautifulSoup) -> None:
    """Take out what is never text, then what is named like a part of the site and is small."""
    for tag in soup.find_all(_DROPPED):
        if not tag.decomposed:
            tag.decompose()
    most = _SITE_SHARE * len(soup.get_text())
    for tag in [tag for tag in soup.find_all(True) if _is_site_part(tag)]:
        if not tag.decomposed and len(tag.get_text()) <= most:
            tag.decompose()


def _is_site_part(tag: Tag) -> bool:
    if tag.name in {"html", "body", "main", "article"} or _HEADING.fullmatch(tag.name):
        return False
    if tag.get("role") in {"navigation", "banner", "contentinfo", "search"} or tag.has_attr("hidden"):
        return True
    named: str | list[str] = tag.get("class") or []
    words = f"{tag.get('id') or ''} {' '.join(named) if isinstance(named, list) else named}"
    return bool(_INVISIBLE.search(str(tag.get("style") or "")) or _SITE_PARTS.search(words))


def _main(soup: BeautifulSoup) -> Tag:
    """Return the part of the page that it marks as the main one, if most of the text is there."""
    whole = soup.body or soup
    size = len(whole.get_text())
    for name in ("main", "article"):
        found = soup.find_all(name)
        if len(found) == 1 and len(found[0].get_text()) >= _MAIN_SHARE * size:
            return found[0]
    return whole


@dataclass
class _Page:
    """Collects the lines of a page. A line break inside a paragraph makes a line that may join the last."""

    lines: list[SourceLine] = field(default_factory=list)
    _text: str = ""
    _level: int = 0
    _marker: str = ""
    _joins: bool = False
    _items: dict[int, int] = field(default_factory=dict)

    def walk(self, top: Tag) -> None:
        """Take in everything below `top`, without recursion: pages may be nested without end."""
        stack: list[Iterator[PageElement] | Tag] = [iter(top.children)]
        while stack:
            last = stack[-1]
            if isinstance(last, Tag):
                self._leave(last)
                stack.pop()
                continue
            child = next(last, None)
            if child is None:
                stack.pop()
            elif isinstance(child, Tag):
                if child.name == "table" and _is_data(child):
                    self._table(child)
                    continue
                self._enter(child)
                stack += [child, iter(child.children)]
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._add(str(child), child)
        self._flush()

    def _enter(self, tag: Tag) -> None:
        heading = _HEADING.fullmatch(tag.name)
        if tag.name == "br":
            self._flush(keep=True)
        elif tag.name in _BLOCKS:
            self._flush()
            self._level = int(heading[1]) if heading else self._level
            self._marker = self._item(tag) if tag.name == "li" else self._marker

    def _leave(self, tag: Tag) -> None:
        if tag.name in _BLOCKS:
            self._flush()
        if _HEADING.fullmatch(tag.name):
            self._level = 0
        if tag.name == "li":
            self._marker = ""

    def _item(self, item: Tag) -> str:
        """Return the marker that a browser would print: the number in an ordered list, else a dash."""
        parent = item.parent
        if parent is None or parent.name != "ol":
            return "- "
        own, start = str(item.get("value") or ""), str(parent.get("start") or "1")
        before = self._items.get(id(parent), int(start) - 1 if start.isdecimal() else 0)
        number = int(own) if own.isdecimal() else before + 1
        self._items[id(parent)] = number
        return f"{number}. "

    def _add(self, text: str, node: NavigableString) -> None:
        if node.parent is not None and node.find_parent("pre"):
            first, *rest = text.split("\n")
            self._text += first
            for line in rest:
                self._flush(keep=True)
                self._text = line
            return
        self._text += text

    def _flush(self, *, keep: bool = False) -> None:
        """End a line; `keep` says that the paragraph goes on."""
        if self._level and keep:
            self._text += " "
            return
        text = one_line(_BETWEEN_HAN.sub("", self._text))
        self._text = ""
        if text:
            joins = self._joins and not self._level and not self._marker
            self._push(text, Role.TEXT, joins)
            self._marker = ""
        self._joins = keep and bool(text or self._joins)

    def _push(self, text: str, role: Role, joins: bool = False) -> None:
        place = len(self.lines) + 1
        self.lines.append(SourceLine(text, self._level, self._marker, role, joins, place=place))

    def _table(self, table: Tag) -> None:
        self._flush()
        self._level, self._marker = 0, ""
        below: dict[int, tuple[int, str]] = {}
        for row in table.find_all("tr"):
            text = row_text(_cells(row, below))
            if text:
                self._push(text, Role.ROW)


def _is_data(table: Tag) -> bool:
    """Tell a table from a page laid out with one: no headings, and somewhere several cells in a row."""
    if table.find(_HEADING) or table.find("table"):
        return False
    return any(len(row.find_all(_CELLS)) > 1 for row in table.find_all("tr"))


def _cells(row: Tag, below: dict[int, tuple[int, str]]) -> list[str]:
    """Return a row's texts; a cell that spans several rows is repeated in each."""
    cells: list[str] = []
    own = iter(row.find_all(_CELLS))
    column = 0
    while True:
        rows, text = below.get(column, (0, ""))
        if rows:
            below[column] = (rows - 1, text)
        else:
            cell = next(own, None)
            if cell is None:
                return cells
            text = one_line(_BETWEEN_HAN.sub("", cell.get_text(" ", strip=True)))
            below[column] = (_span(cell, "rowspan") - 1, text)
            column += _span(cell, "colspan") - 1
        cells.append(text)
        column += 1


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(int(value), 1000) if value.isdecimal() and int(value) else 1
