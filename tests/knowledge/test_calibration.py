"""The judge keeps what it promises on questions it was not trained on, and its parts do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge import characters
from knowledge.calibration import text_judge
from knowledge.document import Audience
from knowledge.index import Index
from knowledge.projection import project, train


def test_both_audiences_have_a_calibrated_judge(index: Index) -> None:
    assert set(index.judges) == set(Audience)
    assert all(judge.stack is not None and judge.close > 0 for judge in index.judges.values())


def test_projection_brings_the_same_question_together() -> None:
    rng = np.random.RandomState(0)
    topics = rng.normal(size=(20, 32)).astype(np.float32)
    noise = rng.normal(size=(400, 32)).astype(np.float32) * 2
    noise[:, :16] *= 0.1  # half of the dimensions carry the topic, the others only noise
    labels = np.arange(400) % 20
    vectors = topics[labels] + noise
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    matrix = train(vectors, labels, labels)
    assert _nearest_agree(project(vectors, matrix), labels) > _nearest_agree(vectors, labels) + 0.05
    assert np.array_equal(matrix, train(vectors, labels, labels))


def _nearest_agree(vectors: np.ndarray, labels: np.ndarray) -> float:  # type: ignore[type-arg]
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -1)
    return float((labels[similar.argmax(axis=1)] == labels).mean())


def test_few_examples_leave_vectors_as_they_are() -> None:
    labels = np.zeros(10, np.int64)
    assert np.array_equal(train(np.ones((10, 4), np.float32), labels, labels), np.eye(4, dtype=np.float32))


def test_wording_tells_classes_apart() -> None:
    texts = ["怎么退款", "退款多久", "我要退款", "今天天气", "天气好吗", "明天天气"]
    positive = np.array([True, True, True, False, False, False])
    model = characters.train(texts, positive, np.ones(6, np.float32))
    assert model.score("退款流程") > 0 > model.score("后天天气")
    assert model.score("") == model.bias


def test_text_judge_refuses_most_of_other_subjects() -> None:
    scores = np.linspace(0.7, 0.9, 100).tolist()
    assert text_judge(scores).threshold == pytest.approx(0.89, abs=0.002)
    assert text_judge([]).threshold == 0.9
