"""Reports on training as tables of text: a page shows what a workbook holds, because both are made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk.workdays import SHANGHAI
from actions.store.masking import mask
from actions.store.sheets import add_row
from actions.store.tables.accounts import User
from actions.store.tables.training import (
    AttemptKind,
    AttemptState,
    Certificate,
    DueState,
    QuizAssignment,
    QuizAttempt,
    QuizDue,
    QuizPaper,
)
from actions.training import assignments, coverage, deadlines, items, roster
from actions.training.coverage import Cell, Counted, Filters, Standing
from actions.training.deadlines import Named
from actions.training.statistics import FEW
from actions.training.views import untitled

DUE_LABELS = {
    DueState.OPEN: "待合格",
    DueState.MET: "已合格",
    DueState.EXEMPT: "已豁免",
    DueState.FROZEN: "已冻结",
}
KIND_LABELS = {AttemptKind.PRACTICE: "练习", AttemptKind.EXAM: "考试", AttemptKind.REVIEW: "复习"}
FEW_WORDS = f"n < {FEW}，仅供参考"
NOTHING = "—"
ALL = slice(None)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of text; `key` is the id of what it is about, `share` (0 to 1) is drawn as a bar."""

    cells: tuple[str, ...]
    key: str = ""
    share: float | None = None
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One report: its headings, which of them are figures, its rows, and what has to be said with it.

    `rows` may be a part of the report: `total` rows in all, the first of `rows` being row number `start`.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    figures: frozenset[int] = frozenset()
    note: str = ""
    start: int = 0
    total: int | None = None

    @property
    def count(self) -> int:
        """Return how many rows the whole report has."""
        return len(self.rows) if self.total is None else self.total

    def part(self, start: int, size: int) -> tuple[Row, ...]:
        """Return some rows of the whole report, of those that are here."""
        return self.rows[max(0, start - self.start) : max(0, start + size - self.start)]


@dataclass(frozen=True, slots=True)
class Cover:
    """What the first sheet of a workbook says: filters, time, operator."""

    operator: str
    at: datetime
    filters: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def lines(self, table: Table) -> list[tuple[str, str]]:
        """Return names and values."""
        return [
            ("报表", table.title),
            ("导出时间", moment(self.at)),
            ("操作人", self.operator),
            *self.filters,
            ("行数", str(len(table.rows))),
            *([("说明", table.note)] if table.note else []),
        ]


COVERAGE_NOTE = (
    "覆盖率＝应考在职人员中持有有效合格成绩的人数÷应考在职人员人数；豁免的人不计。"
    "部门和岗位按现在的名单。逾期：期限已过仍未合格。即将到期：成绩 30 天内失效。"
)
_COVERAGE = ("应考", "有效合格", "覆盖率", "逾期", "即将到期", "首考合格率", "最终合格率")


def coverage_by_assignment(s: Session, filters: Filters) -> Table:
    """Return the coverage of each open assignment and of all together."""
    rows, whole = [], Counted()
    for assignment, paper in assignments.listed(s, also_closed=False):
        counted = coverage.total(coverage.cells(s, assignment, paper, filters))
        whole += counted
        rows.append(_counted_row((assignment.title, paper.title), counted, assignment.id))
    if len(rows) > 1:
        rows.append(_counted_row(("合计（人次）", ""), whole))
    return Table(
        "coverage", "培训覆盖率", ("任务", "试卷", *_COVERAGE), tuple(rows), _figures(2), COVERAGE_NOTE
    )


