"""The pages of those who answer for training: assign, agree, report, export; certificates in public."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from openpyxl import load_workbook
from pdfminer.high_level import extract_text
from sqlalchemy import select

from actions.store.tables.accounts import User
from actions.store.tables.audit import AuditRow
from actions.store.tables.training import Certificate, DueState, PaperState, QuizDue
from actions.training import exams, plans
from actions.training.blueprints import Line
from bot.cli import main
from bot.upkeep import keep_training
from tests.actions.exam_papers import saved
from tests.bot.pages.conftest import PASSWORD, START, Clock, Site, Visitor

MANAGE = "/training/manage"
ROSTER = "工号,姓名,部门,岗位\nA1,王芳,客服部,客服\nA2,李强,风险部,风控\nA3,赵六,客服部,客服\n"


@pytest.fixture
def boss(site: Site, clock: Clock) -> Visitor:
    """A training administrator who has taken a roster over."""
    del clock
    visitor = site.signed_in("boss", "training")
    sent = upload(visitor, ROSTER, really="1")
    assert "已导入：新增 3 人" in sent.text
    return visitor


def upload(visitor: Visitor, text: str, *, really: str = "", name: str = "名单.csv") -> Response:
    file = {"file": (name, text.encode(), "text/csv")}
    form = {"csrf": visitor.token(), "really": really}
    answer: Response = visitor.client.post(f"{MANAGE}/roster", data=form, files=file)
    return answer


def paper(site: Site, **plan: Any) -> str:
    with site.runtime.db.begin() as s:
        owner = s.scalars(select(User).where(User.name == "boss")).one()
        wanted: dict[str, Any] = {"title": "反洗钱", "lines": [Line(5)], "certificate": True, **plan}
        made = plans.create(s, plans.Plan(**wanted), user=owner, now=START)
        plans.set_state(s, made.id, PaperState.OPEN, user=owner, now=START)
        return made.id


def assigned(site: Site, boss: Visitor, **form: Any) -> str:
    """Assign a paper and return the page's address."""
    sent = {"paper_id": paper(site), "due_days": "10", "really": "1", **form}
    answer = boss.post(f"{MANAGE}/assign", sent)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def user_id(site: Site, staff_no: str) -> str:
    with site.runtime.db.reading() as s:
        return s.scalars(select(User.id).where(User.staff_no == staff_no)).one()


def tried(site: Site, staff_no: str, at: datetime, *, good: bool = True) -> None:
    """Have somebody take the paper."""
    who = user_id(site, staff_no)
    with site.runtime.db.begin() as s:
        (one,) = plans.all_papers(s)
        attempt = exams.start(s, paper_id=one.id, user_id=who, seed=3, now=at)
        for index in range(1, attempt.total + 1):
            saved(s, attempt, index, good=good, now=at)
        exams.hand_in(s, attempt_id=attempt.id, user_id=who, now=at)


def shown(page: str, name: str) -> list[list[str]]:
    """Return the cells of a report on a page."""
    table = re.search(rf'<table class="table" data-report="{name}">.*?</table>', page, re.S)
    assert table, f"no report {name}"
    rows = re.findall(r"<tr.*?</tr>", table[0], re.S)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[html.unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in row] for row in cells]


