"""From text to numbered sections, in all the ways that manuals are written, and back to text."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section
from knowledge.errors import WenjinError
from knowledge.restore import restore
from knowledge.sections import from_store, load_edition, parse, to_json, to_markdown, to_store, with_audiences

PROJECT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WENJIN_SHARED", PROJECT.parent / "shared"))
SCRAPE = SHARED / "manual" / "operations-manual-scrape.txt"


def outline(document: Document) -> list[tuple[str, str]]:
    """Return numbers and titles."""
    return [(s.number, s.title) for s in document]


class TestNumberedText:
    CHAPTERS = """某公司客户服务手册
目录
第一章 总则 ........ 1
1.1 目的 ........ 1
1.2 范围 ........ 2
第二章 受理 ........ 3
2.1 登记 ........ 3
2.2 归档 ........ 4
第一章 总则
1.1 目的
为规范服务，制定本手册。
1.2 范围
适用于以下人员：
- 客服人员；
- 门店人员。
第二章 受理
2.1 登记
2.1.1 登记内容
1. 姓名
2. 联系方式
2.1.2 登记时限
收到之后一个工作日内登记，
节假日顺延。
"""

    def test_finds_chapters_sections_and_what_is_missing(self) -> None:
        document = parse(self.CHAPTERS)
        assert document.title == "某公司客户服务手册"
        assert outline(document) == [("1.1", "目的"), ("1.2", "范围"), ("2.1", "登记")]
        assert [s.chapter_title for s in document] == ["总则", "总则", "受理"]
        assert document.missing == (("2.2", "归档"),)
        assert {s.audience for s in document} == {Audience.STAFF}

    def test_keeps_lists_and_subheadings(self) -> None:
        section = parse(self.CHAPTERS).section("2.1")
        assert section is not None
        assert section.paragraphs == (
            Paragraph("姓名", "2.1.1 登记内容", ParagraphKind.ITEM, "1. "),
            Paragraph("联系方式", "2.1.1 登记内容", ParagraphKind.ITEM, "2. "),
            Paragraph("收到之后一个工作日内登记，节假日顺延。", "2.1.2 登记时限"),
        )

    def test_ordinals_in_chapters(self) -> None:
        text = "第三章 投诉\n一、受理\n（一）渠道\n可以来电。\n（二）时限\n当日受理。\n二、答复\n书面答复。\n"
        document = parse(text)
        assert outline(document) == [("3.1", "受理"), ("3.2", "答复")]
        assert [p.heading for p in document.sections[0].paragraphs] == ["3.1.1 渠道", "3.1.2 时限"]

    def test_ordinals_alone(self) -> None:
        document = parse(
            "一、总则\n为规范服务而制定。\n二、职责\n（一）客服\n接听电话。\n（二）门店\n接待来访。\n"
        )
        assert outline(document) == [("1", "总则"), ("2.1", "客服"), ("2.2", "门店")]

    def test_numbers_that_restart_in_a_chapter_are_subheadings(self) -> None:
        text = "第3章 客户\n3.1 关系\n1.1 策略\n先分层。\n1.2 执行\n再服务。\n3.2 支持\n2.1 流程\n有记录。\n"
        document = parse(text)
        assert outline(document) == [("3.1", "关系"), ("3.2", "支持")]
        assert [p.heading for s in document for p in s.paragraphs] == [
            "3.1.1 策略",
            "3.1.2 执行",
            "3.2.1 流程",
        ]

    def test_sentences_that_begin_with_a_figure_are_text(self) -> None:
        document = parse("第1章 收费\n1.1 标准\n费用如下\n1.5万元以下免收手续费。\n2.5% 为年费率。\n")
        assert outline(document) == [("1.1", "标准")]


class TestMarkdown:
    def test_levels_with_numbers(self) -> None:
        document = parse(
            "# 第2章 产品\n## 2.1 设计\n文字。\n### 2.1.1 需求\n- 甲\n* 乙\n## 2.2 上线\n**重点**文字。\n"
        )
        assert outline(document) == [("2.1", "设计"), ("2.2", "上线")]
        assert document.sections[0].paragraphs[1] == Paragraph("甲", "2.1.1 需求", ParagraphKind.ITEM, "- ")
        assert document.sections[0].paragraphs[2].marker == "* "
        assert document.sections[1].paragraphs[0].text == "重点文字。"

    def test_levels_without_numbers(self) -> None:
        document = parse(
            "# 客服手册\n## 接听\n### 开场\n您好。\n### 结束\n再见。\n## 回访\n### 时间\n三天内。\n"
        )
        assert document.title == "客服手册"
        assert outline(document) == [("1.1", "开场"), ("1.2", "结束"), ("2.1", "时间")]
        assert [s.chapter_title for s in document] == ["接听", "接听", "回访"]

    def test_one_level(self) -> None:
        document = parse("# 手册\n## 营业时间\n每天九点开门。\n## 退货\n七天内可退。\n", title="门店手册")
        assert document.title == "门店手册"
        assert outline(document) == [("1", "营业时间"), ("2", "退货")]

    def test_tables_and_quotes_become_text(self) -> None:
        document = parse("## 1.1 费率\n| 业务 | 费率 |\n|---|---|\n| 转账 | 0.1% |\n\n> 以公告为准。\n")
        assert [p.text for p in document.sections[0].paragraphs] == [
            "业务，费率",
            "转账，0.1%",
            "以公告为准。",
        ]


class TestRunOnText:
    TEXT = (
        "门店手册1.第一章接待1.1迎客流程1.2送客礼仪2.第二章售后2.1退货管理2.2维修管理"
        "第1章接待一、(小节标题)1.1迎客流程客人进门时应当问好。需要做到:-微笑:保持微笑;-引导:引导入座。1.2送客礼仪客人离开时应当送到门口。"
        "第2章售后一、退货管理1.1退货的受理流程退货的受理需要小票。根据《退货办法》,七天内可退。1.2退货审核标准在三天内完成审核。"
    ).translate(str.maketrans("(:;,)", "（：；，）"))

    def test_is_read_by_its_contents(self) -> None:
        document = parse(self.TEXT)
        assert document.title == "门店手册"
        assert outline(document) == [("1.1", "迎客流程"), ("1.2", "送客礼仪"), ("2.1", "退货管理")]
        assert document.missing == (("2.2", "维修管理"),)
        assert [s.chapter_title for s in document] == ["接待", "接待", "售后"]

    def test_lists_are_split(self) -> None:
        section = parse(self.TEXT).sections[0]
        assert [(p.marker, p.text) for p in section.paragraphs] == [
            ("", "客人进门时应当问好。需要做到："),
            ("- ", "微笑：保持微笑；"),
            ("- ", "引导：引导入座。"),
        ]

    def test_restarted_subheadings_get_their_sections_number(self) -> None:
        section = parse(self.TEXT).sections[2]
        assert [(p.heading, p.text) for p in section.paragraphs] == [
            ("2.1.1 退货的受理流程", "退货的受理需要小票。"),
            ("2.1.1 退货的受理流程", "根据《退货办法》，七天内可退。"),
            ("2.1.2 退货审核标准", "在三天内完成审核。"),
        ]


@pytest.mark.parametrize(
    "text", ["", "  \n", "今天天气很好。\n我们去公园。\n", "# 只有标题\n", "1. 苹果\n2. 香蕉\n"]
)
def test_text_without_sections_is_no_manual(text: str) -> None:
    with pytest.raises(WenjinError) as caught:
        parse(text)
    assert caught.value.code == "not_a_manual"
    assert "章节" in caught.value.message


fragments = st.sampled_from(
    ["#", "## ", "###### ", "第", "一", "十", "百", "章", "节", "、", "（二）", "1", ".", "２", "1.2 ",
     "2.第二章", "- ", "①", "|", "---",
     "：", "。", "\n", "\n\n", "\t", "\u3000", "…… 3", "客户", "**", "> ", "目录", "\x0c", "\u2028", "𠀀"]
)  # fmt: skip


@given(st.lists(fragments, max_size=60).map("".join))
@settings(max_examples=6000, deadline=None)
def test_any_text_ends_in_a_document_or_a_clear_refusal(text: str) -> None:
    try:
        document = parse(text)
    except WenjinError as error:
        assert error.code == "not_a_manual"
    else:
        assert document.sections
        assert all(s.paragraphs for s in document)
        assert len({s.number for s in document}) == len(document.sections)


class TestAudiences:
    REFERENCE = Document(
        "参考",
        (
            Section("1.1", "客户投诉处理与反馈机制", Audience.CUSTOMER, "甲", (Paragraph("文。"),)),
            Section("1.2", "财务预算", Audience.STAFF, "甲", (Paragraph("文。"),)),
            Section("1.3", "服务时间", Audience.CUSTOMER, "甲", (Paragraph("文。"),)),
        ),
    )

    @pytest.mark.parametrize(
        ("number", "title", "audience"),
        [
            ("1.1", "客户投诉处理与反馈机制", Audience.CUSTOMER),
            ("1.1", "客户投诉的处理和反馈机制", Audience.CUSTOMER),
            ("1.1", "员工薪酬办法", Audience.STAFF),
            ("9.9", "服务时间", Audience.CUSTOMER),
            ("1.2", "财务预算", Audience.STAFF),
            ("9.9", "未知", Audience.STAFF),
        ],
    )
    def test_follow_the_reference_and_fall_back_to_staff(
        self, number: str, title: str, audience: Audience
    ) -> None:
        document = Document("新", (Section(number, title, Audience.STAFF, "乙", (Paragraph("文。"),)),))
        assert with_audiences(document, self.REFERENCE).sections[0].audience is audience


words = st.text(alphabet="客户服务流程办理时间资金安全风险管理", min_size=2, max_size=12)
texts = words.map(lambda w: w + "。")


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Build a Document of two-level numbers with lists and sub-headings."""
    sections = []
    for chapter in range(1, draw(st.integers(1, 4)) + 1):
        chapter_title = draw(words)
        for number in range(1, draw(st.integers(1, 4)) + 1):
            own = f"{chapter}.{number}"
            paragraphs = []
            for sub in range(draw(st.integers(0, 2)) + 1):
                heading = f"{own}.{sub} {draw(words)}" if sub else ""
                for text in draw(st.lists(texts, min_size=1, max_size=3)):
                    marker = draw(st.sampled_from(["", "- ", "1. ", "2、 ", "① "]))
                    kind = ParagraphKind.ITEM if marker else ParagraphKind.TEXT
                    paragraphs.append(Paragraph(text, heading, kind, marker))
            sections.append(Section(own, draw(words), Audience.STAFF, chapter_title, tuple(paragraphs)))
    return Document("手册", tuple(sections))