def coverage_by_group(s: Session, filters: Filters, assignment_id: str = "") -> Table:
    """Return the coverage by department and job, of one assignment or of all open ones (times people)."""
    wanted = [
        (one, paper)
        for one, paper in assignments.listed(s)
        if (one.id == assignment_id if assignment_id else one.state == assignments.OPEN)
    ]
    cells: dict[tuple[str, str], Counted] = {}
    for one, paper in wanted:
        for cell in coverage.cells(s, one, paper, filters):
            where = (cell.department, cell.job)
            cells[where] = cells.get(where, Counted()) + cell.counted
    found = [Cell(department, job, counted) for (department, job), counted in sorted(cells.items())]
    rows = []
    for department in sorted({one.department for one in found}):
        own = [one for one in found if one.department == department]
        rows.append(_counted_row((department or "未填", "全部岗位"), coverage.total(own), department))
        if len(own) > 1:
            rows += [_counted_row((department or "未填", one.job or "未填"), one.counted) for one in own]
    title = f"按部门和岗位：{wanted[0][0].title}" if assignment_id and wanted else "按部门和岗位"
    return Table(
        "groups", title, ("部门", "岗位", *_COVERAGE), tuple(rows), _figures(2), COVERAGE_NOTE
    )  # fmt: skip


def _figures(first: int) -> frozenset[int]:
    return frozenset(range(first, first + len(_COVERAGE)))


def _counted_row(names: tuple[str, str], c: Counted, key: str = "") -> Row:
    cells = (
        *names, str(c.assigned), str(c.covered), percent(c.rate), str(c.overdue), str(c.expiring),
        percent(c.first_rate), percent(c.final_rate),
    )  # fmt: skip
    return Row(cells, key, c.rate, bool(c.overdue))


def people(s: Session, assignment: QuizAssignment, paper: QuizPaper, filters: Filters) -> Table:
    """Return everybody of an assignment, exempt people too, the latest first."""
    found = coverage.standings(s, assignment, paper, filters, also_exempt=True)
    found.sort(key=lambda one: (not _late(one), one.covered, one.user.department, one.user.staff_no or ""))
    return Table(
        "people",
        f"人员：{assignment.title}",
        ("工号", "姓名", "部门", "岗位", "状态", "期限", "合格时间", "有效至", "作答次数", "说明"),
        tuple(_person(one, paper) for one in found),
        frozenset({8}),
    )


def _late(one: Standing) -> bool:
    return one.overdue and one.due.state is not DueState.EXEMPT


def _person(one: Standing, paper: QuizPaper) -> Row:
    del paper
    user, due = one.user, one.due
    if due.state is DueState.EXEMPT:
        state = "已豁免"
    elif one.overdue:
        state = "逾期"
    elif one.covered:
        state = "即将到期" if one.expiring else "有效合格"
    else:
        state = "待合格"
    said = [
        f"{what}：{why}" for what, why in (("豁免", due.exempt_reason), ("延期", due.extended_reason)) if why
    ]
    cells = (
        user.staff_no or user.name, user.called, user.department, user.job, state, due_day(due.due_at),
        moment(one.passed_at), one.valid_until.isoformat() if one.valid_until else "", str(one.attempts),
        "；".join(said),
    )  # fmt: skip
    return Row(cells, due.id, warn=state == "逾期")


def late(s: Session, filters: Filters, part: slice = ALL) -> Table:
    """Return who is late with what, the longest first; on wish only some of the rows."""
    pairs = assignments.listed(s, also_closed=False)
    count, found = deadlines.late(s, pairs, filters, part)
    titles = {assignment.id: assignment.title for assignment, _ in pairs}
    rows = [_named_row(one, titles, filters) for one in found]
    return _named_table("late", "逾期人员", ("期限", "逾期天数"), rows, part, count)


def expiring(s: Session, filters: Filters, part: slice = ALL) -> Table:
    """Return whose passes run out within 30 days, the soonest first; on wish only some of the rows."""
    pairs = assignments.listed(s, also_closed=False)
    found = deadlines.expiring(s, pairs, filters)
    titles = {assignment.id: assignment.title for assignment, _ in pairs}
    rows = [_named_row(one, titles, filters) for one in found[part]]
    return _named_table("expiring", "即将到期", ("有效至", "剩余天数"), rows, part, len(found))


