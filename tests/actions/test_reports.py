"""Reports as tables, on both databases: what they count, what they say, and that nothing in them runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.training import assignments, exams, items, plans, reports, roster, roster_file
from actions.training.assignments import Rule
from actions.training.coverage import Filters
from actions.training.reports import Cover
from tests.actions.exam_papers import paper, prepared, saved
from tests.actions.training_bank import NOW

ROSTER = "工号,姓名,部门,岗位\nA1,王芳,客服部,客服\nA2,李强,风险部,风控\nA3,=1+1,客服部,技术\n"
DAY = timedelta(days=1)
TODAY = Filters(date(2026, 3, 20))


@pytest.fixture
def s(db: Database) -> Iterator[Session]:
    """A house of three: one passed, one failed and passed, one did nothing."""
    prepared(db)
    with db.begin() as session:
        boss = session.get_one(User, "boss")
        roster.take(session, *roster_file.read("a.csv", ROSTER.encode()), actor="boss", now=NOW)
        made = paper(session, minutes=0, certificate=True, valid_days=40, title="反洗钱")
        assignments.create(session, paper_id=made.id, rule=Rule(), due_days=10, user=boss, now=NOW)
        for hour, (staff_no, good) in enumerate((("A1", True), ("A3", False), ("A3", True))):
            at = NOW + DAY + timedelta(hours=hour)  # which was first is told by the time
            who = session.scalars(select(User.id).where(User.staff_no == staff_no)).one()
            attempt = exams.start(session, paper_id=made.id, user_id=who, seed=3, now=at)
            for index in range(1, attempt.total + 1):
                saved(session, attempt, index, good=good, now=at)
            exams.hand_in(session, attempt_id=attempt.id, user_id=who, now=at)
        yield session


def cells(table: reports.Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def test_coverage_by_assignment_and_by_group(s: Session) -> None:
    line = cells(reports.coverage_by_assignment(s, TODAY))
    assert line == [("反洗钱", "反洗钱", "3", "2", "66.7%", "1", "2", "50.0%", "100.0%")]
    groups = cells(reports.coverage_by_group(s, TODAY))
    assert [row[:5] for row in groups] == [
        ("客服部", "全部岗位", "2", "2", "100.0%"),
        ("客服部", "客服", "1", "1", "100.0%"),
        ("客服部", "技术", "1", "1", "100.0%"),
        ("风险部", "全部岗位", "1", "0", "0.0%"),
    ]


def test_who_is_late_and_whose_pass_runs_out(s: Session) -> None:
    assert cells(reports.late(s, TODAY)) == [("A2", "李强", "风险部", "风控", "反洗钱", "2026-03-12", "8")]
    soon = cells(reports.expiring(s, TODAY))
    assert [(row[0], row[5], row[6]) for row in soon] == [
        ("A1", "2026-04-12", "23"),
        ("A3", "2026-04-12", "23"),
    ]
    assert cells(reports.late(s, Filters(date(2026, 3, 12)))) == [], "its day is not over"


def test_a_part_of_a_long_report_is_what_the_whole_has_there(s: Session) -> None:
    whole = reports.expiring(s, TODAY)
    part = reports.expiring(s, TODAY, slice(1, 5))
    assert (whole.count, part.count, len(part.rows)) == (2, 2, 1)
    assert part.part(1, 5) == whole.rows[1:] and part.part(0, 1) == ()
    assert reports.late(s, TODAY, slice(0, 1)).rows == reports.late(s, TODAY).rows[:1]


def test_items_count_first_attempts_only(s: Session) -> None:
    (made,) = plans.all_papers(s)
    whole, listed = items.of_paper(s, made.id)
    assert (whole.attempts, whole.mean, whole.few) == (2, 30.0, True)
    assert {one.figures.attempts for one in listed} <= {1, 2}
    assert "n < 30，仅供参考" in reports.item_table(s, made).note


def test_a_transcript_has_obligations_attempts_and_certificates(s: Session) -> None:
    person = s.scalars(select(User).where(User.staff_no == "A3")).one()
    dues, attempts, proofs = reports.transcript(s, person, NOW + 5 * DAY)
    assert [row[3] for row in cells(dues)] == ["已合格"]
    assert sorted(row[4] for row in cells(attempts)) == ["不合格", "合格"]
    assert [row[4] for row in cells(proofs)] == ["有效"]
    assert reports.topics(s, TODAY).rows[0].share == 2 / 3


def test_a_workbook_says_who_made_it_and_runs_nothing(s: Session, tmp_path: Path) -> None:
    table = reports.house(s, "")
    reports.write_xlsx([table], Cover("林主管", NOW, [("查找", "全部")]), tmp_path / "a.xlsx")
    book = load_workbook(tmp_path / "a.xlsx")
    front = {str(row[0].value): str(row[1].value) for row in book.worksheets[0].iter_rows()}
    assert front == {
        "报表": "人员名单", "导出时间": "2026-03-02 09:30", "操作人": "林主管", "查找": "全部", "行数": "3",
    }  # fmt: skip
    names = [row[1] for row in book.worksheets[1].iter_rows()]
    assert [(cell.value, cell.data_type) for cell in names][3] == ("'=1+1", "s")
