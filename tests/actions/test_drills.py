"""Drills: marked by their rules, said line by line, finished once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.store.engine import Database
from actions.store.tables.training import AttemptState, DrillRun
from actions.training import drills
from knowledge.errors import WenjinError
from tests.actions.training_bank import stocked

ALL = drills.load(Path(__file__).parents[2] / "training_data" / "drills")
DRILL = ALL["d-failed-withdrawal"]
NOW = datetime(2026, 3, 3, 2, 20, tzinfo=UTC)
ME, OTHER = "user-me", "user-other"


def model_lines(drill: drills.Drill) -> list[str]:
    """Return what a good trainee says: at each turn the model lines of what it invites."""
    models = {one.key: one.model for one in drill.goals}
    lines: list[str] = []
    while at := drills.play(drill, lines).at:
        lines.append("".join(models[key] for key in at.expect))
    return lines


@pytest.mark.parametrize("drill", ALL.values(), ids=list(ALL))
def test_model_lines_end_well(drill: drills.Drill) -> None:
    state = drills.play(drill, model_lines(drill))
    assert state.good
    assert state.broken == ()
    assert state.talk[-1].text == drill.good
    assert state.score == sum(one.points for one in state.met) <= drill.max_score == 100


@pytest.mark.parametrize("drill", ALL.values(), ids=list(ALL))
def test_silence_ends_poorly(drill: drills.Drill) -> None:
    state = drills.play(drill, ["嗯"] * 20)
    assert (state.at, state.good, state.score) == (None, False, 0)
    assert state.talk[-1].text == drill.poor


def test_a_forbidden_line_is_taken_off_once_and_ends_poorly() -> None:
    lines = model_lines(DRILL)
    clean = drills.play(DRILL, lines)
    bad = drills.play(
        DRILL, [f"{lines[0]}把短信验证码发给我。", f"{lines[1]}把短信验证码发给我。", *lines[2:]]
    )
    assert [one.key for one in bad.broken] == ["secret"]
    assert not bad.good
    assert bad.score == clean.score - 30


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(ALL.values())), st.lists(st.text(max_size=40), max_size=9))
def test_always_within_bounds(drill: drills.Drill, lines: list[str]) -> None:
    state = drills.play(drill, lines)
    assert 0 <= state.score <= drill.max_score
    assert {*state.met, *state.missed} == set(drill.goals)
    assert len(drills.play(drill, lines * 8 or ["嗯"] * 8).talk) <= 16
    assert state == drills.play(drill, lines)


def test_a_run_from_start_to_end(db: Database) -> None:
    stocked(db, ME, OTHER)
    with db.begin() as s:
        run_id = drills.start(s, user_id=ME, drill=DRILL, now=NOW).id
    for turn, line in enumerate(model_lines(DRILL)):
        with db.begin() as s:
            for _ in range(2):  # sent twice, counted once
                drills.say(s, run_id=run_id, user_id=ME, drill=DRILL, text=line, turn=turn, now=NOW)
            assert drills.start(s, user_id=ME, drill=DRILL, now=NOW).id == run_id or turn > 2
    with db.begin() as s:
        row = drills.get(s, run_id, ME)
        assert (row.state, row.passed, row.finished_at) == (AttemptState.FINISHED, True, NOW)
        assert drills.lines_of(row) == model_lines(DRILL)
        assert row.score == drills.play(DRILL, model_lines(DRILL)).score
        with pytest.raises(WenjinError) as raised:
            drills.get(s, run_id, OTHER)
        assert raised.value.code == "unknown_drill_run"


def test_empty_and_long_lines_are_refused_and_a_changed_drill_begins_anew(db: Database) -> None:
    stocked(db, ME)
    changed = replace(DRILL, hash="other")
    with db.begin() as s:
        run_id = drills.start(s, user_id=ME, drill=DRILL, now=NOW).id
        for text in ("", " \n", "字" * 301):
            with pytest.raises(WenjinError) as raised:
                drills.say(s, run_id=run_id, user_id=ME, drill=DRILL, text=text, turn=0, now=NOW)
            assert raised.value.code == "bad_line"
        with pytest.raises(WenjinError) as raised:
            drills.say(s, run_id=run_id, user_id=ME, drill=changed, text="您好", turn=0, now=NOW)
        assert raised.value.code == "drill_changed"
        assert drills.start(s, user_id=ME, drill=changed, now=NOW).id != run_id
        assert s.get(DrillRun, run_id) is None