def _named_row(one: Named, titles: Mapping[str, str], filters: Filters) -> Row:
    days = str(abs((filters.day - one.last).days))
    title = titles[one.assignment_id]
    cells = (one.number, one.called, one.department, one.job, title, one.last.isoformat(), days)
    return Row(cells, one.user_id)


def _named_table(
    name: str, title: str, last: tuple[str, str], rows: Sequence[Row], part: slice, count: int
) -> Table:
    headings = ("工号", "姓名", "部门", "岗位", "任务", *last)
    return Table(name, title, headings, tuple(rows), frozenset({6}), start=part.start or 0, total=count)


def topics(s: Session, filters: Filters) -> Table:
    """Return the topics of all papers that are assigned, the weakest first."""
    papers = sorted({paper.id for _, paper in assignments.listed(s)})
    rows = [
        Row((one.topic, str(one.answers), percent(one.share)), one.topic, one.share, one.answers < FEW)
        for one in coverage.topics(s, papers, filters)
    ]
    return Table(
        "topics", "薄弱主题", ("主题", "作答数", "得分率"), tuple(rows), frozenset({1, 2}),
        f"所有已布置试卷的作答，得分率低的在前；作答不到 {FEW} 次的仅供参考。",
    )  # fmt: skip


def item_table(s: Session, paper: QuizPaper) -> Table:
    """Return the item statistics of a paper, suspected wrong keys first."""
    whole, listed = items.of_paper(s, paper.id)
    rows = [
        Row(
            (
                one.content.stem, one.content.type.label, str(one.figures.attempts),
                percent(one.figures.facility), number(one.figures.discrimination),
                number(one.figures.efficiency), percent(one.figures.guess),
                one.figures.suspect + (f"（{FEW_WORDS}）" if one.figures.suspect and whole.few else ""),
            ),
            one.figures.id.rpartition("@")[0],
            one.figures.facility,
            bool(one.figures.suspect),
        )
        for one in listed
    ]  # fmt: skip
    said = [
        f"首次作答 {whole.attempts} 份" + (f"（{FEW_WORDS}）" if whole.few else ""),
        f"平均 {number(whole.mean)} 分，中位 {number(whole.median)} 分，标准差 {number(whole.deviation)}",
        f"克隆巴赫 α {number(whole.alpha, 2)}",
    ]
    return Table(
        "items", f"题目分析：{paper.title}",
        ("题干", "题型", "作答数", "得分率", "区分度", "区分效率", "猜中率", "疑点"), tuple(rows),
        frozenset({2, 3, 4, 5, 6}), "；".join(said) + "。",
    )  # fmt: skip


def house(s: Session, q: str) -> Table:
    """Return the people of the roster, leavers too, those that a word is part of; mail addresses masked."""
    word, rows = q.strip().casefold(), []
    for one in roster.people(s, also_left=True):
        state = "在职" if one.active else f"离职 {one.left_on}" if one.left_on else "已停用"
        cells = (
            one.staff_no or "", one.called, one.department, one.job,
            one.hired_on.isoformat() if one.hired_on else "", state, one.name, mask(one.mail or ""),
        )  # fmt: skip
        if word in " ".join(cells).casefold():
            rows.append(Row(cells, one.id))
    headings = ("工号", "姓名", "部门", "岗位", "入职日期", "状态", "账号", "邮箱")
    return Table("house", "人员名单", headings, tuple(rows))


def transcript(s: Session, person: User, now: datetime) -> list[Table]:
    """Return all that is known of a person's training: obligations, attempts, certificates."""
    return [_dues_of(s, person, now), _attempts_of(s, person), _certificates_of(s, person, now)]