class TestForms:
    @given(documents())
    @settings(max_examples=100, deadline=None)
    def test_markdown_reads_back_as_the_same_document(self, document: Document) -> None:
        assert parse(to_markdown(document), title="手册") == document

    @given(documents(), st.sampled_from(list(Audience)))
    @settings(max_examples=50, deadline=None)
    def test_the_stored_form_loses_nothing(self, document: Document, audience: Audience) -> None:
        section = document.sections[0]
        own = Section(section.number, section.title, audience, "", section.paragraphs)
        whole = Document("名", (own, *document.sections[1:]), (("9.1", "缺"),))
        assert from_store(json.loads(json.dumps(to_store(whole)))) == whole

    @pytest.mark.parametrize(
        "stored", [{}, {"format": 99}, {"format": 1, "title": "x", "sections": [1], "missing": []}]
    )
    def test_a_broken_stored_form_is_refused(self, stored: dict[str, object]) -> None:
        with pytest.raises(WenjinError) as caught:
            from_store(stored)
        assert caught.value.code == "bad_stored_manual"

    def test_json_has_exactly_the_agreed_keys(self) -> None:
        document = parse("# 第1章 甲\n## 1.1 乙\n### 1.1.1 丙\n文。\n- 项\n")
        expected = [{"section": "1.1", "title": "乙", "audience": "staff", "paragraphs": ["文。", "- 项"]}]
        assert to_json(document) == expected


