"""Drawing papers: repeatable, spread over the manual, only from what may be drawn."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from actions.store.engine import Database
from actions.training import papers
from actions.training.papers import Candidate
from actions.training.questions import Status
from tests.actions.training_bank import question, questions, stocked

SEEDS = st.integers(0, 2**63 - 1)


@st.composite
def banks(draw: st.DrawFn) -> list[Candidate]:
    """Return a bank of up to 5 chapters of up to 5 sections with up to 4 questions each."""
    made = []
    for chapter in range(1, draw(st.integers(1, 5)) + 1):
        for section in range(1, draw(st.integers(1, 5)) + 1):
            for number in range(draw(st.integers(1, 4))):
                name = f"q-{chapter}-{section}-{number}@0"
                made.append(
                    Candidate(name, f"{chapter}.{section}", tuple("ABCDE"[: draw(st.integers(2, 5))]))
                )
    return made


@given(banks(), SEEDS, st.integers(1, 40))
def test_paper_is_spread_over_sections(bank: list[Candidate], seed: int, size: int) -> None:
    section = {one.version_id: one.section for one in bank}
    left = Counter(section.values())
    paper = papers.draw(bank, size=size, seed=seed)
    assert len(paper) == len({one.version_id for one in paper}) == min(size, len(bank))
    drawn: Counter[str] = Counter()
    for one in paper:
        here = section[one.version_id]
        assert drawn[here] == min(drawn[other] for other, held in left.items() if held)
        drawn[here] += 1
        left[here] -= 1


@given(banks(), SEEDS)
def test_one_of_each_chapter_comes_first(bank: list[Candidate], seed: int) -> None:
    chapters = {one.section.split(".")[0] for one in bank}
    section = {one.version_id: one.section for one in bank}
    first = papers.draw(bank, size=len(chapters), seed=seed)
    assert {section[one.version_id].split(".")[0] for one in first} == chapters


@given(banks(), SEEDS, st.randoms(use_true_random=False))
def test_same_seed_same_paper_however_the_bank_is_ordered(
    bank: list[Candidate], seed: int, rng: random.Random
) -> None:
    shuffled = rng.sample(bank, len(bank))
    assert papers.draw(bank, size=10, seed=seed) == papers.draw(shuffled, size=10, seed=seed)


@given(banks(), SEEDS)
def test_options_are_shuffled_not_changed(bank: list[Candidate], seed: int) -> None:
    keys = {one.version_id: one.keys for one in bank}
    for one in papers.draw(bank, size=50, seed=seed):
        assert sorted(one.option_order) == sorted(keys[one.version_id])


def test_seeds_give_different_papers_and_orders() -> None:
    bank = [Candidate(f"q-{n}", f"{n % 8}.{n // 8}", ("A", "B", "C", "D")) for n in range(64)]
    drawn = [papers.draw(bank, size=10, seed=seed) for seed in range(20)]
    assert len({tuple(one.version_id for one in paper) for paper in drawn}) == 20
    assert len({one.option_order for paper in drawn for one in paper}) == 24


def test_paper_of_a_seed_never_changes() -> None:
    bank = [Candidate(f"q-{n}", f"{n % 3}.1", ("A", "B", "C")) for n in range(6)]
    paper = papers.draw(bank, size=3, seed=2026)
    assert [(one.version_id, "".join(one.option_order)) for one in paper] == [
        ("q-5", "CBA"),
        ("q-1", "ACB"),
        ("q-3", "ABC"),
    ]


def test_only_approved_and_current_questions(db: Database) -> None:
    stocked(
        db,
        of=[
            question("q-1"),
            question("q-2", status=Status.DRAFT),
            question("q-3", status=Status.RETIRED),
            question("q-4", section="9.9"),
        ],
    )
    with db.begin() as s:
        assert [(one.version_id, one.section, one.keys) for one in papers.candidates(s)] == [
            (question("q-1").version_id, "1.1", ("A", "B", "C", "D"))
        ]


def test_candidates_know_their_options(db: Database) -> None:
    stocked(db)
    with db.begin() as s:
        found = {one.version_id: one for one in papers.candidates(s)}
    assert found.keys() == {one.version_id for one in questions()}
    for one in questions():
        assert found[one.version_id].keys == one.content.keys
        assert found[one.version_id].section == one.content.section
