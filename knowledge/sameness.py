"""Whether two questions are the same question: their vectors, their words, and what they ask for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from knowledge.text import light_words, synonyms, words

# Nearness is the cosine of two questions plus SHARED times the share of words that they have in common. Each
# question of training_data/questions was asked where others of it were the known ones (4,800 known ones in 40
# draws, 232,000 questions asked): of the 30 pairs above NEAR, one or two ask for different things. The cosine
# alone does not tell: half of the pairs above .95 ask for different things.
NEAR = 1.05
SHARED = 0.1
OWN = 0.03  # taken off where each names a subject of its own: 提现手续费, 转账手续费
IDENTICAL = 0.985  # a cosine from which no word need be the same: another script, another spelling
_LIGHT = 0.3  # weight of a word that fits any subject
_MARKS = " ?？!！.。~～,，、…"
_OPENING = re.compile(
    r"^(?:您好|你好|请问一下|请问|请教一下|麻烦问一下|麻烦问下|我?想?问一下|我?想?问下|我想知道)[,，。!！ ]*"
)
_ENDING = re.compile(r"[啊呀呢哦嘛哈啦]+$")
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
# What is asked for: two questions on one subject that ask for different things are not the same.
_ASKS = {
    "time": re.compile(r"多久|多长时间|几天|几点|几个?小时|几个?月|什么时候|啥时候|何时|时间|时限|期限|哪天"),
    "sum": re.compile(r"多少|几[个种类条项步点次元块成家分]|多大|多高|比例"),
    "why": re.compile(r"为什么|为啥|为何|原因"),
    "who": re.compile(r"谁|哪个部门|哪个人|负责人"),
    "where": re.compile(r"哪里|哪儿|在哪|去哪|何处|地址|地点"),
    "way": re.compile(r"怎么|如何|怎样|咋|流程|步骤|办法"),
    "use": re.compile(r"用处|有什么用|有啥用|好处|作用|意义|干嘛|干什么用"),
}


def nearness(one: str, other: str, cosine: float) -> float:
    """Return how near two normalised questions are: at most 1.1, 0 where they ask for different things."""
    if bare(one) == bare(other):
        return 1 + SHARED
    if _FIGURE.findall(one) != _FIGURE.findall(other) or _asks(one) != _asks(other):
        return 0.0
    first, second = _words(one), _words(other)
    shared = first.shared(second)
    if not shared and cosine < IDENTICAL:
        return 0.0
    return cosine + SHARED * shared - OWN * (first.alone(second) and second.alone(first))


def likeness(one: str, other: str, cosine: float) -> float:
    """Return how much alike two normalised questions are, whatever they ask for: to put them side by side."""
    return cosine + SHARED * _words(one).shared(_words(other))


def bare(text: str) -> str:
    """Return a normalised question without polite openings, particles and marks at its ends."""
    left = _ENDING.sub("", _OPENING.sub("", text.strip(_MARKS)).strip(_MARKS)).strip(_MARKS)
    return left or text


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a question; `wider` has their synonyms, too."""

    written: frozenset[str]
    wider: frozenset[str]

    def shared(self, other: _Words) -> float:
        """Return the share of the words that both have; long words weigh more, light ones less."""
        both = _weigh(self.written & other.wider) + _weigh(other.written & self.wider)
        return both / max(_weigh(self.written) + _weigh(other.written), 1e-9)

    def alone(self, other: _Words) -> bool:
        """Tell whether this question names something that the other does not."""
        own = self.written - other.wider - light_words()
        return any(len(word) > 1 and not any(word in longer for longer in other.written) for word in own)


@lru_cache(maxsize=4096)
def _words(text: str) -> _Words:
    written = frozenset(words(text))
    return _Words(written, written | frozenset(synonyms(written)))


def _weigh(terms: Iterable[str]) -> float:
    return sum((_LIGHT if word in light_words() else 1.0) * math.sqrt(len(word)) for word in terms)


def _asks(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _ASKS.items() if pattern.search(text))
