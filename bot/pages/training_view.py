"""What the training pages show: where a sentence stands, how an answer went, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from actions.training.views import Option
from knowledge.document import Document


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of the manual in its paragraph."""

    section: str
    title: str
    chapter: str
    before: str
    sentence: str
    after: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An option after the answer: whether it was picked, whether it is right, and that in words."""

    key: str
    text: str
    picked: bool
    right: bool

    @property
    def words(self) -> str:
        """Return what to say beside the option, "" where there is nothing to say."""
        if self.right:
            return "正确答案，您选了" if self.picked else "正确答案"
        return "您选了" if self.picked else ""


def source_of(manual: Document, section: str, sentence: str) -> Source:
    """Return where a sentence stands; alone where the manual has changed since."""
    found = manual.section(section)
    if found is None:
        return Source(section, "", "", "", sentence, "")
    texts = (paragraph.text for paragraph in found.paragraphs if sentence in paragraph.text)
    before, _, after = next(texts, sentence).partition(sentence)
    chapter = f"第{found.chapter}章 {found.chapter_title}"
    return Source(section, found.title, chapter, before, sentence, after)


def choices(options: Sequence[Option], given: Sequence[str], answer: Sequence[str]) -> list[Choice]:
    """Return the options with what was picked and what is right."""
    return [Choice(one.key, one.text, one.key in given, one.key in answer) for one in options]


def minutes(since: datetime, now: datetime) -> str:
    """Say how long something has been going on."""
    whole = int((now - since).total_seconds() // 60)
    if whole < 1:
        return "刚开始"
    return f"已用 {whole} 分钟" if whole < 180 else f"{whole // 60} 小时前开始"
