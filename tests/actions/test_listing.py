"""The bank as a list, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.store.engine import Database
from actions.training import bank, listing
from actions.training.listing import Wanted
from tests.actions.training_bank import NOW, question


@pytest.mark.parametrize(
    ("job", "found"), [("", ["a", "b", "c"]), ("客服", ["a", "b"]), ("风控", ["b"]), ("客", [])]
)
def test_a_job_is_a_whole_word_among_a_questions_jobs(db: Database, job: str, found: list[str]) -> None:
    jobs = {"a": ("客服",), "b": ("风控", "客服"), "c": ()}
    with db.begin() as s:
        bank.sync(s, [replace(question(name), roles=roles) for name, roles in jobs.items()], NOW)
    with db.reading() as s:
        rows, total = listing.rows(s, Wanted(job=job))
        assert ([row.id for row in rows], total) == (found, len(found))
        assert listing.jobs(s) == ["客服", "风控"]
