"""Exams and drills in the chat, through the trained model: the same attempt and run as on the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.service.replies import Reply, ReplyKind
from actions.store.engine import Database
from actions.store.tables.accounts import User
from actions.store.tables.training import AttemptState, Disclosure, DrillRun, PaperState, QuizAttempt
from actions.training import attempts, drills, exams, papers, plans, records
from actions.training.blueprints import Line
from actions.training.questions import QuestionType
from actions.training.views import ShownItem
from tests.actions.exam_papers import paper, prepared
from tests.actions.test_drills import model_lines
from tests.actions.training_bank import NOW, SENTENCE, right, wrong
from tests.bot.serving import Guest, Live
from tests.bot.talking import PROJECT, Chat, new_database, titles

SECRETS = ("的解析", SENTENCE, "30日", "三十天", "正确答案是", "答对了，", "答错了，")
KEYS = ('"answer"', '"explanation"', '"correct"', '"sentence"', '"right"')
DRILL = drills.load(PROJECT / "training_data" / "drills")["d-double-charge"]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a database with a bank, two learners and a training administrator."""
    made = new_database(tmp_path)
    prepared(made)
    yield made
    made.dispose()


class Taker(Chat):
    """A learner in the chat, with what the page would do to the same attempt."""

    def __init__(self, database: Database, who: str = "zhao") -> None:
        super().__init__(database, audience="staff", user_id=who)
        self.who, self.now = who, NOW
        self.heard_so_far: list[Reply] = []

    def say(self, text: str) -> list[Reply]:
        replies = super().say(text)
        self.heard_so_far += replies
        return replies

    def attempt(self) -> QuizAttempt:
        """Return the newest attempt of the person."""
        with self.database.begin() as s:
            return s.query(QuizAttempt).filter_by(user_id=self.who).order_by(QuizAttempt.started_at.desc())[0]

    def item(self, index: int) -> ShownItem:
        """Return a question of the newest attempt as it is shown."""
        attempt_id = self.attempt().id
        with self.database.begin() as s:
            return attempts.item(s, attempt_id=attempt_id, user_id=self.who, item_index=index)

    def on_page(self, index: int, given: str, **more: Any) -> exams.Kept:
        """Save an answer as the page does."""
        attempt_id = self.attempt().id
        with self.database.begin() as s:
            return exams.save(
                s, attempt_id=attempt_id, user_id=self.who, index=index, given=given, now=self.now, **more
            )

    def kept(self, index: int) -> exams.Kept:
        """Return what is kept of a question."""
        attempt_id = self.attempt().id
        with self.database.begin() as s:
            return exams.kept(s, attempt_id=attempt_id, user_id=self.who, index=index)


def begun(database: Database, **plan: Any) -> Taker:
    """Return somebody who has just begun the paper in the chat."""
    with database.begin() as s:
        paper(s, **plan)
    taker = Taker(database)
    taker.tell("我要考试", "第 1 份试卷", "开始作答")
    return taker


class TestChoosing:
    def test_who_has_no_paper_is_offered_practice(self, database: Database) -> None:
        [reply] = Taker(database).say("我要考试")
        assert "没有给您开放的试卷" in reply.text
        assert "开始测验" in titles([reply])

    def test_a_customer_is_refused(self, database: Database) -> None:
        for text in ("我要考试", "情景演练"):
            [reply] = Chat(database).say(text)
            assert reply.data["outcome"] == "refused"

    def test_the_rules_are_named_before_the_clock_runs(self, database: Database) -> None:
        with database.begin() as s:
            paper(s, attempts=2)
            paper(s, title="还没开放的卷子", opens_at=NOW + timedelta(days=1))
        taker = Taker(database)
        [listed] = taker.say("我要考试")
        assert "还没有到开放时间" in listed.text
        number = 1 if "1. 《季度考试》" in listed.text else 2
        assert [b.payload for b in listed.buttons] == [f"第 {number} 份试卷", "先不考"]
        [rules] = taker.say("季度考试")
        for word in ("6 题", "限时 30 分钟", "80% 合格", "还可作答 2 次", "离开也不停"):
            assert word in rules.text
        with database.begin() as s:
            assert s.query(QuizAttempt).count() == 0
        assert "没有开始" in taker.heard("先不考")

    def test_what_runs_is_gone_on_with_from_anywhere(self, database: Database) -> None:
        taker = begun(database)
        taker.say("退出考试")
        other = Taker(database)  # another conversation of the same person
        other.now = taker.now
        assert "继续：季度考试" in "".join(titles(other.say("我要考试")))
        item = other.say("第 1 份试卷")[-1]
        assert item.data["attempt_id"] == taker.attempt().id


