"""Restoration: the real scrape where it is at hand, and any Chinese text damaged by the byte-level model."""

from __future__ import annotations

import os
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from knowledge.restore import LossKind, RepairKind, Restored, restore
from knowledge.restore.script import simplify, widen
from knowledge.sections import load_edition, to_markdown
from tests.knowledge.damage import damage, table_for, traditional

PROJECT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WENJIN_SHARED", PROJECT.parent / "shared"))
SCRAPE = SHARED / "manual" / "operations-manual-scrape.txt"

SUBJECTS = [
    "客户",
    "平台",
    "企业",
    "员工",
    "监管机构",
    "银行",
    "审计部门",
    "会计师",
    "门店",
    "学校",
    "医生",
    "邻居",
]
VERBS = [
    "应当核对",
    "需要确认",
    "必须检查",
    "正在处理",
    "已经办理",
    "可以查询",
    "负责维护",
    "及时反馈",
    "妥善保管",
]
OBJECTS = [
    "账户余额", "身份证件", "转账记录", "贷款合同", "风险报告", "营业执照", "理财产品", "投诉内容",
    "服务协议", "交易数据", "个人信息", "应急预案", "业务流程", "财务报表", "药品清单", "课程表", "实验数据",
    "运输计划", "电费账单", "维修记录", "备份文件", "系统日志", "采购订单",
]  # fmt: skip
TIMES = ["每天", "周末", "节假日期间", "三个工作日内", "24小时内", "2023年底", "营业时间", "发现问题后", ""]
LINKS = ["，并且", "，同时", "；", "，否则", "。", "？"]


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """Assemble a Chinese text of several sentences from real words."""
    clause = st.builds(
        lambda time, subject, verb, thing: f"{time}{subject}{verb}{thing}",
        st.sampled_from(TIMES), st.sampled_from(SUBJECTS), st.sampled_from(VERBS), st.sampled_from(OBJECTS),
    )  # fmt: skip
    first, *rest = draw(st.lists(clause, min_size=6, max_size=20))
    return first + "".join(draw(st.sampled_from(LINKS)) + part for part in rest) + "。"


@pytest.fixture(scope="module")
def edition() -> str:
    """Give our own edition as running text, without Markdown marks."""
    return to_markdown(load_edition(PROJECT / "knowledge" / "manual")).replace("#", "").replace("\n- ", "\n")


def similarity(one: str, other: str) -> float:
    """Return the share of characters in the blocks that agree, 1.0 for equal texts."""
    same = sum(
        block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )
    return same / max(len(one), len(other))


class TestUndamagedText:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "客户关系管理(CRM)是重要手段;请问如何办理?(见第3章)",
            "客戶關係管理(CRM)與風險控制(RTO),以及數字貨幣(CBDC)。",
            "著名學者饕(tāo)餮(tiè)二字难写，魑(chī)魅(mèi)也一样。",
            "網(wǎng)是一個字。網絡、網站、網頁、網友、網購、網際，都有這個網字；數(shù)字、數據、數學、數量；學(xué)習學問學校學生。",
            "What about plain English (crm)?\r\nSecond line.\t",
        ],
    )
    def test_passes_through_byte_for_byte(self, text: str) -> None:
        assert restore(text) == Restored(text, damaged=False)

    @given(sentences())
    @settings(max_examples=50, deadline=None)
    def test_ordinary_text_is_never_touched(self, text: str) -> None:
        assert restore(text) == Restored(text, damaged=False)
        assert restore(traditional(text)) == Restored(traditional(text), damaged=False)


class TestOneKindOfDamage:
    PREFIX = "學(xué)習(xí)實(shí)踐(jiàn)經(jīng)驗(yàn),"

    def restored(self, text: str) -> str:
        result = restore(self.PREFIX + text)
        assert result.damaged
        return result.text.removeprefix("学习实践经验，")

    def test_intact_annotations_go_and_real_parentheses_stay(self) -> None:
        assert self.restored("客戶(hù)關(guān)系(CRM)。") == "客户关系（CRM）。"

    def test_a_reading_pushed_between_two_characters(self) -> None:
        assert self.restored("第四章?tīng)I(yíng)業(yè)。") == "第四章营业。"

    def test_a_mark_cut_out_of_two_characters(self) -> None:
        result = restore(self.PREFIX + "方法?;ヂ?lián)網(wǎng)企業(yè)。")
        assert result.text == "学习实践经验，方法。互联网企业。"
        assert [(r.kind, r.repaired) for r in result.repairs] == [(RepairKind.SPLIT_MARK, "。互联")]
        assert result.repairs[0].position == len(self.PREFIX) + len("方法")

    def test_a_real_question_mark_before_a_split_mark(self) -> None:
        source = traditional("学习经验？专科学校；专科学校？关键？学习经验。")
        assert restore(damage(source, table_for("學習經驗鍵"))).text == simplify(source)

    def test_figures_keep_their_marks(self) -> None:
        assert (
            self.restored("時(shí)間(jiān)10:30,金額(é)1,200元,比例3.5%。")
            == "时间10:30，金额1,200元，比例3.5%。"
        )

    def test_the_particle_and_the_word_are_told_apart(self) -> None:
        assert (
            self.restored("隨(suí)著發(fā)展,顯(xiǎn)著提高,扮演著角色。")
            == "随着发展，显著提高，扮演着角色。"
        )

    def test_what_cannot_be_read_stays_as_printed(self) -> None:
        assert "？Ω)" in self.restored("亂(luàn)碼(mǎ)?Ω)尾。")


