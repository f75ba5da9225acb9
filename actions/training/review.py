"""The life of a question that is written here: draft, in review, approved by somebody else, retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.service.messages import clean
from actions.store import audit
from actions.store.tables.accounts import User
from actions.store.tables.training import Origin, QuizCase, QuizQuestion, QuizQuestionVersion
from actions.training.checks import Problem, Sections, check, is_stale
from actions.training.questions import Case, Content, Difficulty, Question, Status
from knowledge.errors import bad_input, conflict, forbidden, not_found

ROLE = "training"
MAX_NOTE, MAX_TITLE, MAX_WORD, MAX_ID, MAX_SECTION = 500, 200, 64, 64, 16


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a question is: `shown` is the version that is worked on, `drawn` the one that papers take."""

    head: QuizQuestion
    shown: Question
    drawn: Question | None
    versions: tuple[QuizQuestionVersion, ...]

    @property
    def status(self) -> Status:
        """Return the status of the version that is worked on."""
        return self.shown.status


def standing(s: Session, question_id: str) -> Standing:
    """Return where a question is. Raises 404 `unknown_question`."""
    head = _head(s, question_id)
    made = select(QuizQuestionVersion).where(QuizQuestionVersion.question_id == question_id)
    versions = tuple(s.scalars(made.order_by(QuizQuestionVersion.created_at.desc(), QuizQuestionVersion.id)))
    held = {one.id: one for one in versions}
    case = case_of(s, head)
    now = question_of(head, held[head.version_id], case)
    if head.next_version_id is None:
        return Standing(head, now, now if now.status is Status.APPROVED else None, versions)
    shown = replace(
        question_of(head, held[head.next_version_id], case), status=Status(head.next_status or "draft")
    )
    return Standing(head, shown, now if now.status is Status.APPROVED else None, versions)


def exists(s: Session, question_id: str) -> bool:
    """Tell whether the bank has a question of that id."""
    return s.get(QuizQuestion, question_id) is not None


def question_of(head: QuizQuestion, version: QuizQuestionVersion, case: Case | None = None) -> Question:
    """Return a question of the database with one of its versions."""
    return Question(
        id=head.id,
        content=Content.from_json(version.content),
        difficulty=Difficulty(head.difficulty),
        topic=head.topic,
        roles=tuple(head.roles),
        status=Status(head.status),
        author=head.author,
        case=case,
    )


def case_of(s: Session, head: QuizQuestion) -> Case | None:
    """Return the case that a question belongs to, or None."""
    row = s.get(QuizCase, head.case_id) if head.case_id else None
    if row is None:
        return None
    return Case(row.id, row.title, row.scenario, row.section, row.topic, tuple(row.roles))


def any_question(s: Session) -> bool:
    """Tell whether the bank has been filled."""
    return s.scalar(select(QuizQuestion.id).limit(1)) is not None


def questions(s: Session) -> list[Question]:
    """Return the bank as it is drawn from, one version a question, by id."""
    rows = s.execute(
        select(QuizQuestion, QuizQuestionVersion)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizQuestion.version_id)
        .order_by(QuizQuestion.id)
    )
    return [question_of(head, made) for head, made in rows]


def of_status(s: Session, status: Status) -> list[Question]:
    """Return every version that stands like this, by id: those in force, and changes beside them."""
    found = [one for one in [*questions(s), *waiting(s)] if one.status is status]
    return sorted(found, key=lambda one: one.id)


def waiting(s: Session) -> list[Question]:
    """Return the changed versions that wait beside the ones that are drawn, by id."""
    rows = s.execute(
        select(QuizQuestion, QuizQuestionVersion)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizQuestion.next_version_id)
        .order_by(QuizQuestion.id)
    )
    return [replace(question_of(head, made), status=Status(head.next_status)) for head, made in rows]


