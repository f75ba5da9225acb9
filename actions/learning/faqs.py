"""FAQ entries: written in versions that never change, published, retired; every step is audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.learning import published
from actions.service import accounts
from actions.service.messages import check_field
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import EntryState, Faq, FaqVersion
from knowledge.document import Audience
from knowledge.errors import bad_input, conflict, not_found
from knowledge.sameness import bare
from knowledge.text import normalise

ROLE = "knowledge"
LONGEST_QUESTION, LONGEST_ANSWER, MOST_VARIANTS = 200, 2000, 30
STATE_LABELS = {EntryState.DRAFT: "草稿", EntryState.PUBLISHED: "已发布", EntryState.RETIRED: "已停用"}


@dataclass(frozen=True, slots=True)
class FaqDraft:
    """What an entry says; days are whole and both count."""

    question: str
    variants: tuple[str, ...]
    answer: str
    audience: Audience
    owner_id: str
    valid_from: date | None = None
    valid_until: date | None = None


def create(s: Session, *, draft: FaqDraft, user: User, now: datetime) -> Faq:
    """Keep a new entry as a draft.

    Raises:
        WenjinError: 403 `role_needed`; 422 `empty_field`, `field_too_long`, `bad_dates`, `bad_owner`.
    """
    checked = _checked(s, draft, user)
    published.head(s)  # one writer at a time gives out numbers
    number = (s.scalar(select(func.max(Faq.number))) or 0) + 1
    faq = Faq(number=number, state=EntryState.DRAFT, version=1, shown=[], created_at=now, updated_at=now)
    s.add(faq)
    s.flush()
    _write(s, faq, checked, user, now)
    _record(s, faq, "faq.create", user, now, _facts(checked))
    return faq


def revise(s: Session, *, number: int, version: int, draft: FaqDraft, user: User, now: datetime) -> Faq:
    """Keep a new version; it answers only when it is published. The same content again is no new version.

    Raises:
        WenjinError: as `create`; 404 `faq_not_found`; 409 `stale_version` where `version` is not the newest.
    """
    checked = _checked(s, draft, user)
    faq = _locked(s, number, version)
    if _content(newest(s, faq)) == checked:
        return faq
    faq.version += 1
    faq.updated_at = now
    _write(s, faq, checked, user, now)
    _record(s, faq, "faq.revise", user, now, _facts(checked))
    return faq


def publish(s: Session, *, number: int, version: int, user: User, now: datetime, today: date) -> Faq:
    """Let the newest version answer from the next question on.

    Raises:
        WenjinError: 403 `role_needed`; 404 `faq_not_found`; 409 `stale_version`, `same_question`; 422
            `faq_expired`.
    """
    accounts.require_role(user, ROLE)
    faq = _locked(s, number, version)
    content = newest(s, faq)
    if content.valid_until and content.valid_until < today:
        raise bad_input("faq_expired", "有效期已过，请改有效期后再发布。")
    published.head(s)  # one publication at a time, so that two of the same question do not miss each other
    _refuse_same(s, faq, content)
    faq.state, faq.published, faq.published_at = EntryState.PUBLISHED, faq.version, now
    faq.shown = sorted({*faq.shown, faq.version})
    faq.updated_at = now
    published.bump(s)
    _record(s, faq, "faq.publish", user, now, _facts(_content(content)))
    return faq


def retire(s: Session, *, number: int, version: int, user: User, now: datetime) -> Faq:
    """Let an entry answer no more.

    Raises:
        WenjinError: 403 `role_needed`; 404 `faq_not_found`; 409 `stale_version`, `not_published`.
    """
    accounts.require_role(user, ROLE)
    faq = _locked(s, number, version)
    if faq.state is not EntryState.PUBLISHED:
        raise conflict("not_published", "这条问答没有发布，不用停用。")
    faq.state, faq.updated_at = EntryState.RETIRED, now
    published.bump(s)
    _record(s, faq, "faq.retire", user, now, {})
    return faq


def get(s: Session, number: int) -> Faq:
    """Return an entry; raise 404 `faq_not_found`."""
    faq = s.scalar(select(Faq).where(Faq.number == number))
    if faq is None:
        raise not_found("faq_not_found", "没有找到这条问答，请回到列表重新选择。")
    return faq


def newest(s: Session, faq: Faq) -> FaqVersion:
    """Return an entry's newest version."""
    return _version(s, faq, faq.version)


def versions(s: Session, faq: Faq) -> list[FaqVersion]:
    """Return all versions, newest first."""
    of_it = select(FaqVersion).where(FaqVersion.faq_id == faq.id)
    return list(s.scalars(of_it.order_by(FaqVersion.version.desc())))


def listing(s: Session) -> list[tuple[Faq, FaqVersion]]:
    """Return all entries with their newest version: drafts, published, retired; changed last comes first."""
    rows = s.execute(
        select(Faq, FaqVersion)
        .join(FaqVersion, (FaqVersion.faq_id == Faq.id) & (FaqVersion.version == Faq.version))
        .order_by(Faq.updated_at.desc(), Faq.number.desc())
    )
    order = list(STATE_LABELS)
    return sorted(((faq, version) for faq, version in rows), key=lambda pair: order.index(pair[0].state))


