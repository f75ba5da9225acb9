"""Units and passages."""

from knowledge.document import Audience, Document, Paragraph, ParagraphKind, Section
from knowledge.passages import LONGEST, passages_of, units_of

SECTION = Section(
    "3.5",
    "投诉处理",
    Audience.CUSTOMER,
    "客户运营",
    (
        Paragraph("处理投诉分三步。三步如下：", "3.5.1 流程"),
        Paragraph("受理：记录事实。", "3.5.1 流程", ParagraphKind.ITEM, "- "),
        Paragraph("调查：核实事实。", "3.5.1 流程", ParagraphKind.ITEM, "- "),
        Paragraph("处理完要回访。", "3.5.1 流程"),
    ),
)


def test_intro_and_items_of_a_list_share_a_group() -> None:
    units = units_of(SECTION)
    assert [u.text for u in units] == [
        "处理投诉分三步。",
        "三步如下：",
        "受理：记录事实。",
        "调查：核实事实。",
        "处理完要回访。",
    ]
    groups = [u.group for u in units]
    assert groups[1] and groups[1] == groups[2] == groups[3]
    assert groups[0] == groups[4] == ""


def test_passages_are_short_verbatim_and_carry_the_headings() -> None:
    long = Section(
        "1.1",
        "概述",
        Audience.STAFF,
        "基础",
        (Paragraph("这一句话有三十个字左右，用来把段落写得很长很长。" * 12),),
    )
    passages = passages_of(long)
    assert len(passages) > 1
    assert all(len(p.text) <= LONGEST for p in passages)
    assert "".join(p.text for p in passages) == long.paragraphs[0].text
    assert all(p.indexed.startswith("概述。") for p in passages)


def test_every_unit_of_the_edition_is_verbatim(edition: Document) -> None:
    for section in edition:
        whole = "".join(p.text for p in section.paragraphs)
        assert all(unit.text in whole for unit in units_of(section))
