"""Drills, as a member of staff plays them."""

from __future__ import annotations

from pathlib import Path

from actions.training import drills
from bot.app import create_app
from bot.settings import Settings
from tests.actions.test_drills import model_lines
from tests.bot.pages.conftest import Site, Visitor

DRILL = drills.load(Settings().drills_dir)["d-failed-withdrawal"]


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


def test_the_house_may_have_drills_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "drills"
    folder.mkdir()
    source = Settings().drills_dir / "failed-withdrawal.yml"
    text = source.read_text(encoding="utf-8")
    (folder / "own.yml").write_text(text.replace(DRILL.id, "d-own").replace(DRILL.title, "我们自己的演练"))
    app = create_app(Settings.model_validate({"data_dir": tmp_path / "data", "drills_dir": folder}))
    learner = Site(app, app.state.wenjin).signed_in("zhao", "staff")
    page = learner.get("/training/drills").text
    assert "我们自己的演练" in page and DRILL.title not in page
    assert learner.post("/training/drills/d-own/start").status_code == 303
