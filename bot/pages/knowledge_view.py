"""What stands in the right-hand pane of the knowledge page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from actions.learning import faqs
from actions.learning.clusters import Cluster
from actions.learning.faqs import FaqDraft
from actions.service import accounts
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import Attached, Faq, FaqVersion
from bot.pages import knowledge_rows as rows
from bot.pages.panes import Tag
from knowledge.document import Audience, Section
from knowledge.errors import bad_input
from knowledge.explain import Explanation, SectionSignals
from knowledge.indexed import Index
from knowledge.passages import units_of
from knowledge.supplement import Supplement

STEPS = {
    "faq.create": "写了草稿",
    "faq.revise": "改为新版本",
    "faq.publish": "发布",
    "faq.retire": "停用",
    "question.attach": "归入",
    "question.publish": "发布",
    "question.retire": "停用",
}
OUTCOMES = {"answered": "已答复", "clarify": "请客户澄清", "refused": "不答", "handover": "转人工"}
SOURCES = {"faq": "常见问答", "attached": "归入的问法", "manual": "手册"}
SIGNALS = {"questions": "问法", "centres": "句心", "text": "文字", "words": "词", "sentences": "句子"}
SOURCE_WORDS = {"refused": "没有答", "clarify": "反问后没有选", "answered": "答了，评价不满意"}


@dataclass(frozen=True, slots=True)
class FaqForm:
    """The fields of an entry as typed; what was refused comes back as it was."""

    question: str = ""
    variants: str = ""
    answer: str = ""
    audience: str = Audience.CUSTOMER.value
    owner: str = ""
    valid_from: str = ""
    valid_until: str = ""

    def draft(self) -> FaqDraft:
        """Return what the form says.

        Raises:
            WenjinError: 422 `bad_date`, `bad_audience`.
        """
        return FaqDraft(
            self.question,
            tuple(self.variants.splitlines()),
            self.answer,
            audience_of(self.audience),
            self.owner,
            _date(self.valid_from, "生效日"),
            _date(self.valid_until, "到期日"),
        )

    @classmethod
    def of(cls, content: FaqVersion) -> FaqForm:
        """Return the form of a version."""
        return cls(
            content.question,
            "\n".join(content.variants),
            content.answer,
            str(content.audience),
            content.owner_id,
            content.valid_from.isoformat() if content.valid_from else "",
            content.valid_until.isoformat() if content.valid_until else "",
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an entry's history."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class ClusterCase:
    """A cluster: how it was asked, and which sections came nearest."""

    cluster: Cluster
    tags: Sequence[Tag]
    near: Sequence[SectionSignals]
    typed: str = ""
    template: str = "knowledge/cluster.html"


@dataclass(frozen=True, slots=True)
class FaqCase:
    """An entry, or a new one (`faq` None), with its form."""

    form: FaqForm
    owners: Sequence[User]
    faq: Faq | None = None
    content: FaqVersion | None = None
    tags: Sequence[Tag] = ()
    owner: str = ""
    steps: Sequence[Step] = ()
    earlier: Sequence[FaqVersion] = ()
    source: str = ""
    editing: bool = False
    template: str = "knowledge/faq.html"


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence that a question can be attached to."""

    section: str
    title: str
    sentence: str
    audience: Audience
    questions: Sequence[str] = ()

    @property
    def value(self) -> str:
        """Return what the form sends."""
        return f"{self.section}|{self.sentence}"


@dataclass(frozen=True, slots=True)
class AttachCase:
    """The form that attaches questions to a sentence."""

    texts: str
    audience: str
    suggested: Sequence[Place]
    sections: Sequence[Section]
    section: str
    places: Sequence[Place]
    picked: Place | None = None
    chosen: str = ""
    source: str = ""
    template: str = "knowledge/attach.html"


@dataclass(frozen=True, slots=True)
class AttachedCase:
    """Questions that are attached."""

    row: Attached
    title: str
    tags: Sequence[Tag]
    steps: Sequence[Step]
    template: str = "knowledge/attached.html"


