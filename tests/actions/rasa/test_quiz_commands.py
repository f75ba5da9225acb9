"""What is wished in an exam, a list or a drill, in the words that people use."""

from __future__ import annotations

import pytest

from actions.rasa.quiz_commands import (
    Command,
    Do,
    Wish,
    begins,
    chosen,
    command_of,
    confirms_hand_in,
    declines,
    ends_drill,
    goes_on,
    leaves_drill,
    resumes,
    wants_hint,
    wish_of,
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("上一题", Command(Do.PREVIOUS)),
        ("看下一道题吧", Command(Do.NEXT)),
        ("先跳过这题", Command(Do.NEXT)),
        ("第 7 题", Command(Do.GO, 7)),
        ("回到第十二题", Command(Do.GO, 12)),
        ("标记", Command(Do.FLAG)),
        ("帮我标记一下这道题", Command(Do.FLAG)),
        ("取消标记", Command(Do.UNFLAG)),
        ("答题卡", Command(Do.SHEET)),
        ("还有哪些题没答", Command(Do.SHEET)),
        ("还剩多少时间", Command(Do.SHEET)),
        ("我要交卷了", Command(Do.HAND_IN)),
        ("提前交卷吧", Command(Do.HAND_IN)),
        ("清空这题的答案", Command(Do.CLEAR)),
        ("第 3 题：AC", Command(Do.ANSWER, 3, "AC")),
        ("第三题改成B", Command(Do.ANSWER, 3, "B")),
        ("第5题 对", Command(Do.ANSWER, 5, "对")),
        ("第 2 题：Three Days", Command(Do.ANSWER, 2, "Three Days")),
    ],
)
def test_commands(text: str, command: Command) -> None:
    assert command_of(text) == command


@pytest.mark.parametrize(
    "text",
    ["A", "对", "24", "15日", "标记化处理", "下一个工作日", "第三方支付", "投诉多久能处理完？", "三题", ""],
)
def test_answers_are_no_commands(text: str) -> None:
    assert command_of(text) is None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("我要考试", Wish.EXAM),
        ("有没有要做的试卷", Wish.EXAM),
        ("开始测验", Wish.PRACTICE),
        ("模拟考一次", Wish.PRACTICE),
        ("考考我", Wish.PRACTICE),
        ("错题再练一遍", Wish.REVIEW),
        ("我要演练", Wish.DRILL),
        ("找个难缠的客户让我练练手", Wish.DRILL),
        ("", Wish.PRACTICE),
    ],
)
def test_what_is_to_be_opened(text: str, wish: Wish) -> None:
    assert wish_of(text) is wish


def test_going_on_with_what_was_begun() -> None:
    assert resumes("继续考试") and resumes("刚才掉线了，考试还能接着答吗")
    assert not resumes("我要考试")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", 0),
        ("第 2 份试卷", 1),
        ("第二份", 1),
        ("做合规年考", 1),
        ("3", None),
        ("不知道", None),
        ("", None),
    ],
)
def test_choosing(text: str, place: int | None) -> None:
    assert chosen(text, ("季度考试", "合规年考")) == place


def test_handing_in_is_confirmed_by_more_than_the_same_word() -> None:
    assert all(map(confirms_hand_in, ["确认交卷", "确定", "是的", "好的，", "确认交卷吧"]))
    assert not any(map(confirms_hand_in, ["交卷", "交卷。", "", "继续作答", "再看看", "不交"]))
    assert goes_on("继续作答") and goes_on("我再检查一下")


def test_beginning_and_declining() -> None:
    assert all(map(begins, ["开始作答", "开始吧", "好的", "准备好了", "开始"]))
    assert not any(map(begins, ["先不考", "等一下再说", ""]))
    assert all(map(declines, ["先不考", "不考了", "算了", "先不练"]))
    assert not declines("不知道")


def test_only_clear_words_leave_a_drill() -> None:
    assert leaves_drill("退出演练") and ends_drill("结束演练吧") and wants_hint("给个提示")
    for line in ("我要投诉", "您先别退出，我帮您查", "这笔钱退出来要三天", "请您提示我一下单号", "结束"):
        assert not (leaves_drill(line) or ends_drill(line) or wants_hint(line)), line
