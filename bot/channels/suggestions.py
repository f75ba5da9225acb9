"""Four first questions that the manual in use answers, another four each day, by who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from knowledge.answering import Answerer
from knowledge.document import Answer, Audience, Outcome

POOLS = {
    Audience.CUSTOMER: (
        "投诉一般多久能处理完",
        "我的资金安全怎么保障",
        "你们会把我的信息给别人吗",
        "有哪些渠道可以联系客服",
        "什么是互联网金融",
        "钱多久能到账",
        "投诉处理有哪些步骤",
        "平台出了事故多久会处理",
    ),
    Audience.STAFF: (
        "合规培训都有哪些形式",
        "应急响应要在多长时间内启动",
        "投诉处理要遵循哪几步",
        "客户满意度从哪些方面衡量",
        "和第三方机构合作要审查什么",
        "绩效考核的指标有哪些",
        "编预算一般用哪两种方法",
        "数据安全有哪些技术手段",
    ),
}
SHOWN = 4


class Answering(Protocol):
    """What answers questions from the manual in use."""

    def get(self) -> Answerer:
        """Return the answerer of that manual."""

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        """Answer one question."""


class Suggestions:
    """Offers only what gets an answer; tried once for each manual and audience."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._tried: dict[tuple[str, Audience], tuple[str, ...]] = {}

    def offer(self, audience: Audience, *, today: datetime | None = None) -> list[str]:
        """Return up to four questions that the manual in use answers for this audience."""
        pool = self._answered(audience)
        day = (today or datetime.now(UTC) + timedelta(hours=8)).toordinal()
        turned = [pool[(day + 2 * i) % len(pool)] for i in range(len(pool))]
        return list(dict.fromkeys([*turned, *pool]))[:SHOWN]

    def _answered(self, audience: Audience) -> tuple[str, ...]:
        key = (self._answering.get().index.key, audience)
        if key not in self._tried:
            answers = {one: self._answering.answer(one, audience=audience).outcome for one in POOLS[audience]}
            self._tried = {k: v for k, v in self._tried.items() if k[0] == key[0]}
            self._tried[key] = tuple(one for one, outcome in answers.items() if outcome is Outcome.ANSWERED)
        return self._tried[key]
