"""Conversations of twenty believable turns: questions, other ones each time, a complaint, small talk."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count

from bot.runtime import Runtime
from knowledge.document import Audience

SEED = 13
ASKS = None  # a turn that asks one of the manual's questions
MIX: tuple[str | None, ...] = (
    "您好",
    ASKS,
    ASKS,
    "你是机器人吗",
    ASKS,
    "我要投诉，上周{day}买东西付了一次款，银行卡被扣了两次",
    "支付业务",
    "晚上八点多扣的，两次都是 {amount} 元",
    "把多扣的 {amount} 元退给我",
    "138{phone:08d}",
    "确认",
    "我的投诉处理到哪一步了",
    "谢谢",
    ASKS,
    "今天天气怎么样",
    ASKS,
    "我借的 {amount}00 元这个月利息是多少",
    ASKS,
    ASKS,
    "再见",
)
_DAYS, _NUMBERS = "一二三四五六日", count(1)
PROBES = ("您好", ASKS, "你是机器人吗", ASKS, "谢谢")
FIRST, LAST, LENGTH = 2, 195, 200  # probes are turns 3 to 7 and 196 to 200


def questions(runtime: Runtime) -> list[str]:
    """Return the bank's distinct questions of customers, shuffled the same way each time."""
    texts = sorted({q.text for q in runtime.library.bank.answerable if q.audience is Audience.CUSTOMER})
    random.Random(SEED).shuffle(texts)
    return texts


def talk(asked: Iterator[str]) -> list[str]:
    """Return one conversation, its questions taken from `asked`; no two complain in the same words."""
    number = next(_NUMBERS)
    own = {"day": _DAYS[number % len(_DAYS)], "amount": 100 + number * 37 % 900, "phone": number * 12_347}
    return [text.format(**own) if text else next(asked) for text in MIX]


def long_talk(asked: Iterator[str]) -> list[str]:
    """Return 200 turns; the third to seventh and the last five are the same sentences, for comparing.

    Both come where nothing is under way: a question beside an open complaint does more than one alone.
    """
    probes = [text or next(asked) for text in PROBES]
    between: list[str] = []
    while len(between) < LENGTH:
        between += talk(asked)
    middle = between[-(LAST - FIRST - len(probes)) :]
    return [*between[:FIRST], *probes, *middle, *probes]


def endless(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts over and over; what was asked long ago is encoded anew."""
    while True:
        yield from texts