def _dues_of(s: Session, person: User, now: datetime) -> Table:
    found = s.execute(
        select(QuizDue, QuizAssignment)
        .join(QuizAssignment, QuizAssignment.id == QuizDue.assignment_id)
        .where(QuizDue.user_id == person.id)
        .order_by(QuizDue.due_at.desc(), QuizDue.id)
    )
    rows = []
    for due, assignment in found:
        is_late = due.state is DueState.OPEN and due.due_at <= now
        met_late = due.met_at is not None and due.met_at > due.due_at
        state = "逾期" if is_late else f"{DUE_LABELS[due.state]}{'（晚于期限）' if met_late else ''}"
        cells = (
            assignment.title, str(due.cycle), due_day(due.due_at), state, moment(due.met_at),
            "；".join(filter(None, (due.exempt_reason, due.extended_reason))),
        )  # fmt: skip
        rows.append(Row(cells, due.id, warn=is_late))
    return Table(
        "dues", "应完成的培训", ("任务", "第几期", "期限", "状态", "合格时间", "说明"), tuple(rows),
        frozenset({1}),
    )  # fmt: skip


def _attempts_of(s: Session, person: User) -> Table:
    found = s.execute(
        select(QuizAttempt, QuizPaper.title)
        .outerjoin(QuizPaper, QuizPaper.id == QuizAttempt.paper_id)
        .where(QuizAttempt.user_id == person.id, QuizAttempt.state == AttemptState.FINISHED)
        .order_by(QuizAttempt.finished_at.desc(), QuizAttempt.id)
    )
    rows = [
        Row(
            (
                moment(one.finished_at), title or untitled(one.kind), KIND_LABELS[one.kind],
                f"{one.score} / {one.max_score}", "合格" if one.passed else "不合格", one.manual_version,
            ),
            one.id,
        )
        for one, title in found
    ]  # fmt: skip
    headings = ("交卷时间", "试卷", "类别", "得分", "结果", "手册版本")
    return Table("attempts", "历次作答", headings, tuple(rows), frozenset({3}))


def _certificates_of(s: Session, person: User, now: datetime) -> Table:
    found = s.scalars(
        select(Certificate)
        .where(Certificate.user_id == person.id)
        .order_by(Certificate.issued_at.desc(), Certificate.id)
    )
    day = now.astimezone(SHANGHAI).date()
    rows = []
    for one in found:
        over = one.valid_until is not None and one.valid_until < day
        state = f"已撤销：{one.revoke_reason}" if one.revoked_at else "已过期" if over else "有效"
        until = one.valid_until.isoformat() if one.valid_until else "长期"
        rows.append(Row((one.serial, one.title, moment(one.issued_at), until, state), one.serial))
    headings = ("证书编号", "名称", "发证时间", "有效至", "状态")
    return Table("certificates", "证书", headings, tuple(rows))


def write_xlsx(tables: Sequence[Table], cover: Cover, path: Path) -> None:
    """Write a workbook: a cover sheet, and a sheet for each table."""
    book = Workbook(write_only=True)
    front = book.create_sheet("说明")
    for table in tables:
        for name, value in cover.lines(table):
            add_row(front, (name, value))
        sheet: Any = book.create_sheet(_sheet_name(table.title))
        add_row(sheet, table.headings)
        for row in table.rows:
            add_row(sheet, row.cells)
    book.save(path)


def _sheet_name(title: str) -> str:
    kept = "".join(char for char in title if char not in "[]:*?/\\：" and char.isprintable())
    return kept.strip("'")[:31] or "报表"


def percent(share: float | None) -> str:
    """Return a share as per cent with one decimal, "—" for none."""
    return NOTHING if share is None else f"{100 * share:.1f}%"


def number(value: float | None, places: int = 1) -> str:
    """Return a figure, "—" for none."""
    return NOTHING if value is None else f"{value:.{places}f}"


def moment(at: datetime | None) -> str:
    """Return a time in China, "" for none."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def due_day(due_at: datetime) -> str:
    """Return the last day before a due time."""
    return deadlines.last_day(due_at).isoformat()