pieces = st.sampled_from(
    ["學(xué)", "習(xí)", "營(yíng)", "章", "保", "?tīng)I",
     "?;", "??", "?", "ヂ", "?lián)", "(CRM)", "(hù)", "Q", "、、", "\n", ",", "𠀀", "é"]
)  # fmt: skip


@given(st.lists(pieces, max_size=30).map("".join))
@settings(max_examples=1200, deadline=None)
def test_any_text_can_be_restored(text: str) -> None:
    result = restore(text)
    if not result.damaged:
        assert result == Restored(text, damaged=False)
    for loss in result.losses:
        assert 0 <= loss.position <= len(result.text)
    for repair in result.repairs:
        assert text[repair.position :].startswith(repair.raw)


class TestLosses:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("平臺(tái)包括甲、、乙。", "、、"),
            ("支付機(jī)構(gòu)(如、銀行)。", "如、"),
            ("渠道(如門(mén)店、),等等。", "、）"),
            ("監(jiān)測(cè)路徑(jìng)、率、漏斗。", "、率、"),
            ("數(shù)據(jù)服務(wù)商、云服務(wù)商、服務(wù)商等。", "服务商、服务商"),
        ],
    )
    def test_removed_words_are_flagged_and_not_invented(self, text: str, found: str) -> None:
        result = restore("學(xué)習(xí)實(shí)踐(jiàn)," + text)
        losses = [loss for loss in result.losses if loss.kind is LossKind.REMOVED_WORD]
        assert len(losses) == 1
        assert found in losses[0].place
        assert losses[0].reason
        assert result.text[losses[0].position] == "、"

    def test_an_end_that_is_cut_off(self) -> None:
        result = restore("學(xué)習(xí)實(shí)踐(jiàn),可用性達(dá)到99.9")
        assert [loss.kind for loss in result.losses] == [LossKind.CUT_OFF]
        assert result.losses[0].place.endswith("99.9")


class TestDamageAndBack:
    @given(sentences(), st.sampled_from([1.0, 0.7, 0.4]))
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_sentences_come_back(self, text: str, share: float) -> None:
        source = traditional(text)
        assume(simplify(source) == text)
        damaged = damage(source, table_for(source, share=share))
        result = restore(damaged)
        assume(result.damaged)
        assert similarity(result.text, text) >= 0.97
        if len(result.repairs) == 0:
            assert result.text == text

    @pytest.mark.parametrize("share", [1.0, 0.5])
    def test_our_own_edition_comes_back(self, edition: str, share: float) -> None:
        source = "".join(c for c in traditional(edition) if c.encode("gbk", "ignore"))
        whole = simplify(source)
        result = restore(damage(source, table_for(source, share=share)))
        assert len(result.repairs) > 20
        assert similarity_by_line(result.text, whole) >= 0.999

    def test_the_same_text_twice_gives_the_same_result(self) -> None:
        damaged = damage(
            traditional("为客户提供服务。互联网企业确保互联网安全。"),
            table_for(traditional("为客户提供服务互联网")),
        )
        assert restore(damaged) == restore(damaged)


def similarity_by_line(one: str, other: str) -> float:
    """Compare two texts of the same lines without the cost of a whole comparison."""
    ours, theirs = one.split("\n"), other.split("\n")
    assert len(ours) == len(theirs)
    right = sum(similarity(a, b) * len(b) for a, b in zip(ours, theirs, strict=True) if b)
    return right / sum(map(len, theirs))


@pytest.mark.skipif(
    not SCRAPE.exists(), reason=f"the scraped manual is not at {SCRAPE.name}'s place (WENJIN_SHARED)"
)
class TestTheScrape:
    @pytest.fixture(scope="class")
    def scrape(self) -> Restored:
        return restore(SCRAPE.read_text(encoding="utf-8"))

    def test_nothing_of_the_damage_is_left(self, scrape: Restored) -> None:
        assert scrape.damaged
        assert scrape.annotations == 4298
        kinds = [r.kind for r in scrape.repairs]
        assert kinds.count(RepairKind.SHIFTED_ANNOTATION) == 12
        assert kinds.count(RepairKind.SPLIT_MARK) == 15
        assert kinds.count(RepairKind.SITE_TEXT) == 2
        assert "?" not in scrape.text
        assert simplify(scrape.text) == scrape.text
        assert widen(scrape.text) == scrape.text

    def test_each_stretch_reads_right(self, scrape: Restored) -> None:
        repaired = [r.repaired for r in scrape.repairs if r.kind is not RepairKind.SITE_TEXT]
        words = "营 。互联 保互联 。互联 数 。互联 。客户 。互联 实现 。互联 保客户 滥 。客户 。客户 "
        words += "营 数 营 。总结 实现 实现 。互联 。互联 为管理层提供决 。互联 滥 。互联 内"
        assert repaired == words.split()

    def test_the_site_is_gone(self, scrape: Restored) -> None:
        assert scrape.text.startswith("互联网金融服务运营手册（标准版）1.第一章")
        assert scrape.text.endswith("可用性达到99.9")

    def test_what_the_host_removed_is_flagged(self, scrape: Restored) -> None:
        removed = [loss for loss in scrape.losses if loss.kind is LossKind.REMOVED_WORD]
        assert len(removed) == 7
        assert [loss.kind for loss in scrape.losses][-1] is LossKind.CUT_OFF
        assert len(scrape.losses) == 8

    def test_it_can_be_damaged_again_and_restored_again(self, scrape: Restored) -> None:
        source = traditional(scrape.text)
        again = restore(damage(source, table_for(source, share=0.5)))
        assert similarity(again.text[:4000], simplify(source)[:4000]) >= 0.998
