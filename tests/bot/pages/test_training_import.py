"""Files of questions as a training administrator imports them: tried, then taken with one click."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from httpx import Response

from actions.store.tables.accounts import KeptFile
from actions.store.tables.training import QuizCase, QuizQuestion
from tests.bot.pages.conftest import Clock, Site, Visitor

AIKEN = "哪个是甲？\nA. 甲\nB. 乙\nANSWER: A\n\n哪个是乙？\nA. 甲\nB. 乙\nANSWER: {}\n"
YAML = """
cases:
  - {id: c-elder, title: 老人误买理财, scenario: 张女士的母亲在手机上误买了一款理财。, section: "3.5"}
questions:
  - id: own-elder-1
    case: c-elder
    type: single
    stem: 客服接到电话后第一步应当做什么？
    options: {甲: 核实来电人身份, 乙: 直接退款, 丙: 请客户去找监管}
    answer: [甲]
    explanation: 先核实身份，再谈退款。
    section: "3.5"
    sentence: 先核实客户身份。
    status: approved
"""


@pytest.fixture
def boss(site: Site) -> Visitor:
    """Return a training administrator."""
    return site.signed_in("boss", "training")


def upload(visitor: Visitor, name: str, content: str, really: str = "") -> Response:
    """Send a file of questions."""
    response: Response = visitor.client.post(
        "/training/bank/import",
        data={"csrf": visitor.token(), "really": really},
        files={"file": (name, content.encode())},
        headers={"accept": "text/html"},
    )
    return response


def kept(page: str) -> str:
    """Return the word under which the page keeps the tried file."""
    found = re.search(r'name="kept" value="([0-9a-f]+)"', page)
    assert found, "nothing is kept"
    return found[1]


def test_an_import_is_all_or_nothing(site: Site, boss: Visitor) -> None:
    page = upload(boss, "q.txt", AIKEN.format("Z"))
    assert page.status_code == 200 and "不在选项里" in page.text
    assert "可以导入 1 题，不能导入 1 题" in page.text and 'name="kept"' not in page.text
    refused = upload(boss, "q.txt", AIKEN.format("Z"), "1")
    assert refused.status_code == 422 and "整个文件都没有导入" in refused.text
    assert upload(boss, "q.txt", AIKEN.format("B"), "1").status_code == 303
    assert "共 2 题" in boss.get("/training/bank?status=draft").text
    again = upload(boss, "q.txt", AIKEN.format("B"), "1")
    assert "可以导入 0 题" in again.text and "题库里已有 2 题" in again.text
    assert upload(boss, "q.pdf", "x").status_code == 422
    with site.runtime.db.reading() as s:
        assert {one.origin.value for one in s.query(QuizQuestion)} == {"own"}


def test_what_was_tried_is_taken_with_one_click(site: Site, boss: Visitor) -> None:
    page = upload(boss, "九月新题.txt", AIKEN.format("B")).text
    assert "九月新题.txt" in page and "导入这 2 题" in page
    done = boss.post("/training/bank/import", {"kept": kept(page), "really": "1"})
    assert done.status_code == 303
    assert "共 2 题" in boss.get("/training/bank?status=draft").text
    with site.runtime.db.reading() as s:
        assert s.query(KeptFile).count() == 0, "taken files are not kept"
    again = boss.post("/training/bank/import", {"kept": kept(page), "really": "1"})
    assert again.status_code == 422 and "再选一次" in again.text


def test_only_ones_own_file_is_taken_and_only_for_an_hour(site: Site, boss: Visitor, clock: Clock) -> None:
    word = kept(upload(boss, "q.txt", AIKEN.format("B")).text)
    other = site.signed_in("other", "training")
    assert other.post("/training/bank/import", {"kept": word, "really": "1"}).status_code == 422
    newer = kept(upload(boss, "q2.txt", AIKEN.format("A")).text)
    assert boss.post("/training/bank/import", {"kept": word, "really": "1"}).status_code == 422
    clock.now += timedelta(hours=1)
    assert boss.post("/training/bank/import", {"kept": newer, "really": "1"}).status_code == 422
    upload(boss, "q.txt", AIKEN.format("B"))
    with site.runtime.db.reading() as s:
        assert [one.name for one in s.query(KeptFile)] == ["q.txt"], "one a person, the last one"


def test_a_tried_file_that_no_longer_fits_is_refused_as_a_whole(site: Site, boss: Visitor) -> None:
    word = kept(upload(boss, "q.yml", YAML).text)
    other = YAML.replace("误买了一款理财", "收到一条诈骗短信").replace("own-elder-1", "own-elder-2")
    assert upload(site.signed_in("other", "training"), "q.yml", other, "1").status_code == 303
    answer = boss.post("/training/bank/import", {"kept": word, "really": "1"})
    assert answer.status_code == 409 and "c-elder" in answer.text
    with site.runtime.db.reading() as s:
        assert [one.id for one in s.query(QuizQuestion)] == ["own-elder-2"]


def test_yaml_brings_its_cases(site: Site, boss: Visitor) -> None:
    assert upload(boss, "q.yml", YAML, "1").status_code == 303
    with site.runtime.db.reading() as s:
        (question,) = s.query(QuizQuestion)
        assert question.case_id == "c-elder" and question.status == "draft"
        assert s.get_one(QuizCase, "c-elder").title == "老人误买理财"
    assert "张女士的母亲" in boss.get("/training/bank/q/own-elder-1").text


def test_no_file_is_said_so(boss: Visitor) -> None:
    answer = boss.post("/training/bank/import", {"really": ""})
    assert answer.status_code == 422 and "请先选择一个文件" in answer.text
