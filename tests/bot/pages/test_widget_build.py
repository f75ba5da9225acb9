"""The widget's source: its types, its own tests, and that the committed file is what it builds."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from bot.pages.assets import static_dir
from tests.bot.pages.widget_tools import WIDGET, installed, run

BUILT = static_dir() / "widget" / "wenjin-chat.js"
LARGEST = 60_000  # bytes, gzipped


@pytest.fixture
def tools() -> Path:
    """Return the installed tools."""
    return installed()


def test_the_widget_is_small() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), 9)) < LARGEST


def test_the_widget_is_one_file_and_needs_no_policy_exceptions() -> None:
    text = BUILT.read_text(encoding="utf-8")
    assert [path.name for path in BUILT.parent.iterdir()] == [BUILT.name]
    assert not re.search(r"\bimport\s*\(|\bimport\.meta|createElement\(.style.\)|\.cssText", text)


def test_the_committed_file_is_what_the_source_builds(tools: Path, tmp_path: Path) -> None:
    assert tools.is_dir()
    run("npx", "vite", "build", "--outDir", str(tmp_path))
    assert (tmp_path / BUILT.name).read_bytes() == BUILT.read_bytes()


def test_types_and_rules_of_the_source_hold(tools: Path) -> None:
    assert tools.is_dir()
    run("npx", "tsc", "--noEmit")
    run("npx", "vitest", "run")


def test_the_lock_names_no_host() -> None:
    assert "http" not in re.sub(
        r'"url": "[^"]*"', "", (WIDGET / "package-lock.json").read_text(encoding="utf-8")
    )
