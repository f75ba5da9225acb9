"""The widget's own tools (Node, npm and what package-lock.json names), for the tests that need them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.settings import PROJECT

WIDGET = PROJECT / "bot" / "widget"
MODULES = WIDGET / "node_modules"
MINUTES = 10


def run(*command: str) -> str:
    """Run a command in the widget's folder and return what it printed; fail the test when it fails."""
    done = subprocess.run(
        command,
        cwd=WIDGET,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=MINUTES * 60,
    )
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(command)}:\n{said}"
    return said


def installed() -> Path:
    """Return the folder of installed packages; skip where there is no Node or the registry is out of reach."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node is not installed: the widget's source was not built and not tested.")
    if not (MODULES / ".package-lock.json").is_file():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=WIDGET, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=MINUTES * 60,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm could not install the widget's tools: {done.stdout.decode()[-300:]}")
    return MODULES


def axe() -> str:
    """Return the script of axe-core."""
    return (installed() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