def add(s: Session, made: Sequence[Question], *, user: User, note: str = "", now: datetime) -> list[str]:
    """Keep new questions, and changed ones of known ids, as drafts of a person; return their ids.

    Raises:
        WenjinError: 403 `role_needed`, 422 `bad_question`, 409 `case_differs`. Nothing is kept then.
    """
    accounts.require_role(user, ROLE)
    for question in made:
        _check_lengths(question)
    _keep_cases(s, {one.case.id: one.case for one in made if one.case}, now)
    known = {head.id for head in s.scalars(select(QuizQuestion))}
    for question in made:
        version_id = _version(s, question, user, note, now)
        if question.id in known:
            _propose(s, _head(s, question.id, lock=True), version_id, user, now)
            continue
        s.add(
            QuizQuestion(
                id=question.id,
                version_id=version_id,
                origin=Origin.OWN,
                status=Status.DRAFT.value,
                stale=False,
                difficulty=question.difficulty.value,
                topic=question.topic,
                roles=list(question.roles),
                author=(question.author or user.called)[:MAX_WORD],
                case_id=question.case.id if question.case else None,
                edited_by=user.id,
                updated_at=now,
            )
        )
        known.add(question.id)
    s.flush()
    data = {"questions": len(made)}
    object_id = made[0].id if len(made) == 1 else "many"
    audit.record(
        s, actor=user.id, action="quiz_question.add", object_type="quiz_question", object_id=object_id,
        data=data, now=now,
    )  # fmt: skip
    return [question.id for question in made]


def _keep_cases(s: Session, cases: Mapping[str, Case], now: datetime) -> None:
    """Keep cases that are new; one that is there already stays as it is, and has to say the same."""
    for case in cases.values():
        row = s.get(QuizCase, case.id)
        if row is None:
            s.add(
                QuizCase(
                    id=case.id, title=case.title[:MAX_TITLE], scenario=case.scenario, section=case.section,
                    topic=case.topic, roles=list(case.roles), updated_at=now,
                )
            )  # fmt: skip
        elif row.scenario != case.scenario:
            raise conflict("case_differs", f"题库里的案例 {case.id} 说的是另一件事，请换一个案例编号。")
    s.flush()


def edit(
    s: Session, changed: Question, *, seen: str, note: str = "", user: User, now: datetime
) -> QuizQuestion:
    """Make a new version of a question; an approved one goes on being drawn until the new one is approved.

    `seen` is the version that the person started from. Difficulty, topic and roles hold at once.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_question`; 409 `changed_meanwhile`; 422 `bad_question`.
    """
    accounts.require_role(user, ROLE)
    _check_lengths(changed)
    head = _head(s, changed.id, lock=True)
    if seen != (head.next_version_id or head.version_id):
        raise conflict("changed_meanwhile", "这道题刚被别人改过，请刷新后再改。您填写的内容请先复制保存。")
    case = case_of(s, head)
    if case:
        changed = replace(changed, content=replace(changed.content, scenario=case.scenario))
    head.difficulty, head.topic = changed.difficulty.value, changed.topic
    head.roles = list(changed.roles)
    version_id = _version(s, changed, user, note, now)
    if version_id != seen:
        _propose(s, head, version_id, user, now)
    head.updated_at = now
    _record(s, head, "edit", user, now)
    return head


def _propose(s: Session, head: QuizQuestion, version_id: str, user: User, now: datetime) -> None:
    head.edited_by, head.updated_at, head.review_note = user.id, now, ""
    if head.status in (Status.DRAFT, Status.IN_REVIEW):
        head.version_id, head.status = version_id, Status.DRAFT.value
        head.origin = Origin.OWN
    elif version_id == head.version_id and head.status == Status.APPROVED:
        head.next_version_id, head.next_status = None, ""
    else:
        head.next_version_id, head.next_status = version_id, Status.DRAFT.value
    s.flush()


def _version(s: Session, question: Question, user: User, note: str, now: datetime) -> str:
    """Keep the version of a question's content, where it is not known yet."""
    if s.get(QuizQuestionVersion, question.version_id) is None:
        s.add(
            QuizQuestionVersion(
                id=question.version_id,
                question_id=question.id,
                section=question.content.section,
                content=question.content.to_json(),
                created_by=user.id,
                note=clean(note)[:MAX_NOTE],
                created_at=now,
            )
        )
        s.flush()
    return question.version_id


def submit(s: Session, question_id: str, *, user: User, now: datetime) -> QuizQuestion:
    """Ask for a review. Raises 403 `role_needed`, 404 `unknown_question`, 409 `not_a_draft`."""
    accounts.require_role(user, ROLE)
    head = _head(s, question_id, lock=True)
    _expect(head, Status.DRAFT, "not_a_draft", "只有草稿可以提交审核。")
    _set(head, Status.IN_REVIEW)
    head.edited_by = head.edited_by or user.id
    head.updated_at = now
    _record(s, head, "submit", user, now)
    return head