class TestEdition:
    HEAD = '---\nchapter: 1\ntitle: 甲\nsections:\n  - {number: "1.1", title: 乙, audience: customer}\n---\n'

    def load(self, folder: Path, text: str) -> Document:
        (folder / "01.md").write_text(text, encoding="utf-8")
        return load_edition(folder)

    def test_reads_audience_and_text(self, tmp_path: Path) -> None:
        document = self.load(tmp_path, self.HEAD + "# 第1章 甲\n## 1.1 乙\n文。\n")
        assert document.sections == (Section("1.1", "乙", Audience.CUSTOMER, "甲", (Paragraph("文。"),)),)

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("# 第1章 甲\n", "文件头"),
            (HEAD + "# 第1章 甲\n## 1.1 丁\n文。\n", "1.1 丁"),
            (HEAD + "# 第1章 丁\n## 1.1 乙\n文。\n", "第1章 甲"),
            (HEAD + "# 第1章 甲\n", "章节"),
            (HEAD.replace("customer", "everyone") + "# 第1章 甲\n## 1.1 乙\n文。\n", "everyone"),
            (HEAD.replace("title: 甲", "title: [") + "# 第1章 甲\n## 1.1 乙\n文。\n", "YAML"),
        ],
    )
    def test_says_which_file_is_wrong_and_why(self, tmp_path: Path, text: str, fault: str) -> None:
        with pytest.raises(WenjinError) as caught:
            self.load(tmp_path, text)
        assert fault in caught.value.message
        assert "01.md" in caught.value.message

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(WenjinError) as caught:
            load_edition(tmp_path)
        assert caught.value.code == "bad_edition"

    def test_ours_is_whole_and_survives_markdown(self) -> None:
        edition = load_edition(PROJECT / "knowledge" / "manual")
        assert len(edition.sections) == 36
        assert [number for number, _ in edition.missing] == ["8.2", "8.3", "8.4", "8.5"]
        assert with_audiences(parse(to_markdown(edition)), edition).sections == edition.sections