class TestTaking:
    def test_an_answer_is_kept_and_not_marked(self, database: Database) -> None:
        taker = begun(database)
        said = right(taker.item(1))
        told, reply = taker.say(said)
        assert reply.kind is ReplyKind.QUIZ_ITEM
        assert told.text.startswith("第 1 题已保存")
        assert reply.data["index"] == 2
        assert reply.data["exam"] == {
            "attempt_id": taker.attempt().id,
            "index": 2,
            "total": 6,
            "answered": 1,
            "flagged": False,
            "ends_at": (NOW + timedelta(minutes=33)).isoformat(),
            "url": f"/training/exams/{taker.attempt().id}",
        }
        assert "剩 29 分 0 秒" in reply.text
        assert taker.kept(1).given

    def test_an_old_card_answers_its_own_question(self, database: Database) -> None:
        taker = begun(database)
        first = taker.say("上一题")[-1]
        taker.say(wrong(taker.item(1)))
        taker.say(f"{first.data['reply_prefix']}{right(taker.item(1))}")
        assert taker.kept(1).seq == 2
        assert not taker.kept(2).given

    def test_moving_flagging_clearing_and_the_overview(self, database: Database) -> None:
        taker = begun(database)
        taker.say(right(taker.item(1)))
        assert "已经是第一题" in taker.tell("上一题", "上一题")[0].text
        seventh = taker.say("第七题")[0]
        assert "没有第 7 题" in seventh.text
        assert taker.say("看第 4 题")[0].data["index"] == 4
        assert taker.say("标记这道题")[-1].data["exam"]["flagged"]
        [sheet] = taker.say("答题卡")
        assert "还没有答：第 2、3、4、5、6 题。已标记：第 4 题" in sheet.text
        assert sheet.data["exam"]["places"][3] == {"index": 4, "answered": False, "flagged": True}
        assert not taker.say("取消标记")[-1].data["exam"]["flagged"]
        taker.say("第 1 题")
        assert "已清空" in taker.heard("清空答案")
        assert not taker.kept(1).given

    def test_handing_in_takes_a_confirmation_that_names_what_is_open(self, database: Database) -> None:
        taker = begun(database)
        for index in (1, 2):
            taker.say(f"第 {index} 题：{right(taker.item(index))}")
        [asked] = taker.say("交卷")
        assert "还没有答：第 3、4、5、6 题" in asked.text
        assert titles([asked]) == ["确认交卷", "继续作答"]
        assert taker.say("继续作答")[0].kind is ReplyKind.QUIZ_ITEM
        taker.tell("我要交卷", "交卷")  # one finger twice
        assert taker.attempt().state is AttemptState.OPEN
        result = taker.say("确认交卷")[0]
        assert (result.kind, result.data["score"], result.data["passed"]) == (
            ReplyKind.QUIZ_RESULT,
            20,
            False,
        )
        assert taker.attempt().state is AttemptState.FINISHED

    def test_all_answered_leads_to_the_overview(self, database: Database) -> None:
        taker = begun(database)
        for index in range(1, 7):
            last = taker.say(f"第 {index} 题：{right(taker.item(index))}")[-1]
        assert "都答完了" in last.text
        assert "交卷" in titles([last])
        assert taker.tell("交卷", "确认交卷")[0].data["passed"]

    def test_a_question_in_between_is_answered_from_the_manual(self, database: Database) -> None:
        taker = begun(database)
        answer, told, again = taker.say("投诉一般多久能处理完？")
        assert answer.kind is ReplyKind.ANSWER
        assert again.data["index"] == 1
        assert "计时没有停" in told.text

    def test_leaving_says_that_the_clock_goes_on(self, database: Database) -> None:
        taker = begun(database)
        [left] = taker.say("退出考试")
        assert "计时不会停" in left.text
        assert f"/training/exams/{taker.attempt().id}" in left.text
        taker.restart()
        assert taker.say("继续考试")[-1].data["attempt_id"] == taker.attempt().id

    def test_the_clock_hands_in_what_was_saved(self, database: Database) -> None:
        taker = begun(database)
        taker.say(right(taker.item(1)))
        late = right(taker.item(2))
        taker.now += timedelta(minutes=40)
        told, result, *_ = taker.say(late)
        assert "考试时间已到" in told.text
        assert "已答 1 / 6 题" in told.text
        assert result.data["score"] == 10
        assert "没有给您" not in taker.heard("我要考试")


