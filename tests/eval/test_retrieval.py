"""One small measurement from end to end on the real encoder: every baseline but Rasa, tables, charts, page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.cli import parser
from bot.runtime import Runtime
from bot.settings import Settings
from eval import rasa_baseline, retrieval
from eval.asked import Asked
from eval.retrieval import PRODUCT, Trial
from eval.scores import UNRANKED, Row, summary
from knowledge.document import Audience, Document, Paragraph, Section
from knowledge.questions import Question, QuestionBank, Unanswerable

MANUAL = Document(
    "手册",
    (
        Section("1.1", "投诉处理", Audience.CUSTOMER, "服务",
                (Paragraph("客户投诉应在七个工作日内处理完毕。投诉可以通过电话或网页提交。"),)),
        Section("1.2", "账户安全", Audience.CUSTOMER, "服务",
                (Paragraph("客户忘记密码时，应通过绑定的手机号码重新设置密码。"),)),
        Section("2.1", "员工考核", Audience.STAFF, "内部", (Paragraph("员工考核每个季度进行一次。"),)),
    ),
)  # fmt: skip
BANK = QuestionBank(
    (
        Question("投诉几天有结果", "1.1", Audience.CUSTOMER, "客户投诉应在七个工作日内处理完毕。"),
        Question("密码忘了怎么办", "1.2", Audience.CUSTOMER),
        Question("多久考核一次", "2.1", Audience.STAFF, "员工考核每个季度进行一次。"),
    ),
    (Unanswerable("今天天气怎么样", "far_weather"),),
)
ASKED = [
    Asked(
        "a1",
        "投诉要多长时间处理完毕",
        Audience.CUSTOMER,
        "easy",
        "answerable",
        "1.1",
        "客户投诉应在七个工作日内处理完毕。",
    ),
    Asked("a2", "忘记密码如何重新设置", Audience.CUSTOMER, "hard", "answerable", "1.2"),
    Asked(
        "a3", "员工考核多久一次", Audience.STAFF, "easy", "answerable", "2.1", "员工考核每个季度进行一次。"
    ),
    Asked("a4", "员工考核多久一次", Audience.CUSTOMER, "easy", "closed", "2.1"),
    Asked("a5", "没有的一节", Audience.STAFF, "easy", "absent", "9.9"),
    Asked("u1", "明天会下雨吗", Audience.CUSTOMER, "", "far"),
]


def test_a_whole_measurement(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime(settings)
    trial = Trial("tiny", "tiny", MANUAL, BANK, ASKED)
    told: list[str] = []
    rows = dict(retrieval.measure(runtime, trial, told.append, lambda *_: None))
    assert list(rows) == [PRODUCT, "BM25", "encoder", "BM25, manual only", "encoder, manual only"]
    assert told and all(len(found) == 5 for found in rows.values())  # the absent one is not asked
    ranks = {row.id: row.rank for row in rows["encoder"]}
    assert ranks["a1"] == ranks["a2"] == ranks["a3"] == 0
    assert ranks["a4"] == UNRANKED  # a customer's search has no staff section
    assert all(row.milliseconds > 0 for found in rows.values() for row in found)
    results = {system: summary(found * 4, 20) for system, found in rows.items()}
    retrieval._write(tmp_path, trial, rows, results, {})
    assert "recall@1" in retrieval.table(results)
    assert "retrieval.html" in capsys.readouterr().out
    written = json.loads((tmp_path / "retrieval.json").read_text(encoding="utf-8"))
    assert written["results"]["encoder"]["all"]["figures"]["recall@1"] == 1.0
    html = (tmp_path / "retrieval.html").read_text(encoding="utf-8")
    assert html.count("<svg") >= 3 and "<script" not in html
    assert not re.search(r'(?:src|href)="(?!#)(?!data:)', html)  # nothing is fetched
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert (tmp_path / "recall.png").stat().st_size > 5000


def test_rasa_learns_one_intent_a_section() -> None:
    assert ("今天天气怎么样", rasa_baseline.OUT_OF_SCOPE) in rasa_baseline.examples(BANK)
    assert ("多久考核一次", "2.1") in rasa_baseline.examples(BANK)


def test_rasa_s_intents_become_a_ranking() -> None:
    def row(asked: Asked, **confidence: float) -> Row:
        ranking = [[name.replace("s", "").replace("_", "."), c] for name, c in confidence.items()]
        ranking.append([rasa_baseline.OUT_OF_SCOPE, 0.1])
        return rasa_baseline._row(asked, MANUAL, {"ranking": sorted(ranking, key=lambda r: -r[1]), "ms": 3.0})

    answered = row(ASKED[0], s1_2=0.6, s1_1=0.3)
    assert (answered.rank, answered.outcome, answered.right) == (1, "answered", False)
    assert answered.score == pytest.approx(0.5)
    assert row(ASKED[0], s1_1=0.05).outcome == "refused"  # out of scope comes first
    closed = row(ASKED[3], s2_1=0.8, s1_1=0.1)
    assert (closed.outcome, closed.rank) == ("refused", UNRANKED)


def test_the_command_is_there() -> None:
    options = parser().parse_args(["eval", "retrieval", "--part", "test", "--no-rasa", "--manual", "手册"])
    assert (options.part, options.no_rasa, options.manual, options.set) == ("test", True, "手册", "blind")
    assert callable(parser().parse_args(["eval", "scale"]).run)
