"""Exams in the browser: saved at once, never a key before its time, the server's clock."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from actions.store.tables.accounts import User
from actions.store.tables.training import Disclosure, PaperState
from actions.training import plans
from actions.training.blueprints import Line
from tests.bot.pages.conftest import START, Clock, Site, Visitor

SECRETS = ("的解析", "投诉应当在15日内办结", "30日", "三十天")


def paper(site: Site, **plan: Any) -> str:
    """Make an open paper of five questions and return its id."""
    boss_id = site.add("boss", "training")
    wanted: dict[str, Any] = {"title": "季度考试", "lines": [Line(5)], "minutes": 30, **plan}
    with site.runtime.db.begin() as s:
        boss = s.get_one(User, boss_id)
        made = plans.create(s, plans.Plan(**wanted), user=boss, now=START)
        plans.set_state(s, made.id, PaperState.OPEN, user=boss, now=START)
        return made.id


class Taker:
    """A learner in an exam who keeps every response."""

    def __init__(self, visitor: Visitor, paper_id: str) -> None:
        self.visitor, self.token = visitor, visitor.token()
        self.seen: list[Response] = []
        begun = self.post(f"/training/papers/{paper_id}/start")
        assert begun.status_code == 303, begun.text
        self.address = str(begun.headers["location"])
        self.id = self.address.rsplit("/", 1)[1]

    def post(self, path: str, data: dict[str, Any] | None = None) -> Response:
        self.seen.append(self.visitor.post(path, data, token=self.token))
        return self.seen[-1]

    def get(self, path: str = "") -> Response:
        self.seen.append(self.visitor.get(path or self.address))
        return self.seen[-1]

    def put(self, index: int, token: str | None = None, **body: Any) -> Response:
        path = f"/api/training/attempts/{self.id}/items/{index}"
        header = {"X-CSRF-Token": self.token if token is None else token}
        self.seen.append(self.visitor.client.put(path, json=body, headers=header))
        return self.seen[-1]

    def right(self, index: int) -> list[str]:
        """Return the right answer to a question, by the letters of the page."""
        form = self.get().text.split(f'data-item="{index}"')[1].split("</form>")[0]
        if "单选题" in form or "多选题" in form:
            wanted = {"乙"} if "单选题" in form else {"甲", "丙"}
            shown = re.findall(r'option__key">(\w)</span><span>(\w+)</span>', form)
            return [key for key, text in shown if text in wanted]
        return ["错"] if "判断题" in form else ["24"] if "数字题" in form else [SECRETS[2]]


@pytest.fixture
def taker(site: Site, clock: Clock) -> Taker:
    """Return somebody who has begun an exam."""
    assert clock.now == START
    return Taker(site.signed_in("zhao", "staff"), paper(site))


def test_an_answer_is_saved_at_once(taker: Taker) -> None:
    given = taker.right(1)
    kept = taker.put(1, given=given, seen=0).json()
    assert kept == {
        "given": given, "flagged": False, "seq": 1, "saved_at": START.isoformat(), "left": 1800
    }  # fmt: skip
    assert taker.put(1, flagged=True).json()["flagged"]
    page = taker.get().text
    assert "已答 <span data-answered>1</span> 题" in page and 'data-here="2"' in page
    assert 'data-left="1800"' in page and "，已答，已标记" in page


def test_a_save_without_session_or_token_changes_nothing(taker: Taker, site: Site) -> None:
    assert taker.put(1, token="forged", given=["A"]).json()["code"] == "bad_csrf"
    stranger = site.visitor()
    path = f"/api/training/attempts/{taker.id}/items/1"
    assert stranger.client.put(path, json={"given": ["A"]}).status_code == 401
    other = site.signed_in("qian", "staff")
    header = {"X-CSRF-Token": other.token()}
    assert other.client.put(path, json={"given": ["A"]}, headers=header).status_code == 404
    assert taker.put(1, given=["A" * 500]).status_code == 422
    assert "已答 <span data-answered>0</span> 题" in taker.get().text


def test_two_devices(taker: Taker) -> None:
    first = taker.put(1, given=taker.right(1), seen=0).json()
    other = taker.put(1, given=[], seen=0)
    assert other.status_code == 409
    assert (other.json()["code"], other.json()["given"]) == ("changed_elsewhere", first["given"])
    assert "另一台设备" in other.json()["detail"]
    assert taker.put(1, given=[], seen=other.json()["seq"]).json()["seq"] == 2


def test_the_clock_ends_it_whatever_the_browser_does(taker: Taker, clock: Clock) -> None:
    given = taker.right(1)
    clock.now += timedelta(minutes=30, seconds=2)
    assert taker.put(1, given=given).json()["left"] == 0
    clock.now += timedelta(seconds=1)
    assert taker.put(2, given=["A"]).json()["code"] in ("time_over", "unreadable_answer")
    assert taker.get().headers["location"] == f"/training/attempts/{taker.id}/result"
    result = taker.get(f"/training/attempts/{taker.id}/result").text
    assert "10 / 50" in result and "到时间自动交卷" in result
    assert taker.put(2, given=["A"]).json()["code"] == "attempt_finished"


def test_without_a_script_too(taker: Taker) -> None:
    for index in range(1, 6):
        given = taker.right(index)
        saved = taker.post(f"{taker.address}/items/{index}", {"given": given, "go": str(index + 1)})
        assert saved.headers["location"] == f"{taker.address}?q={index + 1}"
    assert "没有作答：" not in taker.get(f"{taker.address}/hand-in").text
    assert taker.post(f"{taker.address}/hand-in").status_code == 303
    result = taker.get(f"/training/attempts/{taker.id}/result").text
    assert "50 / 50" in result and "合格" in result and "的解析" in result
    assert "已合格" in taker.get("/training").text


@pytest.mark.parametrize("rule", [Disclosure.AFTER_PASS, Disclosure.AFTER_CLOSE, Disclosure.AFTER_FINISH])
def test_no_response_holds_a_key_before_its_time(site: Site, clock: Clock, rule: Disclosure) -> None:
    plan = {"disclosure": rule, "closes_at": START + timedelta(hours=2), "attempts": 3}
    taker = Taker(site.signed_in("zhao", "staff"), paper(site, **plan))
    for index in range(1, 6):
        kind = taker.get(f"{taker.address}?q={index}").text
        given = {"单选": ["A"], "多选": ["B", "D"], "判断": ["对"], "数字": ["48"]}
        form = kind.split(f'data-item="{index}"')[1]
        found = min(given, key=lambda word: form.find(word) if word in form else 10**9)
        picked = given[found] if form.find(found) < form.find("填空") or "填空" not in form else ["三个月"]
        taker.put(index, given=picked, flagged=True)
        taker.put(index, given=["不认识的答案"] * 3)
        taker.put(index, given=picked, seen=99)
        taker.get(f"/training/attempts/{taker.id}/items/{index}")
        taker.post(f"/training/attempts/{taker.id}/answer", {"index": str(index), "given": picked})
        taker.post(f"{taker.address}/items/{index}", {"given": picked})
    for path in ("", f"{taker.address}/hand-in", "/training", f"/training/attempts/{taker.id}",
                 f"/training/attempts/{taker.id}/result", "/training/bank", "/training/papers"):  # fmt: skip
        taker.get(path)
    _nothing_told(taker)
    taker.post(f"{taker.address}/hand-in")
    result = taker.get(f"/training/attempts/{taker.id}/result").text
    taker.get("/training")
    if rule is Disclosure.AFTER_FINISH:
        assert "的解析" in result and "正确答案" in result
        return
    _nothing_told(taker)
    assert ("不对" in result) == (rule is Disclosure.AFTER_PASS)
    clock.now += timedelta(hours=2)
    assert "的解析" in taker.get(f"/training/attempts/{taker.id}/result").text


def _nothing_told(taker: Taker) -> None:
    for response in taker.seen:
        body = response.text.replace("三个月", "")
        assert not [word for word in (*SECRETS, "正确答案", "回答正确") if word in body], response.url
        assert '"answer"' not in body and '"explanation"' not in body and '"correct"' not in body


def test_an_overview_says_what_can_be_done(site: Site, clock: Clock) -> None:
    made = paper(site, attempts=1, opens_at=START + timedelta(hours=1))
    visitor = site.signed_in("zhao", "staff")
    assert "还没有到开放时间" in visitor.get("/training").text
    clock.now += timedelta(hours=1)
    taker = Taker(visitor, made)
    assert "继续作答" in taker.get("/training").text
    taker.post(f"{taker.address}/hand-in")
    page = taker.get("/training").text
    assert "您已经用完" in page and "未合格" in page and "季度考试" in page
    assert taker.post(f"/training/papers/{made}/start").status_code == 409