@dataclass(frozen=True, slots=True)
class SectionCase:
    """A section: its sentences with their questions, and the questions of the section as a whole."""

    section: Section
    blocks: Sequence[tuple[str, Sequence[Place]]]
    rest: Sequence[str]
    count: int
    template: str = "knowledge/section.html"


@dataclass(frozen=True, slots=True)
class ManualCase:
    """A manual's versions, what its import repaired and lost, and what changed between two versions."""

    name: str
    title: str
    versions: Sequence[str]
    old: str
    new: str
    report: Sequence[str]
    changes: Sequence[str]
    problem: str = ""
    template: str = "knowledge/manual.html"


@dataclass(frozen=True, slots=True)
class TryCase:
    """The hit test: what was tried and how it ends; `problem` says why nothing could be tried."""

    question: str = ""
    audience: str = Audience.CUSTOMER.value
    context: str = ""
    faq: str = ""
    attached: str = ""
    explained: Explanation | None = None
    problem: str = ""
    labels: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {"outcomes": OUTCOMES, "sources": SOURCES, "signals": SIGNALS}
    )
    template: str = "knowledge/try.html"


Case = ClusterCase | FaqCase | AttachCase | AttachedCase | SectionCase | ManualCase | TryCase


def faq_case(s: Session, faq: Faq, today: date, form: FaqForm | None = None) -> FaqCase:
    """Return an entry; `form` is one that was refused."""
    names = {user.id: user.called for user in accounts.users(s)}
    kept = faqs.versions(s, faq)
    return FaqCase(
        form=form or FaqForm.of(kept[0]),
        owners=faqs.owners(s),
        faq=faq,
        content=kept[0],
        tags=rows.faq_tags(faq, kept[0], today),
        owner=names.get(kept[0].owner_id, ""),
        steps=[
            Step(at, names.get(who, "系统"), _step(action, data))
            for at, who, action, data in faqs.history(s, faq)
        ],
        earlier=kept[1:],
        editing=form is not None,
    )


def _step(action: str, data: Mapping[str, object]) -> str:
    return f"{STEPS.get(action, action)}（第 {data.get('version')} 版）"


def section_case(section: Section, index: Index, added: Supplement) -> SectionCase:
    """Return a section with all that is known to be asked for each of its sentences."""
    by_sentence: dict[str, list[str]] = {}
    rest: list[str] = []
    for attachment in index.attached:
        if attachment.section == section.number:
            sentence = index.units[attachment.unit].text if attachment.unit >= 0 else ""
            (by_sentence.setdefault(sentence, []) if sentence else rest).append(attachment.text)
    for one in added.attached:
        if one.section == section.number:
            by_sentence.setdefault(one.sentence, []).insert(0, f"{one.text}（归入）")
    blocks: list[tuple[str, list[Place]]] = []
    for unit in units_of(section):
        if not blocks or blocks[-1][0] != unit.heading:
            blocks.append((unit.heading, []))
        asked = by_sentence.pop(unit.text, [])
        blocks[-1][1].append(Place(section.number, section.title, unit.text, section.audience, asked))
    rest += [text for texts in by_sentence.values() for text in texts]
    count = len(rest) + sum(len(place.questions) for _, places in blocks for place in places)
    return SectionCase(section, blocks, rest, count)


def places_of(section: Section) -> list[Place]:
    """Return the sentences of a section."""
    return [Place(section.number, section.title, unit.text, section.audience) for unit in units_of(section)]


def audience_of(word: str) -> Audience:
    """Return who a form names; raise 422 `bad_audience`."""
    if word not in set(Audience):
        raise bad_input("bad_audience", "请选择谁可以看到：客户，或只有员工。")
    return Audience(word)


def _date(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise bad_input("bad_date", f"{name}“{text[:20]}”不是日期，请写成 2026-01-31 这样。") from None