def approve(
    s: Session, question_id: str, *, seen: str, user: User, sections: Sections, now: datetime
) -> QuizQuestion:
    """Let papers draw the version that was reviewed; its author cannot do so.

    Raises:
        WenjinError: 403 `role_needed` or `own_version`; 404 `unknown_question`; 409 `not_in_review` or
            `changed_meanwhile`; 422 `bad_question` with the `problems` of the automatic checks.
    """
    accounts.require_role(user, ROLE)
    head = _head(s, question_id, lock=True)
    _expect(head, Status.IN_REVIEW, "not_in_review", "这道题不在审核中。")
    version_id = head.next_version_id or head.version_id
    if seen != version_id:
        raise conflict("changed_meanwhile", "这道题刚被改过，请刷新后重新审核。")
    if head.edited_by == user.id:
        raise forbidden("own_version", "不能审核自己写的题，请另一位培训管理员来审核。")
    version = s.get_one(QuizQuestionVersion, version_id)
    question = question_of(head, version)
    if wrong := [one for one in problems_of(s, question, sections) if not one.hint]:
        raise bad_input(
            "bad_question",
            "自动检查没有通过：" + "；".join(one.message for one in wrong),
            problems=[one.message for one in wrong],
        )
    head.version_id, head.next_version_id, head.next_status = version_id, None, ""
    head.status, head.origin = Status.APPROVED.value, Origin.OWN
    head.stale = is_stale(question.content, sections)
    head.reviewed_by, head.reviewed_at, head.review_note, head.updated_at = user.id, now, "", now
    _record(s, head, "approve", user, now, version=version_id)
    return head


def send_back(s: Session, question_id: str, *, reason: str, user: User, now: datetime) -> QuizQuestion:
    """Return a version to its author with what has to be mended.

    Raises:
        WenjinError: 403 `role_needed`; 404 `unknown_question`; 409 `not_in_review`; 422 `reason_needed`.
    """
    accounts.require_role(user, ROLE)
    why = clean(reason)
    if not 2 <= len(why) <= MAX_NOTE:
        raise bad_input("reason_needed", f"请写明要改什么，2 到 {MAX_NOTE} 个字。")
    head = _head(s, question_id, lock=True)
    _expect(head, Status.IN_REVIEW, "not_in_review", "这道题不在审核中。")
    _set(head, Status.DRAFT)
    head.review_note, head.reviewed_by, head.reviewed_at, head.updated_at = why, user.id, now, now
    _record(s, head, "send_back", user, now)
    return head


def retire(s: Session, question_id: str, *, user: User, now: datetime) -> QuizQuestion:
    """Take a question out of new papers for good; attempts that used it keep it."""
    accounts.require_role(user, ROLE)
    head = _head(s, question_id, lock=True)
    head.status, head.origin, head.updated_at = Status.RETIRED.value, Origin.OWN, now
    head.next_version_id, head.next_status = None, ""
    _record(s, head, "retire", user, now)
    return head


def problems_of(s: Session, question: Question, sections: Sections) -> list[Problem]:
    """Return what the automatic checks say of a question, beside the rest of the bank."""
    others = [one for one in questions(s) if one.id != question.id and one.status is not Status.RETIRED]
    return [one for one in check([*others, question], sections) if one.question_id == question.id]


def _expect(head: QuizQuestion, status: Status, code: str, message: str) -> None:
    if (head.next_status if head.next_version_id else head.status) != status:
        raise conflict(code, message)


def _set(head: QuizQuestion, status: Status) -> None:
    if head.next_version_id:
        head.next_status = status.value
    else:
        head.status, head.origin = status.value, Origin.OWN


def _head(s: Session, question_id: str, *, lock: bool = False) -> QuizQuestion:
    query = select(QuizQuestion).where(QuizQuestion.id == question_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    head = s.scalar(query)
    if head is None:
        raise not_found("unknown_question", "题库里没有这道题。")
    return head


def _check_lengths(question: Question) -> None:
    words = [question.topic, *question.roles, question.author]
    if question.case:
        words.append(question.case.topic)
    if len(question.id) > MAX_ID or len(question.content.section) > MAX_SECTION:
        raise bad_input("bad_question", "编号最多 64 个字符，章节最多 16 个字符。")
    if any(len(word) > MAX_WORD for word in words):
        raise bad_input("bad_question", f"主题、岗位和作者最多 {MAX_WORD} 个字。")


def _record(s: Session, head: QuizQuestion, what: str, user: User, now: datetime, **data: str) -> None:
    s.flush()
    audit.record(
        s, actor=user.id, action=f"quiz_question.{what}", object_type="quiz_question", object_id=head.id,
        data={"status": head.status, **data}, now=now,
    )  # fmt: skip
