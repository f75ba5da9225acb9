"""Taking a paper: who may start when, answers saved one by one, handed in or ended by the server's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.tables.training import (
    AttemptState,
    Disclosure,
    DueState,
    FinishedBy,
    PaperState,
    QuizAssignment,
    QuizAttempt,
    QuizAttemptItem,
    QuizDue,
    QuizPaper,
    QuizQuestionVersion,
)
from actions.training import attempts, blueprints, grading, papers, plans, records
from actions.training.closing import GRACE, close, is_over
from actions.training.questions import Content
from actions.training.views import Attempt, Result, ShownItem
from knowledge.errors import WenjinError, conflict

_SEED_BITS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands with a paper; `refusal` is why no attempt can be begun now, None where one can.

    `attempts_left` is None where any number may be made.
    """

    paper: QuizPaper
    due: QuizDue | None
    open_id: str | None
    used: int
    attempts_left: int | None
    best: Result | None
    refusal: WenjinError | None

    @property
    def passed(self) -> bool:
        """Tell whether the paper was passed."""
        return self.best is not None and self.best.passed


@dataclass(frozen=True, slots=True)
class Place:
    """One question in the list to jump by: no content, only what was done with it."""

    index: int
    answered: bool
    flagged: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open attempt as its person sees it: the places, and when it ends by the server's clock."""

    attempt: Attempt
    places: tuple[Place, ...]

    @property
    def answered(self) -> int:
        """Return how many questions have an answer."""
        return sum(one.answered for one in self.places)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one question: the answer as it is shown, and how often it was saved."""

    given: tuple[str, ...]
    flagged: bool
    seq: int
    saved_at: datetime | None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of an open attempt with what is kept of it; no key, no explanation."""

    item: ShownItem
    kept: Kept


def standing(s: Session, paper: QuizPaper, user_id: str, now: datetime) -> Standing:
    """Return where a person stands with a paper now."""
    due = _due(s, paper.id, user_id)
    made = list(
        s.scalars(
            select(QuizAttempt)
            .where(QuizAttempt.user_id == user_id, QuizAttempt.paper_id == paper.id)
            .order_by(QuizAttempt.started_at)
        )
    )
    running = next((one for one in made if one.state is AttemptState.OPEN), None)
    done = [records.result_of(one) for one in made if one.state is AttemptState.FINISHED]
    counted = [one for one in made if due is None or one.assignment_due_id in (None, due.id)]
    left = max(0, paper.attempts - len(counted)) if paper.attempts else None
    return Standing(
        paper=paper,
        due=due,
        open_id=running.id if running else None,
        used=len(counted),
        attempts_left=left,
        best=max(done, key=lambda one: (one.passed, one.score, one.finished_at), default=None),
        refusal=None if running else _refusal(paper, left, done, now),
    )


