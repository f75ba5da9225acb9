"""What is asked: halves that never move, splits that hold out, sides and sentences of a manual."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.asked import NOWHERE, Asked, half, known_already, load_blind, part, settle, side_of, split
from knowledge.document import Audience, Document, Paragraph, Section
from knowledge.errors import WenjinError
from knowledge.vectors import VectorCache

if TYPE_CHECKING:
    from knowledge.encoder import SentenceEncoder
    from knowledge.questions import QuestionBank

ANSWERABLE = {"id": "c1", "question": "多久处理完", "audience": "customer", "section": "2.1",
              "sentence": "投诉在七日内处理完毕。", "difficulty": "hard"}  # fmt: skip
UNANSWERABLE = {"id": "u1", "question": "我的余额", "audience": "customer", "kind": "account", "why": "个人"}


def _files(folder: Path, answerable: list[object], unanswerable: list[object]) -> Path:
    for name, rows in (("answerable", answerable), ("unanswerable", unanswerable)):
        lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_blind_questions_are_read(tmp_path: Path) -> None:
    one, other = load_blind(_files(tmp_path, [ANSWERABLE], [UNANSWERABLE]))
    assert one == Asked(
        "c1", "多久处理完", Audience.CUSTOMER, "hard", "answerable", "2.1", "投诉在七日内处理完毕。"
    )
    assert (other.side, other.section) == ("account", "")


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(WenjinError, match=r"answerable\.jsonl 第 2 行"):
        load_blind(_files(tmp_path, [ANSWERABLE, '{"id": 3}'], [UNANSWERABLE]))
    with pytest.raises(WenjinError, match="没有找到"):
        load_blind(tmp_path / "nowhere")


def test_halves_never_move() -> None:
    assert [half(f"q{i}") for i in range(8)] == ["dev", "test", "dev", "dev", "test", "dev", "test", "test"]
    asked = [Asked(f"q{i}", "问", Audience.STAFF, "", "near") for i in range(400)]
    dev, test = part(asked, "dev"), part(asked, "test")
    assert len(dev) + len(test) == 400 and abs(len(dev) - 200) < 40
    assert part(asked, "all") == asked
    assert part(asked[:100], "dev") == dev[: len(part(asked[:100], "dev"))]  # later questions move none


@pytest.mark.parametrize(
    ("kind", "side"),
    [
        ("account", "account"),
        ("near_account", "account"),
        ("far_life", "far"),
        ("staff_hr", "near"),
        ("near", "near"),
    ],
)
def test_sides_of_kinds(kind: str, side: str) -> None:
    assert side_of(kind) == side


def test_split_holds_out_and_is_the_same_again(question_bank: QuestionBank) -> None:
    one, other = split(question_bank, 1), split(question_bank, 1)
    assert one == other != split(question_bank, 2)
    asked = [q for q in one.asked if q.side == "answerable"]
    assert len(asked) + len(one.bank.answerable) == len(question_bank.answerable)
    assert len(one.asked) - len(asked) + len(one.bank.unanswerable) == len(question_bank.unanswerable)
    anchors = split(question_bank, 1, by_sentence=True)
    held = {(q.section, q.sentence) for q in anchors.asked if q.section}
    assert held and not held & {(q.section, q.anchor) for q in anchors.bank.answerable}


def test_questions_of_the_bank_are_noticed(question_bank: QuestionBank) -> None:
    known = Asked("a", f" {question_bank.answerable[0].text}", Audience.STAFF, "", "answerable")
    new = Asked("b", "这句话题库里肯定没有", Audience.STAFF, "", "answerable")
    assert known_already([known, new], question_bank) == [known]


def test_sides_and_sentences_are_the_manual_s_own(tmp_path: Path, encoder: SentenceEncoder) -> None:
    manual = Document(
        "手册",
        (
            Section(
                "2.1", "投诉", Audience.CUSTOMER, "服务", (Paragraph("投诉应在7日内处理完毕。请保留凭证。"),)
            ),
            Section("3.1", "考核", Audience.STAFF, "内部", (Paragraph("考核每季度一次。"),)),
        ),
    )
    asked = [
        Asked("1", "多久", Audience.CUSTOMER, "", "answerable", "2.1", "投诉在七日内处理完毕。"),
        Asked("2", "考核", Audience.CUSTOMER, "", "answerable", "3.1", "考核每季度一次"),
        Asked("3", "考核", Audience.STAFF, "", "answerable", "3.1", "考核每季度一次"),
        Asked("4", "没有", Audience.STAFF, "", "answerable", "9.9", "没有这一节。"),
        Asked("5", "天气", Audience.CUSTOMER, "", "far"),
        Asked("6", "多久", Audience.CUSTOMER, "", "answerable", "2.1", "火星上没有水，也没有空气。"),
    ]
    settled = settle(asked, manual, VectorCache(tmp_path, encoder))
    assert [q.side for q in settled] == ["answerable", "closed", "answerable", NOWHERE, "far", "answerable"]
    assert settled[0].sentence == "投诉应在7日内处理完毕。"  # another edition's words
    assert settled[2].sentence == "考核每季度一次。"
    assert settled[5].sentence == ""  # nothing alike: no sentence figure
