"""What is published now, read anew only when something was published or retired."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.store.context import session_or_none
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import Attached, EntryState, Faq, FaqVersion, KnowledgeHead
from knowledge.errors import WenjinError
from knowledge.supplement import AttachedQuestion, FaqEntry, Supplement

log = logging.getLogger(__name__)


def revision(s: Session) -> int:
    """Return how often something was published or retired."""
    return s.scalar(select(KnowledgeHead.revision).where(KnowledgeHead.id == 1)) or 0


def head(s: Session) -> KnowledgeHead:
    """Return the row that orders the writers, locked until the transaction ends, made on first use.

    Lock order: this row before the audit chain's.
    """
    locked = select(KnowledgeHead).where(KnowledgeHead.id == 1).with_for_update()
    found = s.scalar(locked.execution_options(populate_existing=True))
    if found is not None:
        return found
    try:
        with s.begin_nested():
            s.add(KnowledgeHead(id=1, revision=0))
            s.flush()
    except IntegrityError:  # another process was first
        pass
    return s.scalars(locked.execution_options(populate_existing=True)).one()


def bump(s: Session) -> None:
    """Tell every process that something else is published now."""
    head(s).revision += 1
    s.flush()


def supplement(s: Session) -> Supplement:
    """Return all that is published, oldest first; validity is for the reader to look at."""
    counted = revision(s)
    published = (
        select(FaqVersion, Faq.number, User)
        .join(Faq, (Faq.id == FaqVersion.faq_id) & (Faq.published == FaqVersion.version))
        .join(User, User.id == FaqVersion.owner_id)
        .where(Faq.state == EntryState.PUBLISHED)
        .order_by(Faq.number)
    )
    faqs = tuple(entry(version, number, user.called) for version, number, user in s.execute(published))
    rows = s.scalars(
        select(Attached)
        .where(Attached.state == EntryState.PUBLISHED)
        .order_by(Attached.created_at, Attached.id)
    )
    attached = tuple(question for row in rows for question in questions(row))
    return Supplement(faqs, attached, str(counted))


def entry(version: FaqVersion, number: int, owner: str) -> FaqEntry:
    """Return one version of an entry as the answerer takes it."""
    return FaqEntry(
        str(number),
        str(version.version),
        version.question,
        tuple(version.variants),
        version.answer,
        version.audience,
        owner,
        version.valid_from,
        version.valid_until,
    )


def questions(row: Attached) -> list[AttachedQuestion]:
    """Return each way to ask of an attachment as the answerer takes it."""
    return [AttachedQuestion(row.id, text, row.section, row.sentence, row.audience) for text in row.texts]


def since(s: Session) -> dict[tuple[str, str], datetime]:
    """Return when each published entry was published, by ("faq", number) and ("attached", id)."""
    faqs = select(Faq.number, Faq.published_at).where(Faq.state == EntryState.PUBLISHED)
    rows = select(Attached.id, Attached.published_at).where(Attached.state == EntryState.PUBLISHED)
    return {
        **{("faq", str(number)): at for number, at in s.execute(faqs) if at},
        **{("attached", key): at for key, at in s.execute(rows) if at},
    }


class Published:
    """Gives the supplement of this moment: one small query, and a full one when the revision has changed."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._known = Supplement()

    def __call__(self) -> Supplement:
        """Return what is published; what was known last where the database cannot be read."""
        try:
            with self._session() as s:
                if str(revision(s)) != self._known.fingerprint:
                    self._known = supplement(s)
        except WenjinError as error:
            log.warning("the supplement could not be read: %s", error.code)
        return self._known

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Yield the running turn's session, or one that only reads where there is no turn."""
        running = session_or_none()
        if running is not None:
            yield running
            return
        with self._database().reading() as s:
            yield s
