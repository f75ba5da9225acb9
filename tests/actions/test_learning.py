"""FAQ entries and attached questions: versions, publication, who may read them, the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.learning import attachments, faqs, published
from actions.learning.faqs import FaqDraft
from actions.learning.published import Published
from actions.store import audit
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.knowledge import Attached, EntryState, FaqVersion
from knowledge.document import Audience, Document, Paragraph, Section
from knowledge.errors import WenjinError
from tests.actions.conftest import NOW

TODAY = date(2026, 3, 2)
AddUser = Callable[..., User]
OPEN = "提现一般实时到账。"
CLOSED = "内部差错率须低于千分之一。"
MANUAL = Document(
    "手册",
    (
        Section("1.1", "提现", Audience.CUSTOMER, "服务", (Paragraph(f"{OPEN}遇到节假日顺延。"),)),
        Section("1.2", "差错", Audience.STAFF, "服务", (Paragraph(CLOSED),)),
    ),
)


def draft(owner: User, **changes: object) -> FaqDraft:
    made = FaqDraft("周末能提现吗", ("星期六能提现吗",), "周末可以提现。", Audience.CUSTOMER, owner.id)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def user(add_user: AddUser) -> User:
    """The knowledge owner."""
    return add_user("wen", "knowledge")


def put_out(s: Session, user: User, **changes: object) -> int:
    """Write and publish an entry; return its number."""
    number = faqs.create(s, draft=draft(user, **changes), user=user, now=NOW).number
    faqs.publish(s, number=number, version=1, user=user, now=NOW, today=TODAY)
    return number


def failure(error: pytest.ExceptionInfo[WenjinError]) -> str:
    return error.value.code


def test_an_entry_answers_from_its_publication_to_its_end(session: Session, user: User) -> None:
    faq = faqs.create(session, draft=draft(user), user=user, now=NOW)
    assert (faq.number, faq.state) == (1, EntryState.DRAFT)
    assert published.supplement(session).faqs == ()
    before = published.revision(session)
    faqs.publish(session, number=1, version=1, user=user, now=NOW, today=TODAY)
    out = published.supplement(session)
    assert published.revision(session) > before
    assert [(one.id, one.version, one.answer, one.owner) for one in out.faqs] == [
        ("1", "1", "周末可以提现。", "wen")
    ]
    faqs.retire(session, number=1, version=1, user=user, now=NOW)
    assert published.supplement(session).faqs == ()
    assert published.supplement(session).fingerprint != out.fingerprint


def test_a_new_version_answers_only_once_it_is_published(session: Session, user: User) -> None:
    number = put_out(session, user)
    changed = draft(user, answer="周末可以提现，周一到账。")
    faqs.revise(session, number=number, version=1, draft=changed, user=user, now=NOW)
    assert published.supplement(session).faqs[0].answer == "周末可以提现。"
    faqs.publish(session, number=number, version=2, user=user, now=NOW, today=TODAY)
    assert published.supplement(session).faqs[0].answer == "周末可以提现，周一到账。"
    kept = faqs.versions(session, faqs.get(session, number))
    assert [(one.version, one.answer) for one in kept] == [
        (2, "周末可以提现，周一到账。"),
        (1, "周末可以提现。"),
    ]


def test_the_same_content_is_no_new_version(session: Session, user: User) -> None:
    number = put_out(session, user)
    faqs.revise(session, number=number, version=1, draft=draft(user), user=user, now=NOW)
    assert faqs.get(session, number).version == 1


def test_versions_are_never_changed(db: Database) -> None:
    from actions.service import accounts

    with db.begin() as s:
        user, _ = accounts.add_user(s, name="wen", password=None, roles=["knowledge"], now=NOW)
        put_out(s, user)
    with pytest.raises(RuntimeError, match="append-only"), db.begin() as s:
        s.scalars(select(FaqVersion)).one().answer = "别的"
        s.flush()


def test_a_stale_form_changes_nothing(session: Session, user: User) -> None:
    number = put_out(session, user)
    faqs.revise(session, number=number, version=1, draft=draft(user, answer="新"), user=user, now=NOW)
    acts: list[Callable[[], object]] = [
        lambda: faqs.revise(session, number=number, version=1, draft=draft(user), user=user, now=NOW),
        lambda: faqs.publish(session, number=number, version=1, user=user, now=NOW, today=TODAY),
        lambda: faqs.retire(session, number=number, version=1, user=user, now=NOW),
    ]
    for act in acts:
        with pytest.raises(WenjinError) as error:
            act()
        assert failure(error) == "stale_version"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"question": " "}, "empty_field"),
        ({"answer": "\u200b"}, "empty_field"),
        ({"question": "问" * 201}, "field_too_long"),
        ({"answer": "答" * 2001}, "field_too_long"),
        ({"variants": tuple(f"第{n}种问法" for n in range(31))}, "too_many_questions"),
        ({"valid_from": TODAY, "valid_until": TODAY - timedelta(days=1)}, "bad_dates"),
        ({"owner_id": "0" * 32}, "bad_owner"),
    ],
)
def test_what_cannot_be_kept(session: Session, user: User, changes: dict[str, object], code: str) -> None:
    with pytest.raises(WenjinError) as error:
        faqs.create(session, draft=draft(user, **changes), user=user, now=NOW)
    assert failure(error) == code
    assert faqs.listing(session) == []


def test_variants_are_kept_once_and_without_the_question(session: Session, user: User) -> None:
    asked = ("周末能提现吗？", "  ", "周六 能提现吗", "请问周六 能提现吗", "周日能提现吗")
    faq = faqs.create(session, draft=draft(user, variants=asked), user=user, now=NOW)
    assert faqs.newest(session, faq).variants == ["周六 能提现吗", "周日能提现吗"]


def test_an_entry_that_has_run_out_is_not_published(session: Session, user: User) -> None:
    over = draft(user, valid_until=TODAY - timedelta(days=1))
    faqs.create(session, draft=over, user=user, now=NOW)
    with pytest.raises(WenjinError) as error:
        faqs.publish(session, number=1, version=1, user=user, now=NOW, today=TODAY)
    assert failure(error) == "faq_expired"


def test_two_entries_do_not_answer_one_question(session: Session, user: User) -> None:
    put_out(session, user)
    faqs.create(session, draft=draft(user, question="请问星期六能提现吗？"), user=user, now=NOW)
    with pytest.raises(WenjinError) as error:
        faqs.publish(session, number=2, version=1, user=user, now=NOW, today=TODAY)
    assert failure(error) == "same_question" and "FAQ-1" in error.value.message


@pytest.mark.parametrize("roles", [("staff",), ("handler",)])
def test_only_the_knowledge_owner_writes(
    session: Session, user: User, add_user: AddUser, roles: tuple[str, ...]
) -> None:
    other, number = add_user("li", *roles), put_out(session, user)
    kept = faqs.create(session, draft=draft(user, question="别的"), user=user, now=NOW).number
    pinned = attach(session, user).id
    for act in (
        lambda: faqs.create(session, draft=draft(user), user=other, now=NOW),
        lambda: faqs.revise(session, number=number, version=1, draft=draft(user), user=other, now=NOW),
        lambda: faqs.publish(session, number=kept, version=1, user=other, now=NOW, today=TODAY),
        lambda: faqs.retire(session, number=number, version=1, user=other, now=NOW),
        lambda: attach(session, other),
        lambda: attachments.publish(session, attached_id=pinned, user=other, now=NOW),
    ):
        with pytest.raises(WenjinError) as error:
            act()
        assert failure(error) == "role_needed"


def attach(s: Session, user: User, section: str = "1.1", sentence: str = OPEN) -> Attached:
    return attachments.attach(
        s,
        texts=["钱什么时候到", "钱什么时候到？"],
        section=section,
        sentence=sentence,
        audience=Audience.CUSTOMER,
        manual=MANUAL,
        user=user,
        now=NOW,
    )


def test_a_question_is_attached_to_a_sentence(session: Session, user: User) -> None:
    row = attach(session, user)
    assert published.supplement(session).attached == ()
    attachments.publish(session, attached_id=row.id, user=user, now=NOW)
    found = published.supplement(session).attached
    assert [(one.text, one.section, one.sentence) for one in found] == [("钱什么时候到", "1.1", OPEN)]
    attachments.retire(session, attached_id=row.id, user=user, now=NOW)
    assert published.supplement(session).attached == ()


def test_what_is_attached_to_a_staff_section_is_for_staff(session: Session, user: User) -> None:
    assert attach(session, user, "1.2", CLOSED).audience is Audience.STAFF


@pytest.mark.parametrize(("section", "code"), [("9.9", "unknown_section"), ("1.2", "unknown_sentence")])
def test_only_a_sentence_of_the_manual_answers(session: Session, user: User, section: str, code: str) -> None:
    with pytest.raises(WenjinError) as error:
        attach(session, user, section)
    assert failure(error) == code


def test_every_step_is_in_the_audit_log_without_a_word_of_the_text(session: Session, user: User) -> None:
    number = put_out(session, user, valid_until=date(2026, 12, 31))
    changed = draft(user, answer="新的答案")
    faqs.revise(session, number=number, version=1, draft=changed, user=user, now=NOW)
    faqs.publish(session, number=number, version=2, user=user, now=NOW, today=TODAY)
    faqs.retire(session, number=number, version=2, user=user, now=NOW)
    row = attach(session, user)
    attachments.publish(session, attached_id=row.id, user=user, now=NOW)
    assert audit.verify(session) == []
    steps = [action for _, _, action, _ in faqs.history(session, faqs.get(session, number))]
    assert steps == ["faq.create", "faq.publish", "faq.revise", "faq.publish", "faq.retire"]
    assert faqs.history(session, faqs.get(session, number))[1][3]["valid_until"] == "2026-12-31"
    assert [r.action for r in audit.entries(session, object_type="attached", object_id=row.id)] == [
        "question.attach",
        "question.publish",
    ]
    kept = str(list(session.execute(text("SELECT data FROM audit_log"))))
    assert "提现" not in kept and "答案" not in kept


def test_a_citation_shows_what_answered_and_only_to_its_readers(session: Session, user: User) -> None:
    number = put_out(session, user)
    for version, changes in ((1, {"answer": "没有发布的"}), (2, {"answer": "第三版"})):
        faqs.revise(session, number=number, version=version, draft=draft(user, **changes), user=user, now=NOW)
    faqs.publish(session, number=number, version=3, user=user, now=NOW, today=TODAY)
    shown = {
        wanted: found and found[1].answer
        for wanted in (None, 1, 2, 3, 4)
        for found in [faqs.cited(session, number, wanted, Audience.CUSTOMER)]
    }
    assert shown == {None: "第三版", 1: "周末可以提现。", 2: None, 3: "第三版", 4: None}
    closed = draft(user, answer="只给员工", audience=Audience.STAFF)
    faqs.revise(session, number=number, version=3, draft=closed, user=user, now=NOW)
    faqs.publish(session, number=number, version=4, user=user, now=NOW, today=TODAY)
    assert all(faqs.cited(session, number, v, Audience.CUSTOMER) is None for v in (None, 1, 3, 4))
    assert faqs.cited(session, number, 1, Audience.STAFF) is not None
    assert faqs.cited(session, 99, None, Audience.STAFF) is None


def test_another_process_notices_at_the_next_question(db: Database) -> None:
    from actions.service import accounts

    here = Published(lambda: db)
    assert here().faqs == ()
    with db.begin() as s:
        user, _ = accounts.add_user(s, name="wen", password=None, roles=["admin"], now=NOW)
        put_out(s, user)
        if db.dialect == "sqlite":
            assert here().faqs == ()  # not yet committed
    first = here()
    assert [one.id for one in first.faqs] == ["1"]
    assert here() is first
    with db.begin() as s:
        faqs.retire(s, number=1, version=1, user=user, now=NOW)
    assert here().faqs == ()
