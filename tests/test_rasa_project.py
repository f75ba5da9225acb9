"""The Rasa project is one that the plain `rasa` command takes: its data are valid, its test conversations pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bot.dialogue import train
from bot.settings import PROJECT
from eval.conversations import read_stories

DATA = [str(PROJECT / "training_data" / name) for name in ("nlu", "rules", "stories")]
DOMAIN = str(PROJECT / "bot" / "rasa" / "domain")
CONFIG = str(PROJECT / "bot" / "rasa" / "config.yml")


def rasa(prepared: Path, cwd: Path, *arguments: str) -> str:
    """Run the plain command in a folder of its own and return what it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "WENJIN_ENCODER": str(prepared / "encoder"),
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-m", "rasa", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    return said


def test_the_data_are_valid(prepared: Path, tmp_path: Path) -> None:
    said = rasa(
        prepared, tmp_path, "data", "validate", "--domain", DOMAIN, "--config", CONFIG, "--data", *DATA
    )
    assert "Story structure conflicts" not in said


def test_rasa_test_passes_every_conversation(prepared: Path, tmp_path: Path) -> None:
    model = train(out=prepared / "models", encoder_path=prepared / "encoder")
    stories = str(PROJECT / "tests" / "conversations")
    rasa(
        prepared, tmp_path, "test", "core", "--e2e", "--stories", stories, "--model", str(model),
        "--out", str(tmp_path / "results"),
    )  # fmt: skip
    report = json.loads((tmp_path / "results" / "story_report.json").read_text(encoding="utf-8"))
    assert report["conversation_accuracy"]["total"] == len(read_stories())
    failed = (tmp_path / "results" / "failed_test_stories.yml").read_text(encoding="utf-8")
    assert mistakes(failed) == []


def mistakes(failed: str) -> list[str]:
    """Return the lines of Rasa's report that are wrong; the intent of what an open form takes decides nothing."""
    found, form = [], None
    lines = failed.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("- story:"):
            form = None
        elif "active_loop:" in line:
            form = line.split(":")[1].strip()
        taken = form not in (None, "null") and following.strip() == f"- action: {form}"
        if "# predicted" in line and not ("- intent:" in line and taken):
            found.append(line.strip())
    return found


def test_a_wrong_intent_counts_only_where_it_decides() -> None:
    opening = [
        "- story: a",
        "  - intent: greet  # predicted: complain: 我要投诉",
        "  - action: complaint_form",
    ]
    inside = ["  - active_loop: complaint_form", "  - intent: deny  # predicted: affirm: 支付"]
    action = ["  - action: complaint_form", "  - action: utter_bot  # predicted: action_listen"]
    assert mistakes("\n".join([*opening, *inside, *action])) == [opening[1].strip(), action[1].strip()]
