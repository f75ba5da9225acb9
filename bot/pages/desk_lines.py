"""A ticket's events as lines: who did what, when, with which words, and whether the customer sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actions.desk import categories, triage
from actions.desk.events import WRITTEN
from actions.desk.life import Step
from actions.store.tables.desk import TicketEvent
from bot.pages.desk_forms import LEVEL_NAMES, LEVELS
from bot.pages.desk_talk import Line

Hide = Callable[[str], str]
WHAT = {
    "created": "提交了投诉",
    Step.TAKE: "受理了工单",
    Step.ASSIGN: "把工单分派给{to}",
    Step.RELEASE: "把工单退回队列",
    Step.ASSESS: "确认了分类和轻重",
    Step.REPLY: "回复了客户",
    Step.ASK: "请客户补充",
    Step.RESUME: "不再等客户，继续处理",
    Step.ASK_TIME: "申请延期到 {days} 日",
    Step.GRANT_TIME: "批准了延期",
    Step.REFUSE_TIME: "没有批准延期",
    Step.PAUSE: "暂停计时，送外部鉴定",
    Step.UNPAUSE: "恢复计时",
    Step.DECIDE: "答复了处理决定",
    Step.CLOSE: "办结了工单",
    Step.ESCALATE: "升级给主管",
    Step.REOPEN: "重新处理",
    Step.MERGE: "并入工单 {into}",
    Step.MOVE: "从“{from}”转到“{to}”",
    Step.BAR: "声明回避",
    Step.NOTE: "写了内部备注",
    Step.ADD_FACTS: "补充了情况",
    Step.REVIEW: "申请核查",
    Step.WITHDRAW: "撤回了投诉",
}
# What the customer is told of, or has done.
OUTSIDE = frozenset(
    {
        "created", Step.TAKE, Step.REPLY, Step.ASK, Step.GRANT_TIME, Step.PAUSE, Step.UNPAUSE, Step.DECIDE,
        Step.CLOSE, Step.REOPEN, Step.MERGE, Step.ADD_FACTS, Step.REVIEW, Step.WITHDRAW,
    }
)  # fmt: skip
_PARTS = {"finding": "核查结果", "basis": "依据", "remedy": "处理意见"}


def event_line(event: TicketEvent, names: Mapping[str, str], hide: Hide, gone: str = "") -> Line:
    """Return one event as a line; `names` are the house's by user id, `hide` masks what was written.

    `gone` stands for that where the ticket is erased.
    """
    who = "客户" if event.actor_kind == "customer" else names.get(event.actor, "系统")
    internal = event.type not in OUTSIDE
    return Line(
        event.actor_kind,
        who,
        _what(event, names),
        gone if gone and _is_written(event) else hide(_text(event)),
        event.created_at,
        internal=internal,
    )


def _is_written(event: TicketEvent) -> bool:
    """Tell whether somebody wrote something into the step: it is there, or its digest."""
    return ("said" in event.facts and event.type != "created") or bool(WRITTEN & event.facts.keys())


def _what(event: TicketEvent, names: Mapping[str, str]) -> str:
    data = {key: str(value) for key, value in event.data.items()}
    if event.type == Step.ASSIGN:
        data["to"] = names.get(data.get("to", ""), "同事")
    elif event.type == Step.MOVE:
        data |= {end: triage.QUEUES.get(data.get(end, ""), "") for end in ("from", "to")}
    words = WHAT.get(event.type, event.type).format_map(_Known(data))
    if event.type in (Step.DECIDE, Step.CLOSE):
        words += "，在时限内" if event.data.get("in_time") else "，已超过时限"
    return words


def _text(event: TicketEvent) -> str:
    data = event.data
    if event.type == Step.ASSESS:
        axes = [
            f"{label}：{categories.label(axis, str(data.get(axis, '')))}"
            for axis, label in categories.AXES.items()
        ]
        levels = [f"{label}{LEVEL_NAMES.get(data.get(name, 0), '')}" for name, (label, _) in LEVELS.items()]
        return "，".join(axes) + "\n" + "，".join(levels)
    if event.type == Step.DECIDE:
        return "\n".join(f"{label}：{data.get(name, '')}" for name, label in _PARTS.items())
    return str(data.get("text") or data.get("resolution") or "")


class _Known(dict[str, str]):
    """Facts of an event; one that is missing reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""
