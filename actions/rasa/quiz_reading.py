"""Decide what one sentence means while a quiz question is open: pure, without Rasa."""

from __future__ import annotations

import re
from enum import StrEnum

from actions.rasa.heard import Heard
from actions.training.questions import QuestionType

_LEAVES = re.compile(
    r"(?:先)?(?:退出|结束|停止|中止|暂停|离开|取消)(?:测验|考试|测试|答题)?[吧了。]*|不(?:做|考|答|测)了.*|先不(?:做|考|答|测)了?.*"
)
_FREE = (QuestionType.FILL, QuestionType.NUMERIC)
_OTHER_TALK = (
    "ask_human",
    "check_ticket",
    "help",
    "ask_if_bot",
    "goodbye",
    "my_results",
    "crisis",
    "account_security",
    "thanks",
    "greet",
    "injection",
)
_QUESTIONS = (
    "ask_manual",
    "nlu_fallback",
    "account_fees",
    "account_refund",
    "account_repayment",
    "account_identity",
)


class Meaning(StrEnum):
    """What the form does with a sentence."""

    ANSWER = "answer"
    LEAVE = "leave"
    COMPLAIN = "complain"
    INTERRUPT = "interrupt"
    AGAIN = "again"


def read(heard: Heard, kind: QuestionType, *, readable: bool) -> Meaning:
    """Decide what was meant; `readable` tells whether the sentence can be read as an answer."""
    if _LEAVES.fullmatch(heard.text) or (
        heard.intent == "leave_quiz" and (heard.tapped or heard.confidence >= 0.6)
    ):
        return Meaning.LEAVE
    if heard.tapped:
        return Meaning.AGAIN if heard.intent in ("start_quiz", "repeat") else Meaning.INTERRUPT
    if readable and kind not in _FREE:
        return Meaning.ANSWER
    if heard.means("complain", at_least=0.8):
        return Meaning.COMPLAIN
    if heard.means("start_quiz", "repeat", at_least=0.8):
        return Meaning.AGAIN
    other = heard.means(*_OTHER_TALK, at_least=0.8) or (heard.intent in _QUESTIONS and heard.asks)
    if other:
        return Meaning.INTERRUPT
    return Meaning.ANSWER
