"""Short questions find their standard question, on the real encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from knowledge.faq_matching import (
    Adapted,
    Encode,
    Likeness,
    Matcher,
    log_softmax,
    standardise,
    train_head,
    unit,
)
from knowledge.vectors import VectorCache

if TYPE_CHECKING:
    from knowledge.encoder import SentenceEncoder

STANDARD = ["忘记密码怎么办", "如何注销账号", "基金赎回多久到账"]
EXAMPLES = [
    ("密码想不起来了", 0),
    ("登录密码忘了咋整", 0),
    ("账户不想要了，怎么销户", 1),
    ("我要把号注销掉", 1),
    ("卖了基金钱什么时候到", 2),
    ("赎回几天能到银行卡", 2),
]
ASKED = ["密码忘记了", "怎么把账号注销", "基金卖出后多长时间到账"]


@pytest.fixture
def encode(tmp_path: Path, encoder: SentenceEncoder) -> Encode:
    return VectorCache(tmp_path, encoder).encode


def test_likeness_needs_no_example(encode: Encode) -> None:
    assert Likeness(STANDARD, encode).scores(ASKED).argmax(axis=1).tolist() == [0, 1, 2]


def test_unlabelled_questions_help_and_change_no_right_answer(encode: Encode) -> None:
    unlabelled = [text for text, _ in EXAMPLES]
    likeness = Likeness(STANDARD, encode, unlabelled=unlabelled)
    assert likeness.scores(ASKED).argmax(axis=1).tolist() == [0, 1, 2]
    assert Adapted(likeness, unlabelled).scores(ASKED).argmax(axis=1).tolist() == [0, 1, 2]


def test_examples_are_learned_the_same_each_time(encode: Encode) -> None:
    texts, labels = [text for text, _ in EXAMPLES], [label for _, label in EXAMPLES]
    likeness = Likeness(STANDARD, encode, unlabelled=texts)
    one, other = (Matcher(likeness, texts, labels) for _ in range(2))
    scores = one.scores(ASKED)
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.allclose(np.exp(scores).sum(axis=1), 1, atol=1e-4)
    assert np.allclose(scores, other.scores(ASKED), atol=1e-2)  # a cache keeps tokens as 16-bit floats
    near = one.nearness([*ASKED, "今天天气怎么样"])
    assert near[:3].min() > near[3]


def test_two_answers_are_enough(encode: Encode) -> None:
    likeness = Likeness(STANDARD[:2], encode)
    matcher = Matcher(likeness, ["密码想不起来了", "我要把号注销掉"], [0, 1])
    assert matcher.scores(ASKED[:2]).argmax(axis=1).tolist() == [0, 1]


def test_a_head_learns_what_likeness_does_not_tell() -> None:
    rng = np.random.RandomState(1)
    vectors = unit(rng.standard_normal((2000, 8)).astype(np.float32))
    labels = (vectors[:, 3] > 0).astype(np.int64)
    head = train_head(vectors, labels, unit(rng.standard_normal((2, 8)).astype(np.float32)))
    assert (head.scores(vectors).argmax(axis=1) == labels).mean() > 0.85


def test_rows_are_put_on_one_scale() -> None:
    rows = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]], np.float32)
    assert np.allclose(standardise(rows).mean(axis=1), 0)
    assert np.allclose(standardise(rows)[1], 0)
    assert np.allclose(np.exp(log_softmax(rows)).sum(axis=1), 1)
