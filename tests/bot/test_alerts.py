"""The alert rules fire when they should and stay quiet when they should not; what promtool says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import metrics
from bot.settings import PROJECT
from tests.bot.serving import Live

FOLDER = PROJECT / "bot" / "docs" / "operations"
RULES, TRIALS = FOLDER / "prometheus-alerts.yml", FOLDER / "prometheus-alerts-test.yml"
PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
RULE_NAMES = [rule["alert"] for rule in yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]]
NEVER, ALWAYS = "vector(0) > 1", "vector(1) > 0"


def _promtool(*arguments: str, fed: str = "") -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    return subprocess.run(
        [PROMTOOL, *arguments], input=fed, capture_output=True, text=True, check=False, timeout=60
    )


def _trials() -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = yaml.safe_load(TRIALS.read_text("utf-8"))["tests"]
    return tests


def test_each_rule_is_tried_firing_and_quiet() -> None:
    asked = [one for trial in _trials() for one in trial["alert_rule_test"]]
    assert {one["alertname"] for one in asked if one["exp_alerts"]} == set(RULE_NAMES)
    assert {one["alertname"] for one in asked if not one["exp_alerts"]} == set(RULE_NAMES)


def test_trials_are_made_of_what_is_scraped() -> None:
    there = {"up", *(one.name for one in metrics.REGISTRY.collect())}
    series = [one["series"].partition("{")[0] for trial in _trials() for one in trial["input_series"]]
    assert {re.sub(r"_bucket$|_total$", "", name) for name in series} <= there


@with_promtool
def test_promtool_takes_the_rules_and_every_trial_comes_out() -> None:
    assert _promtool("check", "rules", str(RULES)).returncode == 0
    done = _promtool("test", "rules", str(TRIALS))
    assert done.returncode == 0, done.stdout + done.stderr


@with_promtool
@pytest.mark.parametrize("broken", [NEVER, ALWAYS])
@pytest.mark.parametrize("name", RULE_NAMES)
def test_a_broken_rule_is_noticed(name: str, broken: str, tmp_path: Path) -> None:
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    for rule in rules["groups"][0]["rules"]:
        rule["expr"] = broken if rule["alert"] == name else rule["expr"]
    (tmp_path / RULES.name).write_text(yaml.safe_dump(rules, allow_unicode=True), "utf-8")
    shutil.copy(TRIALS, tmp_path)
    done = _promtool("test", "rules", str(tmp_path / TRIALS.name))
    assert done.returncode == 1
    assert name in done.stdout + done.stderr


@with_promtool
def test_promtool_has_nothing_to_say_of_what_is_scraped(server: Live) -> None:
    scraped = server.client().get("/metrics").raise_for_status().text
    done = _promtool("check", "metrics", fed=scraped)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
