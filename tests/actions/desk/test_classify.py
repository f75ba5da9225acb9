"""Tests of learning business and cause from examples: made once, made anew after a change, sure of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from actions.desk import categories, classify
from actions.desk.classify import Classifier, Example, ensure, fingerprint, learn, read_examples, read_words
from knowledge.encoder import Encoded
from knowledge.errors import WenjinError
from knowledge.text import normalise

ABOUT = {"payment": "转账支付", "wealth": "基金理财"}
WHY = {"facilities": "闪退打不开", "fund_safety": "扣两次没到"}
EXAMPLES = [
    Example(f"{word}{why[:2]}{'啊呀吧呢'[n]}", business, cause)
    for business, word in ABOUT.items()
    for cause, why in WHY.items()
    for n in range(4)
]
WORDS = {"payment": ["转账"], "wealth": ["基金"]}


def encode(texts: Sequence[str]) -> list[Encoded]:
    """Give each text a vector by the words in it."""
    marks = [*ABOUT.values(), *WHY.values()]
    rows = np.array([[sum(c in text for c in mark) for mark in marks] for text in texts], np.float32)
    return [Encoded(row, row[None]) for row in rows / np.linalg.norm(rows, axis=1, keepdims=True)]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Learn from a few examples in a file."""
    file = tmp_path / "examples.yml"
    write(file, EXAMPLES)
    monkeypatch.setattr(classify, "read_examples", lambda: read_examples(file))
    yield file


def write(file: Path, examples: Sequence[Example]) -> None:
    """Write examples as people edit them."""
    lines = [f'- {{text: "{e.text}", business: {e.business}, cause: {e.cause}}}' for e in examples]
    file.write_text("\n".join(lines), encoding="utf-8")


def test_what_was_learnt_is_proposed_with_its_confidence(small: Path, tmp_path: Path) -> None:
    del small
    classifier = Classifier.load(ensure(tmp_path / "models", "e", encode))
    text = "转账扣两次了"
    guessed = classifier.guess(text, encode([text])[0].sentence)
    assert [guess.key for guess in guessed["business"]] == ["payment", "wealth"]
    assert guessed["cause"][0].key == "fund_safety"
    for guesses in guessed.values():
        assert sum(guess.confidence for guess in guesses) == pytest.approx(1, abs=0.01)
        assert guesses[0].confidence > 0.5


def test_an_axis_may_have_one_value() -> None:
    alone = [Example(e.text, "payment", e.cause) for e in EXAMPLES]
    vectors = np.stack([one.sentence for one in encode([one.text for one in alone])])
    classifier = Classifier(learn(alone, WORDS, vectors))
    assert classifier.guess("转账", vectors[0])["business"] == [classify.Guess("payment", 1.0)]


def test_nothing_is_learnt_twice_and_a_change_is_learnt(small: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = ensure(tmp_path / "models", "e", encode, said.append)
    assert ensure(tmp_path / "models", "e", encode, said.append) == first
    assert said == ["学习投诉分类"]
    write(small, EXAMPLES[:-1])
    assert ensure(tmp_path / "models", "e", encode, said.append) != first
    assert first.is_file()  # another process may be loading it


def test_only_the_newest_models_are_kept(small: Path, tmp_path: Path) -> None:
    for number in range(4):
        write(small, EXAMPLES[number:])
        ensure(tmp_path / "models", "e", encode)
    assert len(list((tmp_path / "models").iterdir())) == 2


def test_the_fingerprint_follows_examples_words_and_encoder() -> None:
    prints = {
        fingerprint(EXAMPLES, WORDS, "a"),
        fingerprint(EXAMPLES[1:], WORDS, "a"),
        fingerprint(EXAMPLES, {}, "a"),
        fingerprint(EXAMPLES, WORDS, "b"),
    }
    assert len(prints) == 4


def test_examples_of_categories_that_are_off_the_list_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "examples.yml"
    write(file, [*EXAMPLES, Example("旧的", "gone", "facilities")])
    assert len(read_examples(file)) == len(EXAMPLES)


@pytest.mark.parametrize("content", ["- {text: 少了}", "{", "5"])
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "examples.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(WenjinError, match=r"examples\.yml"):
        read_examples(file)


def test_examples_beside_an_own_list_are_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "categories.yml"
    own.write_text(
        "business: [{key: loans, label: 贷款}]\nchannel: [{key: web, label: 网页}]\n"
        "cause: [{key: slow, label: 慢, hint: 等得久, measures: 加人}]",
        encoding="utf-8",
    )
    monkeypatch.setattr(categories, "_file", [own])
    assert categories.axes()["cause"][0].measure == "加人"
    with pytest.raises(WenjinError, match="没有一条例句"):
        read_examples()
    write(tmp_path / "examples.yml", [Example("太慢了", "loans", "slow")])
    assert [one.text for one in read_examples()] == ["太慢了"]
    assert read_words() == {}


def test_our_own_examples_and_words_fit_the_list() -> None:
    own = read_examples()
    assert len(own) > 600
    for axis in classify.AXES:
        keys = {value.key for value in categories.axes()[axis]}
        assert {getattr(one, axis) for one in own} == keys
    assert set(read_words()) == {value.key for value in categories.axes()["business"]}


def test_no_held_out_complaint_is_learnt_from() -> None:
    held = read_examples(classify.EXAMPLES.with_name("held_out.yml"))
    assert len(held) > 150
    assert not {normalise(one.text) for one in held} & {normalise(one.text) for one in read_examples()}


def test_complaints_are_compared_without_what_all_share() -> None:
    vectors = np.stack([one.sentence for one in encode([one.text for one in EXAMPLES])])
    classifier = Classifier(learn(EXAMPLES, WORDS, vectors))
    rows = classifier.compare_by(vectors)
    alike = rows @ rows.T
    same = np.array([[a.cause == b.cause and a.business == b.business for b in EXAMPLES] for a in EXAMPLES])
    assert alike[same].min() > alike[~same].max()
