"""Drills, as a member of staff plays them."""

from __future__ import annotations

from actions.training import drills
from bot.pages.training_drills import FOLDER
from tests.actions.test_drills import model_lines
from tests.bot.pages.conftest import Site, Visitor

DRILL = drills.load(FOLDER)["d-failed-withdrawal"]


def play(visitor: Visitor, lines: list[str]) -> str:
    """Play a drill and return the address of the run."""
    place = visitor.post(f"/training/drills/{DRILL.id}/start").headers["location"].removesuffix("#now")
    for turn, line in enumerate(lines):
        assert visitor.post(f"{place}/say", {"turn": str(turn), "text": line}).status_code == 303
    return str(place)


def test_a_good_run(site: Site) -> None:
    learner = site.signed_in("zhao", "staff")
    assert DRILL.title in learner.get("/training/drills").text
    page = learner.get(play(learner, model_lines(DRILL))).text
    assert "通过" in page and "未通过" not in page
    assert DRILL.good in page


def test_models_are_told_at_the_end_only(site: Site) -> None:
    learner = site.signed_in("zhao", "staff")
    place = play(learner, ["把短信验证码发给我"])
    page = learner.get(place).text
    assert not any(goal.model in page for goal in DRILL.goals)
    assert DRILL.goals[0].hint in page
    for turn in range(1, 8):
        learner.post(f"{place}/say", {"turn": str(turn), "text": "<b>嗯</b>"})
    page = learner.get(place).text
    assert "未通过" in page and "&lt;b&gt;嗯" in page
    assert all(goal.model in page for goal in DRILL.goals)
    assert "索要密码或验证码" in page


def test_what_cannot_be_taken_comes_back(site: Site) -> None:
    learner, other = site.signed_in("zhao", "staff"), site.signed_in("qian", "staff")
    place = play(learner, [])
    answer = learner.post(f"{place}/say", {"turn": "0", "text": "字" * 301})
    assert answer.status_code == 422 and "字" * 301 in answer.text
    assert other.get(place).status_code == 404
    assert other.post(f"{place}/say", {"turn": "0", "text": "您好"}).status_code == 404
    assert learner.post("/training/drills/d-none/start").status_code == 404
    assert site.visitor().get("/training/drills").status_code == 303