def _refusal(paper: QuizPaper, left: int | None, done: Sequence[Result], now: datetime) -> WenjinError | None:
    if paper.state is not PaperState.OPEN or (paper.closes_at and paper.closes_at <= now):
        return conflict("paper_closed", "这份试卷已经截止，不能再开始。")
    if paper.opens_at and paper.opens_at > now:
        return conflict("paper_not_open", "这份试卷还没有到开放时间。", opens_at=paper.opens_at.isoformat())
    if left == 0:
        return conflict("no_attempts_left", f"这份试卷最多作答 {paper.attempts} 次，您已经用完。")
    if paper.cooldown_hours and done:
        free = max(one.finished_at for one in done) + timedelta(hours=paper.cooldown_hours)
        if free > now:
            minutes = -(-(free - now) // timedelta(minutes=1))
            wait = f"{minutes} 分钟" if minutes < 120 else f"{-(-minutes // 60)} 小时"
            return conflict(
                "cooling_down", f"两次作答要间隔 {paper.cooldown_hours} 小时，请 {wait}后再开始。",
                until=free.isoformat(),
            )  # fmt: skip
    return None


def _due(s: Session, paper_id: str, user_id: str) -> QuizDue | None:
    return s.scalar(
        select(QuizDue)
        .join(QuizAssignment, QuizAssignment.id == QuizDue.assignment_id)
        .where(
            QuizAssignment.paper_id == paper_id,
            QuizDue.user_id == user_id,
            QuizDue.state == DueState.OPEN,
        )
        .order_by(QuizDue.due_at)
        .limit(1)
    )


def start(
    s: Session,
    *,
    paper_id: str,
    user_id: str,
    conversation_id: str | None = None,
    seed: int,
    manual_version: str = "",
    now: datetime,
) -> Attempt:
    """Begin an attempt at a paper, or return the open one. Its clock runs from here.

    Raises:
        WenjinError: 404 `unknown_user` or `unknown_paper`; 409 `paper_closed`, `paper_not_open`,
            `no_attempts_left`, `cooling_down`, `blueprint_unmet`.
    """
    attempts.lock_user(s, user_id)
    settle(s, user_id=user_id, now=now)
    paper = plans.get(s, paper_id)
    where = standing(s, paper, user_id, now)
    if where.open_id:
        return records.attempt_of(s, records.attempt_row(s, where.open_id, user_id))
    if where.refusal:
        raise where.refusal
    seed &= _SEED_BITS
    drawn = blueprints.draw(
        papers.candidates(s),
        plans.lines_of(paper),
        seed=seed,
        shuffle_questions=paper.shuffle_questions,
        shuffle_options=paper.shuffle_options,
    )
    row = QuizAttempt(
        user_id=user_id,
        conversation_id=conversation_id,
        paper_id=paper.id,
        paper_version=paper.version,
        assignment_due_id=where.due.id if where.due else None,
        slot=paper.id,
        kind=paper.kind,
        state=AttemptState.OPEN,
        disclosure=paper.disclosure,
        seed=seed,
        pass_percent=paper.pass_percent,
        max_score=sum(one.points for one in drawn),
        manual_version=manual_version,
        started_at=now,
        deadline_at=_deadline(paper, now),
    )
    return records.attempt_of(s, attempts.add(s, row, drawn))


def _deadline(paper: QuizPaper, now: datetime) -> datetime | None:
    ends = [paper.closes_at] if paper.closes_at else []
    if paper.minutes:
        ends.append(now + timedelta(minutes=paper.minutes))
    return min(ends, default=None)


def settle(s: Session, *, user_id: str, now: datetime) -> list[str]:
    """End those of a person's attempts whose time is up, and return their ids; to be done on each access."""
    rows = s.scalars(
        select(QuizAttempt)
        .where(
            QuizAttempt.user_id == user_id,
            QuizAttempt.state == AttemptState.OPEN,
            QuizAttempt.deadline_at < now - GRACE,
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        close(s, row, now, by=FinishedBy.DEADLINE)
    return [row.id for row in rows]


def has_overdue(s: Session, *, user_id: str, now: datetime) -> bool:
    """Tell whether `settle` has something to do; it only reads."""
    over = select(QuizAttempt.id).where(
        QuizAttempt.user_id == user_id,
        QuizAttempt.state == AttemptState.OPEN,
        QuizAttempt.deadline_at < now - GRACE,
    )
    return s.scalar(over.limit(1)) is not None


def asked(s: Session, *, attempt_id: str, user_id: str) -> list[Asked]:
    """Return all questions of an attempt with what is kept of them. Raises 404 `unknown_attempt`."""
    records.attempt_row(s, attempt_id, user_id)
    items = records.item_rows(s, attempt_id)
    contents = records.contents_of(s, items)
    return [
        Asked(
            records.shown_of(one, contents[one.version_id], len(items)), _kept(one, contents[one.version_id])
        )
        for one in items
    ]


def sheet(s: Session, *, attempt_id: str, user_id: str) -> Sheet:
    """Return the places of an attempt. Raises 404 `unknown_attempt`."""
    row = records.attempt_row(s, attempt_id, user_id)
    places = (
        Place(one.position, one.answered_at is not None, one.flagged)
        for one in records.item_rows(s, attempt_id)
    )
    return Sheet(records.attempt_of(s, row), tuple(places))


def kept(s: Session, *, attempt_id: str, user_id: str, index: int) -> Kept:
    """Return what is kept of one question. Raises 404 `unknown_attempt` or `unknown_item`."""
    records.attempt_row(s, attempt_id, user_id)
    item = records.item_row(s, attempt_id, index)
    return _kept(item, records.content_of(s, item))


def _kept(item: QuizAttemptItem, content: Content, deadline_at: datetime | None = None) -> Kept:
    shown = grading.displayed(content, item.given, item.option_order)
    return Kept(shown, item.flagged, item.seq, item.saved_at, deadline_at)


def save(
    s: Session,
    *,
    attempt_id: str,
    user_id: str,
    index: int,
    given: Sequence[str] | str | None = None,
    flagged: bool | None = None,
    seen: int | None = None,
    now: datetime,
) -> Kept:
    """Keep an answer (None: leave it, "" or []: take it back) and a flag; nothing is marked before the end.

    `seen` is the `seq` of what the person last saw of it: where another device has saved since, nothing is
    changed. The same answer again is fine, so a lost reply can be asked for again.

    Raises:
        WenjinError: 404 `unknown_attempt`, `unknown_item`; 422 `unreadable_answer`; 409 `time_over`,
            `attempt_finished`, `answered_at_once` (practice), `changed_elsewhere` with `given` and `seq`.
    """
    row, item, content = _locked(s, attempt_id, user_id, index)
    if row.state is not AttemptState.OPEN:
        raise conflict("attempt_finished", "试卷已经交了，这次的修改没有保存。")
    if is_over(row, now):
        raise conflict("time_over", "考试时间已到，试卷已按之前保存的答案交卷。")
    if row.disclosure is Disclosure.AFTER_EACH:
        raise conflict("answered_at_once", "这是练习，请提交答案看解析。")
    if given is not None:
        read = grading.read(content, given, item.option_order) if any(given) else ()
        if not _alike(content, item.given, read):
            _refuse_older(item, content, seen)
            item.given, item.answered_at = list(read), now if read else None
            item.saved_at, item.seq = now, item.seq + 1
    if flagged is not None:
        item.flagged = flagged
    s.flush()
    return _kept(item, content, row.deadline_at)


def _locked(
    s: Session, attempt_id: str, user_id: str, index: int
) -> tuple[QuizAttempt, QuizAttemptItem, Content]:
    """Return all that a save needs in one query; the attempt's lock makes two devices wait for each other."""
    found = s.execute(
        select(QuizAttempt, QuizAttemptItem, QuizQuestionVersion)
        .join(QuizAttemptItem, QuizAttemptItem.attempt_id == QuizAttempt.id)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizAttemptItem.version_id)
        .where(
            QuizAttempt.id == attempt_id, QuizAttempt.user_id == user_id, QuizAttemptItem.position == index
        )
        .with_for_update(of=QuizAttempt, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        records.attempt_row(s, attempt_id, user_id)
        records.item_row(s, attempt_id, index)
        raise AssertionError("an item without a version")
    row, item, version = found
    return row, item, Content.from_json(version.content)


def _alike(content: Content, one: Sequence[str], other: Sequence[str]) -> bool:
    return grading.same(content, one, other) if one and other else not one and not other


def _refuse_older(item: QuizAttemptItem, content: Content, seen: int | None) -> None:
    if seen is None or seen == item.seq:
        return
    shown = grading.displayed(content, item.given, item.option_order)
    now_is = f"现在是“{'、'.join(shown)}”" if shown else "现在没有答案"
    raise conflict(
        "changed_elsewhere",
        f"这道题刚在另一台设备上改过，{now_is}。您这里的选择没有保存；再选一次就以您这里为准。",
        given=list(shown),
        seq=item.seq,
    )


def hand_in(s: Session, *, attempt_id: str, user_id: str, now: datetime) -> Result:
    """End an attempt and return its result; doing it twice is harmless.

    Raises:
        WenjinError: 404 `unknown_attempt`.
    """
    row = records.attempt_row(s, attempt_id, user_id, lock=True)
    if row.state is AttemptState.OPEN:
        over = is_over(row, now)
        close(s, row, now, by=FinishedBy.DEADLINE if over else FinishedBy.PERSON)
    return records.result_of(row)
