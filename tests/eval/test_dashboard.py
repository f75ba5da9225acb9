"""The dashboard's measurement runs whole on a small year."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bot.settings import Settings
from eval import dashboard


def test_every_page_is_measured(tmp_path: Path) -> None:
    arguments = argparse.Namespace(
        turns=300, tickets=60, out=tmp_path, settings=Settings(data_dir=tmp_path / "data")
    )
    assert dashboard.run(arguments) == 0
    found = json.loads((tmp_path / "dashboard.json").read_text(encoding="utf-8"))
    assert found["turns"] == 300 and found["conversations"] > 10
    for kind in {"sqlite", "postgresql"} & set(found):
        assert set(dashboard.pages()) <= set(found[kind])
        assert all(one["median_ms"] > 0 for one in found[kind].values() if isinstance(one, dict))
