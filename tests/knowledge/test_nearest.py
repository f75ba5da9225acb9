"""Few vectors are compared exactly, very many by codes; a huge manual is answered like a usual one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from knowledge import index as indexes
from knowledge import nearest
from knowledge import rows as rows_module
from knowledge.answering import Answerer
from knowledge.document import Audience
from knowledge.encoder import SentenceEncoder
from knowledge.index import Index
from knowledge.indexed import Floats
from knowledge.nearest import Nearest, highest
from knowledge.rows import StoredRows

QUESTIONS = ("投诉多久处理完", "提现多久到账", "逾期罚多少", "绩效考核有哪些指标", "今天天气怎么样")


@pytest.fixture
def vectors() -> Floats:
    made = np.random.RandomState(1).normal(size=(3000, 32)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


@given(arrays(np.float32, st.integers(0, 30), elements=st.sampled_from([0.0, 0.5, 1.0])), st.integers(0, 40))
def test_the_highest_are_those_of_a_stable_sort(scores: Floats, count: int) -> None:
    assert highest(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()


def test_few_are_compared_exactly(vectors: Floats) -> None:
    places = np.arange(0, 3000, 2)
    near = Nearest(vectors, places)
    exact = vectors[places] @ vectors[4]
    assert np.array_equal(near.scores(vectors[4]), exact)
    rows, cosines = near.nearest(vectors[4], 5)
    assert rows[0] == 2 and np.array_equal(cosines, exact[rows])
    assert near.most(vectors[:10]) == pytest.approx((vectors[:10] @ vectors[places].T).max(axis=1))


def test_very_many_are_compared_by_codes(vectors: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MANY", 1000)
    monkeypatch.setattr(nearest, "LISTS", 16)
    monkeypatch.setattr(nearest, "PROBED", 16)
    monkeypatch.setattr(nearest, "TOLD_APART", 500)
    places = np.arange(0, 3000, 2)
    near = Nearest(vectors, places)
    exact = vectors[places] @ vectors[4]
    rows, cosines = near.nearest(vectors[4], 50)
    assert rows[0] == 2 and len({*rows} & {*highest(exact, 50)}) >= 48
    assert cosines == pytest.approx(exact[rows], abs=0.01)
    scores = near.scores(vectors[4])
    best = highest(exact, 400)
    assert scores[best] == pytest.approx(exact[best], abs=0.01)
    assert (scores >= cosines[-1] - 1).all() and len(np.unique(scores)) <= 501
    assert near.most(vectors[:10:2]) == pytest.approx(1.0, abs=0.01)


def test_what_is_not_at_the_places_is_never_scored(vectors: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MANY", 1000)
    monkeypatch.setattr(nearest, "LISTS", 16)
    places = np.arange(0, 3000, 2)
    other = vectors.copy()
    other[1::2] = 0
    first, second = Nearest(vectors, places), Nearest(other, places)
    assert np.array_equal(first.scores(vectors[5]), second.scores(vectors[5]))


def test_a_huge_manual_is_answered_like_a_usual_one(
    index: Index, encoder: SentenceEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Answerer(index, encoder)
    indexes.save(index, tmp_path / "index")
    monkeypatch.setattr(rows_module, "IN_MEMORY", 0)
    monkeypatch.setattr(nearest, "MANY", 50)
    monkeypatch.setattr(nearest, "LISTS", 4)
    monkeypatch.setattr(nearest, "PROBED", 4)
    huge = Answerer(indexes.load(tmp_path / "index"), encoder)
    assert isinstance(huge.index.passage_tokens.rows, StoredRows)
    assert isinstance(huge.index.unit_vectors, StoredRows)
    for question in QUESTIONS:
        for audience in Audience:
            one, other = (each.answer(question, audience=audience) for each in (usual, huge))
            assert (one.outcome, one.text, one.ranking[0].section) == (
                other.outcome,
                other.text,
                other.ranking[0].section,
            )
    indexes.save(huge.index, tmp_path / "again")
    for file in (tmp_path / "index").glob("*.npy"):
        assert np.array_equal(np.load(file), np.load(tmp_path / "again" / file.name))