def exported(visitor: Visitor, name: str, query: str = "") -> tuple[dict[str, str], list[list[list[str]]]]:
    """Return the cover and the sheets of a workbook."""
    answer = visitor.get(f"{MANAGE}/export/{name}?{query}")
    assert answer.status_code == 200, answer.text
    book = load_workbook(io.BytesIO(answer.content))
    sheets = [
        [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    ]
    return {row[0]: row[1] for row in sheets[0]}, sheets[1:]


def test_a_roster_is_tried_first_and_wrong_rows_change_nobody(boss: Visitor) -> None:
    tried_first = upload(boss, "工号,姓名\nA9,新人\nA1,王芳芳\n")
    assert "试算：新增 1 人，更新 1 人；名单里没有的 2 人不变" in tried_first.text
    wrong = upload(boss, "工号,姓名\nA9,新人\nA8,\n", really="1")
    assert wrong.status_code == 422 and "第 3 行" in wrong.text and "没有改动任何人" in wrong.text
    assert upload(boss, "x", name="a.pdf").status_code == 422
    people = boss.get(f"{MANAGE}/people").text
    assert "A3" in people and "A9" not in people
    page = boss.get(f"{MANAGE}/people?q=客服").text
    assert "李强" not in page and "王芳" in page
    cover, (sheet,) = exported(boss, "house", "q=客服")
    assert sheet == shown(page, "house") and (cover["查找"], cover["行数"]) == ("客服", "2")


def test_a_tried_roster_is_taken_with_one_click(boss: Visitor) -> None:
    page = upload(boss, "工号,姓名,邮箱\nA9,新人,xin.ren@example.com\n").text
    word = re.search(r'name="kept" value="([0-9a-f]+)"', page)
    assert word and "导入 名单.csv" in page
    done = boss.post(f"{MANAGE}/roster", {"kept": word[1], "really": "1"})
    assert "已导入：新增 1 人" in done.text and 'name="kept"' not in done.text
    people = boss.get(f"{MANAGE}/people").text
    assert "A9" in people and "@example.com" in people and "xin.ren" not in people
    again = boss.post(f"{MANAGE}/roster", {"kept": word[1], "really": "1"})
    assert again.status_code == 422 and "再选一次" in again.text
    assert 'name="kept"' not in upload(boss, "工号,姓名\nA9,新人\n").text, "nothing to take"


def test_papers_are_assigned_to_whom_the_form_says(site: Site, boss: Visitor) -> None:
    made = paper(site)
    form: dict[str, Any] = {"paper_id": made, "jobs": ["客服"], "people": "A2", "due_days": "10"}
    assert "现在有 3 人符合" in boss.post(f"{MANAGE}/assign", form).text
    for wrong, words in (
        ({"people": "A7"}, "没有找到：A7"),
        ({"due_days": ""}, "请填写期限"),
        ({"due_days": "x"}, "整数"),
        ({"paper_id": "none"}, "没有这份试卷"),
    ):
        answer = boss.post(f"{MANAGE}/assign", {**form, **wrong, "really": "1"})
        assert answer.status_code == 422 and words in answer.text
        assert 'value="客服" checked' in answer.text, "what was typed stays"
    answer = boss.post(f"{MANAGE}/assign", {**form, "really": "1", "title": "季度"})
    page = boss.get(str(answer.headers["location"])).text
    assert "岗位 客服；另指名 1 人" in page and len(shown(page, "people")) == 4


def test_people_are_exempted_and_given_more_time_with_a_reason(site: Site, boss: Visitor) -> None:
    home = assigned(site, boss)
    with site.runtime.db.reading() as s:
        due = s.scalars(select(QuizDue).where(QuizDue.user_id == user_id(site, "A1"))).one()
    path = f"{MANAGE}/dues/{due.id}"
    refused = boss.post(path, {"act": "exempt", "reason": ""})
    assert refused.status_code == 422 and "请写明原因" in refused.text
    assert boss.post(path, {"act": "extend", "reason": "出差", "until": ""}).status_code == 422
    boss.post(path, {"act": "extend", "reason": "出差", "until": "2026-04-01"})
    assert row_of(boss, home, "A1")[:6] == ["A1", "王芳", "客服部", "客服", "待合格", "2026-04-01"]
    boss.post(path, {"act": "exempt", "reason": "产假"})
    assert row_of(boss, home, "A1")[4] == "已豁免" and "豁免：产假" in row_of(boss, home, "A1")[9]
    boss.post(path, {"act": "unexempt"})
    assert row_of(boss, home, "A1")[4] == "待合格"
    boss.post(f"{home}/close")
    with site.runtime.db.reading() as s:
        assert set(s.scalars(select(QuizDue.state))) == {DueState.FROZEN}


def row_of(visitor: Visitor, page: str, staff_no: str) -> list[str]:
    return next(row for row in shown(visitor.get(page).text, "people") if row[0] == staff_no)


def test_page_and_export_agree_and_each_export_is_audited(site: Site, boss: Visitor, clock: Clock) -> None:
    home = assigned(site, boss)
    tried(site, "A1", START + timedelta(days=1))
    tried(site, "A3", START + timedelta(days=1), good=False)
    tried(site, "A3", START + timedelta(days=2))
    clock.now = START + timedelta(days=20)
    boss = signed_in_again(site, "boss")
    page = boss.get(MANAGE).text
    assert shown(page, "coverage")[1][2:] == ["3", "2", "66.7%", "1", "0", "50.0%", "100.0%"]
    assert [row[0] for row in shown(page, "late")[1:]] == ["A2"]
    for name in ("coverage", "groups", "late", "topics"):
        cover, (sheet,) = exported(boss, name, "day=2026-03-22")
        assert sheet == shown(page, name), name
        assert cover["操作人"] == "BOSS" and cover["截至"] == "2026-03-22"
        assert cover["行数"] == str(len(sheet) - 1) and cover["导出时间"] == "2026-03-22 09:30"
    assignment = home.rsplit("/", 1)[1]
    people = shown(boss.get(home).text, "people")
    _, (sheet,) = exported(boss, "people", f"assignment={assignment}")
    assert [row[:10] for row in people] == sheet
    with site.runtime.db.reading() as s:
        rows = s.scalars(select(AuditRow).where(AuditRow.action == "training.export")).all()
        assert [row.object_id for row in rows] == ["coverage", "groups", "late", "topics", "people"]
        assert rows[0].data == {"day": "2026-03-22", "rows": 1}
    earlier = boss.get(f"{MANAGE}?day=2026-03-02").text
    assert shown(earlier, "coverage")[1][3] == "0", "as of the day before anybody had passed"
    assert shown(boss.get(f"{MANAGE}?department=客服部").text, "coverage")[1][2] == "2"


def test_items_name_what_may_have_a_wrong_key(site: Site, boss: Visitor) -> None:
    assigned(site, boss)
    for staff_no, good in (("A1", False), ("A2", False), ("A3", False)):
        tried(site, staff_no, START, good=good)
    with site.runtime.db.reading() as s:
        (one,) = plans.all_papers(s)
    page = boss.get(f"{MANAGE}/reports/items?paper={one.id}").text
    rows = shown(page, "items")
    assert "n &lt; 30，仅供参考" in page and "首次作答 3 份" in page
    assert "答对的比猜的还少，请核对答案（n < 30，仅供参考）" in {row[7] for row in rows}
    assert exported(boss, "items", f"paper={one.id}")[1][0] == rows
    assert boss.get(f"{MANAGE}/reports/items?paper=none").status_code == 404
    assert boss.get(f"{MANAGE}/reports/nothing").status_code == 404


def test_a_transcript_shows_and_exports_all_of_a_person(site: Site, boss: Visitor) -> None:
    assigned(site, boss)
    tried(site, "A1", START, good=False)
    tried(site, "A1", START)
    who = user_id(site, "A1")
    page = boss.get(f"{MANAGE}/people/{who}").text
    cover, sheets = exported(boss, "transcript", f"person={who}")
    assert cover["人员"] == "王芳（A1）"
    assert sheets == [shown(page, name) for name in ("dues", "attempts", "certificates")]
    assert [row[4] for row in sheets[1]] == ["结果", "合格", "不合格"] or len(sheets[1]) == 3


def test_who_may_read_and_who_may_change(site: Site, boss: Visitor) -> None:
    home = assigned(site, boss)
    for role in ("compliance", "supervisor"):
        reader = site.signed_in(role, role)
        assert reader.get(MANAGE).status_code == reader.get(home).status_code == 200
        assert (
            "布置任务" not in reader.get(MANAGE).text
            and "豁免" not in reader.get(home).text.split("<tbody>")[-1]
        )
        for path in ("/assign", "/roster"):
            assert reader.get(MANAGE + path).status_code == 403
        assert reader.post(f"{home}/close").status_code == 403
    staff = site.signed_in("lin", "staff")
    for path in ("", "/people", "/reports/late", "/export/late", "/assign"):
        assert staff.get(MANAGE + path).status_code == 403
    assert site.visitor().get(MANAGE).status_code == 303
    assert boss.post(f"{home}/close", token="wrong").status_code == 403


def test_a_certificate_is_issued_checked_and_revoked(site: Site, boss: Visitor) -> None:
    assigned(site, boss)
    tried(site, "A2", START, good=False)
    tried(site, "A1", START)
    with site.runtime.db.reading() as s:
        one = s.scalars(select(Certificate)).one()
    guest = site.visitor()
    found = guest.get(f"/certificates/{one.serial.lower()}")
    assert found.status_code == 200 and "有效" in found.text and "王*" in found.text
    assert "王芳" not in found.text and "A1" not in found.text
    missing = guest.get("/certificates/WJ20260302-NOTHING")
    assert missing.status_code == 404 and "查无此证" in missing.text
    assert guest.get(f"/certificates/{one.serial}/pdf").status_code == 303
    other = site.signed_in("lin", "staff")
    assert other.get(f"/certificates/{one.serial}/pdf").status_code == 404
    pdf = boss.get(f"/certificates/{one.serial}/pdf")
    text = extract_text(io.BytesIO(pdf.content))
    for words in ("培训合格证书", "王芳（工号 A1）", "《反洗钱》", one.serial, "2026年3月2日", "长期有效"):
        assert words in text, words
    who = user_id(site, "A1")
    path = f"{MANAGE}/certificates/{one.serial}/revoke"
    assert boss.post(path, {"reason": ""}).status_code == 422
    assert boss.post(path, {"reason": "代考"}).status_code == 303
    assert "已撤销：代考" in boss.get(f"{MANAGE}/people/{who}").text
    checked = guest.get(f"/certificates/{one.serial}").text
    assert "已撤销" in checked and "代考" not in checked
    assert boss.get(f"/certificates/{one.serial}/pdf").status_code == 409
    assert boss.post(path, {"reason": "代考"}).status_code == 409


def test_a_certificate_runs_out_after_its_last_day(site: Site, boss: Visitor, clock: Clock) -> None:
    assert boss.get(MANAGE).status_code == 200
    paper(site, valid_days=30)
    tried(site, "A1", START)
    with site.runtime.db.reading() as s:
        one = s.scalars(select(Certificate)).one()
    assert one.valid_until == date(2026, 4, 1)
    guest = site.visitor()
    clock.now = datetime(2026, 4, 1, 15, 59, tzinfo=UTC)
    assert "tag--accent" in guest.get(f"/certificates/{one.serial}").text
    clock.now += timedelta(minutes=1)
    assert "已过期" in guest.get(f"/certificates/{one.serial}").text


def test_ones_own_certificates_are_listed(site: Site, clock: Clock) -> None:
    del clock
    lin = site.signed_in("lin", "staff")
    assert "还没有证书" in lin.get("/certificates").text


def test_the_timer_keeps_training_up_to_date(site: Site, boss: Visitor, clock: Clock) -> None:
    assigned(site, boss, repeat_days="30")
    assert keep_training(site.runtime) == {}
    assert upload(boss, "工号,姓名,离职日期\nA2,李强,2026-03-04\nA4,新人,\n", really="1").status_code == 200
    clock.now = START + timedelta(days=11)
    assert keep_training(site.runtime) == {"left": 1, "frozen": 1, "again": 3, "reminded": 3}
    assert keep_training(site.runtime) == {}


def test_the_command_does_what_the_timer_does(
    site: Site, boss: Visitor, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.now = datetime.now(UTC)
    boss = signed_in_again(site, "boss")
    upload(boss, "工号,姓名\nB1,周杰\n", really="1")
    assigned(site, boss, due_days="1")
    folder = ["--data-dir", str(site.runtime.settings.data_dir)]
    for words in ("培训提醒 4 人", "没有到期要做的事"):
        assert main([*folder, "upkeep"]) == 0
        assert words in capsys.readouterr().err


def signed_in_again(site: Site, name: str) -> Visitor:
    """Sign somebody in once more, after the clock was moved."""
    visitor = site.visitor()
    answer = visitor.client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303
    return visitor
