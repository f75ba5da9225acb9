"""A handler's work on a ticket, for tests of what its customer sees."""

from __future__ import annotations

from typing import Any

from actions.desk import categories, tickets, work
from actions.service.accounts import find_user
from tests.bot.serving import Live

INSIDE = "内部看法：客户难缠"
QUESTION = "请提供交易截图"
REPLY = "正在向商户核实，请稍候"
DECISION: dict[str, Any] = {"finding": "重复扣款属实", "basis": "《支付协议》第三条", "remedy": "退还 200 元"}


def handle(server: Live, number: str, *steps: str) -> None:
    """Let a handler take a ticket and do more with it."""
    name = server.add_user("handler")
    for step in ("take", *steps):
        with server.runtime.db.begin() as s:
            user, found = find_user(s, name), tickets.get_by_number(s, number)
            by: dict[str, Any] = {"ticket_id": found.id, "user": user, "now": server.runtime.now()}
            match step:
                case "take":
                    work.take(s, version=found.version, **by)
                case "note":
                    work.note(s, text=INSIDE, version=found.version, **by)
                case "reply":
                    work.reply(s, text=REPLY, version=found.version, **by)
                case "ask":
                    work.ask(s, text=QUESTION, version=found.version, **by)
                case "pause":
                    work.pause(s, reason="送检测机构鉴定", version=found.version, **by)
                case "decide":
                    work.assess(s, version=found.version, **_assessment(), **by)
                    work.decide(s, version=found.version, **DECISION, **by)
                case "close":
                    work.close(s, version=found.version, **by)
                case _:
                    raise ValueError(step)


def _assessment() -> dict[str, Any]:
    chosen = {axis: values[0].key for axis, values in categories.axes().items()}
    return {**chosen, **dict.fromkeys(("severity", "complexity", "impact", "urgency"), 1)}
