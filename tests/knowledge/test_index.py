"""An index is the same after a reload, changes with its content, and works for a manual nobody has asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge import index as indexes
from knowledge.answering import Answerer
from knowledge.document import Audience, Document, Outcome, Paragraph, Section
from knowledge.encoder import SentenceEncoder
from knowledge.index import Index
from knowledge.library import Library
from knowledge.questions import QuestionBank
from knowledge.vectors import VectorCache

QUESTIONS = ("投诉多久处理完", "提现多久到账", "逾期罚多少", "互联网金融都有哪些业务", "tixian duojiu")
CANTEEN = {
    "用餐时间": "早餐从七点供应到九点。午餐从十一点半供应到一点。晚餐从五点半供应到七点半。",
    "菜品与价格": "每份套餐含两荤一素和一份汤。素食窗口在二楼东侧，每天提供六种素菜。",
    "餐具清洗": "餐具先用流水冲洗，再高温消毒二十分钟。破损的餐具要当天报废。",
    "食材验收": "蔬菜到货后抽检农药残留，不合格的当场退回供应商。冷冻肉的中心温度不得高于零下十二度。",
    "就餐卡": "新员工在人事处领取就餐卡。就餐卡遗失后到后勤窗口补办，工本费从工资里扣除。",
}


@pytest.fixture(scope="module")
def canteen(
    library: Library, encoder: SentenceEncoder, prepared: Path, question_bank: QuestionBank
) -> Iterator[Answerer]:
    sections = tuple(
        Section(f"1.{i}", title, Audience.CUSTOMER, "食堂", (Paragraph(text),))
        for i, (title, text) in enumerate(CANTEEN.items(), 1)
    )
    steps: list[tuple[int, int]] = []
    index = indexes.build(
        Document("食堂管理手册", sections),
        manual="canteen",
        version="v1",
        bank=question_bank,
        reference=library.edition,
        encoder=encoder,
        cache=VectorCache(prepared / "vectors", encoder),
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps and steps[-1][0] == steps[-1][1]
    yield Answerer(index, encoder)


@pytest.mark.parametrize("audience", list(Audience))
def test_reload_answers_the_same(
    index: Index, encoder: SentenceEncoder, tmp_path: Path, audience: Audience
) -> None:
    indexes.save(index, tmp_path / "copy")
    loaded = Answerer(indexes.load(tmp_path / "copy"), encoder)
    original = Answerer(index, encoder)
    for question in QUESTIONS:
        assert loaded.answer(question, audience=audience) == original.answer(question, audience=audience)


def test_key_follows_the_content(
    library: Library, question_bank: QuestionBank, encoder: SentenceEncoder
) -> None:
    document = library.edition
    first = indexes.index_key(document, question_bank, encoder, manual="m", version="v1")
    assert indexes.index_key(document, question_bank, encoder, manual="m", version="v1") == first
    fewer = QuestionBank(question_bank.answerable[1:], question_bank.unanswerable)
    assert indexes.index_key(document, fewer, encoder, manual="m", version="v1") != first
    assert indexes.index_key(document, question_bank, encoder, manual="m", version="v2") != first


@pytest.mark.parametrize(
    ("question", "section", "part"),
    [
        ("午餐几点开始", "1.1", "十一点半"),
        ("素食窗口在哪里", "1.2", "二楼东侧"),
        ("餐具消毒多长时间", "1.3", "二十分钟"),
        ("就餐卡丢了去哪里补", "1.5", "后勤窗口"),
    ],
)
def test_a_manual_on_another_subject_answers_from_text(
    canteen: Answerer, question: str, section: str, part: str
) -> None:
    answer = canteen.answer(question, audience=Audience.CUSTOMER)
    assert answer.ranking[0].section == section
    assert answer.outcome is Outcome.ANSWERED
    assert part in answer.text


@pytest.mark.parametrize("question", ["投诉多久处理完", "你们借款年化利率是多少", "P2P网贷是什么"])
def test_a_manual_on_another_subject_refuses_ours(canteen: Answerer, question: str) -> None:
    answer = canteen.answer(question, audience=Audience.CUSTOMER)
    assert answer.outcome in (Outcome.REFUSED, Outcome.HANDOVER)
