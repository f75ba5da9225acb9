"""Drafts from a manual: enough of them, each answerable from its one sentence, none that gives its key away."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from actions.training import bank, drafts
from actions.training.draft_reading import blocks, figures, list_in, sentences
from actions.training.numerals import comparable
from actions.training.questions import FALSE, Question, QuestionType, Status
from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section
from knowledge.sections import load_edition

PROJECT = Path(__file__).parents[2]
EDITION = load_edition(PROJECT / "knowledge" / "manual")
MADE = drafts.make(EDITION)


def manual(*lines: str) -> Document:
    """Return a manual of one section; lines that begin with "- " are items."""
    paragraphs = tuple(
        Paragraph(line[2:], kind=ParagraphKind.ITEM, marker="- ")
        if line.startswith("- ")
        else Paragraph(line)
        for line in lines
    )
    return Document("手册", (Section("1.1", "应急", Audience.STAFF, "一", paragraphs),))


def right(question: Question) -> list[str]:
    """Return the texts of the right options."""
    return [text for key, text in question.content.options if key in question.content.answer]


def test_enough_of_many_kinds() -> None:
    assert len(MADE.questions) >= 150
    assert len(MADE.by_template) >= 9
    assert len({one.id for one in MADE.questions}) == len(MADE.questions)
    assert {one.status for one in MADE.questions} == {Status.DRAFT}
    kinds = Counter(one.content.type for one in MADE.questions)
    assert set(kinds) == set(QuestionType)
    truths = Counter(
        one.content.answer for one in MADE.questions if one.content.type is QuestionType.TRUE_FALSE
    )
    assert min(truths.values()) * 3 >= max(truths.values())


def test_all_pass_the_checks_of_the_bank() -> None:
    assert [one for one in bank.check(MADE.questions, bank.sections_of(EDITION)) if not one.hint] == []


@pytest.mark.parametrize("one", MADE.questions, ids=[one.id for one in MADE.questions])
def test_key(one: Question) -> None:
    content = one.content
    sections = bank.sections_of(EDITION)
    assert sum(text.count(content.sentence) for text in sections.values()) == 1
    if content.type is QuestionType.SINGLE:
        (key,) = right(one)
        assert comparable(key) not in comparable(content.stem)
        assert len(key) < max(len(text) for _, text in content.options if text != key) + 4
    if content.type is QuestionType.MULTIPLE:
        wrong = [text for key, text in content.options if key not in content.answer]
        assert len(right(one)) == 3
        assert not any(text in sections[content.section] for text in wrong)
    if content.type is QuestionType.TRUE_FALSE:
        assert (content.stem != content.sentence) == (content.answer == (FALSE,))


def test_same_manual_same_drafts() -> None:
    assert drafts.make(EDITION).questions == MADE.questions


def test_what_the_bank_asks_is_not_drafted_again() -> None:
    again = drafts.make(EDITION, known=MADE.questions[:50])
    assert not {one.content for one in again.questions} & {one.content for one in MADE.questions[:50]}
    assert again.dropped["near_duplicate"] >= 40


def test_yaml_reads_back(tmp_path: Path) -> None:
    rows = {"questions": [drafts.to_row(one) for one in MADE.questions]}
    (tmp_path / "one.yml").write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    assert bank.load(tmp_path) == list(MADE.questions)


def test_what_is_read_of_a_sentence() -> None:
    held = list(
        sentences(
            manual("应急响应必须在24小时内启动。例如，某平台用了30分钟。流程包括登记、核对、答复和回访。")
        )
    )
    assert [figure.text for one in held for figure in figures(one)] == ["24小时", "30分钟"]
    assert [one.alone for one in held] == [True, False, True]
    assert [one.anecdote for one in held] == [False, True, True]
    listed = list_in(held[2])
    assert listed is None or listed.items == ("登记", "核对", "答复", "回访")
    assert figures(next(sentences(manual("《2023年报告》（2022年版）说2021年有3家。"))))[0].text == "3家"


def test_what_is_read_of_a_list() -> None:
    (block,) = blocks(
        manual("要守住以下三条：", "- 甲类：如现金、支票等。", "- 乙类：按规定办。", "- 丙类：无。", "完。")
    )
    assert [item.name for item in block.items] == ["甲类", "乙类", "丙类"]
    assert block.items[0].members == ("现金", "支票")


def test_a_sentence_said_twice_is_not_asked() -> None:
    twice = "企业的应急响应必须在24小时内启动并报告监管部门。"
    made = drafts.make(manual(twice, twice))
    assert made.questions == ()
    assert made.dropped["not_one_passage"]


def test_nothing_of_nothing() -> None:
    assert drafts.make(Document("空", ())).questions == ()
