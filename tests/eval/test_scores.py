"""The figures of a measurement are what their names say."""

from __future__ import annotations

from eval.retrieval import split
from eval.scores import Row, curve, figures, refused_at, summary
from knowledge.questions import QuestionBank


def _row(side: str, *, rank: int = 0, score: float = 1.0, outcome: str = "answered", **more: bool) -> Row:
    return Row("问", "customer", "full", side, rank, score, outcome, **more)


def test_figures() -> None:
    rows = [
        _row("answerable", sentence=True, quoted=True),
        _row("answerable", rank=1, outcome="clarify"),
        _row("answerable", rank=3, outcome="refused"),
        _row("answerable", rank=9, quoted=True),
        _row("near", outcome="handover"),
        _row("near", outcome="answered"),
    ]
    found = figures(rows)
    assert found["first 1"] == 0.25 and found["first 3"] == 0.5 and found["first 5"] == 0.75
    assert found["MRR"] == round((1 + 1 / 2 + 1 / 4 + 1 / 10) / 4, 4)
    assert found["kept"] == 0.75 and found["clarified"] == 0.25
    assert found["sentence"] == 0.5 and found["quoted"] == 1.0
    assert found["near refused"] == 0.5


def test_refusal_at_a_share_kept() -> None:
    asked = [_row("answerable", score=s / 10) for s in range(11)]
    refusable = [_row("far", score=s) for s in (-1.0, 0.0, 0.45, 0.95)]
    assert refused_at(asked, refusable, kept=0.5) == 0.75
    assert curve([*asked, *refusable])[-1] == (1.0, 0.25)
    assert curve(asked) == []


def test_small_groups_are_left_out() -> None:
    assert set(summary([_row("answerable")] * 15)) == {"all", "customer", "style full"}
    assert set(summary([_row("answerable")] * 14)) == set()


def test_split_holds_out_and_is_the_same_again(question_bank: QuestionBank) -> None:
    one, other = split(question_bank, 1), split(question_bank, 1)
    assert one == other != split(question_bank, 2)
    assert len(one.asked) + len(one.bank.answerable) == len(question_bank.answerable)
    assert not {(q.text, q.section, q.anchor) for q in one.asked} & {
        (q.text, q.section, q.anchor) for q in one.bank.answerable
    } - _twice(question_bank)
    anchors = split(question_bank, 1, by_sentence=True)
    held = {(q.section, q.anchor) for q in anchors.asked}
    assert held and not held & {(q.section, q.anchor) for q in anchors.bank.answerable}


def _twice(bank: QuestionBank) -> set[tuple[str, str, str]]:
    keys = [(q.text, q.section, q.anchor) for q in bank.answerable]
    return {key for key in keys if keys.count(key) > 1}
