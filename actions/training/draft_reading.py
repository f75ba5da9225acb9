"""What a manual holds for drafts: sentences that stand alone, figures, lists inside and below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.document import Document, ParagraphKind, Section

_SENTENCE = re.compile(r"[^。！？；]+[。！？；]?")
_UNITS = (
    "个工作日|工作日|个小时|小时|分钟|秒|个月|年|天|日|万亿美元|万亿元人民币|万亿元|亿元|万元|元|%|％|分|家|次|倍|"
    "亿人|万人|人"
)
_FIGURE = re.compile(rf"(?<![\d.〔×年])(\d+(?:\.\d+)?)({_UNITS})(?![\d〕年月号版])")
_LOOSE = re.compile(
    r"^(?:该|其|此|它|这|那|同时|因此|因而|所以|此外|另外|而且|并且|还要|也|并|又|但|从而|例如|比如|如|以便|上述"
    r"|手册举例|手册据)"
)
_ANECDOTE = re.compile(r"某|例如|比如|举例|个例")
_LIST = re.compile(
    r"^(?P<lead>.{4,60}?)(?P<verb>主要包括|主要包含|主要有|包括|包含|涵盖|覆盖|分为|常见的有)"
    r"(?P<items>[^：:。；“”《》]{6,80}?)(?P<tail>等[^、，。；]{0,12})?(?:[，,][^：:]*)?[。；]?$"
)
_SPLIT = re.compile(r"、|和(?=[^、]*$)|以及|及(?=[^、]*$)|与(?=[^、]*$)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it stands in its paragraph. `alone`: it can be understood without what is around it."""

    section: Section
    heading: str
    text: str
    alone: bool
    anecdote: bool

    @property
    def said(self) -> str:
        """Return the sentence without its last mark."""
        return self.text.rstrip("。！？；")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and its unit in a sentence."""

    sentence: Sentence
    start: int
    number: str
    unit: str

    @property
    def text(self) -> str:
        """Return the figure as it is written."""
        return self.number + self.unit


@dataclass(frozen=True, slots=True)
class Listed:
    """A list inside of a sentence: what it is a list of, and its items."""

    sentence: Sentence
    lead: str
    verb: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list of paragraphs: its name, what is said of it, and its members where it lists some."""

    text: str
    name: str
    said: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A list of paragraphs under the sentence that announces it."""

    section: Section
    heading: str
    intro: str
    items: tuple[Item, ...]
    ordered: bool


def sentences(document: Document) -> Iterator[Sentence]:
    """Yield the sentences of running text and of items, in reading order."""
    for section in document:
        for paragraph in section.paragraphs:
            item = paragraph.kind is ParagraphKind.ITEM
            anecdote = False
            for found in _SENTENCE.finditer(paragraph.text):
                text = found[0].strip()
                anecdote = anecdote or bool(_ANECDOTE.search(text))
                alone = not item and not _LOOSE.match(text) and "：" not in text[-2:]
                yield Sentence(section, paragraph.heading, text, alone, anecdote)


def figures(sentence: Sentence) -> list[Figure]:
    """Return the figures of a sentence; titles of documents and years do not count."""
    hidden = re.sub(r"《[^》]*》|（[^）]*）", lambda m: "　" * len(m[0]), sentence.text)
    return [
        Figure(sentence, found.start(), found[1], found[2])
        for found in _FIGURE.finditer(hidden)
        if not (found[2] == "年" and len(found[1]) == 4)
    ]


def list_in(sentence: Sentence) -> Listed | None:
    """Return the list that a sentence is, or None."""
    found = _LIST.match(sentence.text)
    if found is None:
        return None
    lead = found["lead"]
    if "，" in lead:
        lead = lead.rsplit("，", 1)[1] if len(lead.rsplit("，", 1)[1]) >= 6 else lead
    items = tuple(part.strip() for part in _SPLIT.split(found["items"].removesuffix("等")))
    if len(items) < 3 or any(not 2 <= len(one) <= 12 or re.search("[，和]", one) for one in items):
        return None
    if len(set(items)) < len(items) or re.search(r"的$|[是在把对让]$", lead):
        return None
    return Listed(sentence, lead, found["verb"], items)


def blocks(document: Document) -> Iterator[Block]:
    """Yield the lists of paragraphs that have an announcing sentence and named items."""
    for section in document:
        intro, heading, ordered = "", "", False
        held: list[Item] = []
        for paragraph in (*section.paragraphs, None):
            if paragraph is not None and paragraph.kind is ParagraphKind.ITEM:
                held += [one for one in [_item(paragraph.text)] if one]
                ordered = ordered or bool(re.match(r"\d", paragraph.marker))
                continue
            if len(held) >= 3 and intro.endswith(("：", ":")):
                yield Block(section, heading, intro, tuple(held), ordered)
            held, ordered = [], False
            if paragraph is not None:
                intro = (_SENTENCE.findall(paragraph.text) or [""])[-1].strip()
                heading = paragraph.heading


def _item(text: str) -> Item | None:
    name, colon, said = text.partition("：")
    if not colon or not 2 <= len(name) <= 14 or not said:
        return None
    return Item(text, name, said.rstrip("。；"), _members(said))


def _members(said: str) -> tuple[str, ...]:
    body = re.sub(r"^(?:如|例如|包括|主要有|有)", "", said.rstrip("。；"))
    body = re.split(r"等(?:都|均|，|$)", body)[0]
    parts = tuple(part.strip() for part in _SPLIT.split(body.split("，")[0].removesuffix("等")))
    fits = len(parts) >= 2 and all(2 <= len(part) <= 9 and not re.search(r"[：（“]", part) for part in parts)
    return parts if fits and "，" not in body else ()
