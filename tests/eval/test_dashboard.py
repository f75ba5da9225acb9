"""The dashboard's measurement runs whole on a small year."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bot.settings import Settings
from eval import dashboard

COUNTED = ("turns", "tickets", "conversations", "count_seconds")


def test_every_page_is_measured(tmp_path: Path) -> None:
    arguments = argparse.Namespace(
        turns=300, tickets=60, out=tmp_path, data=None, settings=Settings(data_dir=tmp_path / "data")
    )
    found = measured(arguments)
    for kind in {"sqlite", "postgresql"} & set(found):
        assert set(dashboard.pages()) <= set(found[kind])
        assert all(found[kind][page]["median_ms"] > 0 for page in dashboard.pages())
        assert found[kind]["differ"] == {"30": [], "90": []}


def test_data_that_is_kept_is_measured_again(tmp_path: Path) -> None:
    arguments = argparse.Namespace(
        turns=100, tickets=20, out=tmp_path, data=tmp_path / "kept", settings=Settings(data_dir=tmp_path)
    )
    first = measured(arguments)
    database = (tmp_path / "kept" / "wenjin.db").read_bytes()
    arguments.turns = 100_000_000
    second = measured(arguments)
    assert {key: first[key] for key in COUNTED} == {key: second[key] for key in COUNTED}
    assert (tmp_path / "kept" / "wenjin.db").read_bytes() == database


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    assert dashboard.run(arguments) == 0
    found: dict[str, Any] = json.loads((arguments.out / "dashboard.json").read_text(encoding="utf-8"))
    assert found["turns"] in (100, 300) and found["conversations"] > 5
    return found
