"""A grown manual becomes an index like any other and can be measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.runtime import Runtime
from bot.settings import Settings
from eval import scale
from eval.synthetic import grow
from knowledge import index as indexes
from knowledge.document import Audience
from knowledge.vectors import VectorCache


def test_a_grown_index_is_searched_and_measured(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scale, "REAL", 20)
    monkeypatch.setattr(scale, "ASKED", 3)
    monkeypatch.setattr(scale, "WARM", 1)
    runtime = Runtime(settings)
    grown = grow(runtime.library.edition, 60, 1)
    cache = VectorCache(settings.data_dir / "vectors", runtime.encoder)
    indexes.save(scale.grown_index(runtime, grown, cache, lambda *_: None), tmp_path / "index")
    result = scale.worker(settings.data_dir, tmp_path / "index")
    base = runtime.library.index("wenjin", runtime.encoder)
    assert result["passages"] == len(base.passages) + 60
    assert result["sentences"] == len(base.units) + len(grown.units)
    for audience in Audience:
        assert result[audience]["passages"] <= result["passages"]
        assert result[audience]["search_median_ms"] > 0
    assert result["memory"]["at the end"]["peak_mb"] > 0
    scale._report({**result, "prepare_seconds": 1})
    assert f"{result['passages']} passages" in capsys.readouterr().out