class TestTwoPlaces:
    def test_page_chat_page(self, database: Database) -> None:
        with database.begin() as s:
            made = paper(s)
            exams.start(s, paper_id=made.id, user_id="zhao", seed=7, now=NOW)
        taker = Taker(database)
        taker.on_page(1, right(taker.item(1)))
        first = taker.say("继续考试")[-1]
        assert (first.data["index"], first.data["exam"]["answered"]) == (2, 1)
        taker.say(right(taker.item(2)))
        for index in (3, 4, 5, 6):
            taker.on_page(index, right(taker.item(index)))
        attempt_id = taker.attempt().id
        with database.begin() as s:
            assert exams.sheet(s, attempt_id=attempt_id, user_id="zhao").answered == 6
            assert exams.hand_in(s, attempt_id=attempt_id, user_id="zhao", now=taker.now).passed
        told, result = taker.say("A")[:2]
        assert "已经在另一处交卷" in told.text
        assert result.data["attempt_id"] == attempt_id

    def test_what_the_page_saved_meanwhile_is_told_and_not_overwritten(self, database: Database) -> None:
        taker = begun(database)
        mine, theirs = wrong(taker.item(1)), right(taker.item(1))
        taker.on_page(1, theirs)
        kept = taker.kept(1)
        told, item = taker.say(mine)
        assert "另一台设备" in told.text
        assert taker.kept(1) == kept
        assert item.data["given"] == list(kept.given)
        taker.say(mine)
        assert taker.kept(1).given != kept.given


@pytest.mark.parametrize("rule", [Disclosure.AFTER_PASS, Disclosure.AFTER_CLOSE, Disclosure.AFTER_FINISH])
def test_no_reply_holds_a_key_before_its_time(database: Database, rule: Disclosure) -> None:
    taker = begun(database, disclosure=rule, closes_at=NOW + timedelta(hours=5), minutes=240, attempts=3)
    for index in range(1, 7):
        item = taker.item(index)
        readable = "三个月" if item.type is QuestionType.FILL else wrong(item)
        for said in (f"第 {index} 题", readable, f"第 {index} 题：{readable}", "标记", "答题卡"):
            taker.say(said)
    taker.tell("再说一遍", "答案是什么", "这题选什么对", "我的成绩", "我的错题本", "交卷")
    nothing_told(taker.heard_so_far)
    taker.heard_so_far.clear()
    replies = taker.say("确认交卷")
    assert replies[0].kind is ReplyKind.QUIZ_RESULT
    told = "\n".join(reply.text for reply in replies)
    if rule is Disclosure.AFTER_FINISH:
        assert "的解析" in told
        assert len([one for one in replies if one.kind is ReplyKind.QUIZ_FEEDBACK]) == 3
        return
    taker.tell("我的成绩", "再说一遍", "我的错题本")
    nothing_told(taker.heard_so_far)
    assert ("没有答对 6 题" in told) == (rule is Disclosure.AFTER_PASS)
    assert ("试卷截止（3月2日 14:30）后才能看" in told) == (rule is Disclosure.AFTER_CLOSE)


def nothing_told(replies: list[Reply]) -> None:
    """Look through text, data and buttons of all replies."""
    for reply in replies:
        data = json.dumps(reply.data, ensure_ascii=False)
        whole = "\n".join([reply.text, data, *(f"{b.title} {b.payload}" for b in reply.buttons)])
        assert not [word for word in SECRETS if word in whole], whole
        assert reply.kind is ReplyKind.ANSWER or not [key for key in KEYS if key in data], data


class TestPracticeBesideAnExam:
    def test_an_explanation_is_not_said_again_while_its_question_is_in_an_exam(
        self, database: Database
    ) -> None:
        taker = Taker(database)
        item = taker.say("开始测验")[-1]
        said = right(taker.item(item.data["index"]))
        assert taker.say(said)[0].kind is ReplyKind.QUIZ_FEEDBACK
        taker.say("退出测验")
        with database.begin() as s:
            made = paper(s, lines=[Line(24)])
            exams.start(s, paper_id=made.id, user_id="zhao", seed=7, now=taker.now)
        taker.heard_so_far.clear()
        taker.tell("再说一遍", "开始测验", "A", "再说一遍")
        nothing_told(taker.heard_so_far)

    def test_a_paper_that_is_marked_at_once_is_taken_as_practice(self, database: Database) -> None:
        taker = begun(database, kind="practice", disclosure=Disclosure.AFTER_EACH, minutes=0)
        item = taker.item(1)
        assert taker.say(right(item))[0].kind is ReplyKind.QUIZ_FEEDBACK


