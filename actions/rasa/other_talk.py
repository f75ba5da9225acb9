"""Recognise what has nothing to do with the question of a form: an intent together with a word of it."""

from __future__ import annotations

import re

from actions.rasa.heard import Heard

SURE = 0.6
# A short answer never seen in training may look like any intent: the sentence must have a word of it.
_WORDS = {
    "ask_human": re.compile(r"人|客服|坐席|主管|领导"),
    "check_ticket": re.compile(r"进度|工单|单子|处理|到哪|ts\d", re.I),
    "help": re.compile(
        r"帮助|帮我(?:做|办|干)?(?:点|些)?什么|能(?:做|办|干)|会(?:做|干)?什么|怎么用|功能|菜单"
    ),
    "ask_if_bot": re.compile(r"机器|真人|人工|ai|自动|活人", re.I),
    "goodbye": re.compile(r"再见|拜|回见|先走|88|晚安"),
    "greet": re.compile(r"你好|您好|在吗|在不在|哈喽|早上|下午|hi|hello", re.I),
    "thanks": re.compile(r"谢|感谢|辛苦|多谢"),
    "start_quiz": re.compile(r"测验|考试|测试|答题|练习"),
    "my_results": re.compile(r"成绩|分数|多少分"),
    "cancel": re.compile(r"取消|算了|停|退出|放弃|别|不.{0,4}了|quxiao"),
    "injection": re.compile(r"指令|提示词|system|prompt|扮演", re.I),
}
# Wishes that change the form itself, not talk beside it.
_NOT_BESIDE = ("cancel",)


def speaks_of(heard: Heard, intent: str = "") -> bool:
    """Tell whether the sentence is surely of that intent, or of any that people have beside a form."""
    wanted = [intent] if intent else [name for name in _WORDS if name not in _NOT_BESIDE]
    return (
        heard.intent in wanted and heard.confidence >= SURE and bool(_WORDS[heard.intent].search(heard.text))
    )