@pytest.mark.skipif(
    not SCRAPE.exists(), reason=f"the scraped manual is not at {SCRAPE.name}'s place (WENJIN_SHARED)"
)
class TestTheScrape:
    @pytest.fixture(scope="class")
    def restored(self) -> str:
        return restore(SCRAPE.read_text(encoding="utf-8")).text

    @pytest.fixture(scope="class")
    def document(self, restored: str) -> Document:
        return parse(restored)

    def test_has_the_sections_of_our_edition(self, document: Document) -> None:
        edition = load_edition(PROJECT / "knowledge" / "manual")
        assert outline(document) == outline(edition)
        assert [s.chapter_title for s in document] == [s.chapter_title for s in edition]
        assert document.missing == edition.missing
        assert [s.audience for s in with_audiences(document, edition)] == [s.audience for s in edition]

    def test_subheadings_are_numbered_with_their_section(self, document: Document) -> None:
        headings = [p.heading for s in document for p in s.paragraphs if p.heading]
        assert len(set(headings)) == 34
        assert all(p.heading.startswith(s.number + ".") for s in document for p in s.paragraphs if p.heading)
        assert all(len(heading.split(" ", 1)[1]) >= 5 for heading in headings)
        assert {
            "3.1.1 客户关系管理（CRM）的实施策略",
            "3.3.2 数据分析与应用",
            "8.1.1 信息系统架构设计与实施",
        } <= set(headings)

    def test_loses_no_character(self, restored: str, document: Document) -> None:
        body = restored[restored.index("第1章") :]
        gaps, position = [], 0
        for section in document:
            for paragraph in section.paragraphs:
                start = body.index(paragraph.text, position)
                gaps.append((section, paragraph, body[position:start]))
                position = start + len(paragraph.text)
        assert position == len(body)
        for section, paragraph, gap in gaps:
            for heading in (paragraph.heading.partition(" ")[2], section.chapter_title, section.title):
                gap = gap.replace(heading, "") if heading else gap
            assert re.fullmatch(r"(第\d章)?([一二三四五]、)?(（小节标题）)?[\d.]*-?", gap), gap

    def test_survives_markdown(self, document: Document) -> None:
        assert parse(to_markdown(document), title=document.title).sections == document.sections