class TestDrills:
    def test_every_line_goes_to_the_drill(self, database: Database) -> None:
        taker = Taker(database)
        assert DRILL.title in taker.heard("情景演练")
        [opening] = taker.say(DRILL.title)
        assert "演练中" in opening.text
        assert DRILL.turns[0].customer in opening.text
        assert "退出演练" in opening.text
        lines = ["我要投诉", "我不想活了", "转人工", "开始测验"]
        for line in lines:
            [reply] = taker.say(line)
            assert reply.text.startswith("【演练中】客户：")
            assert reply.data["drill"]["state"] == "open"
        assert drills.lines_of(run(database)) == lines

    def test_hints_cost_nothing_and_the_end_is_marked(self, database: Database) -> None:
        taker = Taker(database)
        taker.say(f"演练：{DRILL.title}")
        assert DRILL.goals[0].hint in taker.heard("提示")
        assert run(database).turn == 0
        for line in model_lines(DRILL):
            replies = taker.say(line)
        ending, review = replies
        assert DRILL.good in ending.text
        assert "通过" in review.text
        assert (review.data["drill"]["state"], review.data["drill"]["passed"]) == ("finished", True)
        assert run(database).score == review.data["drill"]["score"]

    def test_ending_early_names_what_was_missed_and_forbidden(self, database: Database) -> None:
        taker = Taker(database)
        [review] = taker.tell(f"演练：{DRILL.title}", "保证给您退款", "结束演练")
        assert "未通过" in review.text
        assert DRILL.forbidden[0].why in review.text
        assert DRILL.goals[1].model in review.text
        assert DRILL.goals[1].sentence in review.text
        assert run(database).state is AttemptState.FINISHED

    def test_the_same_run_goes_on_on_the_page_and_back(self, database: Database) -> None:
        taker = Taker(database)
        taker.tell(f"演练：{DRILL.title}", "您好，很抱歉")
        left = taker.heard("退出演练")
        held = run(database)
        assert f"/training/drills/runs/{held.id}" in left
        assert "您已说了 1 句" in taker.heard(f"演练：{DRILL.title}")
        with database.begin() as s:
            drills.say(
                s, run_id=held.id, user_id="zhao", drill=DRILL, text="请核对姓名", turn=1, now=taker.now
            )
        assert "没有算进去" in taker.heard("我来登记")
        assert drills.lines_of(run(database)) == ["您好，很抱歉", "请核对姓名"]
        taker.say("我来登记")
        assert run(database).turn == 3

    def test_a_line_of_a_drill_is_not_the_matter_of_a_later_complaint(self, database: Database) -> None:
        taker = Taker(database)
        taker.tell(f"演练：{DRILL.title}", "垃圾平台，提现三天了都没到账", "退出演练")
        assert "提现三天" not in taker.heard("我要投诉")


def run(database: Database) -> DrillRun:
    """Return the one run that there is."""
    with database.begin() as s:
        return s.query(DrillRun).one()


def test_the_items_of_an_exam_are_those_that_the_page_shows(database: Database) -> None:
    taker = begun(database)
    with database.begin() as s:
        rows = records.item_rows(s, taker.attempt().id)
    for index in range(1, len(rows) + 1):
        shown = taker.say(f"第 {index} 题")[0].data
        assert shown["options"] == [{"key": o.key, "text": o.text} for o in taker.item(index).options]


def test_the_history_covers_what_a_running_exam_asks(server: Live) -> None:
    boss = server.add_user("training")
    learner = server.staff("staff")
    guest = Guest(learner.http)
    item = guest.replies("开始测验")[-1]
    options = item["data"]["options"]
    guest.replies(options[0]["key"] if options else "1")
    [told] = [one for one in guest.history() if one["kind"] == "quiz_feedback"]
    explanation, section = told["data"]["explanation"], told["data"]["section"]
    assert explanation in json.dumps(guest.open(), ensure_ascii=False)
    guest.replies("退出测验")
    with server.runtime.db.begin() as s:
        user = s.query(User).filter_by(name=boss).one()
        count = sum(one.section == section for one in papers.candidates(s))
        plan = plans.Plan(
            title=f"第 {section} 节", lines=[Line(count, section=section)], disclosure=Disclosure.AFTER_FINISH
        )
        made = plans.create(s, plan, user=user, now=server.runtime.now())
        plans.set_state(s, made.id, PaperState.OPEN, user=user, now=server.runtime.now())
        paper_id = made.id
    learner.submit(f"/training/papers/{paper_id}/start")
    for seen in (guest.history(), guest.open()["messages"], guest.replies("再说一遍")):
        assert explanation not in json.dumps(seen, ensure_ascii=False)
    assert "在您正在作答的考试里" in json.dumps(guest.history(), ensure_ascii=False)
    guest.replies("继续考试")
    guest.replies("交卷")
    assert guest.replies("确认交卷")[0]["kind"] == "quiz_result"
    assert explanation in json.dumps(guest.history(), ensure_ascii=False)
    with server.runtime.db.begin() as s:
        user = s.query(User).filter_by(name=boss).one()
        plans.set_state(s, paper_id, PaperState.CLOSED, user=user, now=server.runtime.now())
