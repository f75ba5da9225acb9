"""Four first questions, another four each day, by who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_CUSTOMER = (
    "投诉一般多久能处理完",
    "我的资金安全怎么保障",
    "你们会把我的信息给别人吗",
    "有哪些渠道可以联系客服",
    "什么是互联网金融",
    "钱多久能到账",
    "投诉处理有哪些步骤",
    "平台出了事故多久会处理",
)
_STAFF = (
    "合规培训都有哪些形式",
    "应急响应要在多长时间内启动",
    "投诉处理要遵循哪几步",
    "客户满意度从哪些方面衡量",
    "和第三方机构合作要审查什么",
    "绩效考核的指标有哪些",
    "滚动预算是怎么回事",
    "数据安全有哪些技术手段",
)


def suggestions(audience: str, *, today: datetime | None = None) -> list[str]:
    """Return four questions that the manual answers."""
    pool = _STAFF if audience == "staff" else _CUSTOMER
    day = (today or datetime.now(UTC) + timedelta(hours=8)).toordinal()
    return [pool[(day + 2 * i) % len(pool)] for i in range(4)]
