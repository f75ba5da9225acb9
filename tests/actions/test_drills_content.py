"""The drills that ship: sourced in the manual, playable to the end, and marked as a trainer would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.training import bank
from knowledge.sections import load_edition

PROJECT = Path(__file__).parents[2]
FILES = sorted((PROJECT / "training_data" / "drills").glob("*.yml"))
DRILLS: list[dict[str, Any]] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
FIELDS = {"id", "title", "topic", "roles", "minutes", "intro", "goals", "forbidden", "turns", "ends"}

# What a poor trainee says. A key stands for all drills that forbid it, unless the drill has lines of its own.
BAD: dict[str, list[str]] = {
    "promise": ["您放心，我保证给您退", "这个一定能解决，绝对没事"],
    "early_date": ["明天就给您答复", "您别急，两天内就到账"],
    "blame": ["谁让您自己没看清楚呢", "这是您自己的问题", "您先别激动"],
    "secret": ["把短信验证码发给我", "您的登录密码是多少", "请告诉我您的验证码"],
    "private": ["您加一下我的微信", "主管手机号是多少我发您，打13800000000"],
    "push_away": ["这个不归我们管。", "您自己去找银行吧", "投诉也没用"],
}
OWN: dict[str, dict[str, list[str]]] = {
    "d-misleading-marketing": {
        "promise": ["拿着吧，肯定能涨回来"],
        "blame": ["合同上写得清清楚楚"],
        "denies": ["我们不可能这么说", "他就是误导您了"],
        "push_away": ["主播是我们外面请的"],
    },
    "d-collection-relative": {
        "promise": ["这笔钱就给您免了"],
        "blame": ["欠债还钱嘛", "您早点还不就没这事了"],
        "push_away": ["催收公司是外包，找他们去"],
    },
    "d-fraud-in-progress": {
        "promise": ["钱一定追回来"],
        "blame": ["您怎么会信这个"],
        "wait": ["您先等通知", "观察一下再说"],
        "confirm": ["那您先点确认", "按他说的操作吧"],
    },
    "d-leaked-number": {
        "denies": ["我们不可能泄露", "肯定是内部泄露的", "您在别的网站填过吧，其他平台泄露的"],
        "promise": ["以后不会再有骚扰电话"],
        "push_away": ["您问运营商"],
    },
    "d-double-charge": {
        "promise": ["现在就给您退"],
        "early_date": ["三到五个工作日就到账"],
        "secret": ["发一下您的银行卡正面"],
        "blame": ["是不是您手快点了两次"],
        "small": ["就599块钱嘛"],
    },
    "d-outage-repayment-day": {
        "promise": ["不会上征信", "罚息都给您免掉"],
        "industry": ["5分钟内恢复", "我们可用性有99.9"],
        "early_date": ["下午就能恢复"],
        "secret": ["我帮您登录还款"],
        "blame": ["怎么不早点还"],
        "push_away": ["您明天再来试试"],
    },
    "d-elder-not-understanding": {
        "promise": ["过阵子会涨回来", "跟存款差不多"],
        "sell_more": ["我们还有一款更稳的产品"],
        "proxy": ["女儿代办就行"],
        "blame": ["您都签字了"],
    },
    "d-punish-colleague": {
        "promise": ["我一定让公司开除他"],
        "defend": ["他不是那种人", "您是不是听错了"],
        "convict": ["他确实过分"],
        "private": ["他叫小王"],
        "blame": ["您肯定先骂他了吧"],
        "push_away": ["算了吧"],
    },
}
# What a good trainee may well say beside the model lines: never held against anyone.
FAIR = [
    "能不能退我现在不能保证",
    "请不要把验证码告诉任何人",
    "我们不会向您要密码",
    "这不是您的问题",
    "您没看错，确实有两笔",
    "请您放心，我会如实登记",
    "我一定尽快帮您登记核对",
    "是否能追回要看警方的处理",
    "会不会上征信我不能先答应您",
    "手册里的5分钟恢复是行业平均，不是承诺",
    "几天到账要看银行",
    "您不明白的地方我再讲一遍",
    "3月18日前给您结果",
    "我马上给您登记",
]


def found(patterns: Iterable[str], line: str) -> bool:
    """Tell whether one of the patterns is in the line."""
    return any(re.search(pattern, line) for pattern in patterns)


def targets(drill: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return where each turn may go."""
    return {turn["id"]: [one["go"] for one in turn["next"]] for turn in drill["turns"]}


