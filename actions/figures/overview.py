"""All figures of a scope at one moment, and what each of them is called, means and should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sqlalchemy.orm import Session

from actions.figures import answers, complaints, satisfaction, waits
from actions.figures.answers import Answers, SelfService
from actions.figures.complaints import Backlog, Complaints
from actions.figures.satisfaction import Satisfaction
from actions.figures.scope import Scope
from actions.figures.waits import Durations


class Unit(StrEnum):
    """What a figure is measured in."""

    COUNT = "count"
    SHARE = "share"  # 0 to 1
    MILLISECONDS = "ms"
    SECONDS = "s"


class Overview:
    """All figures of one scope, each counted when it is first asked for, while the session is open."""

    def __init__(self, s: Session, scope: Scope) -> None:
        self._s, self._scope = s, scope

    @cached_property
    def answers(self) -> Answers:
        """Return what the bot made of messages."""
        return answers.answers(self._s, self._scope)

    @cached_property
    def visits(self) -> SelfService:
        """Return how visits ended."""
        return answers.self_service(self._s, self._scope)

    @cached_property
    def human(self) -> Durations:
        """Return how long a person was waited for."""
        return waits.durations(self._s, waits.human_waits(self._s, self._scope))

    @cached_property
    def first_response(self) -> Durations:
        """Return how long first responses to complaints took."""
        return waits.durations(self._s, waits.first_responses(self._s, self._scope))

    @cached_property
    def resolution(self) -> Durations:
        """Return how long decisions took."""
        return waits.durations(self._s, waits.resolutions(self._s, self._scope))

    @cached_property
    def complaints(self) -> Complaints:
        """Return how many complaints came and what became of their deadlines."""
        return complaints.complaints(self._s, self._scope)

    @cached_property
    def backlog(self) -> Backlog:
        """Return what waits for a decision."""
        return complaints.backlog(self._s, self._scope)

    @cached_property
    def satisfaction(self) -> Satisfaction:
        """Return how customers rated."""
        return satisfaction.satisfaction(self._s, self._scope)


@dataclass(frozen=True, slots=True)
class Reference:
    """A figure of others that the manual tells, and whose it is."""

    value: float
    whose: str


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: its name, its value in an overview, what it means, and which way is better: 1, -1 or 0."""

    key: str
    title: str
    unit: Unit
    value: Callable[[Overview], float | None]
    better: int
    meaning: str
    references: tuple[Reference, ...] = ()


_DAY = 86_400.0
# Sources: the manual's sections 3.4.1, 3.5.2 and 8.1.1, as our edition has them.
_OTHERS_CSAT = (
    Reference(0.85, "手册：互联网金融企业满意度平均 85 分（2023 年，打分口径不同）"),
    Reference(0.89, "手册：传统金融企业满意度平均 89 分（2023 年，打分口径不同）"),
)
_OTHERS_RESOLUTION = (
    Reference(15 * _DAY, "手册：互联网金融企业平均（2023 年）"),
    Reference(20 * _DAY, "手册：传统金融企业平均（2023 年）"),
)
_OTHERS_BOT = (Reference(200, "手册：主要平台系统平均响应时间"),)

FIGURES: Mapping[str, Definition] = {
    one.key: one
    for one in (
        Definition(
            "messages", "客户消息", Unit.COUNT, lambda o: o.answers.messages, 0,
            "这段时间收到的客户消息条数，按收到的时间计。",
        ),
        Definition(
            "self_service", "自助解决率", Unit.SHARE, lambda o: o.visits.rate, 1,
            "在这段时间结束、并且已过 24 小时的来访里，得到了答案、没有要求转人工、没有投诉、"
            "24 小时内也没有再来的比例。一次来访是同一客户间隔不超过 30 分钟的连续消息。"
            "停在反问上或等人工时离开的来访单独计数，不算在内。",
        ),
        Definition(
            "no_answer", "无答案率", Unit.SHARE, lambda o: o.answers.no_answer, -1,
            "问手册的消息里，手册没有写、机器人如实说没有的比例；寒暄、登记投诉和测验不算提问。",
        ),
        Definition(
            "handover", "转人工率", Unit.SHARE, lambda o: o.visits.handover_rate, -1,
            "在这段时间结束的来访里，客户要求过人工的比例。",
        ),
        Definition(
            "bot_time", "机器人响应时间", Unit.MILLISECONDS, lambda o: o.answers.reply_ms.median, -1,
            "从收到客户消息到机器人第一条答复存好，取中位数。人工的时间不算在内。", _OTHERS_BOT,
        ),
        Definition(
            "human_time", "人工首次响应", Unit.SECONDS, lambda o: o.human.clock.median, -1,
            "从客户要求人工到人工的第一条消息，按要求的时间归属，取自然时间的中位数，另列工作时间；"
            "还没有得到回复的不算在内。机器人的时间不算在内。",
        ),
        Definition(
            "complaints", "新登记投诉", Unit.COUNT, lambda o: o.complaints.created, -1,
            "这段时间登记的投诉工单数；并入别的工单的不重复计。",
        ),
        Definition(
            "first_response", "投诉首次回复", Unit.SECONDS, lambda o: o.first_response.clock.median, -1,
            "从工单登记（重开则从重开）到处理员第一次公开回复，按回复的时间归属，取中位数，另列工作时间。",
        ),
        Definition(
            "resolution", "投诉处理用时", Unit.SECONDS, lambda o: o.resolution.clock.median, -1,
            "从工单登记到作出处理决定，按决定的时间归属，取中位数；重开算新的一轮。另列工作时间，和扣除等客户后的用时。",
            _OTHERS_RESOLUTION,
        ),
        Definition(
            "deadline", "按时办理率", Unit.SHARE, lambda o: o.complaints.met, 1,
            "时限在这段时间有了结果的工单轮次里，按时作出决定的比例。到期没有决定就算超时，之后再决定也不改；"
            "撤回的和鉴定中暂停计时的不算。",
        ),
        Definition(
            "reopen", "重开率", Unit.SHARE, lambda o: o.complaints.reopen_rate, -1,
            "这段时间作出的处理决定里，到现在为止又重新开启或申请核查的比例。",
        ),
        Definition(
            "backlog", "待处理投诉", Unit.COUNT, lambda o: o.backlog.tickets, -1,
            "现在还没有处理决定的投诉，按登记至今的天数分组；与所选时间无关。",
        ),
        Definition(
            "csat", "满意度", Unit.SHARE, lambda o: o.satisfaction.csat, 1,
            "这段时间邀请的评价里，打 4 分和 5 分的占全部评价的比例，旁边是评价率和 95% 置信区间（Wilson）。"
            "每个服务周期只邀请一次，7 天内可以修改，以最后一次为准。", _OTHERS_CSAT,
        ),
        Definition(
            "response_rate", "评价率", Unit.SHARE, lambda o: o.satisfaction.response_rate, 1,
            "这段时间邀请的评价里，客户给了评价的比例。",
        ),
        Definition(
            "helpful", "答案有用率", Unit.SHARE, lambda o: o.satisfaction.helpful_rate, 1,
            "这段时间客户点了“有用”或“没用”的答案里，有用的比例。",
        ),
    )
}  # fmt: skip
