"""What the training pages show: where a sentence stands, how an answer went, how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from actions.store.tables.training import AttemptKind, Disclosure
from actions.training.exams import Standing
from actions.training.views import Option
from bot.pages.words import Due, due_words, moment_words
from knowledge.document import Document, ParagraphKind, Section


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph of a section around what is marked in it; `heading` where a new one begins."""

    heading: str
    is_item: bool
    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of the manual in its paragraph."""

    section: str
    title: str
    chapter: str
    before: str
    sentence: str
    after: str
    passage: tuple[Piece, ...] = ()


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
    """Return where a sentence stands; alone where the manual has changed since. "" names the section only."""
    found = manual.section(section)
    if found is None:
        return Source(section, "", "", "", sentence, "")
    chapter = f"第{found.chapter}章 {found.chapter_title}"
    if not sentence:
        return Source(section, found.title, chapter, "", "", "")
    texts = (paragraph.text for paragraph in found.paragraphs if sentence in paragraph.text)
    before, _, after = next(texts, sentence).partition(sentence)
    return Source(section, found.title, chapter, before, sentence, after, _passage(found, sentence))


def _passage(section: Section, sentence: str) -> tuple[Piece, ...]:
    """Return the whole section, the sentence marked once."""
    pieces, heading, left = [], "", sentence
    for one in section.paragraphs:
        before, marked, after = one.text.partition(left) if left else (one.text, "", "")
        left = "" if marked else left
        new = one.heading if one.heading != heading else ""
        heading = one.heading
        pieces.append(Piece(new, one.kind is ParagraphKind.ITEM, before, marked, after))
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper in somebody's list: what it is, how far they are, and what can be done now."""

    id: str
    title: str
    rules: str
    due: Due | None
    state: str  # "open", "passed", "failed" or ""
    best: str
    open_at: str
    refusal: str

    @property
    def urgent(self) -> bool:
        """Tell whether it is assigned and not passed."""
        return self.due is not None


def paper_rows(standings: Sequence[Standing], now: datetime) -> list[PaperRow]:
    """Return the papers that somebody may take or has to: what is due first, then what is open."""
    ordered = sorted(standings, key=lambda one: (one.due is None, one.due.due_at if one.due else now))
    return [_paper_row(one, now) for one in ordered if _concerns(one)]


def _concerns(one: Standing) -> bool:
    refused = one.refusal is not None and one.refusal.code == "paper_closed"
    return not refused or one.due is not None


def _paper_row(one: Standing, now: datetime) -> PaperRow:
    paper = one.paper
    total = sum(line["count"] for line in paper.blueprint)
    rules = [
        "考试" if paper.kind is AttemptKind.EXAM else "练习",
        f"{total} 题",
        f"限时 {paper.minutes} 分钟" if paper.minutes else "不限时",
        f"{paper.pass_percent}% 合格",
    ]
    if one.attempts_left is not None:
        rules.append(f"还可作答 {one.attempts_left} 次")
    if paper.closes_at:
        rules.append(f"{moment_words(paper.closes_at, now)} 截止")
    marked_at_once = paper.disclosure is Disclosure.AFTER_EACH
    return PaperRow(
        id=paper.id,
        title=paper.title,
        rules="，".join(rules),
        due=due_words(one.due.due_at, now) if one.due else None,
        state="open" if one.open_id else "passed" if one.passed else "failed" if one.best else "",
        best=f"{one.best.score} / {one.best.max_score}" if one.best else "",
        open_at=f"/training/{'attempts' if marked_at_once else 'exams'}/{one.open_id}" if one.open_id else "",
        refusal=one.refusal.message if one.refusal else "",
    )


def choices(options: Sequence[Option], given: Sequence[str], answer: Sequence[str]) -> list[Choice]:
    """Return the options with what was picked and what is right."""
    return [Choice(one.key, one.text, one.key in given, one.key in answer) for one in options]


def seconds_left(deadline_at: datetime | None, now: datetime) -> int | None:
    """Return how many seconds are left by the server's clock, at least 0; None where there is no end."""
    return None if deadline_at is None else max(0, ceil((deadline_at - now).total_seconds()))


def time_words(left: int | None) -> str:
    """Return what is left as a clock shows it: 9:05, 1:00:00; "" where there is no end."""
    if left is None:
        return ""
    minutes, seconds = divmod(left, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def minutes(since: datetime, now: datetime) -> str:
    """Say how long something has been going on."""
    whole = int((now - since).total_seconds() // 60)
    if whole < 1:
        return "刚开始"
    return f"已用 {whole} 分钟" if whole < 180 else f"{whole // 60} 小时前开始"
