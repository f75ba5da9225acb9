"""Trackers: saved, loaded, forgotten; two processes may save the first one at once."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import text

from actions.store import trackers
from actions.store.engine import Database
from tests.actions.conftest import NOW


def test_a_tracker_comes_back_as_saved(db: Database) -> None:
    payload = {"slots": {"contact": "13812345678", "n": 1.5, "none": None}, "events": [{"文": "投诉"}]}
    with db.begin() as s:
        assert trackers.load(s, "a") is None
        assert trackers.save(s, "a", {"old": True}, NOW) == 1
        assert trackers.save(s, "a", payload, NOW) == 2
    with db.begin() as s:
        assert trackers.load(s, "a") == payload
        assert trackers.load(s, "b") is None


def test_what_was_said_is_encrypted(db: Database) -> None:
    with db.begin() as s:
        trackers.save(s, "a", {"contact": "13812345678"}, NOW)
        stored = s.execute(text("SELECT payload FROM dialogue_trackers")).scalar_one()
    assert "13812345678" not in stored
    assert "contact" not in stored


def test_old_trackers_are_forgotten(db: Database) -> None:
    with db.begin() as s:
        trackers.save(s, "old", {}, NOW - timedelta(days=31))
        trackers.save(s, "new", {}, NOW)
        assert trackers.purge(s, NOW - timedelta(days=30)) == 1
        assert trackers.load(s, "old") is None
        assert trackers.load(s, "new") == {}


def test_first_saves_at_once_both_count(db: Database) -> None:
    gate, versions = threading.Barrier(4), []

    def run(number: int) -> None:
        gate.wait()
        with db.begin() as s:
            versions.append(trackers.save(s, "a", {"n": number}, NOW))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == [1, 2, 3, 4]
