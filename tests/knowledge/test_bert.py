"""One text through the quick reader comes out as it does through the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from knowledge import bert
from knowledge.encoder import SentenceEncoder

TEXTS = ("钱", "投诉一般多久能处理完", "ok，我的订单 20261101 什么时候到账？" * 3, "", "😀", "长" * 3000)


@pytest.fixture
def model(prepared: Path) -> SentenceTransformer:
    """The offline encoder as the library loads it."""
    folder = str(prepared / "encoder")
    loaded = SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})
    return loaded.eval()


def _vectors(model: SentenceTransformer) -> Any:
    prompt = model.prompts["query"]
    return np.vstack([model.encode([prompt + text], prompt="", show_progress_bar=False) for text in TEXTS])


def test_the_vectors_are_the_librarys(model: SentenceTransformer, encoder: SentenceEncoder) -> None:
    assert encoder._quick is not None
    wanted = _vectors(model)
    got = np.vstack([encoder.encode_full([text])[0].sentence for text in TEXTS])
    assert ((wanted * got).sum(axis=1) > bert.ALIKE).all()


@pytest.mark.parametrize(("half", "alike"), [(False, 0.999999), (True, bert.ALIKE)], ids=["single", "half"])
def test_each_piece_is_the_librarys(
    model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch, half: bool, alike: float
) -> None:
    if half and not bert._multiplies_half():
        pytest.skip("this processor does not multiply bfloat16")
    monkeypatch.setattr(bert, "_multiplies_half", lambda: half)
    with torch.inference_mode():
        quick = bert.quicken(model[0])
        assert quick is not None
        assert quick.half == half
        for text in TEXTS:
            features = model[0].preprocess([text])
            wanted = model[0](dict(features))["token_embeddings"]
            got = quick(features["input_ids"])
            assert got.dtype == torch.float32
            assert torch.nn.functional.cosine_similarity(got, wanted, dim=-1).min() > alike


def test_where_a_sample_differs_it_is_not_used(
    model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _vectors(model)
    monkeypatch.setattr(bert, "ALIKE", 1.1)
    with torch.inference_mode():
        assert bert.quicken(model[0]) is None
    assert np.array_equal(before, _vectors(model))


def test_other_models_are_left_alone(model: SentenceTransformer) -> None:
    assert bert.quicken(model[1]) is None
    model[0].auto_model.config.hidden_act = "relu"
    assert bert.quicken(model[0]) is None
