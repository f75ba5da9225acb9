"""Training, as a member of staff uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from actions.training import attempts, bank
from actions.training.questions import QuestionType
from bot.pages.training_view import choices, source_of
from knowledge.document import Document
from tests.bot.pages.conftest import Site, Visitor

QUESTIONS = """
questions:
  - {id: q-1, type: single, stem: 哪个 <b>对</b>, options: {A: 甲, B: 乙}, answer: [A], explanation: 因为甲。,
     section: "1.1", sentence: 原文一。, status: approved}
  - {id: q-2, type: multiple, stem: 哪些对, options: {A: 甲, B: 乙, C: 丙}, answer: [A, C],
     explanation: 因为。, section: "1.1", sentence: 原文二。, status: approved}
  - {id: q-3, type: numeric, stem: 几天, answer: 15, explanation: 十五天。, section: "1.1",
     sentence: 原文三。, status: approved}
"""
RIGHT = {"q-1": {"甲"}, "q-2": {"甲", "丙"}}


@pytest.fixture
def learner(site: Site) -> Visitor:
    """Return a member of staff before a bank of three questions."""
    folder = site.runtime.settings.data_dir / "bank"
    folder.mkdir(parents=True)
    (folder / "one.yml").write_text(QUESTIONS, encoding="utf-8")
    with site.runtime.db.begin() as s:
        bank.sync(s, bank.load(folder), now=datetime.now(UTC))
    return site.signed_in("zhao", "staff")


def begin(learner: Visitor) -> str:
    """Start a paper and return its address."""
    response = learner.post("/training/start")
    assert response.status_code == 303
    return str(response.headers["location"])


def right_answer(page: str) -> list[str]:
    """Return the right options of the question on a page, as it letters them."""
    if "几天" in page:
        return ["15"]
    wanted = RIGHT["q-1"] if "哪个" in page else RIGHT["q-2"]
    shown = re.findall(r'option__key">(\w)</span><span>(\w+)</span>', page)
    return [key for key, text in shown if text in wanted]


def index_of(page: str) -> str:
    """Return which question a page asks."""
    found = re.search(r'name="index" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_empty_bank_is_told(site: Site) -> None:
    response = site.signed_in("zhao", "staff").post("/training/start")
    assert response.status_code == 503 and "题库" in response.text


def test_a_whole_paper_one_question_a_screen(learner: Visitor) -> None:
    paper = begin(learner)
    for number in range(1, 4):
        page = learner.get(paper).text
        assert f"第 {number} 题，共 3 题" in page
        assert "因为" not in page and "原文" not in page, "the key shows before the answer"
        answered = learner.post(f"{paper}/answer", {"index": index_of(page), "given": right_answer(page)})
        assert answered.headers["location"] == f"{paper}/items/{number}"
        told = learner.get(answered.headers["location"]).text
        assert "回答正确" in told and "<mark>原文" in told
        assert ("查看成绩" in told) == (number == 3)
    assert learner.get(paper).headers["location"] == f"{paper}/result"
    result = learner.get(f"{paper}/result").text
    assert "30 / 30" in result and "合格" in result and "未合格" not in result
    assert "哪个 &lt;b&gt;对&lt;/b&gt;" in result
    assert "30 / 30" in learner.get("/training").text


def test_a_wrong_answer_is_explained(learner: Visitor) -> None:
    paper = begin(learner)
    while "哪个" not in (page := learner.get(paper).text):
        learner.post(f"{paper}/answer", {"index": index_of(page), "given": right_answer(page)})
    wrong = next(key for key in ("A", "B") if [key] != right_answer(page))
    index = index_of(page)
    learner.post(f"{paper}/answer", {"index": index, "given": [wrong]})
    told = learner.get(f"{paper}/items/{index}").text
    assert "回答不对" in told and "您选了" in told and "正确答案" in told and "因为甲" in told


@pytest.mark.parametrize("given", [[], [""], ["Z"]])
def test_an_answer_that_cannot_be_read_is_asked_again(learner: Visitor, given: list[str]) -> None:
    paper = begin(learner)
    page = learner.get(paper).text
    response = learner.post(f"{paper}/answer", {"index": index_of(page), "given": given})
    assert response.status_code == 422
    assert 'role="alert"' in response.text and index_of(response.text) == index_of(page)


def test_a_second_answer_changes_nothing(learner: Visitor) -> None:
    paper = begin(learner)
    page = learner.get(paper).text
    index, right = index_of(page), right_answer(page)
    learner.post(f"{paper}/answer", {"index": index, "given": right})
    other = ["7"] if right == ["15"] else [key for key in ("A", "B") if [key] != right][:1]
    response = learner.post(f"{paper}/answer", {"index": index, "given": other})
    assert response.headers["location"] == f"{paper}/items/{index}?again=1"
    told = learner.get(response.headers["location"]).text
    assert "已经答过" in told and "回答正确" in told


def test_a_paper_is_taken_up_again(learner: Visitor) -> None:
    paper = begin(learner)
    page = learner.get(paper).text
    learner.post(f"{paper}/answer", {"index": index_of(page), "given": right_answer(page)})
    overview = learner.get("/training").text
    assert "继续第 2 题" in overview and f'href="{paper}"' in overview
    assert begin(learner) == paper
    assert learner.get(f"{paper}/items/3").headers["location"] == paper
    assert learner.get(f"{paper}/result").headers["location"] == paper


def test_others_papers_do_not_exist(site: Site, learner: Visitor) -> None:
    paper = begin(learner)
    other = site.signed_in("qian", "staff")
    assert other.get(f"{paper}/items/1").status_code == 404
    assert other.get(f"{paper}/result").status_code == 404
    assert other.post(f"{paper}/answer", {"index": "1", "given": ["A"]}).status_code == 404
    with site.runtime.db.reading() as s:
        assert attempts.results(s, "nobody") == []


def test_a_forged_form_starts_nothing(learner: Visitor) -> None:
    assert learner.post("/training/start", token="forged").status_code == 403
    assert "开始一份练习卷" in learner.get("/training").text


def test_a_source_stands_in_its_paragraph(edition_of_two: Document) -> None:
    source = source_of(edition_of_two, "1.1", "中间一句。")
    assert (source.before, source.sentence, source.after) == ("前面。", "中间一句。", "后面。")
    assert source.chapter == "第1章 基础"
    gone = source_of(edition_of_two, "9.9", "没有了。")
    assert (gone.title, gone.before, gone.sentence) == ("", "", "没有了。")
    assert source_of(edition_of_two, "1.1", "改掉了。").sentence == "改掉了。"


@pytest.fixture
def edition_of_two() -> Document:
    """Return a small manual."""
    from knowledge.document import Audience, Paragraph, Section

    paragraphs = (Paragraph("别的。"), Paragraph("前面。中间一句。后面。"))
    return Document("手册", (Section("1.1", "概述", Audience.CUSTOMER, "基础", paragraphs),))


def test_choices_say_what_was_picked_and_what_is_right() -> None:
    from actions.training.views import Option

    shown = choices([Option("A", "甲"), Option("B", "乙"), Option("C", "丙")], ["A", "B"], ["A", "C"])
    assert [one.words for one in shown] == ["正确答案，您选了", "您选了", "正确答案"]
    assert QuestionType.MULTIPLE.label == "多选题"
