"""Questions attached to a sentence of the manual: kept, published, retired; every step is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.learning import published
from actions.learning.faqs import ROLE, STATE_LABELS, check_texts
from actions.service import accounts
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import Attached, EntryState
from knowledge.document import Audience, Document
from knowledge.errors import bad_input, conflict, not_found
from knowledge.passages import units_of


def attach(
    s: Session,
    *,
    texts: Sequence[str],
    section: str,
    sentence: str,
    audience: Audience,
    manual: Document,
    user: User,
    now: datetime,
) -> Attached:
    """Keep questions that a sentence of `manual` answers, as a draft.

    What is attached to a section for staff is for staff.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_section`; 422 `empty_field`, `unknown_sentence`, …
    """
    accounts.require_role(user, ROLE)
    asked = check_texts(texts, name="问法")
    if not asked:
        raise bad_input("empty_field", "请填写至少一个问法。")
    found = manual.section(section)
    if found is None:
        raise not_found("unknown_section", "手册里没有这一节，请重新选择。")
    if sentence not in {unit.text for unit in units_of(found)}:
        raise bad_input("unknown_sentence", "请选择这一节里的一句话。")
    readers = audience if audience.may_read(found.audience) else found.audience
    row = Attached(
        state=EntryState.DRAFT, texts=list(asked), section=section, sentence=sentence, audience=readers,
        author_id=user.id, created_at=now, updated_at=now,
    )  # fmt: skip
    s.add(row)
    s.flush()
    _record(s, row, "question.attach", user, now)
    return row


def publish(s: Session, *, attached_id: str, user: User, now: datetime) -> Attached:
    """Let the sentence answer from the next question on. Raises as `retire`."""
    row = _to(s, attached_id, EntryState.PUBLISHED, user, now)
    row.published_at = now
    _record(s, row, "question.publish", user, now)
    return row


def retire(s: Session, *, attached_id: str, user: User, now: datetime) -> Attached:
    """Take the questions off their sentence.

    Raises:
        WenjinError: 403 `role_needed`; 404 `attached_not_found`; 409 `already_there`.
    """
    row = _to(s, attached_id, EntryState.RETIRED, user, now)
    _record(s, row, "question.retire", user, now)
    return row


def get(s: Session, attached_id: str) -> Attached:
    """Return one; raise 404 `attached_not_found`."""
    row = s.get(Attached, attached_id)
    if row is None:
        raise not_found("attached_not_found", "没有找到这条归入的问法，请回到列表重新选择。")
    return row


def listing(s: Session) -> list[Attached]:
    """Return all: drafts, published, retired; changed last comes first."""
    rows = s.scalars(select(Attached).order_by(Attached.updated_at.desc(), Attached.id))
    order = list(STATE_LABELS)
    return sorted(rows, key=lambda row: order.index(row.state))


def _to(s: Session, attached_id: str, state: EntryState, user: User, now: datetime) -> Attached:
    accounts.require_role(user, ROLE)
    locked = select(Attached).where(Attached.id == attached_id).with_for_update()
    row = s.scalar(locked.execution_options(populate_existing=True)) or get(s, attached_id)
    if row.state is state:
        raise conflict("already_there", f"这条问法已经是“{STATE_LABELS[state]}”，请刷新页面。")
    row.state, row.updated_at = state, now
    published.bump(s)
    return row


def _record(s: Session, row: Attached, action: str, user: User, now: datetime) -> None:
    data = {
        "section": row.section,
        "audience": str(row.audience),
        "state": str(row.state),
        "questions": len(row.texts),
    }
    audit.record(
        s, actor=user.id, action=action, object_type="attached", object_id=row.id, data=data, now=now
    )
