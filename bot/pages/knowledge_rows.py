"""The lists of the knowledge page: open questions, FAQ entries, attached questions, sections, manuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from actions.learning import attachments, faqs
from actions.learning.clusters import Cluster
from actions.service import accounts
from actions.store.tables.knowledge import Attached, EntryState, Faq, FaqVersion
from bot.pages.panes import Entry, Group, Row, Tag
from bot.pages.words import moment_words
from knowledge.document import Audience, Document
from knowledge.library import Library
from knowledge.supplement import stands

OPEN, FAQS, ATTACHED, SECTIONS, MANUALS = "open", "faq", "attached", "sections", "manuals"
TITLES = {
    OPEN: "没答上的问题",
    FAQS: "常见问答",
    ATTACHED: "归入的问法",
    SECTIONS: "章节",
    MANUALS: "导入与版本",
}
GROUPS = (("先做这些", (OPEN,)), ("补充", (FAQS, ATTACHED)), ("手册", (SECTIONS, MANUALS)))
EMPTY = {
    OPEN: "近 30 天没有没答上的问题。客户或员工问了手册没有写的，或评价不满意，会出现在这里。",
    FAQS: "还没有常见问答。从一组没答上的问题写起，或按右上角“新写一条”。",
    ATTACHED: "还没有归入的问法。手册里有答案、只是问法没认出来时，把问法归入那句话。",
}
READERS = {Audience.CUSTOMER: "客户", Audience.STAFF: "员工"}


def known(view: str) -> str:
    """Return the key of a list, the open questions for an unknown key."""
    return view if view in TITLES else OPEN


def groups(counts: Mapping[str, int], *, admin: bool) -> list[Group]:
    """Return the lists with their sizes, in groups; manuals are the administrator's."""
    return [
        Group(title, tuple(_entry(key, counts[key]) for key in keys if admin or key != MANUALS))
        for title, keys in GROUPS
    ]


def _entry(key: str, count: int) -> Entry:
    return Entry(key, f"/knowledge?view={key}", TITLES[key], count, urgent=key == OPEN)


def reader_tag(audience: Audience) -> Tag:
    """Return who asks or may read."""
    return Tag(READERS[audience], "accent" if audience is Audience.STAFF else "")


def cluster_tags(one: Cluster) -> tuple[Tag, ...]:
    """Return what a cluster's line says beside its question."""
    bad = one.badly_rated
    return (
        Tag(f"问过 {one.count} 次"),
        reader_tag(one.audience),
        *([Tag(f"不满意 {bad} 次", "danger", "alert")] if bad else []),
    )


def state_tag(state: EntryState) -> Tag:
    """Return the state of an entry."""
    level, icon = {"draft": ("warn", "pause"), "published": ("accent", "check")}.get(state, ("", "cross"))
    return Tag(faqs.STATE_LABELS[state], level, icon)


def validity_tag(content: FaqVersion, today: date) -> Tag | None:
    """Return what an entry's dates mean today, None where there are none."""
    since, until = content.valid_from, content.valid_until
    if since and since > today:
        return Tag(f"{_day(since)}起生效", "warn", "clock")
    if until is None:
        return None
    left = (until - today).days
    if left < 0:
        return Tag(f"已过期 {-left} 天", "danger", "alert")
    words = "今天到期" if left == 0 else f"{_day(until)}到期"
    return Tag(words, "warn" if left <= 14 else "", "clock")


def faq_tags(faq: Faq, content: FaqVersion, today: date) -> tuple[Tag, ...]:
    """Return state, readers, validity and whether a newer version waits."""
    validity = validity_tag(content, today)
    waits = faq.state is EntryState.PUBLISHED and faq.published != faq.version
    return (
        state_tag(faq.state),
        reader_tag(content.audience),
        *([validity] if validity else []),
        *([Tag("有未发布的修改", "warn", "pause")] if waits else []),
    )


def attached_tags(row: Attached, manual: Document) -> tuple[Tag, ...]:
    """Return state, readers, and whether the sentence still stands."""
    gone = not any(
        stands_in(row, manual, audience) for audience in Audience if audience.may_read(row.audience)
    )
    return (
        state_tag(row.state),
        reader_tag(row.audience),
        *([Tag("原文已变，不起作用", "danger", "alert")] if gone else []),
    )


def stands_in(row: Attached, manual: Document, audience: Audience) -> bool:
    """Tell whether an attachment's sentence stands in the manual for this audience."""
    from actions.learning.published import questions

    return any(stands(one, manual, audience) for one in questions(row))


def cluster_rows(clusters: Sequence[Cluster], current: str, now: datetime) -> list[Row]:
    """Return the lines of the open questions."""
    return [
        Row(
            f"/knowledge/questions/{one.key}",
            f"{len(one.texts)} 种问法",
            moment_words(one.last_at, now),
            one.title,
            cluster_tags(one),
            current=one.key == current,
            strong=one.count > 1 or one.badly_rated > 0,
        )
        for one in clusters
    ]


def faq_rows(s: Session, current: str, now: datetime, today: date) -> list[Row]:
    """Return the lines of the FAQ entries."""
    names = {user.id: user.called for user in accounts.users(s)}
    return [
        Row(
            f"/knowledge/faq/{faq.number}",
            f"FAQ-{faq.number} · {names.get(content.owner_id, '')}",
            moment_words(faq.updated_at, now),
            content.question,
            faq_tags(faq, content, today),
            current=str(faq.number) == current,
            strong=faq.state is EntryState.DRAFT,
        )
        for faq, content in faqs.listing(s)
    ]


def attached_rows(s: Session, current: str, now: datetime, manual: Document) -> list[Row]:
    """Return the lines of the attached questions."""
    return [
        Row(
            f"/knowledge/attached/{row.id}",
            f"{row.section} · {len(row.texts)} 种问法",
            moment_words(row.updated_at, now),
            row.texts[0],
            attached_tags(row, manual),
            current=row.id == current,
            strong=row.state is EntryState.DRAFT,
        )
        for row in attachments.listing(s)
    ]


def section_rows(manual: Document, counts: dict[str, int], current: str) -> list[Row]:
    """Return the lines of the manual's sections."""
    return [
        Row(
            f"/knowledge/sections/{section.number}",
            f"第{section.chapter}章 {section.chapter_title}",
            f"{counts.get(section.number, 0)} 种问法",
            f"{section.number} {section.title}",
            (Tag("客户可读") if section.audience is Audience.CUSTOMER else Tag("仅员工", "accent"),),
            current=section.number == current,
        )
        for section in manual
    ]


def manual_rows(library: Library, current: str) -> list[Row]:
    """Return the lines of the manuals at hand."""
    return [
        Row(
            f"/knowledge/manuals/{info.name}",
            info.name,
            info.version,
            info.title,
            (
                *([Tag("正在使用", "accent", "check")] if info.in_use else []),
                Tag(f"{info.sections} 节"),
                Tag(f"{len(info.versions)} 个版本"),
            ),
            current=info.name == current,
        )
        for info in library.manuals()
    ]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
