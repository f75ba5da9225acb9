"""The review book, as a member of staff uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions.store.tables.training import QuizCard
from actions.training import bank
from tests.actions.training_bank import question, questions
from tests.bot.pages.conftest import Site, Visitor


@pytest.fixture
def learner(site: Site) -> Visitor:
    """Return a member of staff before a bank of 24 questions."""
    with site.runtime.db.begin() as s:
        bank.sync(s, [*questions(), question("q-x", stem="哪个 <b>对</b>")], datetime.now(UTC))
    return site.signed_in("zhao", "staff")


def wrongly_answered(learner: Visitor) -> str:
    """Answer one question of a practice paper wrong and return the page that said so."""
    place = learner.post("/training/start").headers["location"]
    for index in range(1, 11):
        shown = learner.get(place).text
        if 'type="radio"' in shown and "丁" in shown:
            key = re.findall(r'option__key">(\w)</span><span>丁<', shown)[0]
            learner.post(f"{place}/answer", {"index": str(index), "given": [key]})
            return place
        said = "对" if 'type="radio"' in shown else "A" if "checkbox" in shown else "30日"
        value = re.search(r'name="given"[^>]*value="([^"]+)"', shown)
        learner.post(f"{place}/answer", {"index": str(index), "given": [value[1] if value else said]})
    raise AssertionError("no single choice")


def test_empty_book_offers_new_questions(learner: Visitor) -> None:
    page = learner.get("/training/review")
    assert page.status_code == 200
    assert "今天没有到期的错题" in page.text
    assert "本子里没有题" in page.text
    assert "/training/review" in learner.get("/training").text
    started = learner.post("/training/review/start")
    assert started.status_code == 303
    assert "继续第 1 题" in learner.get("/training/review").text
    assert learner.post("/training/review/start").headers["location"] == started.headers["location"]


def test_wrong_answer_is_in_the_book_and_asked_when_due(site: Site, learner: Visitor) -> None:
    wrongly_answered(learner)
    page = learner.get("/training/review").text
    assert "0 / 3 天" in page
    assert "最弱的主题" in page
    with site.runtime.db.begin() as s:
        card = s.query(QuizCard).order_by(QuizCard.due_at).first()
        assert card is not None
        card.due_at = datetime.now(UTC) - timedelta(minutes=1)
        name = card.question_id
    assert "今天该复习 1 道错题" in learner.get("/training/review").text
    asked = learner.get(learner.post("/training/review/start").headers["location"]).text
    assert (name if name != "q-x" else "哪个 &lt;b&gt;") in asked


def test_nothing_to_ask_is_said(site: Site) -> None:
    visitor = site.signed_in("qian", "staff")
    answer = visitor.post("/training/review/start")
    assert answer.status_code == 409
    assert "现在没有要复习的题" in answer.text


def test_needs_a_sign_in_and_a_token(site: Site, learner: Visitor) -> None:
    assert site.visitor().get("/training/review").status_code == 303
    assert learner.post("/training/review/start", token="wrong").status_code == 403
