"""Decide what one sentence means while a quiz question is open: pure, without Rasa."""

from __future__ import annotations

import re
from enum import StrEnum

from actions.rasa.heard import Heard
from actions.rasa.other_talk import speaks_of
from actions.training.questions import QuestionType

_LEAVES = re.compile(
    r"(?:先)?(?:退出|结束|停止|中止|暂停|离开|取消)(?:测验|考试|测试|答题)?[吧了。]*|不(?:做|考|答|测)了.*|先不(?:做|考|答|测)了?.*"
)
_FREE = (QuestionType.FILL, QuestionType.NUMERIC)
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
    if speaks_of(heard) or heard.means("crisis", "account_security", at_least=0.8):
        return Meaning.INTERRUPT
    return Meaning.INTERRUPT if heard.intent in _QUESTIONS and heard.asks else Meaning.ANSWER
