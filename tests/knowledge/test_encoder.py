"""The real encoder, rebuilt from packaged weights."""

from pathlib import Path

import numpy as np
import pytest

from knowledge import weights
from knowledge.encoder import SentenceEncoder
from knowledge.errors import WenjinError
from knowledge.vectors import VectorCache


def test_vectors_are_unit_length_and_mean_something(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(["投诉多久能处理完", "投诉处理要几天", "红烧肉怎么做"])
    assert vectors.shape == (3, encoder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.05


def test_a_batch_gives_what_single_texts_give(encoder: SentenceEncoder) -> None:
    texts = ["钱", "资金结算要实时到账或次日到账，这样才能保证资金安全。", "什么是互联网金融？"]
    together = encoder.encode_full(texts)
    for text, one in zip(texts, together, strict=True):
        alone = encoder.encode_full([text])[0]
        assert alone.tokens.shape == one.tokens.shape
        assert np.allclose(alone.sentence, one.sentence, atol=1e-4)
        assert np.allclose(alone.tokens, one.tokens, atol=1e-3)


def test_a_turn_is_encoded_once(encoder: SentenceEncoder) -> None:
    assert encoder.encode_one("同一句话只算一次") is encoder.encode_one("同一句话只算一次")


def test_symbols_and_emptiness_can_be_encoded(encoder: SentenceEncoder) -> None:
    for text in ("", "😀", "\u200b", "，。", "x" * 5000):
        encoded = encoder.encode_full([text])[0]
        assert np.isfinite(encoded.sentence).all()
        assert len(encoded.tokens) >= 1


def test_known_texts_are_not_encoded_again(encoder: SentenceEncoder, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    cache = VectorCache(tmp_path, encoder)
    first = cache.encode(["甲", "乙", "甲"], progress=lambda done, total: seen.append((done, total)))
    second = cache.encode(["乙", "丙"], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 2), (1, 1)]
    assert np.array_equal(first[0].sentence, first[2].sentence)
    assert np.array_equal(first[1].sentence, second[0].sentence)


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "weights.bin"
    damaged.write_bytes(b"not the weights")
    monkeypatch.setattr(weights, "MEMBER", str(damaged))
    with pytest.raises(WenjinError) as caught:
        weights.source_file()
    assert caught.value.code == "encoder_source_damaged"


def test_missing_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no-such-package-anywhere")
    with pytest.raises(WenjinError) as caught:
        weights.source_file()
    assert caught.value.code == "encoder_source_missing"


@pytest.mark.parametrize("config", [None, "{", '{"model_type": "no_such"}'])
def test_what_is_no_model_is_refused_by_its_name(tmp_path: Path, config: str | None) -> None:
    folder = tmp_path / "model"
    if config is not None:
        folder.mkdir()
        (folder / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(WenjinError) as caught:
        SentenceEncoder(folder)
    assert caught.value.code == "encoder_unusable"
    assert str(folder) in caught.value.message