def cited(s: Session, number: int, version: int | None, reader: Audience) -> tuple[Faq, FaqVersion] | None:
    """Return the version that a citation names, by default the last that answered; None if not for `reader`.

    A version that never answered is nobody's to see, and neither is one whose entry was closed to `reader`
    by a later version that answers.
    """
    faq = s.scalar(select(Faq).where(Faq.number == number))
    if faq is None or faq.published is None:
        return None
    wanted = version or faq.published
    if wanted not in faq.shown:
        return None
    found = _version(s, faq, wanted)
    closed = not (
        reader.may_read(found.audience) and reader.may_read(_version(s, faq, faq.published).audience)
    )
    return None if closed else (faq, found)


def owners(s: Session) -> list[User]:
    """Return who may own an entry."""
    return [user for user in accounts.users(s) if accounts.may(user, ROLE)]


def history(s: Session, faq: Faq) -> list[tuple[datetime, str, str, Mapping[str, object]]]:
    """Return what was done with an entry, oldest first: when, who (user id), which step, its facts."""
    rows = audit.entries(s, object_type="faq", object_id=str(faq.number))
    return [(row.at, row.actor, row.action, row.data) for row in rows]


def _version(s: Session, faq: Faq, version: int) -> FaqVersion:
    of_it = (FaqVersion.faq_id == faq.id, FaqVersion.version == version)
    return s.scalars(select(FaqVersion).where(*of_it)).one()


def _locked(s: Session, number: int, version: int) -> Faq:
    locked = select(Faq).where(Faq.number == number).with_for_update()
    faq = s.scalar(locked.execution_options(populate_existing=True)) or get(s, number)
    if faq.version != version:
        raise conflict("stale_version", "这条问答刚被别人改过。", version=faq.version)
    return faq


def _checked(s: Session, draft: FaqDraft, user: User) -> FaqDraft:
    accounts.require_role(user, ROLE)
    question = check_field(draft.question, name="问题", limit=LONGEST_QUESTION, required=True)
    answer = check_field(draft.answer, name="答案", limit=LONGEST_ANSWER, required=True)
    if draft.valid_from and draft.valid_until and draft.valid_until < draft.valid_from:
        raise bad_input("bad_dates", "有效期的止日早于起日，请改正。")
    if draft.owner_id not in {owner.id for owner in owners(s)}:
        raise bad_input("bad_owner", "请选择一位知识管理员或管理员做负责人。")
    variants = check_texts(draft.variants, name="相似问法", besides=question)
    return FaqDraft(
        " ".join(question.split()), variants, answer, Audience(draft.audience), draft.owner_id,
        draft.valid_from, draft.valid_until,
    )  # fmt: skip


def check_texts(texts: Sequence[str], *, name: str, besides: str = "") -> tuple[str, ...]:
    """Return questions cleaned, each once; blank ones are left out.

    Raises:
        WenjinError: 422 `field_too_long`, `too_many_questions`.
    """
    kept: dict[str, str] = {}
    for text in texts:
        one = " ".join(check_field(text, name=name, limit=LONGEST_QUESTION).split())
        if one and _key(one) != _key(besides):
            kept.setdefault(_key(one), one)
    if len(kept) > MOST_VARIANTS:
        raise bad_input(
            "too_many_questions", f"{name}有 {len(kept)} 条，请留下有代表性的，不超过 {MOST_VARIANTS} 条。"
        )
    return tuple(kept.values())


def _key(text: str) -> str:
    return bare(normalise(text))


def _refuse_same(s: Session, faq: Faq, content: FaqVersion) -> None:
    """Refuse a question that another published entry answers for some of the same readers."""
    mine = {_key(text) for text in (content.question, *content.variants)}
    for other in published.supplement(s).faqs:
        both = content.audience is other.audience or Audience.CUSTOMER in (content.audience, other.audience)
        same = mine & {_key(text) for text in other.questions}
        if both and other.id != str(faq.number) and same:
            message = f"问法“{min(same)}”已由 FAQ-{other.id} 回答。请去掉这个问法，或先改那一条。"
            raise conflict("same_question", message, faq=other.id)


def _write(s: Session, faq: Faq, draft: FaqDraft, user: User, now: datetime) -> None:
    s.add(
        FaqVersion(
            faq_id=faq.id, version=faq.version, question=draft.question, variants=list(draft.variants),
            answer=draft.answer, audience=draft.audience, owner_id=draft.owner_id,
            valid_from=draft.valid_from, valid_until=draft.valid_until, author_id=user.id, created_at=now,
        )
    )  # fmt: skip
    s.flush()


def _content(version: FaqVersion) -> FaqDraft:
    return FaqDraft(
        version.question, tuple(version.variants), version.answer, version.audience, version.owner_id,
        version.valid_from, version.valid_until,
    )  # fmt: skip


def _facts(draft: FaqDraft) -> dict[str, object]:
    days = (("valid_from", draft.valid_from), ("valid_until", draft.valid_until))
    return {
        "audience": str(draft.audience),
        "owner": draft.owner_id,
        **{name: day.isoformat() for name, day in days if day},
    }


def _record(
    s: Session, faq: Faq, action: str, user: User, now: datetime, facts: Mapping[str, object]
) -> None:
    data = {"version": faq.version, "state": str(faq.state), **facts}
    audit.record(
        s, actor=user.id, action=action, object_type="faq", object_id=str(faq.number), data=data, now=now
    )
