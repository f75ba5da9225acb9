"""The roster: read from xlsx and csv, compared, taken over all or nothing; leavers are switched off."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from actions.service import accounts
from actions.store.tables.accounts import User
from actions.store.tables.audit import AuditRow
from actions.training import reports, roster, roster_file
from knowledge.errors import WenjinError

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TOP = "工号,姓名,部门,岗位,入职日期,离职日期\n"


def csv_of(*lines: str) -> bytes:
    return (TOP + "\n".join(lines)).encode("utf-8-sig")


def take(s: Session, content: bytes, *, now: datetime = NOW) -> roster.Report:
    return roster.take(s, *roster_file.read("名单.csv", content), actor="boss", now=now)


def person(s: Session, staff_no: str) -> User:
    return s.scalars(select(User).where(User.staff_no == staff_no)).one()


def test_a_workbook_with_numbers_and_dates_reads_like_a_csv() -> None:
    book = Workbook()
    book.active.append(["员工花名册"])  # type: ignore[union-attr]
    book.active.append(["工号*", "姓 名", "部门", "岗位", "入职日期", "离职日期", "备注"])  # type: ignore[union-attr]
    cells: list[Any] = [1001.0, "王芳", "风险部", "风控", date(2024, 5, 6), None, "x"]
    book.active.append(cells)  # type: ignore[union-attr]
    book.active.append([None] * 7)  # type: ignore[union-attr]
    book.active.append(["1002", "李强", "客服部", "客服", 45418, "2026年1月5日"])  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    entries, problems = roster_file.read("花名册.XLSX", out.getvalue())
    assert problems == []
    text = csv_of("1001,王芳,风险部,风控,2024/5/6,", "1002,李强,客服部,客服,2024-05-06,2026.1.5")
    assert [(e.staff_no, e.name, e.department, e.job, e.hired_on, e.left_on) for e in entries] == [
        (e.staff_no, e.name, e.department, e.job, e.hired_on, e.left_on)
        for e in roster_file.read("a.csv", text)[0]
    ]
    assert [e.row for e in entries] == [3, 5]


def test_wrong_rows_are_told_by_number_and_nothing_is_taken(session: Session) -> None:
    content = csv_of(
        "1,王芳,,,,", "2,,,,,", "1,李强,,,,", "3,赵六,,,昨天,", "4,钱七,,,2026-02-01,2026-01-01", ",孙八,,,,"
    )
    entries, problems = roster_file.read("a.csv", content)
    assert [one.where for one in problems] == ["第 3 行", "第 4 行", "第 5 行", "第 6 行", "第 7 行"]
    assert "与第 2 行重复" in problems[1].problem and "2026-03-02" in problems[2].problem
    with pytest.raises(WenjinError) as caught:
        roster.take(session, entries, problems, actor="boss", now=NOW)
    assert caught.value.code == "roster_refused"
    told = caught.value.data["problems"]
    assert isinstance(told, list) and len(told) == 5
    assert roster.people(session) == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xlsx", b"no workbook", "bad_file"),
        ("a.csv", "姓名,部门\n王芳,风险部".encode(), "bad_file"),
        ("a.csv", TOP.encode(), "empty_file"),
        ("a.pdf", b"", "unknown_format"),
        ("a.csv", b"x" * (roster_file.LARGEST + 1), "file_too_large"),
    ],
)
def test_what_is_no_roster_is_refused_with_a_sentence(name: str, content: bytes, code: str) -> None:
    with pytest.raises(WenjinError) as caught:
        roster_file.read(name, content)
    assert caught.value.code == code


def test_people_are_new_changed_left_and_back(session: Session) -> None:
    first = take(session, csv_of("A1,王芳,风险部,风控,2024-05-06,", "A2,李强,客服部,客服,,", "A3,赵六,,,,"))
    assert first.counts == {"new": 3, "changed": 0, "left": 0, "back": 0, "same": 0}
    assert person(session, "A1").name == "a1" and person(session, "A1").roles == ["staff"]
    with pytest.raises(WenjinError):
        accounts.sign_in(session, name="a1", password="-", now=NOW)
    second = take(session, csv_of("A1,王芳,合规部,风控,2024-05-06,", "A2,李强,客服部,客服,,2026-03-02"))
    assert [(one.kind, one.what) for one in second.changes] == [
        ("changed", ("部门",)),
        ("left", ("离职日期",)),
    ]
    assert second.absent == 1
    assert person(session, "A1").department == "合规部" and not person(session, "A2").active
    again = take(session, csv_of("A1,王芳,合规部,风控,2024-05-06,", "A2,李强,客服部,客服,,2026-03-02"))
    assert again.counts["same"] == 2
    back = take(session, csv_of("A2,李强,客服部,客服,,"))
    assert back.counts["back"] == 1 and person(session, "A2").active
    rows = session.scalars(select(AuditRow).where(AuditRow.action == "roster.import")).all()
    assert [row.data.get("left") for row in rows] == [None, 1, None]


def test_a_column_that_is_missing_changes_nothing(session: Session) -> None:
    take(session, csv_of("A1,王芳,风险部,风控,2024-05-06,"))
    take(session, "工号,姓名\nA1,王芳芳".encode())
    found = person(session, "A1")
    assert (found.display_name, found.department, found.hired_on) == ("王芳芳", "风险部", date(2024, 5, 6))


def test_who_leaves_later_is_switched_off_on_the_day(session: Session) -> None:
    take(session, csv_of("A1,王芳,,,,2026-03-03"))
    assert roster.switch_off_leavers(session, NOW) == 0
    evening = datetime(2026, 3, 2, 16, 1, tzinfo=UTC)  # the next day in China
    assert roster.switch_off_leavers(session, evening) == 1
    assert not person(session, "A1").active and roster.switch_off_leavers(session, evening) == 0


def test_an_account_that_was_switched_off_by_hand_stays_off(session: Session) -> None:
    take(session, csv_of("A1,王芳,,,,"))
    accounts.set_active(session, user_id=person(session, "A1").id, active=False, now=NOW)
    assert take(session, csv_of("A1,王芳,新部门,,,")).counts["changed"] == 1
    assert not person(session, "A1").active


def test_an_account_is_joined_only_when_it_is_named(session: Session) -> None:
    accounts.add_user(session, name="lin", password=None, roles=["admin"], now=NOW)
    with pytest.raises(WenjinError) as caught:
        take(session, csv_of("lin,林一,,,,"))
    assert "请在“账号”一列写上 lin" in caught.value.message
    entries, problems = roster_file.read("a.csv", "工号,姓名,账号\nB7,林一,LIN".encode())
    roster.take(session, entries, problems, actor="boss", now=NOW)
    assert person(session, "B7").name == "lin"
    with pytest.raises(WenjinError) as caught:
        take(session, csv_of("B7,林一,,,,2026-03-01"))
    assert "系统管理员" in caught.value.message and person(session, "B7").active


def test_people_come_as_json_too() -> None:
    entries, problems = roster_file.from_json(
        [
            {"staff_no": 7, "name": "王芳", "hired_on": "2024-05-06"},
            {"staff_no": "8"},
            {"name": "x", "job": True},
        ]
    )
    assert [(e.staff_no, e.given) for e in entries] == [("7", frozenset({"name", "hired_on"}))]
    assert [one.where for one in problems] == ["第 2 行", "第 3 行"]


def test_a_mail_address_is_taken_kept_out_of_sight_and_cleared(session: Session) -> None:
    take(session, "工号,姓名,邮箱\nA1,王芳,wang.fang@Example.com\n".encode())
    assert person(session, "A1").mail == "wang.fang@Example.com"
    stored = session.execute(text("SELECT mail FROM users WHERE staff_no = 'A1'")).scalar_one()
    assert "wang" not in stored and "example" not in stored.lower()
    (row,) = reports.house(session, "").rows
    assert row.cells[-1].endswith("@Example.com") and "wang.fang" not in row.cells[-1]
    again = take(session, "工号,姓名,邮箱\nA1,王芳,wang.fang@Example.com\n".encode())
    assert [one.kind for one in again.changes] == ["same"]
    take(session, "工号,姓名\nA1,王芳\n".encode())
    assert person(session, "A1").mail == "wang.fang@Example.com", "a file without the column changes nothing"
    cleared = take(session, "工号,姓名,邮箱\nA1,王芳,\n".encode())
    assert cleared.changes[0].what == ("邮箱",) and person(session, "A1").mail is None


@pytest.mark.parametrize("address", ["王芳", "a@b", "a b@example.com", "a@example.com,b@example.com"])
def test_what_is_no_mail_address_is_refused(address: str) -> None:
    _, problems = roster_file.read("a.csv", f'工号,姓名,邮箱\nA1,王芳,"{address}"\n'.encode())
    assert [one.where for one in problems] == ["第 2 行"] and "不像邮箱地址" in problems[0].problem
