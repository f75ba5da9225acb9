"""Papers drawn by a blueprint: repeatable, counts met or said why not, nothing twice, cases together."""

from __future__ import annotations

from itertools import combinations, groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.training import blueprints
from actions.training.blueprints import Line
from actions.training.papers import Candidate, draw
from knowledge.errors import WenjinError


def candidate(number: int, section: str, kind: str, job: str, case: str) -> Candidate:
    keys = ("A", "B", "C", "D") if kind == "single" else ()
    jobs = (job,) if job else ()
    return Candidate(f"q-{number:03d}@x", section, keys, kind, "easy", "题", jobs, case)


sections = st.sampled_from(["1.1", "1.2", "2.1", "3.4"])
kinds = st.sampled_from(["single", "true_false"])
jobs = st.sampled_from(["", "客服", "技术"])
banks = st.lists(
    st.tuples(sections, kinds, jobs, st.sampled_from(["", "", "", "c-1", "c-2"])), min_size=1, max_size=24
).map(lambda rows: [candidate(number, *row) for number, row in enumerate(rows)])
lines = st.lists(
    st.builds(
        Line,
        count=st.integers(1, 6),
        points=st.integers(1, 20),
        chapter=st.sampled_from(["", "1", "2"]),
        type=st.one_of(st.just(""), kinds),
        job=jobs,
    ),
    min_size=1,
    max_size=4,
)
seeds = st.integers(0, 2**63 - 1)


def fillable(bank: list[Candidate], plan: list[Line]) -> bool:
    """Tell by Hall's theorem whether all lines can be filled together."""
    numbers = range(len(plan))
    for size in range(1, len(plan) + 1):
        for chosen in combinations(numbers, size):
            fitting = sum(any(plan[n].takes(one) for n in chosen) for one in bank)
            if fitting < sum(plan[n].count for n in chosen):
                return False
    return True


@settings(max_examples=300, deadline=None)
@given(banks, lines, seeds, st.booleans(), st.randoms())
def test_a_paper_keeps_its_blueprint(bank, plan, seed, mixed, rng):  # type: ignore[no-untyped-def]
    try:
        paper = blueprints.draw(bank, plan, seed=seed, shuffle_questions=mixed)
    except WenjinError as problem:
        assert problem.code == "blueprint_unmet" and not fillable(bank, plan)
        assert f"第 {problem.data['line']} 行" in problem.message
        return
    assert fillable(bank, plan)
    rng.shuffle(bank)
    assert blueprints.draw(bank, plan, seed=seed, shuffle_questions=mixed) == paper
    held = {one.version_id: one for one in bank}
    ids = [one.version_id for one in paper]
    assert len(set(ids)) == len(ids) == sum(line.count for line in plan)
    assert sum(one.points for one in paper) == sum(line.count * line.points for line in plan)
    for one in paper:
        assert sorted(one.option_order) == sorted(held[one.version_id].keys)
    cases = [case for case, _ in groupby(held[one].case for one in ids)]
    assert len([case for case in cases if case]) == len({case for case in cases if case})


@given(banks, seeds, st.integers(1, 30))
def test_a_free_paper_keeps_cases_together(bank: list[Candidate], seed: int, size: int) -> None:
    held = {one.version_id: one for one in bank}
    ids = [one.version_id for one in draw(bank, size=size, seed=seed)]
    assert len(set(ids)) == len(ids) == min(size, len(bank))
    cases = [case for case, _ in groupby(held[one].case for one in ids) if case]
    assert len(cases) == len(set(cases))


def test_a_case_is_drawn_whole_where_it_fits() -> None:
    bank = [candidate(n, "1.1", "single", "", "c-1") for n in range(3)]
    bank += [candidate(n, "1.1", "single", "", "") for n in range(3, 9)]
    for seed in range(30):
        ids = {one.version_id for one in blueprints.draw(bank, [Line(5)], seed=seed)}
        assert len(ids & {one.version_id for one in bank[:3]}) in (0, 3)


def test_lines_that_want_the_same_share_it_out() -> None:
    bank = [candidate(0, "1.1", "single", "", ""), candidate(1, "2.1", "single", "", "")]
    paper = blueprints.draw(bank, [Line(1, 5), Line(1, 7, chapter="1")], seed=4)
    assert {one.version_id: one.points for one in paper} == {"q-001@x": 5, "q-000@x": 7}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"count": 0}],
        [{"count": True}],
        [{"count": 5, "points": 0}],
        [{"count": 5, "type": "essay"}],
        [{"count": 5}, {"count": 196}],
        [{"count": 1, "difficulty": "?"}],
    ],
)
def test_a_blueprint_that_makes_no_sense_is_refused(rows: list[dict[str, object]]) -> None:
    with pytest.raises(WenjinError) as caught:
        blueprints.read(rows)
    assert caught.value.code == "bad_blueprint"


def test_a_line_is_stored_as_it_was_read() -> None:
    rows = [{"count": 3, "points": 5, "chapter": "2", "type": "single"}]
    read = blueprints.read(rows)
    assert [line.to_json() for line in read] == rows
    assert read[0].words == "第 2 章、单选题"