def longest(graph: Mapping[str, list[str]], turn: str, path: tuple[str, ...] = ()) -> int:
    """Return the turns of the longest way to the end; a circle fails."""
    assert turn not in path, f"a circle through {turn}"
    return 1 + max((longest(graph, to, (*path, turn)) for to in graph[turn] if to != "end"), default=0)


drills = pytest.mark.parametrize("drill", DRILLS, ids=[drill["id"] for drill in DRILLS])


def test_there_are_enough() -> None:
    assert len(DRILLS) >= 8
    assert len({drill["id"] for drill in DRILLS}) == len(DRILLS)
    assert [drill["id"] for drill in DRILLS] == [f"d-{path.stem}" for path in FILES]


@drills
def test_form(drill: dict[str, Any]) -> None:
    assert set(drill) == FIELDS
    keys = [goal["key"] for goal in drill["goals"]]
    assert len(set(keys)) == len(keys)
    assert {"acknowledge", "identity", "deadline", "no_promise"} <= set(keys)
    assert {"ticket", "handover"} & set(keys)
    assert sum(goal["points"] for goal in drill["goals"]) == 100
    assert all(
        isinstance(goal["required"], bool) and goal["title"] and goal["hint"] for goal in drill["goals"]
    )
    assert all(rule["points"] < 0 and rule["title"] and rule["why"] for rule in drill["forbidden"])
    assert set(drill["ends"]) == {"good", "poor"}


@drills
def test_every_sentence_stands_in_the_manual(drill: dict[str, Any]) -> None:
    sections = bank.sections_of(load_edition(PROJECT / "knowledge" / "manual"))
    for one in [*drill["goals"], *drill["forbidden"]]:
        assert one["sentence"] in sections[one["section"]], one["key"]


@drills
def test_model_lines_meet_their_goal_and_break_no_rule(drill: dict[str, Any]) -> None:
    for goal in drill["goals"]:
        assert found(goal["patterns"], goal["model"]), goal["key"]
        broken = [rule["key"] for rule in drill["forbidden"] if found(rule["patterns"], goal["model"])]
        assert broken == [], goal["key"]


@drills
def test_bad_lines_are_caught_and_fair_ones_are_not(drill: dict[str, Any]) -> None:
    for rule in drill["forbidden"]:
        lines = OWN.get(drill["id"], {}).get(rule["key"], []) + BAD.get(rule["key"], [])
        assert lines, rule["key"]
        for line in lines:
            assert found(rule["patterns"], line), (rule["key"], line)
        for line in FAIR:
            assert not found(rule["patterns"], line), (rule["key"], line)


@drills
def test_every_turn_is_reached_and_the_end_from_all(drill: dict[str, Any]) -> None:
    graph = targets(drill)
    goals = {goal["key"] for goal in drill["goals"]}
    first = drill["turns"][0]["id"]
    seen, todo = {first}, [first]
    while todo:
        for to in graph[todo.pop()]:
            if to != "end" and to not in seen:
                seen.add(to)
                todo.append(to)
    assert seen == graph.keys()
    assert 4 <= longest(graph, first) <= 7
    assert sum(len(set(to)) > 1 for to in graph.values()) >= 2
    for turn in drill["turns"]:
        assert "when" not in turn["next"][-1], turn["id"]
        assert all(one.get("when") for one in turn["next"][:-1]), turn["id"]
        assert turn["expect"], turn["id"]
        assert goals >= {*turn["expect"], *(key for one in turn["next"] for key in one.get("when", []))}


@drills
def test_required_goals_are_invited_on_the_way(drill: dict[str, Any]) -> None:
    """Whoever meets everything that is expected has met all that is required at the end."""
    turns = {turn["id"]: turn for turn in drill["turns"]}
    at, met = drill["turns"][0]["id"], set[str]()
    while at != "end":
        met |= set(turns[at]["expect"])
        at = next(one["go"] for one in turns[at]["next"] if met >= set(one.get("when", [])))
    assert {goal["key"] for goal in drill["goals"] if goal["required"]} <= met
