"""Cases: a scenario with several questions; and questions that the folder does not touch."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from actions.store.engine import Database
from actions.store.tables.training import Origin, QuizCase, QuizQuestion
from actions.training import attempts, bank
from actions.training.questions import Question, Status
from knowledge.errors import WenjinError
from tests.actions.training_bank import MANUAL, NOW, question, stocked

CASES = """
cases:
  - {id: c-one, title: 一件事, scenario: 某日发生了一件事。, section: "1.1", roles: [客服], topic: 投诉}
questions:
  - {id: q-c-1, case: c-one, type: single, stem: 先做什么？, options: {A: 甲, B: 乙}, answer: [B],
     explanation: 因为。, section: "1.1", sentence: 投诉应当在15日内办结。, status: approved}
  - {id: q-c-2, case: c-one, type: true_false, stem: 可以不答复。, answer: false, explanation: 要。,
     section: "1.2", sentence: 投诉应当在15日内办结。, status: approved, roles: [技术], topic: 答复}
"""


def _load(folder: Path, text: str = CASES) -> list[Question]:
    (folder / "cases.yml").write_text(text, encoding="utf-8")
    return bank.load(folder)


def test_questions_of_a_case_carry_its_scenario(tmp_path: Path) -> None:
    first, second = _load(tmp_path)
    assert first.case and first.case == second.case and first.case.title == "一件事"
    assert first.content.scenario == second.content.scenario == "某日发生了一件事。"
    assert (first.roles, first.topic) == (("客服",), "投诉")
    assert (second.roles, second.topic) == (("技术",), "答复")


def test_another_scenario_is_another_version(tmp_path: Path) -> None:
    before = _load(tmp_path)[0].version_id
    assert _load(tmp_path, CASES.replace("某日", "某月"))[0].version_id != before
    assert "scenario" not in question("q").content.to_json(), "versions of older questions stay as they are"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{id: q-c-1, case: c-one", "{id: q-c-1, case: c-two", "没有案例 c-two"),
        ("scenario: 某日发生了一件事。, ", "", "缺少 scenario"),
        ("title: 一件事", "name: 一件事", "title"),
    ],
)
def test_a_wrong_case_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(WenjinError) as caught:
        _load(tmp_path, CASES.replace(old, new))
    assert says in caught.value.message and "cases.yml" in caught.value.message


def test_a_case_is_stored_and_shown_with_each_question(db: Database, tmp_path: Path) -> None:
    stocked(db, "zhao", of=_load(tmp_path))
    with db.begin() as s:
        assert s.get_one(QuizCase, "c-one").scenario == "某日发生了一件事。"
        assert set(s.scalars(select(QuizQuestion.case_id))) == {"c-one"}
        attempt = attempts.start(s, user_id="zhao", seed=3, now=NOW)
        for index in (1, 2):
            item = attempts.item(s, attempt_id=attempt.id, user_id="zhao", item_index=index)
            assert item.scenario == item.data()["scenario"] == "某日发生了一件事。"
        bank.sync(s, _load(tmp_path, CASES.replace("一件事, sc", "两件事, sc")), NOW, manual=MANUAL)
        assert s.get_one(QuizCase, "c-one").title == "两件事"


def test_the_folder_leaves_own_questions_alone(db: Database) -> None:
    stocked(db, of=[question("q-1"), question("q-2")])
    with db.begin() as s:
        own = s.get_one(QuizQuestion, "q-1")
        own.origin = Origin.OWN
        report = bank.sync(s, [question("q-1", stem="另一道")], NOW, manual={})
        assert own.version_id == question("q-1").version_id and own.status == Status.APPROVED
        assert own.stale, "it is held against the manual all the same"
        assert report.retired == ("q-2",) and report.stale == ("q-1",)
        assert bank.sync(s, [], NOW, manual=MANUAL).stale == () and not own.stale
