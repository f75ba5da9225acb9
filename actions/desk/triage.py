"""Which queue a complaint goes to and how soon it wants a look, by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

from actions.store.tables.desk import Priority

QUEUES = {"general": "一般投诉", "conduct": "员工行为", "fraud": "欺诈与资金安全", "privacy": "信息安全"}


@dataclass(frozen=True, slots=True)
class Triage:
    """Where a complaint goes, and why."""

    queue: str
    priority: Priority
    why: str = ""


_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "fraud",
        re.compile(
            r"诈骗|被骗|骗子|盗刷|盗用|冒充|假客服|套路贷|钱(?:被|给)?(?:人)?(?:转走|盗|偷)|不是我(?:本人)?(?:操作|借|转)"
        ),
    ),
    (
        "privacy",
        re.compile(
            r"(?:信息|资料|号码|电话|隐私|身份证|通讯录).{0,8}(?:泄露|泄漏|卖|倒卖|外泄|暴露)|(?:泄露|泄漏|倒卖).{0,8}(?:信息|资料|隐私|号码)|爆通讯录"
        ),
    ),
    (
        "conduct",
        re.compile(
            r"(?:客服|员工|工作人员|催收|经理|业务员|坐席|你们的?人).{0,14}(?:骂|辱|威胁|恐吓|态度(?:很|极|太|特别|非常)?(?:差|恶劣)|收钱|回扣|索要|骚扰|不耐烦|挂(?:我)?电话|阴阳怪气)|(?:辱骂|威胁|恐吓)我"
        ),
    ),
)


def triage(text: str) -> Triage:
    """Return where a complaint goes: fraud, data leaks and staff have queues and priority of their own."""
    for queue, pattern in _RULES:
        found = pattern.search(text)
        if found:
            return Triage(queue, Priority.HIGH, found[0])
    return Triage("general", Priority.NORMAL)
